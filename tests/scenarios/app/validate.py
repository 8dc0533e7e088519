"""Says whether the shop works: `validate.py [--checkpoint=<time>] <check>…`, each of which is a function here.

`code` needs nothing but the files; the others ask the server that is running.
"""

import importlib
import json
import os
import pkgutil
import socket
import sys
import time

import migrate
from shop import store

with open(os.path.join(store.ROOT, "expected.json"), encoding="utf-8") as known:
    EXPECTED = json.load(known)


def fetch(path, method="GET", is_ours=True):
    """The code and the value of an answer, to one who has the pass while the shop is closed, or to anybody."""
    header = f"X-Pass: {store.read('maintenance') or '-'}\r\n" if is_ours else ""
    port = store.read("port")
    if port is None:
        raise AssertionError("no server is running")
    with socket.create_connection(("127.0.0.1", int(port)), timeout=10) as connection:
        connection.sendall(f"{method} {path} HTTP/1.0\r\n{header}\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def expect(path):
    """The value of an answer that has to be a good one."""
    code, value = fetch(path)
    assert code == 200, f"{path} answers {code}"
    return value


def _raise(_name):
    raise  # what the import of a package has raised; it would be passed over


def code():
    """Every module can be imported, and they work on a database of their own."""
    import shop
    from shop import dashboard

    for module in pkgutil.walk_packages(shop.__path__, "shop.", onerror=_raise):
        importlib.import_module(module.name)

    for name in migrate.known().values():
        assert os.path.exists(os.path.join(migrate.FOLDER, f"{name}.down.sql")), f"{name} cannot be taken back"
    with store.Database(":memory:", latency=0) as database:
        migrate.up(database)
        for n in range(3):
            database.run("INSERT INTO users VALUES (?, ?, ?)", n, f"User {n}", f"user{n}@example.com")
        for n in range(1, 11):
            database.run("INSERT INTO orders (user, amount) VALUES (?, ?)", n % 3, n)
        figures = dashboard.figures(database)
        assert figures == {"total": 55, "orders": 10}, f"the dashboard says {figures}"
        migrate.down(database, 0)


def health():
    """Every endpoint answers, and the log is quiet."""
    expect("/health")
    for path, shape in (("/dashboard", dict), ("/users", list), ("/mail", list), ("/jobs", dict)):
        assert isinstance(expect(path), shape), f"{path} has another shape"
    assert "ERROR" not in (store.read("server.log") or ""), "there are errors in the log"


def total():
    """The dashboard has the number that it has to have."""
    answer = expect("/dashboard")
    for key in ("total", "orders"):
        assert answer[key] == EXPECTED[key], f"{key} is {answer[key]}, not {EXPECTED[key]}"


def performance():
    """Prints how long the dashboard takes, how many queries it makes, and how large the server is."""
    seconds = []
    for _ in range(3):
        begun = time.monotonic()
        answer = expect("/dashboard")
        seconds.append(time.monotonic() - begun)
    print(f"p95={max(seconds):.3f} queries={answer['queries']} memory={expect('/health')['memory_mb']}")


def rows():
    """No row is missing."""
    with store.Database(latency=0) as database:
        for table in ("users", "orders"):
            found = database.rows(f"SELECT COUNT(*) FROM {table}")[0][0]
            assert found == EXPECTED[table], f"{table} has {found} rows, not {EXPECTED[table]}"


def work():
    """A job that is put into the queue gets done."""
    status, job = fetch("/jobs?kind=fragile&fails=0", "POST")
    assert status == 200, f"/jobs answers {status}"
    deadline = time.monotonic() + 10
    while job["state"] != "done":
        assert time.monotonic() < deadline and job["state"] != "failed", f"the job is {job}"
        time.sleep(0.01)
        job = expect(f"/jobs?id={job['id']}")


def opened():
    """Anybody gets in."""
    status, _ = fetch("/users", is_ours=False)
    assert status == 200, f"/users answers {status}"


def closed():
    """Nobody gets in."""
    status, _ = fetch("/users", is_ours=False)
    assert status == 503, f"/users answers {status}"


def private():
    """Nobody is told where users get their mail."""
    assert "@" not in json.dumps(expect("/users")), "there are addresses in /users"


def errors():
    """Prints how many errors are in the log of the server."""
    print(f"errors={(store.read('server.log') or '').count('ERROR')}")


CHECKS = {check.__name__: check for check in (code, health, total, performance, rows, work, opened, closed, private, errors)}


def main(arguments):
    """One check after another; the first that fails ends it."""
    when = [word.removeprefix("--checkpoint=") for word in arguments if word.startswith("--checkpoint=")]
    names = [word for word in arguments if not word.startswith("--")]
    for name in names:
        try:
            CHECKS[name]()
        except Exception as error:  # an answer, whatever went wrong
            raise SystemExit(f"{name}: {type(error).__name__}: {error}") from error
        print(f"{name}: ok")
    if when and os.path.isdir(store.VAR):
        with open(store.path("validations"), "a", encoding="utf-8") as file:
            file.write(f"{os.environ.get('CHECKPOINT_STAGE', '-')} {when[0]}: {' '.join(names)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
