"""Questions asked at the same instant: one statement answers all, and each gets their own answer."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from marketplace.kit.together import Together

pytestmark = pytest.mark.anyio


async def test_all_of_one_instant_are_asked_together_and_nothing_is_remembered() -> None:
    asked: list[list[int]] = []

    async def fetch(keys: Sequence[int]) -> Mapping[int, str]:
        asked.append(list(keys))
        await asyncio.sleep(0)
        return {key: f"row {key}" for key in keys if key < 3}

    together = Together(fetch)
    assert await asyncio.gather(*map(together.ask, (1, 2, 1, 7))) == ["row 1", "row 2", "row 1", None]
    assert await together.ask(1) == "row 1"
    assert asked == [[1, 2, 7], [1]]


async def test_no_question_has_too_many_keys() -> None:
    asked: list[int] = []

    async def fetch(keys: Sequence[int]) -> Mapping[int, int]:
        asked.append(len(keys))
        return {key: key for key in keys}

    together = Together(fetch, most=4)
    assert await asyncio.gather(*map(together.ask, range(10))) == list(range(10))
    assert asked == [4, 4, 2]


async def test_what_fails_fails_for_all_who_asked_and_for_nobody_else() -> None:
    broken = [True]

    async def fetch(keys: Sequence[int]) -> Mapping[int, int]:
        if broken.pop():
            raise LookupError("away")
        return {key: key for key in keys}

    together = Together(fetch)
    found = await asyncio.gather(together.ask(1), together.ask(2), return_exceptions=True)
    assert [type(each) for each in found] == [LookupError, LookupError]
    broken.append(False)
    assert await together.ask(1) == 1


async def test_who_stops_waiting_takes_the_answer_from_nobody() -> None:
    async def fetch(keys: Sequence[int]) -> Mapping[int, int]:
        await asyncio.sleep(0.01)
        return {key: key for key in keys}

    together = Together(fetch)
    one, other = asyncio.create_task(together.ask(1)), asyncio.create_task(together.ask(1))
    await asyncio.sleep(0)
    one.cancel()
    assert await other == 1
