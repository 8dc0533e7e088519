"""Numbered migrations of the database: `up [number]`, `down [number]`, `status`.

A migration is one transaction, unless its first line is `-- no transaction`: then what was done before an error stays.
"""

import os
import re
import sqlite3
import sys

from shop import store

FOLDER = os.path.join(store.ROOT, "migrations")


def known():
    """The migrations that there are: number to name."""
    names = (re.fullmatch(r"((\d+)_\w+)\.up\.sql", file) for file in os.listdir(FOLDER))
    return dict(sorted((int(name[2]), name[1]) for name in names if name))


def applied(database):
    """The numbers of those that were applied, in order."""
    database.run("CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL)")
    return [number for (number,) in database.connection.execute("SELECT number FROM migrations ORDER BY number")]


def up(database, last=None):
    """Applies what is not applied yet, up to this number."""
    done = applied(database)
    for number, name in known().items():
        if number not in done and (last is None or number <= last):
            _apply(database, f"{name}.up.sql", "INSERT INTO migrations VALUES (?, ?)", number, name)
            print(f"up {name}")


def down(database, last):
    """Takes back what is over this number, newest first."""
    for number in reversed(applied(database)):
        if number > last:
            name = database.connection.execute("SELECT name FROM migrations WHERE number = ?", (number,)).fetchone()[0]
            _apply(database, f"{name}.down.sql", "DELETE FROM migrations WHERE number = ?", number)
            print(f"down {name}")


def _apply(database, file, note, *values):
    with open(os.path.join(FOLDER, file), encoding="utf-8") as text:
        script = text.read()
    is_whole = not script.startswith("-- no transaction")
    connection = database.connection
    if is_whole:
        connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in _statements(script):
            connection.execute(statement)
        connection.execute(note, values)
    except sqlite3.Error as error:
        if is_whole:
            connection.execute("ROLLBACK")
        raise SystemExit(f"{file}: {error}") from error
    if is_whole:
        connection.execute("COMMIT")


def _statements(script):
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def main(arguments):
    """The command line."""
    command, number = arguments[0], int(arguments[1]) if len(arguments) > 1 else None
    with store.Database(latency=0) as database:
        if command == "up":
            up(database, number)
        elif command == "down":
            down(database, applied(database)[-1] - 1 if number is None else number)
        elif command == "status":
            done = applied(database)
            for number, name in known().items():
                print(f"{'applied' if number in done else 'pending'} {name}")
        else:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
