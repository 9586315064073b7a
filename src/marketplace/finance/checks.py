"""What must always be true of what finance says: it is what the books say."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from marketplace.finance import lots
from marketplace.kit import clock, database
from marketplace.kit.checks import Check, Violation

_BOOKED = """
SELECT p.id, coalesce(sum(s.change), 0)::bigint AS points FROM program p
LEFT JOIN (
    SELECT a.unit, t.amount AS change FROM account a JOIN transfer t ON t.credit_account_id = a.id
    JOIN journal j ON j.id = t.journal_id WHERE a.purpose IN ('WALLET', 'HELD') AND j.booked_at <= $1
    UNION ALL
    SELECT a.unit, -t.amount FROM account a JOIN transfer t ON t.debit_account_id = a.id
    JOIN journal j ON j.id = t.journal_id WHERE a.purpose IN ('WALLET', 'HELD') AND j.booked_at <= $1
) s ON s.unit = 'PTS-' || p.code GROUP BY p.id"""


async def check_lots_of_any_moment_are_the_books() -> AsyncIterator[Violation]:
    """With all that is booked, at the beginning of today and a week ago, lots add up to wallets and holds.

    All of it is read in one snapshot: members go on spending meanwhile.
    """
    now = clock.now()
    today = datetime(now.year, now.month, now.day, tzinfo=UTC)
    found: list[Violation] = []
    async with database.transaction():
        await database.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        newest: datetime | None = await database.value("SELECT max(booked_at) FROM journal")
        for moment in (max(now, newest or now), today, today - timedelta(days=7)):
            found += [each async for each in _apart_at(moment)]
    for each in found:
        yield each


async def _apart_at(moment: datetime) -> AsyncIterator[Violation]:
    by_lot = await points_by_program(moment)
    for row in [row async for rows in database.stream(_BOOKED, moment, batch=1_000) for row in rows]:
        found = by_lot.get(row["id"], 0)
        if row["points"] != found:
            detail = f"at {moment:%Y-%m-%d %H:%M} the books say {row['points']}, the lots {found}"
            yield Violation("lots of any moment are the books", f"program {row['id']}", detail)


async def points_by_program(moment: datetime) -> dict[UUID, int]:
    """What the lots of each program add up to at a moment."""
    standing = await lots.groups(moment)
    return {program: sum(each.available + each.held for each in groups) for program, groups in standing.items()}


CHECKS: tuple[Check, ...] = (check_lots_of_any_moment_are_the_books,)
