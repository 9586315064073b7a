"""The books leave as text that other programs accept, and their past cannot be changed unseen."""

import shutil
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import anyio
import pytest

from marketplace.kit import clock, database
from marketplace.ledger import accounts, digests, export
from marketplace.ledger.models import Purpose
from marketplace.ledger.steps import Entry, post
from marketplace.members.steps import fund
from marketplace.points.steps import earn
from tests import builders
from tests.books import violations

pytestmark = pytest.mark.usefixtures("db")


async def some_history() -> None:
    program = await builders.a_program(code="NORTH", home_currency="JPY")
    member = await builders.a_member(program)
    with clock.travel(timedelta(days=-3)):
        async with database.transaction():
            await fund(program, 1200, accounts.house(Purpose.BANK, "JPY"), ref_type="top_up", ref_id=uuid4())
            origin: dict[str, Any] = {"origin_type": "award", "origin_id": uuid4()}
            dates: dict[str, Any] = {"earned_at": clock.now(), "expires_at": None}
            await earn(member.id, program.id, program.unit, 500, **origin, **dates)
    await a_top_up()


async def a_top_up() -> None:
    async with database.transaction():
        bank, ours = accounts.house(Purpose.BANK, "EUR"), accounts.house(Purpose.ADJUSTMENTS, "EUR")
        await post("test.booked", "topup", uuid4(), [Entry(bank, ours, 12_34)])


async def written(format: export.Format, folder: Path) -> Path:
    file = folder / f"books.{format.value}"
    file.write_text("\n".join([line async for line in export.lines(format)]) + "\n")
    return file


async def told(*command: str) -> tuple[int, str]:
    """What a program answers: its exit code, and all that it prints."""
    run = await anyio.run_process(command, check=False)
    return run.returncode, (run.stdout + run.stderr).decode()


async def test_beancount_accepts_the_books(tmp_path: Path) -> None:
    await some_history()
    file = await written(export.Format.BEANCOUNT, tmp_path)
    assert "12.34 EUR" in file.read_text()
    run = await told(sys.executable, "-m", "beancount.scripts.check", str(file))
    assert run == (0, "")


@pytest.mark.skipif(shutil.which("hledger") is None, reason="hledger is not installed (apt-get install hledger)")
async def test_hledger_accepts_the_books(tmp_path: Path) -> None:
    await some_history()
    file = await written(export.Format.HLEDGER, tmp_path)
    run = await told("hledger", "-f", str(file), "check", "--strict")
    assert run == (0, "")
    total = await told("hledger", "-f", str(file), "bal", "Assets")
    assert "12.34 EUR" in total[1]


async def test_sealed_days_chain_and_are_sealed_once() -> None:
    with clock.travel(timedelta(days=-2)):
        await some_history()
    with clock.travel(timedelta(days=-3)):
        first = await digests.seal()
    assert [digest.transfers for digest in first] == [9]
    second = await digests.seal()
    assert [digest.previous for digest in second] == [first[0].digest]
    assert await digests.seal() == []
    assert await violations() == []


async def test_a_clock_that_is_ahead_seals_no_day_that_is_not_over() -> None:
    with clock.travel(timedelta(days=400)):
        await a_top_up()
        await digests.seal()
    with clock.travel(timedelta(days=-3)):
        await a_top_up()
    await digests.seal()
    await a_top_up()
    assert await violations() == []


async def test_a_changed_past_shows(opened_database: Any) -> None:
    await some_history()
    await digests.seal()
    await opened_database.execute("UPDATE transfer SET amount = amount + 1 WHERE unit = 'PTS-NORTH'")
    found = {violation.check for violation in await violations()}
    assert {"the digest chain is unbroken", "kept balances are the sums"} <= found


async def test_a_day_that_is_put_between_sealed_ones_shows(opened_database: Any) -> None:
    await some_history()
    await digests.seal()
    await opened_database.execute(
        "UPDATE journal SET booked_at = booked_at - interval '40 days' WHERE reason = $1", "points.earned"
    )
    details = [violation.detail for violation in await violations() if "digest" in violation.check]
    assert any("the digests differ" in detail for detail in details)
    assert any("has some now" in detail for detail in details)


async def test_an_invented_balance_shows(opened_database: Any) -> None:
    await some_history()
    await opened_database.execute("UPDATE balance SET balance = balance + 5 WHERE balance = 500")
    assert [violation.check for violation in await violations()] == [
        "kept balances are the sums",
        "wallets are their lots",
        "lots of any moment are the books",
    ]
