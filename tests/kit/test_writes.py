"""Writes that wait: seen by every statement that could see them, gone with what is undone."""

import pytest
from tortoise.exceptions import IntegrityError

from marketplace.access.models import Operator
from marketplace.kit import clock, database, memory
from marketplace.kit.memory import Known
from tests.statements import recorded

pytestmark = pytest.mark.usefixtures("db")


def ada(name: str = "Ada") -> Operator:
    return Operator(name=name, roles=["support"], created_at=clock.now())


class Undone(Exception):
    """What undoes a transaction here."""


async def added_and_undone(row: Operator) -> None:
    async with database.transaction():
        await database.add(row)
        raise Undone


async def added(*rows: Operator) -> None:
    async with database.transaction():
        for row in rows:
            await database.add(row)


async def names() -> list[str]:
    return sorted([row.name for row in await Operator.all()])


async def test_rows_that_wait_are_written_in_one_statement_before_anything_reads() -> None:
    await added(ada("First"), ada("Second"))  # the driver learns the types of the arrays once
    with recorded() as sent:
        async with database.transaction():
            await database.add(ada())
            last = await database.add(ada("Bea"))
            last.name = "Cleo"
            assert await names() == ["Ada", "Cleo", "First", "Second"]
    assert [each.sql.split()[0] for each in sent] == ["BEGIN;", "WITH", "SELECT", "COMMIT;"]


async def test_the_commit_writes_what_still_waits() -> None:
    async with database.transaction():
        await database.add(ada())
    assert await names() == ["Ada"]


async def test_what_is_undone_is_never_written() -> None:
    with pytest.raises(Undone):
        await added_and_undone(ada())
    async with database.transaction():
        assert await names() == []
        with pytest.raises(Undone):
            await added_and_undone(ada("within"))
        await database.add(ada("Bea"))
    assert await names() == ["Bea"]


async def test_a_clash_shows_when_it_is_written_and_undoes_the_whole() -> None:
    first = await database.add(ada())
    twin = Operator(id=first.id, name="twin", roles=[], created_at=clock.now())
    with pytest.raises(IntegrityError):
        await added(ada("Bea"), twin)
    assert await names() == ["Ada"]


async def test_a_statement_goes_first_only_where_it_cannot_see_what_waits() -> None:
    async with database.transaction():
        await database.add(ada())
        with database.aside("program"):
            assert await database.value("SELECT count(*) FROM program") == 0
            assert database.waiting() is not None
            assert await names() == [], "whoever steps aside must look at nothing else"
        with database.aside("operator"):
            assert await names() == ["Ada"]


async def test_sums_of_a_row_are_one_and_must_find_it() -> None:
    async with database.transaction():
        row = await database.add(ada())
        await database.sum_up("lot", "remaining", {row.id: 1})
        with pytest.raises(LookupError):
            await names()


async def test_what_is_known_is_bounded_and_forgotten_on_demand() -> None:
    known: Known[int] = Known(2)
    known.remember([1, 2])
    assert 1 in known
    known.remember([3])
    assert [each in known for each in (1, 2, 3)] == [True, False, True]
    memory.forget()
    assert 1 not in known
