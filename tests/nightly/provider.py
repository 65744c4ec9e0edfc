"""A group chat's robot, imitated: it keeps what reached it, and answers as it is told to."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Provider:
    """What it got, and how it answers the next requests: `ok`, `refuse` (HTTP 200 with an error code), `error`,
    `forbid`, `silent` (it takes the message and cuts the line before it answers)."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.got: list[str] = []
        self.answers: list[str] = []
        self.always = "ok"

    @property
    def url(self) -> str:
        """As apprise writes it."""
        return f"json://{self.address}/robot-key-123456789"

    def next(self) -> str:
        """How the request that just came is answered."""
        return self.answers.pop(0) if self.answers else self.always

    @property
    def lines(self) -> list[str]:
        """Every line of every message that was taken."""
        return [line for text in self.got for line in text.splitlines()]


@contextmanager
def provider() -> Iterator[Provider]:
    """Served until the block ends."""
    made: list[Provider] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            how = made[0].next()
            if how in ("ok", "silent"):
                made[0].got.append(data["message"])
            if how == "silent":
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            body = json.dumps({"errcode": 45009 if how == "refuse" else 0}).encode()
            self.send_response({"error": 500, "forbid": 403}.get(how, 200))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.append(Provider(f"127.0.0.1:{server.server_address[1]}"))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield made[0]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
