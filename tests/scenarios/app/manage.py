"""Looks after the shop; each command may have more than one word after it, and several are separated by `,`.

setup | start [server] [worker] | stop […] | restart […] | up | down | clear-cache | seed | count | save-database |
send <address> | status
"""

import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

from shop import store

SERVICES = ("server", "worker")
# How long a service has to begin or to end, in seconds.
PATIENCE = 20


def running(service):
    """The number of its process, or None."""
    number = store.read(f"{service}.pid")
    return int(number) if number and store.is_alive(int(number)) else None


def until(is_so, what):
    """Waits, but not for ever."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what} takes too long")
        time.sleep(0.005)


def start(*services):
    """Starts what is not running, and waits until the server listens."""
    for service in services or SERVICES[:1]:
        if running(service):
            continue
        if service == "server" and store.read("port"):
            os.remove(store.path("port"))
        # As a service manager does it: with variables, a session and a log of its own.
        variables = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "LC_ALL")}
        with open(store.path(f"{service}.log"), "w", encoding="utf-8") as log:
            process = subprocess.Popen(
                [sys.executable, "-SEB", f"{service}.py"],
                cwd=store.ROOT,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        store.write(f"{service}.pid", str(process.pid))
        if service == "server":
            until(lambda: store.read("port") or process.poll() is not None, "the server")
        if process.poll() is not None:
            raise SystemExit(f"{service} ended at once:\n{store.read(f'{service}.log')}")


def stop(*services):
    """Stops what is running, and waits until it has ended."""
    for service in services or SERVICES:
        number = running(service)
        if number:
            os.kill(number, signal.SIGTERM)
            until(lambda: not store.is_alive(number), service)
        for name in (f"{service}.pid", *(["port"] if service == "server" else [])):
            if os.path.exists(store.path(name)):
                os.remove(store.path(name))


def restart(*services):
    """Stops them and starts them; those that were running, if none is named."""
    services = services or [service for service in SERVICES if running(service)]
    stop(*services)
    start(*services)


def up():
    """Opens the shop."""
    if store.read("maintenance") is not None:
        os.remove(store.path("maintenance"))


def down():
    """Closes it: everything but /health answers 503 to whoever does not have the pass."""
    if store.read("maintenance") is None:
        store.write("maintenance", secrets.token_hex(16))


def clear_cache():
    """Forgets what can be worked out again."""
    shutil.rmtree(store.path("cache"), ignore_errors=True)
    os.makedirs(store.path("cache"))


def seed():
    """Fills an empty database with numbers that are known."""
    with store.Database(latency=0) as database:
        connection = database.connection
        connection.execute("BEGIN")
        users = [(n, f"User {n}", f"user{n}@example.com") for n in range(1, 61)]
        connection.executemany("INSERT INTO users VALUES (?, ?, ?)", users)
        connection.executemany("INSERT INTO orders VALUES (?, ?, ?)", [(n, n % 60 + 1, n) for n in range(1, 241)])
        connection.execute("COMMIT")


def count():
    """How many rows each table has."""
    with store.Database(latency=0) as database:
        tables = database.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        for (table,) in tables:
            print(table, database.rows(f"SELECT COUNT(*) FROM {table}")[0][0])


def save_database():
    """Writes a whole copy of the database to $CHECKPOINT_FILE, whoever writes to it meanwhile."""
    source, target = sqlite3.connect(store.path("shop.sqlite")), sqlite3.connect(os.environ["CHECKPOINT_FILE"])
    source.backup(target)
    target.close()


def send(address):
    """Sends a mail to see whether that works, and lists what was sent."""
    from shop import mail

    with store.Database(latency=0) as database:
        mail.send(database, address, "Test")
        print("\n".join(one["recipient"] for one in mail.sent(database)))


def setup():
    """Everything that a new copy needs before it can start."""
    import migrate

    os.makedirs(store.VAR, exist_ok=True)
    clear_cache()
    with store.Database(latency=0) as database:
        migrate.up(database)
    seed()


def status():
    """What is running."""
    for service in SERVICES:
        print(service, "running" if running(service) else "stopped")
    print("closed" if store.read("maintenance") is not None else "open")


COMMANDS = {
    one.__name__.replace("_", "-"): one
    for one in (setup, start, stop, restart, up, down, clear_cache, seed, count, save_database, send, status)
}


def main(arguments):
    """One command after another."""
    for line in " ".join(arguments).split(","):
        name, *words = line.split()
        if name not in COMMANDS:
            raise SystemExit(__doc__)
        COMMANDS[name](*words)


if __name__ == "__main__":
    main(sys.argv[1:])
