"""Serving with uvicorn, in a way that lets go: what is open is ended in order before the process is.

On SIGTERM sockets are closed with 1001 (going away) and event streams completed, within seconds, so that
their clients connect to another process; requests under way are finished first.
"""

import asyncio
import signal
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from marketplace.app.gathering import GatheringProtocol
from marketplace.app.live import Live

DRAIN_S = 20
GO_AWAY_WITHIN_S = 5.0
OPTIONS: dict[str, Any] = {
    "http": GatheringProtocol,
    "access_log": False,  # `/metrics` and traces say more, and cost less
    "ws": "websockets-sansio",
    "ws_max_size": 1_000_000,
    "ws_per_message_deflate": False,  # its buffers would be most of what an idle socket costs
    "ws_ping_interval": 30.0,
    "ws_ping_timeout": 20.0,
    "timeout_graceful_shutdown": DRAIN_S,
}
"""What we ask of uvicorn wherever it serves us."""


@contextmanager
def leaving_in_order(live: Live) -> Generator[None]:
    """While the block runs, a signal that ends the server first ends its open connections; a second does not wait.

    uvicorn closes sockets with 1012 the moment it stops, so this stands before its own handlers.
    """
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    leaving: list[asyncio.Task[None]] = []

    async def leave(number: int) -> None:
        await live.go_away(GO_AWAY_WITHIN_S)
        stop(number, None)

    def stop(number: int, frame: FrameType | None) -> None:
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    def asked(number: int, frame: FrameType | None) -> None:
        if leaving:
            stop(number, frame)
        else:
            loop.call_soon_threadsafe(lambda: leaving.append(asyncio.create_task(leave(number))))

    with suppress(ValueError):  # only the main thread hears signals
        for number in before:
            signal.signal(number, asked)
    try:
        yield
    finally:
        with suppress(ValueError):
            for number, handler in before.items():
                signal.signal(number, handler)
