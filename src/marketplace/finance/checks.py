"""What must always be true of what finance says: it is what the books say."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from marketplace.finance import standing
from marketplace.finance.counting import DAY, end_of
from marketplace.finance.models import CountedDay
from marketplace.kit import clock, database
from marketplace.kit.checks import Check, Violation

RECENT: Final = 8
"""Days are proved one by one for a week; they never change, and all of them together are proved always."""
_STANDING = """
SELECT p.id, coalesce(sum(b.balance), 0)::bigint AS points FROM program p
LEFT JOIN account a ON a.unit = 'PTS-' || p.code AND a.purpose IN ('WALLET', 'HELD')
LEFT JOIN balance b ON b.account_id = a.id GROUP BY p.id"""
_BOOKED = """
SELECT p.id, coalesce(sum(t.amount * (c.purpose IN ('WALLET', 'HELD'))::int
    - t.amount * (d.purpose IN ('WALLET', 'HELD'))::int), 0)::bigint AS points
FROM journal j JOIN transfer t ON t.journal_id = j.id JOIN account c ON c.id = t.credit_account_id
JOIN account d ON d.id = t.debit_account_id JOIN program p ON t.unit = 'PTS-' || p.code
WHERE j.booked_at > $1 AND j.booked_at <= $2 AND j.reason LIKE 'points.%' GROUP BY p.id"""
_COUNTED = """
SELECT program_id AS id, sum(points - used - away - expired)::bigint AS points FROM points_change WHERE day = $1
GROUP BY program_id"""


async def check_lots_are_the_books() -> AsyncIterator[Violation]:
    """The kept days and what changed since add up to all wallets and holds, by program.

    All of it is read in one snapshot: members go on spending meanwhile.
    """
    async with database.transaction():
        await database.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        newest: datetime | None = await database.value("SELECT max(booked_at) FROM journal")
        moment = max(clock.now(), newest or clock.now())
        booked = {row["id"]: row["points"] for row in await database.rows(_STANDING)}
        by_lot = await points_by_program(moment)
    for program in booked.keys() | by_lot.keys():
        for violation in _apart(
            program, f"{moment:%Y-%m-%d %H:%M}", booked.get(program, 0), by_lot.get(program, 0)
        ):
            yield violation


async def check_counted_days_are_the_books() -> AsyncIterator[Violation]:
    """Each day that was counted in the last week says what its journals moved to and from wallets and holds."""
    since = clock.today() - timedelta(days=RECENT)
    days: list[date] = [row.day for row in await CountedDay.filter(day__gte=since).order_by("day")]
    for day in days:
        booked = {row["id"]: row["points"] for row in await database.rows(_BOOKED, end_of(day - DAY), end_of(day))}
        counted = {row["id"]: row["points"] for row in await database.rows(_COUNTED, day)}
        for program in booked.keys() | counted.keys():
            for violation in _apart(program, f"{day}", booked.get(program, 0), counted.get(program, 0)):
                yield violation


def _apart(program: UUID, when: str, booked: int, found: int) -> list[Violation]:
    if booked == found:
        return []
    detail = f"at {when} the books say {booked}, the lots {found}"
    return [Violation("lots of any moment are the books", f"program {program}", detail)]


async def points_by_program(moment: datetime) -> dict[UUID, int]:
    """What the lots of each program add up to at a moment."""
    stood = await standing.groups(await standing.at(moment))
    return {program: sum(each.available + each.held for each in groups) for program, groups in stood.items()}


CHECKS: tuple[Check, ...] = (check_lots_are_the_books, check_counted_days_are_the_books)
