"""Work that nobody waits for: jobs in a table, tried again when they fail."""

import json
import time

from shop import mail, store

ATTEMPTS = 3
# How long is waited before the second attempt, in seconds; twice as long before the third.
BACK_OFF = 0.05


def is_served():
    """Whether a worker is there."""
    number = store.read("worker.pid")
    return number is not None and store.is_alive(int(number))


def put(database, kind, data):
    """Puts a job into the queue; without a worker it is done here and now."""
    id = database.run("INSERT INTO jobs (kind, data, due) VALUES (?, ?, ?)", kind, json.dumps(data), time.time())
    if not is_served():
        attempt(database, id)
    return state(database, id)


def take(database):
    """The job that is due, marked as running, or None."""
    due = "SELECT id FROM jobs WHERE state = 'queued' AND due <= ? ORDER BY id LIMIT 1"
    for (id,) in database.connection.execute(due, (time.time(),)).fetchall():
        # Another worker may have been faster.
        taken = database.connection.execute("UPDATE jobs SET state = 'running' WHERE id = ? AND state = 'queued'", (id,))
        return id if taken.rowcount else None
    return None


def attempt(database, id):
    """Does a job; one that fails is put back, or given up after the last attempt."""
    kind, data, attempts = database.rows("SELECT kind, data, attempts FROM jobs WHERE id = ?", id)[0]
    try:
        HANDLERS[kind](database, json.loads(data), attempts)
        new, error = "done", None
    except Exception as failure:  # whatever a handler does wrong is the job's, not the queue's
        new, error = ("failed" if attempts + 1 >= ATTEMPTS else "queued"), f"{type(failure).__name__}: {failure}"
    due = time.time() + BACK_OFF * 2**attempts
    database.run(
        "UPDATE jobs SET state = ?, error = ?, attempts = attempts + 1, due = ? WHERE id = ?", new, error, due, id
    )


def state(database, id):
    """What is known of a job, or None."""
    rows = database.rows("SELECT id, kind, state, attempts, error FROM jobs WHERE id = ?", id)
    return dict(zip(("id", "kind", "state", "attempts", "error"), rows[0])) if rows else None


def counts(database):
    """How many jobs are in each state."""
    return dict(database.rows("SELECT state, COUNT(*) FROM jobs GROUP BY state"))


def _mail(database, data, _attempts):
    mail.send(database, data["to"], data.get("subject", "Hello"))


def _fragile(_database, data, attempts):
    if attempts < int(data["fails"]):
        raise RuntimeError("not yet")


HANDLERS = {"mail": _mail, "fragile": _fragile}
