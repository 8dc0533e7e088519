"""Mail to users. It is sent when its row is in the table."""


def send(database, recipient, subject):
    """Sends one."""
    if "@" not in recipient:
        raise ValueError(f"no address: {recipient}")
    return database.run("INSERT INTO mail (recipient, subject) VALUES (?, ?)", recipient, subject)


def sent(database):
    """All that was sent."""
    rows = database.rows("SELECT id, recipient, subject FROM mail ORDER BY id")
    return [{"id": id, "recipient": recipient, "subject": subject} for id, recipient, subject in rows]
