"""Stands between a connector and its real server, and fails when it is told to."""

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx


class Proxy:
    """Hands requests on, except those that a fault befalls, in this order: a status, "cut", "page", or None.

    One that `is_early` has JSON-RPC where series before 8.0 have it, at the database itself.
    """

    def __init__(self, address: str) -> None:
        self.address, self.faults, self.is_early = address, [], False


@contextmanager
def proxy(port: int):
    """A proxy before the server on that port; yields a `Proxy`."""
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.answer()

        def do_POST(self):
            self.answer()

        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            fault = between.faults.pop(0) if between.faults else None
            path = self.path
            if between.is_early and self.command == "POST":
                if path.endswith("/rpc/"):
                    return self.reply(405, b"", {})
                path += "rpc/"
            if fault == "cut":
                self.close_connection = True
                return self.connection.close()
            if fault == "page":
                return self.reply(200, b"<html>Welcome</html>", {"Content-Type": "text/html"})
            if fault:
                return self.reply(fault, b"", {"Retry-After": "7"})
            headers = {name: self.headers[name] for name in self.headers if name.lower() not in ("host", "connection")}
            answer = client.request(self.command, path, headers=headers, content=body)
            kept = ("content-type", "date")
            return self.reply(
                answer.status_code,
                answer.content,
                {name: answer.headers[name] for name in kept if name in answer.headers},
            )

        def reply(self, status, content, headers):
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments):
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    between = Proxy(f"http://127.0.0.1:{server.server_port}")
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield between
    finally:
        server.shutdown()
        server.server_close()
        client.close()
