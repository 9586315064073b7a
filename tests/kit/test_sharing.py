"""Commands that share a transaction: asked for once, written together, and nobody's trouble is his neighbour's."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

import pytest
from tortoise.exceptions import IntegrityError

from marketplace.kit import clock, database, sharing
from marketplace.kit.ids import new_id
from marketplace.kit.models import AuditEntry
from marketplace.kit.refusals import NotFound
from marketplace.kit.rows import new

pytestmark = pytest.mark.usefixtures("db")
_TOGETHER = "SELECT count(DISTINCT xmin::text) AS transactions, count(*) AS rows FROM audit_entry"


class Asked:
    """A question that counts how often it was asked, and of whom."""

    def __init__(self, answer: str = "SELECT 1") -> None:
        self.times: list[int] = []
        self.answer = answer
        self.read = sharing.SharedRead(self._fetch)

    async def _fetch(self, keys: Sequence[int]) -> Mapping[int, int]:
        self.times.append(len(keys))
        await database.execute(self.answer)
        return {key: key * 2 for key in keys if key >= 0}


async def note(id: UUID | None = None) -> None:
    """One row more."""
    row = new(
        AuditEntry, id=id or new_id(), at=clock.now(), actor_kind="SYSTEM", actor_id=new_id(), operation="test",
        subject_type="Test",
    )  # fmt: skip
    await database.add(row)


async def written() -> tuple[int, int]:
    """In how many transactions how many rows were written."""
    found = await database.row(_TOGETHER)
    assert found is not None
    return found["transactions"], found["rows"]


async def test_all_are_asked_for_once_and_committed_once() -> None:
    first, second = Asked(), Asked()

    async def one(number: int) -> int | None:
        async with sharing.seat(number):
            found = await first.read.ask(number)
            if number % 2:
                await second.read.ask(7)
            await note()
        return found

    assert await asyncio.gather(*map(one, range(10))) == [number * 2 for number in range(10)]
    assert (first.times, second.times) == ([10], [1])
    assert await written() == (1, 10)
    assert await first.read.ask(-1) is None, "who is alone asks for himself"


async def test_what_one_refuses_or_breaks_is_not_written_and_the_others_are() -> None:
    async def one(number: int) -> None:
        async with sharing.seat(number):
            await note()
            if number == 2:
                raise NotFound(what="thing")
            if number == 3:
                raise ZeroDivisionError

    answers = await asyncio.gather(*map(one, range(6)), return_exceptions=True)
    assert [type(each) for each in answers] == [*[type(None)] * 2, NotFound, ZeroDivisionError, *[type(None)] * 2]
    assert await written() == (1, 4)


async def test_a_question_of_ones_own_is_asked_apart() -> None:
    async def one(number: int) -> None:
        async with sharing.seat(number):
            await note()
            if number == 1:
                await AuditEntry.all().count()
            if number == 2:
                await database.value("SELECT 1")
            if number == 3:
                async with database.transaction():
                    await note()
            if number == 4:
                await Asked().read.ask(1)  # it could not see what waits

    answers = await asyncio.gather(*map(one, range(6)), return_exceptions=True)
    assert [type(each) for each in answers[1:5]] == [sharing.Apart] * 4
    assert await written() == (1, 2)


async def test_what_fails_for_all_has_not_happened_for_any() -> None:
    twice = new_id()

    async def one(number: int) -> None:
        async with sharing.seat(number):
            await note(twice if number < 2 else None)

    answers = await asyncio.gather(*map(one, range(4)), return_exceptions=True)
    assert [type(each) for each in answers] == [sharing.Undone] * 4
    assert await written() == (0, 0)
    broken = Asked("SELECT 1 / 0")

    async def asks(number: int) -> None:
        async with sharing.seat(number):
            await broken.read.ask(number)

    answers = await asyncio.gather(*map(asks, range(3)), return_exceptions=True)
    assert [type(each) for each in answers] == [sharing.Undone] * 3


async def test_one_who_is_alone_is_told_what_went_wrong() -> None:
    twice = new_id()
    async with sharing.seat("me"):
        await note(twice)
    with pytest.raises(IntegrityError):
        async with sharing.seat("me"):
            await note(twice)
    assert await written() == (1, 1)


async def test_who_went_away_keeps_nobody_waiting() -> None:
    slow = Asked("SELECT pg_sleep(0.1)")

    async def one(number: int) -> None:
        async with sharing.seat(number):
            await slow.read.ask(number)
            await note()

    tasks = [asyncio.create_task(one(number)) for number in range(5)]
    tasks[4].cancel()  # before there was a seat for it
    await asyncio.sleep(0.05)
    tasks[1].cancel()  # while it is asked for
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(each, asyncio.CancelledError) for each in answers] == [False, True, False, False, True]
    assert await written() == (1, 3)
    tasks = [asyncio.create_task(one(number)) for number in range(3)]
    await asyncio.sleep(0.05)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await one(9)
    assert await written() == (2, 4)


async def test_whenever_somebody_goes_away_the_others_are_served() -> None:
    asked = Asked()

    async def one(number: int) -> None:
        async with sharing.seat(number):
            await asked.read.ask(number)
            await note()

    for turns in range(25):
        before = (await written())[1]
        tasks = [asyncio.create_task(one(number)) for number in range(3)]
        for _ in range(turns):
            await asyncio.sleep(0.0003 if turns > 15 else 0)
        tasks[1].cancel()
        async with asyncio.timeout(5):
            gone = (await asyncio.gather(*tasks, return_exceptions=True))[1] is not None
            await one(1)
        assert [tasks[0].cancelled(), tasks[2].cancelled()] == [False, False]
        rows = (await written())[1] - before
        assert rows == 4 or (rows == 3 and gone), "what was on its way already is written"


async def test_the_second_of_one_actor_sees_what_the_first_one_did() -> None:
    seen: list[int] = []

    async def rows(keys: Sequence[str]) -> dict[str, int]:
        count: int = await database.value("SELECT count(*) FROM audit_entry")
        return dict.fromkeys(keys, count)

    read = sharing.SharedRead(rows)

    async def one(who: str) -> None:
        async with sharing.seat(who):
            seen.append(await read.ask(who) or 0)
            await note()

    await asyncio.gather(*map(one, "aabac"))
    assert seen == [0, 0, 0, 3, 4]
    assert await written() == (3, 5)


async def test_a_crowd_is_carried_in_full_transactions() -> None:
    async def one(number: int) -> None:
        async with sharing.seat(number):
            await note()

    await asyncio.gather(*map(one, range(3 * sharing.MOST)))
    assert await written() == (3, 3 * sharing.MOST)
