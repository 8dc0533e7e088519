"""The server: on a free port of 127.0.0.1, which is then in `var/port`."""

import json
import resource
import signal
import sys
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import migrate
from shop import dashboard, events, mail, queue, store, users

# After so many seconds it ends by itself, whoever forgot it.
LIFETIME = 300


def health(database, _query):
    """Whether it works at all, and how large it is."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    megabytes = peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return {
        "status": "ok",
        "maintenance": store.read("maintenance") is not None,
        "migration": max(migrate.applied(database), default=0),
        "memory_mb": round(megabytes, 1),
    }


def figures(database, _query):
    """The dashboard, and what it took."""
    begun = time.monotonic()
    answer = dashboard.figures(database)
    return answer | {"queries": database.queries, "seconds": round(time.monotonic() - begun, 6)}


def job(database, query):
    """One job, or how many there are."""
    return queue.state(database, int(query["id"])) if "id" in query else queue.counts(database)


GET = {
    "/health": health,
    "/dashboard": figures,
    "/users": lambda database, _query: users.everybody(database),
    "/mail": lambda database, _query: mail.sent(database),
    "/jobs": job,
}

POST = {
    "/mail": lambda database, query: queue.put(database, "mail", query),
    "/jobs": lambda database, query: queue.put(database, query["kind"], query),
    "/events": lambda database, query: events.publish(database, query["name"], query),
}


class Handler(BaseHTTPRequestHandler):
    """Looks the path up, and answers with JSON."""

    def do_GET(self):
        self.answer(GET)

    def do_POST(self):
        self.answer(POST)

    def answer(self, routes):
        """Answers; what goes wrong is in the log."""
        url = urlsplit(self.path)
        route = routes.get(url.path)
        if route is None:
            return self.send(404, {"error": "not found"})
        closed = store.read("maintenance")
        if closed is not None and url.path != "/health" and self.headers.get("X-Pass") != closed:
            return self.send(503, {"error": "maintenance"})
        try:
            with store.Database() as database:
                return self.send(200, route(database, dict(parse_qsl(url.query))))
        except Exception:  # the server goes on whatever one request does
            print(f"ERROR {self.command} {self.path}\n{traceback.format_exc()}", file=sys.stderr, flush=True)
            return self.send(500, {"error": "internal"})

    def send(self, code, value):
        """Sends it all at once."""
        body = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        """The log is for errors."""


class Server(ThreadingHTTPServer):
    """One thread a request."""

    def server_bind(self):
        # Not HTTPServer's, which asks for the name of the machine, and that may take seconds.
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.server_address


def main():
    """Serves until SIGTERM."""
    signal.alarm(LIFETIME)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = Server(("127.0.0.1", 0), Handler)
    store.write("port", str(server.server_port))
    server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main()
