"""A client of graphql-transport-ws that speaks ASGI to the application in this process."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

PROTOCOL = "graphql-transport-ws"
PATIENCE_S = 5.0


class Socket:
    """One socket: `say` a message, `hear` the next one, or learn with which code it was `closed`."""

    def __init__(self, app: Any, headers: dict[str, str], subprotocols: Sequence[str]) -> None:
        scope = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": "/graphql",
            "raw_path": b"/graphql",
            "root_path": "",
            "query_string": b"",
            "client": ("203.0.113.7", 5000),
            "server": ("api.test", 80),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "subprotocols": list(subprotocols),
            "state": {},
        }
        self._in: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._out: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._in.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.create_task(app(scope, self._in.get, self._out.put))

    async def say(self, type: str, **more: Any) -> None:
        """Send one message of the protocol."""
        await self.send({"type": "websocket.receive", "text": json.dumps({"type": type, **more})})

    async def send(self, event: dict[str, Any]) -> None:
        """Send whatever."""
        await self._in.put(event)

    async def hear(self) -> dict[str, Any]:
        """The next message; fails when the socket was closed instead."""
        event = await self._event()
        assert event["type"] == "websocket.send", event
        return json.loads(event["text"])

    async def closed(self) -> int:
        """The code with which the socket was closed, after whatever was still said."""
        while (event := await self._event())["type"] != "websocket.close":
            pass
        await self.hang_up(event["code"])
        return event["code"]

    async def hang_up(self, code: int = 1000) -> None:
        """Go away."""
        await self._in.put({"type": "websocket.disconnect", "code": code})
        async with asyncio.timeout(PATIENCE_S):
            await self.task

    def is_silent(self) -> bool:
        """Whether nothing waits to be heard."""
        return self._out.empty()

    async def _event(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            return await self._out.get()

    async def accepted(self) -> str | None:
        """The subprotocol that was agreed."""
        event = await self._event()
        assert event["type"] == "websocket.accept", event
        return event.get("subprotocol")


@asynccontextmanager
async def dialled(
    app: Any, *, subprotocols: Sequence[str] = (PROTOCOL,), **headers: str
) -> AsyncGenerator[Socket]:
    """A socket that is accepted, and gone at the end."""
    socket = Socket(app, headers, subprotocols)
    await socket.accepted()
    try:
        yield socket
    finally:
        socket.task.cancel()
        with suppress(asyncio.CancelledError):
            await socket.task


@asynccontextmanager
async def connected(app: Any, token: str) -> AsyncGenerator[Socket]:
    """A socket whose `connection_init` with this token was acknowledged."""
    async with dialled(app) as socket:
        await socket.say("connection_init", payload={"authorization": f"Bearer {token}"})
        assert await socket.hear() == {"type": "connection_ack"}
        yield socket
