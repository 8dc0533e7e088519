"""Where things are kept, and the one way to the database."""

import os
import sqlite3
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# What belongs to this machine and not to the code: database, cache, log, numbers of processes.
VAR = os.path.join(ROOT, "var")

# What a database on another machine takes to answer, in seconds.
LATENCY = 0.01


def path(name):
    """A file below `var`."""
    return os.path.join(VAR, name)


def write(name, text):
    """Writes a file below `var` so that whoever reads it sees all of it or nothing."""
    temporary = path(f"{name}.{os.getpid()}")
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path(name))


def read(name):
    """A file below `var`, or None."""
    try:
        with open(path(name), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None


def is_alive(number):
    """Whether a process is there, and not merely not waited for."""
    try:
        os.kill(number, 0)
        with open(f"/proc/{number}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return not os.path.isdir("/proc/self")
    except ProcessLookupError:
        return False


class Database:
    """A connection that counts what it is asked."""

    def __init__(self, file=None, latency=LATENCY):
        self.connection = sqlite3.connect(file or path("shop.sqlite"), timeout=10, isolation_level=None)
        self.latency = latency
        self.queries = 0

    def rows(self, sql, *values):
        """All rows of an answer."""
        self.queries += 1
        time.sleep(self.latency)
        return self.connection.execute(sql, values).fetchall()

    def run(self, sql, *values):
        """Changes something; the number of the new row."""
        return self.connection.execute(sql, values).lastrowid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()
