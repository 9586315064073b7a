"""What a flood may cost us: bodies nobody reads, connections nobody needs, refusals that wait a moment."""

import asyncio
import random
from collections import deque
from http import HTTPStatus
from time import monotonic

from starlette.requests import Request

from marketplace.app.errors import HttpRefusal

DRAIN_AT_MOST_BYTES = 100_000_000
DRAIN_ALWAYS_BYTES = 5_000_000
DRAINS, DRAINS_WITHIN_S = 3, 3.0
MUCH_DIGITS = 5
"""A body of 100,000 bytes and more is much."""
TOLD_AFTER_S = 0.05, 0.15
WAIT_AT_MOST = 1_000
BYTES_OF_ONE = 20_000
UNANNOUNCED = 10

_drained_at = deque([float("-inf")] * DRAINS, DRAINS)


def _is_drained(announced_bytes: int) -> bool:
    if announced_bytes <= DRAIN_ALWAYS_BYTES:
        return True
    now = monotonic()
    if announced_bytes > DRAIN_AT_MOST_BYTES or now - _drained_at[0] < DRAINS_WITHIN_S:
        return False
    _drained_at.append(now)
    return True


def too_large(limit_bytes: int, announced_bytes: int | None = None) -> HttpRefusal:
    """A body over its cap: 413.

    The server throws away the rest of a body whose announced end is near, so that the client gets
    to read this answer; otherwise the connection is closed. What is far over is read to its end three
    times in three seconds at most: somebody's mistake, and not a flood.
    """
    ends_soon = announced_bytes is not None and _is_drained(announced_bytes)
    return HttpRefusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "PAYLOAD_TOO_LARGE",
        f"The body is larger than {limit_bytes:,} bytes.",
        {} if ends_soon else {"Connection": "close"},
    )


def weight(request: Request) -> int:
    """For how many requests this one counts: what it sends is work for us before anything is known of it."""
    length = request.headers.get("content-length", "")
    if length.isdecimal():
        return 1 + int(length[:20]) // BYTES_OF_ONE
    return UNANNOUNCED if "transfer-encoding" in request.headers else 1


def without_the_rest(request: Request, status: int) -> dict[str, str]:
    """Whoever asks too often and sends much is not read to the end: it would cost us as much."""
    length = request.headers.get("content-length", "0")
    is_much = "transfer-encoding" in request.headers or not length.isdecimal() or len(length) > MUCH_DIGITS
    return {"Connection": "close"} if status == HTTPStatus.TOO_MANY_REQUESTS and is_much else {}


class Patience:
    """Lets whoever asks too often wait a moment for being told so, as long as not too many wait.

    A client that asks again as soon as it is answered asks a hundred times less often then.
    """

    def __init__(self) -> None:
        self._waiting = 0

    async def tell_slowly(self, status: int) -> None:
        """Wait, if this is the answer to somebody who asks too often."""
        if status != HTTPStatus.TOO_MANY_REQUESTS or self._waiting >= WAIT_AT_MOST:
            return
        self._waiting += 1
        try:
            await asyncio.sleep(random.uniform(*TOLD_AFTER_S))  # noqa: S311  # so that not all of them are back at once
        finally:
            self._waiting -= 1
