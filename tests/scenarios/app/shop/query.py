"""What the dashboard asks of the database."""


def amounts(database):
    """What each user has paid: number and amount."""
    return database.rows("SELECT user, SUM(amount) FROM orders GROUP BY user ORDER BY user")


def orders(database):
    """How many orders there are."""
    return database.rows("SELECT COUNT(*) FROM orders")[0][0]
