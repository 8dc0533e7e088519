"""Who buys here."""

import json

from shop import store

CACHE = "cache/users.json"


def everybody(database):
    """All users; kept in the cache until that is cleared."""
    known = store.read(CACHE)
    if known is not None:
        return json.loads(known)
    users = [{"id": id, "name": name} for id, name in database.rows("SELECT id, name FROM users ORDER BY id")]
    store.write(CACHE, json.dumps(users))
    return users
