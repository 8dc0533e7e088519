"""What has happened, and what is to be done about it."""

from shop import queue
from shop.events import listeners


def publish(database, name, data):
    """Puts a job into the queue for each listener."""
    return [queue.put(database, kind, data) for kind in listeners.OF.get(name, [])]
