"""Around every request: an id to find it by, and headers that keep browsers from guessing."""

import random
import re
from collections.abc import Iterable

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID = "x-request-id"
_SOUND_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_ALWAYS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
_NAME = REQUEST_ID.encode()


class RequestHeaders:
    """Gives each request its id, the caller's own if that is sound, in its logs and in its answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = next((value.decode("latin-1") for name, value in scope["headers"] if name == _NAME), "")
        request_id = given if _SOUND_ID.fullmatch(given) else f"{random.getrandbits(96):024x}"
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers: Iterable[tuple[bytes, bytes]] = message.get("headers", ())
                there = dict(headers)
                always = [each for each in _ALWAYS if each[0] not in there]
                message["headers"] = [*headers, (_NAME, request_id.encode()), *always]
            await send(message)

        structlog.contextvars.bind_contextvars(request_id=request_id)  # for the task of this request
        await self.app(scope, receive, send_with_headers)
