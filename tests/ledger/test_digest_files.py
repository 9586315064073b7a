"""The chain of digests as a file: a copy of the books that somebody has tampered with does not fit it."""

import os
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import anyio
import asyncpg
import pytest

from marketplace.kit import clock, database
from marketplace.ledger import accounts, digest_files, digests
from marketplace.ledger.digest_files import BadDigestFile, Difference
from marketplace.ledger.models import Journal, Purpose
from marketplace.ledger.steps import Entry, post
from tests.conftest import make_database

pytestmark = pytest.mark.usefixtures("db")
BANK, STRIPE = accounts.house(Purpose.BANK, "EUR"), accounts.house(Purpose.STRIPE_CLEARING, "EUR")
TABLES = ("account", "journal", "transfer", "ledger_digest")


async def book(minor: int, days_ago: int) -> Journal:
    with clock.travel(-timedelta(days=days_ago)):
        async with database.transaction():
            id = await post("test.booked", "test", uuid4(), [Entry(STRIPE, BANK, minor)])
    return await Journal.get(id=id)


async def three_days() -> list[Journal]:
    journals = [await book(1_00 * days_ago, days_ago) for days_ago in (5, 4, 4, 3)]
    await digests.seal()
    return journals


async def exported(folder: Path) -> Path:
    file = folder / "digests.txt"
    file.write_text("".join([f"{line}\n" async for line in digest_files.written()]))
    return file


async def found(file: Path) -> list[Difference]:
    return [each async for each in digest_files.differences(file)]


def day_of(journal: Journal) -> date:
    return journal.booked_at.date()


@dataclass(frozen=True, slots=True)
class Copy:
    """Another database, and a superuser in it who may do anything."""

    url: str
    owner: Any

    async def fill(self, source: Any) -> None:
        """Copy the books as they are."""
        for table in TABLES:
            rows = await source.fetch(f"SELECT * FROM {table}")
            records = [tuple(row) for row in rows]
            await self.owner.copy_records_to_table(table, records=records, columns=[*rows[0].keys()])


@pytest.fixture
async def copy(server_url: str) -> AsyncGenerator[Copy]:
    url = await make_database(server_url, f"copy{os.getpid()}")
    owner: Any = await cast(Any, asyncpg).connect(**database.credentials(url))
    await owner.execute("SET session_replication_role = replica")
    yield Copy(url, owner)
    await owner.close()
    admin: Any = await cast(Any, asyncpg).connect(**database.credentials(server_url))
    await admin.execute(f"DROP DATABASE {database.credentials(url)['database']} WITH (FORCE)")
    await admin.close()


async def test_a_copy_that_was_tampered_with_is_told_by_day_and_journal(
    tmp_path: Path, copy: Copy, opened_database: Any
) -> None:
    first, second, third, last = await three_days()
    file = await exported(tmp_path)
    await copy.fill(opened_database)

    async def verified() -> tuple[int, str]:
        command = [sys.executable, "-m", "marketplace.app.cli", "ledger", "verify", str(file)]
        run = await anyio.run_process(
            command, check=False, env={**os.environ, "DATABASE_URL": copy.url, "COLUMNS": "160"}
        )
        return run.returncode, run.stdout.decode() + run.stderr.decode()

    code, said = await verified()
    assert code == 0, said
    assert "as they were on all 3 sealed days" in said

    await copy.owner.execute("UPDATE transfer SET amount = amount + 1 WHERE journal_id = $1", second.id)
    await copy.owner.execute("DELETE FROM transfer WHERE journal_id = $1", last.id)
    await copy.owner.execute("DELETE FROM ledger_digest")

    code, said = await verified()
    assert code == 1
    lines = [line for line in said.splitlines() if str(day_of(second)) in line]
    assert any(str(second.id) in line and "was changed" in line for line in lines)
    assert not any(str(third.id) in line for line in said.splitlines())
    assert any(str(last.id) in line and "missing" in line for line in said.splitlines())
    assert str(first.id) not in said
    assert "has lost" in said or "have lost" in said


async def test_books_that_were_sealed_anew_do_not_fit_the_file(tmp_path: Path, opened_database: Any) -> None:
    _, second, _, last = await three_days()
    file = await exported(tmp_path)
    assert await found(file) == []

    await opened_database.execute("UPDATE journal SET reason = 'test.else' WHERE id = $1", second.id)
    await opened_database.execute("TRUNCATE ledger_digest")
    await digests.seal()

    day = day_of(second)
    assert await found(file) == [
        Difference(day, None, "the books keep another digest of this day than the file"),
        Difference(day_of(last), None, "the books keep another digest of this day than the file"),
        Difference(day, None, "2 transfers, not the same"),
        Difference(day, second.id, "was changed"),
    ]


async def test_what_was_put_between_sealed_days_is_named(tmp_path: Path, opened_database: Any) -> None:
    first, *_ = await three_days()
    file = await exported(tmp_path)

    moved = first.booked_at - timedelta(days=30)
    await opened_database.execute("UPDATE journal SET booked_at = $2 WHERE id = $1", first.id, moved)

    assert await found(file) == [
        Difference(moved.date(), None, "the file has no transfers on this day"),
        Difference(moved.date(), first.id, "was not there on this day"),
        Difference(day_of(first), None, "1 transfers in the file, 0 in the books"),
        Difference(day_of(first), first.id, "is missing on this day"),
    ]


async def test_days_sealed_later_are_not_looked_at(tmp_path: Path) -> None:
    await three_days()
    file = await exported(tmp_path)
    await book(7_00, 2)
    await digests.seal()
    assert await found(file) == []


async def test_a_file_that_is_not_as_it_was_exported_is_refused(tmp_path: Path) -> None:
    await three_days()
    file = await exported(tmp_path)
    whole = file.read_text()
    head, day, *_ = lines = whole.splitlines(keepends=True)
    spoilt = {
        "cut off": "".join(lines[:-1]),
        "does not fit": whole.replace(" test.", "").replace(day, day.replace("day 2", "day 1")),
        "is not one of a file of digests": whole.removeprefix(head),
        "cannot be read": head + "what is this\n" + whole,
    }
    for said, text in spoilt.items():
        file.write_text(text)
        with pytest.raises(BadDigestFile, match=said):
            await found(file)


async def test_a_file_of_no_sealed_day_says_nothing(tmp_path: Path) -> None:
    file = await exported(tmp_path)
    assert await found(file) == []
