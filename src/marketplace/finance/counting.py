"""Counting the days: what each of them changed in the points of a program, from what was booked on it alone.

A day is counted when it is over, once. Which lots it concerned is found by its journals; what they were at its
beginning and at its end is put together by `lots`, and the difference is kept. So the kept days add up to what
stood at any midnight, and a moment of a day that is not counted lacks no more than that day's own journals.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from marketplace.finance import lots
from marketplace.finance.models import CountedDay
from marketplace.kit import clock, database

DAY: Final = timedelta(days=1)
SETTLES: Final = timedelta(minutes=15)
"""No transaction lives so long: what belongs to a day that has been over for it is committed."""
KEYS: Final = "program_id, earned_on, since_on, expires_on, is_rolling, at_on"
AMOUNTS: Final = "lots, points, held, used, away, expired"
# $1 is the moment before, $2 the moment after; journals are looked for a little beyond both, because the rows of
# one transaction do not all have the same microsecond.
_PICKED = """
news AS MATERIALIZED (
    SELECT reason, ref_id FROM journal WHERE booked_at > $1::timestamptz - interval '15 minutes'
        AND booked_at <= $2::timestamptz + interval '15 minutes' AND reason LIKE 'points.%'
), holds AS MATERIALIZED (
    SELECT ref_id AS id FROM news
    WHERE reason IN ('points.held', 'points.redeemed', 'points.released', 'points.given')
    UNION SELECT h.id FROM news n JOIN points_hold h ON h.reason = 'clawback' AND h.ref_id = n.ref_id
    WHERE n.reason = 'points.taken_back'
    UNION SELECT h.id FROM news n JOIN refund f ON f.id = n.ref_id
    JOIN points_hold h ON h.reason = 'redeem' AND h.ref_id = f.redemption_id WHERE n.reason = 'points.returned'
    UNION SELECT h.id FROM news n JOIN points_hold h ON h.reason = 'cash' AND h.ref_id = n.ref_id
    WHERE n.reason = 'points.returned'
    UNION SELECT p.hold_id FROM news n JOIN accrual x ON x.kind = 'REFUND' AND x.ref_id = n.ref_id
    JOIN accrual d ON d.id = x.reverses_id JOIN pledge p ON p.id = d.ref_id WHERE n.reason = 'points.returned'
), picked AS MATERIALIZED (
    SELECT a.lot_id AS id FROM holds h JOIN lot_allocation a ON a.hold_id = h.id
    UNION SELECT l.id FROM news n JOIN lot l ON l.origin_id = n.ref_id WHERE n.reason = 'points.earned'
    UNION SELECT l.id FROM holds h JOIN points_hold g ON g.id = h.id AND g.reason = 'gift'
    JOIN lot l ON l.origin_id = g.ref_id
    UNION SELECT e.lot_id FROM news n JOIN lot_expiry e ON e.id = n.ref_id WHERE n.reason = 'points.expired'
)"""
_DATED = """
SELECT program_id, (earned_at AT TIME ZONE timezone)::date AS earned_on,
    (since AT TIME ZONE timezone)::date AS since_on,
    CASE WHEN NOT is_rolling THEN (expires_at AT TIME ZONE timezone)::date END AS expires_on, is_rolling,
    {at} AS at_on, {amounts}
FROM {of}"""
_LOTS = (
    "({sign} * CASE WHEN available > 0 OR held > 0 THEN 1 ELSE 0 END)::bigint AS lots, {sign} * points AS points"
)


def _parts(n: int, sign: str) -> str:
    """The lots of one moment and what left them, with a sign."""
    nothing = "0::bigint AS held, 0::bigint AS used, 0::bigint AS away, 0::bigint AS expired"
    stood = _DATED.format(at="NULL::date", amounts=f"{_LOTS.format(sign=sign)}, {nothing}", of=f"standing_{n}")
    left = ", ".join(f"({sign} * m.{name})::bigint" for name in ("held", "used", "away", "expired"))
    moved = _DATED.format(
        at="(m.at AT TIME ZONE timezone)::date",
        amounts=f"0::bigint, 0::bigint, {left}",
        of=f"moved_{n} m JOIN lots_{n} l ON l.id = m.lot_id",
    )
    return f"{stood} UNION ALL {moved}"


_SUMS = ", ".join(f"sum({name})::bigint AS {name}" for name in AMOUNTS.split(", "))
_ANY = " OR ".join(f"sum({name}) <> 0" for name in AMOUNTS.split(", "))
CHANGED: Final = f"""
WITH {_PICKED}, {lots.FOUND}, {lots.stood(1, "$1::timestamptz")}, {lots.stood(2, "$2::timestamptz")}
SELECT {KEYS}, {_SUMS} FROM ({_parts(1, "-1")} UNION ALL {_parts(2, "1")}) each GROUP BY {KEYS} HAVING {_ANY}"""
_KEEP = f"""
INSERT INTO points_change (id, day, {KEYS}, {AMOUNTS})
SELECT gen_random_uuid(), $3::date, {KEYS}, {AMOUNTS} FROM ({CHANGED}) c"""
ROLLING: Final = """
SELECT m.program_id, (l.earned_at AT TIME ZONE p.timezone)::date AS earned_on,
    (c.expires_at AT TIME ZONE p.timezone)::date AS expires_on, sum(l.remaining)::bigint AS points
FROM lot l JOIN activity_clock c ON c.id = l.clock_id JOIN member m ON m.id = l.member_id
JOIN program p ON p.id = m.program_id WHERE l.has_points AND l.clock_id IS NOT NULL GROUP BY 1, 2, 3"""
_ROLL = f"""
INSERT INTO rolling_points (id, program_id, earned_on, expires_on, points)
SELECT gen_random_uuid(), program_id, earned_on, expires_on, points FROM ({ROLLING}) r"""
_FIRST = "SELECT min(booked_at) FROM journal WHERE reason = 'points.earned'"
_LAST = "SELECT max(day) FROM counted_day WHERE day < $1"
_PATIENCE = """
SELECT set_config('statement_timeout', '600s', true), set_config('work_mem', '128MB', true),
    set_config('jit', 'off', true)"""


@dataclass(frozen=True, slots=True)
class Counted:
    """What is known at a moment: the kept days up to and with `day`, and what changed since its end."""

    day: date | None
    since: list[dict[str, Any]]


def end_of(day: date) -> datetime:
    """The last moment of a day, as the database counts them."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + DAY - timedelta(microseconds=1)


async def counted(moment: datetime) -> Counted:
    """The days before the one of a moment that are kept, and what the rest up to the moment changed."""
    day: date | None = await database.value(_LAST, moment.astimezone(UTC).date())
    before = end_of(day) if day else datetime(1970, 1, 1, tzinfo=UTC)
    async with database.transaction():
        await database.execute(_PATIENCE)
        return Counted(day, await database.rows(CHANGED, before, moment))


async def count_days() -> int:
    """Count every day that is over and not counted yet; returns how many. Again, or twice at once, is harmless."""
    done = 0
    while await _count_next():
        done += 1
    if done:
        async with database.transaction():
            await database.execute(_PATIENCE)
            await database.lock("finance", "rolling points")
            await database.execute("DELETE FROM rolling_points")
            await database.execute(_ROLL)
    return done


async def _count_next() -> bool:
    """Count the next day in a transaction of its own; whether there was one."""
    async with database.transaction():
        await database.lock("finance", "count")
        last: date | None = await database.value("SELECT max(day) FROM counted_day")
        first: datetime | None = None if last else await database.value(_FIRST)
        if last is None and first is None:
            return False
        day = last + DAY if last else first.astimezone(UTC).date() if first else date.min
        if clock.now() < end_of(day) + SETTLES:
            return False
        await database.execute(_PATIENCE)
        await database.execute(_KEEP, end_of(day - DAY), end_of(day), day)
        await CountedDay.create(day=day, counted_at=clock.now())
        return True


async def rolling(program_id: UUID | None) -> list[dict[str, Any]]:
    """When rolling points expire: as last counted, or by the clocks themselves while no day is counted."""
    kept = "SELECT program_id, earned_on, expires_on, points FROM rolling_points"
    source = kept if await CountedDay.exists() else ROLLING
    return await database.rows(f"SELECT * FROM ({source}) r WHERE $1::uuid IS NULL OR program_id = $1", program_id)
