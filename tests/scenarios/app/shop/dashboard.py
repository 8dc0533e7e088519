"""The numbers that the owner looks at."""

from shop import query


def figures(database):
    """The total of all orders, and how many there are."""
    return {
        "total": sum(amount for _, amount in query.amounts(database)),
        "orders": query.orders(database),
    }
