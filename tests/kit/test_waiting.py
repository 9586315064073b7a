"""Time limits: work that waits too long is cancelled, and all that befalls it reaches it."""

import asyncio
import time
from collections.abc import Awaitable

import pytest

from marketplace.kit.waiting import TookTooLong, within

pytestmark = pytest.mark.anyio


class Work:
    """Waits for one thing after another, and keeps what came of it."""

    def __init__(self) -> None:
        self.met: list[str] = []

    async def __call__(self, *things: Awaitable[str]) -> list[str]:
        for thing in things:
            try:
                self.met.append(await thing)
            except BaseException as error:
                self.met.append(type(error).__name__)
                raise
        return self.met


async def at_once(text: str) -> str:
    return text


async def later(text: str, seconds: float = 0.01) -> str:
    await asyncio.sleep(seconds)
    return text


async def broken(error: BaseException) -> str:
    await asyncio.sleep(0)
    raise error


async def test_work_gives_what_it_gives_whether_it_waits_or_not():
    assert await within(0, Work()(at_once("a"), at_once("b"))) == ["a", "b"], "nothing waited, nothing was timed"
    assert await within(5, Work()(later("a"), at_once("b"), later("c"), later("d", 0))) == ["a", "b", "c", "d"]


async def test_work_that_waits_too_long_is_cancelled_and_its_task_is_not():
    work = Work()

    with pytest.raises(TookTooLong):
        await within(0.02, work(later("a"), later("b", 5)))

    assert work.met == ["a", "CancelledError"]
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()
    assert await later("on") == "on"


async def test_who_cancels_the_task_cancels_the_work():
    work = Work()
    task = asyncio.create_task(within(5, work(later("a", 0), later("b", 5))))
    await asyncio.sleep(0.01)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert work.met == ["a", "CancelledError"]


async def test_who_cancels_a_task_whose_time_is_over_too_is_obeyed():
    work = Work()
    task = asyncio.create_task(within(0.01, work(later("a", 5))))
    await asyncio.sleep(0)
    time.sleep(0.02)  # noqa: ASYNC251  # so that both befall it in one turn of the loop

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert work.met == ["CancelledError"]


async def test_work_that_will_not_be_cancelled_gives_what_it_gives_and_its_task_goes_on():
    async def stubborn() -> str:
        try:
            return await later("in time", 5)
        except asyncio.CancelledError:
            return await later("all the same")

    assert await within(0.01, stubborn()) == "all the same"
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()


@pytest.mark.parametrize("error", [ValueError("bad"), TimeoutError("of its own")])
async def test_what_the_work_raises_is_raised(error: Exception):
    async def at_once_broken() -> str:
        raise error

    with pytest.raises(type(error)) as first:
        await within(5, Work()(at_once_broken()))
    with pytest.raises(type(error)) as second:
        await within(5, Work()(later("a"), broken(error)))

    assert (first.value, second.value) == (error, error)
