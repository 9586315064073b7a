"""Time limits that cost nothing where nothing waits: a timer is made when there is something to wait for."""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class TookTooLong(Exception):
    """Something waited for longer than it may, and was cancelled."""


async def within(seconds: float | None, work: Coroutine[Any, Any, T]) -> T:
    """What the work gives; raises TookTooLong past so many seconds (None: never), and what the work raises."""
    try:
        first = work.send(None)
    except StopIteration as done:
        return done.value
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            return await _Begun(work, first)
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise TookTooLong from error


class _Begun(Generic[T]):
    """Work that was begun and waits: for `first`, and then for whatever it says (as PEP 380 has it)."""

    def __init__(self, work: Coroutine[Any, Any, T], first: Any) -> None:
        self._work = work
        self._first = first

    def __await__(self) -> Generator[Any, Any, T]:
        waits_for = self._first
        try:
            while True:
                try:
                    came = yield waits_for
                except BaseException as error:  # noqa: BLE001  # for the work to meet, as it does a cancellation
                    waits_for = self._work.throw(error)
                else:
                    waits_for = self._work.send(came)
        except StopIteration as done:
            return done.value
