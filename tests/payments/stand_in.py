"""A running stand-in and a place for its webhooks, for tests of any room."""

import asyncio
import socket
import threading
import time
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from marketplace.payments.stand_in.app import build
from marketplace.payments.stand_in.call import Options

SECRET = "whsec_test"
KEY = "sk_test_stand_in"


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@contextmanager
def served(app: Starlette, port: int) -> Generator[str]:
    """The application on a port, in a thread of its own."""
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", ws="none",
                            timeout_graceful_shutdown=1)  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)


@dataclass
class Inbox:
    """A webhook endpoint that keeps what comes, and answers what it is told to."""

    got: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])
    answers: list[int] = field(default_factory=list[int])

    def take(self, request: Request, body: bytes) -> Response:
        """Keep one delivery."""
        self.got.append((request.headers["stripe-signature"], body))
        return Response(status_code=self.answers.pop(0) if self.answers else 200)

    async def holds(self, count: int, timeout_s: float = 10.0) -> list[tuple[str, bytes]]:
        """What came, once there are at least `count`."""
        for _ in range(int(timeout_s / 0.02)):
            if len(self.got) >= count:
                return list(self.got)
            await asyncio.sleep(0.02)
        raise AssertionError(f"{len(self.got)} webhooks came, not {count}")


@dataclass
class StandIn:
    """The control surface of a running stand-in."""

    url: str

    async def order(self, path: str, verb: str = "POST", /, **body: Any) -> Any:
        async with httpx.AsyncClient(base_url=f"{self.url}/_stand_in/", verify=False) as http:
            answer = await http.request(verb, path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def order_now(self, path: str, **body: Any) -> None:
        """An order from outside of an event loop."""
        answer = httpx.post(f"{self.url}/_stand_in/{path}", json=body, verify=False)
        assert answer.status_code == 200, answer.text

    async def fault(self, kind: str, path: str = "/v1/transfers", times: int = 1, **more: Any) -> None:
        await self.order("faults", kind=kind, path=path, method="POST", times=times, **more)

    async def webhook_fault(self, kind: str, event: str = "", **more: Any) -> None:
        await self.order("webhook_faults", kind=kind, event=event, **more)

    async def balance(self, amount: int, currency: str = "eur") -> None:
        await self.order("balance", amount=amount, currency=currency)

    async def requests(self, path: str, method: str = "POST") -> list[dict[str, Any]]:
        asked = await self.order("requests", "GET")
        return [request for request in asked if request["path"] == path and request["method"] == method]


class Letterbox:
    """One server for the inboxes of all tests, each at a path of its own; what comes late for one is refused."""

    def __init__(self) -> None:
        self._inboxes: dict[str, Inbox] = {}

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{name}", self._take, methods=["POST"])])

    def new(self) -> tuple[str, Inbox]:
        """A fresh inbox and its path; the ones before take no more."""
        name, inbox = uuid.uuid4().hex, Inbox()
        self._inboxes = {name: inbox}
        return name, inbox

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        inbox = self._inboxes.get(request.path_params["name"])
        return inbox.take(request, body) if inbox else Response(status_code=410)


@contextmanager
def running(folder: Path, webhook_url: str | None = None) -> Generator[StandIn]:
    """A stand-in over `folder`'s state file."""
    settings = Options(webhook_url=webhook_url, webhook_secret=SECRET, webhook_retry_s=0.05)
    with served(build(folder / "stripe.sqlite", settings), free_port()) as url:
        yield StandIn(url)
