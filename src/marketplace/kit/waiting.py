"""Time limits for what waits, which cost next to nothing where nothing does: every request has two of them."""

import asyncio
from collections.abc import Coroutine, Generator
from types import TracebackType
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")


class TookTooLong(Exception):
    """Something waited for longer than it may, and was cancelled."""


async def within(seconds: float | None, work: Coroutine[Any, Any, T]) -> T:
    """What the work gives; raises TookTooLong past so many seconds (None: never), and what the work raises."""
    try:
        first = work.send(None)
    except StopIteration as done:
        return done.value
    begun = _Begun(work, first)
    if seconds is None:
        return await begun
    with _Limit(seconds):
        return await begun


class _Limit:
    """What `asyncio.timeout` does, in an eighth of its time: it can be neither moved nor asked."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._is_over = False

    def __enter__(self) -> None:
        self._task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._cancelled_before = self._task.cancelling()
        self._timer = self._task.get_loop().call_later(self._seconds, self._end)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        is_ours = self._is_over and self._task.uncancel() <= self._cancelled_before
        if is_ours and kind is asyncio.CancelledError:
            raise TookTooLong from error

    def _end(self) -> None:
        self._is_over = True
        self._task.cancel()


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
