"""The partner's own server, in the tour's process: it believes nothing that is not signed with its secret."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

from marketplace.app.tour.client import Json


@dataclass(slots=True)
class Receiver:
    """Where it listens, what it believes, what it got in order, and how many next requests it fails."""

    url: str
    secret: str = ""
    got: list[tuple[str, Json]] = field(default_factory=list[tuple[str, Json]])
    forged: int = 0
    failures: int = 0

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """The status to answer to one request."""
        try:
            message: Json = Webhook(self.secret).verify(body, headers)
        except WebhookVerificationError:
            self.forged += 1
            return 401
        self.got.append((headers["webhook-id"], message))
        if self.failures:
            self.failures -= 1
            return 500
        return 204

    def of(self, type: str) -> list[tuple[str, Json]]:
        """What it got of a type: ids and messages."""
        return [each for each in list(self.got) if each[1]["type"] == type]


@contextmanager
def listening() -> Generator[Receiver]:
    """A receiver that listens on this machine while the block runs."""
    receiver = Receiver("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(receiver.take({name.lower(): value for name, value in self.headers.items()}, body))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the tour tells."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hooks"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
