"""Lots as they stood at any past moment, put together from what was booked by then.

What the books say at a moment is in the journals; which lot it was is in the rows that those journals are about:
a lot since its points were earned or handed over, its allocations since they were held, its expiries. Points
that went back fill the lots of their hold from the latest-expiring on, which is how they are given back. So the
lots of a program add up to its WALLET and HELD accounts at every moment (`checks`).
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from marketplace.finance.runoff import Entered, Gone, RunOff, Standing, estimated
from marketplace.kit import database

BATCH = 5_000
# $1 is the moment; $2 the moment by which a lot must have been booked to be looked at.
_AS_OF = """
WITH born AS MATERIALIZED (
    SELECT l.id, l.member_id, m.program_id, l.points, l.earned_at, l.origin_type,
        coalesce(
            (SELECT j.booked_at FROM journal j WHERE j.reason = 'points.earned' AND j.ref_id = l.origin_id),
            (SELECT h.closed_at FROM points_hold h WHERE h.reason = 'gift' AND h.ref_id = l.origin_id)
        ) AS since,
        coalesce(
            (SELECT x.expired_at FROM lot_extension x WHERE x.lot_id = l.id AND x.at > $1 ORDER BY x.at LIMIT 1),
            c.expires_at, l.expires_at
        ) AS expires_at
    FROM lot l JOIN member m ON m.id = l.member_id LEFT JOIN activity_clock c ON c.id = l.clock_id
), lots AS MATERIALIZED (SELECT * FROM born WHERE since <= $1 AND since <= $2),
back AS (
    SELECT coalesce(r.hold_id, s.hold_id, p.hold_id) AS hold_id, sum(t.amount) AS points
    FROM journal j JOIN transfer t ON t.journal_id = j.id
    JOIN account a ON a.id = t.credit_account_id AND a.purpose = 'WALLET'
    LEFT JOIN refund f ON f.id = j.ref_id LEFT JOIN redemption r ON r.id = f.redemption_id
    LEFT JOIN cash_redemption s ON s.id = j.ref_id
    LEFT JOIN accrual x ON x.kind = 'REFUND' AND x.ref_id = j.ref_id
    LEFT JOIN pledge p ON p.accrual_id = x.reverses_id
    WHERE j.reason = 'points.returned' AND j.booked_at <= $1 GROUP BY 1
), allocated AS (
    SELECT a.lot_id, h.held_at AS at, h.closed_at IS NULL OR h.closed_at > $1 AS is_held,
        h.reason IN ('gift', 'clawback') AS is_away,
        a.points - greatest(0, least(a.points, coalesce(b.points, 0) - (sum(a.points) OVER later - a.points)))
            AS points
    FROM lot_allocation a JOIN points_hold h ON h.id = a.hold_id JOIN born l ON l.id = a.lot_id
    LEFT JOIN back b ON b.hold_id = h.id
    WHERE h.held_at <= $1 AND NOT (h.state = 'RELEASED' AND h.closed_at <= $1)
    WINDOW later AS (PARTITION BY a.hold_id ORDER BY l.expires_at DESC NULLS FIRST, l.id DESC)
), moved AS MATERIALIZED (
    SELECT lot_id, at, points AS held, 0 AS used, 0 AS away, 0 AS expired FROM allocated WHERE is_held
    UNION ALL
    SELECT lot_id, at, 0, CASE WHEN is_away THEN 0 ELSE points END, CASE WHEN is_away THEN points ELSE 0 END, 0
    FROM allocated WHERE NOT is_held
    UNION ALL
    SELECT lot_id, expired_at, 0, 0, 0, points FROM lot_expiry WHERE expired_at <= $1
), standing AS (
    SELECT l.*, coalesce(s.held, 0)::bigint AS held,
        (l.points - coalesce(s.held + s.used + s.away + s.expired, 0))::bigint AS available
    FROM lots l LEFT JOIN (
        SELECT lot_id, sum(held) AS held, sum(used) AS used, sum(away) AS away, sum(expired) AS expired
        FROM moved GROUP BY lot_id
    ) s ON s.lot_id = l.id
)"""
_GROUPS = f"""{_AS_OF}
SELECT s.program_id, date_trunc('month', s.earned_at AT TIME ZONE p.timezone)::date AS cohort,
    greatest(0, floor(extract(epoch FROM $1 - s.earned_at) / 86400))::int AS age_days,
    CASE WHEN s.expires_at IS NOT NULL
        THEN greatest(0, ceil(extract(epoch FROM s.expires_at - $1) / 86400))::int END AS left_days,
    count(*)::int AS lots, sum(s.available)::bigint AS available, sum(s.held)::bigint AS held
FROM standing s JOIN program p ON p.id = s.program_id
WHERE s.available > 0 OR s.held > 0 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"""
_WATCHED = """, watched AS (
    SELECT id, program_id, points, earned_at,
        greatest(0, ceil(extract(epoch FROM since - earned_at) / $3::float))::int AS first,
        floor(extract(epoch FROM $1 - earned_at) / $3::float)::int - 1 AS last
    FROM lots
)"""
_ENTERED = f"""{_AS_OF}{_WATCHED}
SELECT program_id, first, last, sum(points)::bigint AS points FROM watched WHERE last >= first
GROUP BY program_id, first, last"""
_GONE = f"""{_AS_OF}{_WATCHED}
SELECT w.program_id, w.first, w.last,
    greatest(0, floor(extract(epoch FROM m.at - w.earned_at) / $3::float))::int AS age,
    sum(m.used + m.held)::bigint AS used, sum(m.expired)::bigint AS expired, sum(m.away)::bigint AS away
FROM moved m JOIN watched w ON w.id = m.lot_id WHERE w.last >= w.first GROUP BY 1, 2, 3, 4"""
_LEVELS = f"""{_AS_OF}
SELECT l.program_id, sum(m.used + m.held)::bigint AS used, sum(m.expired)::bigint AS expired,
    sum(m.away)::bigint AS away
FROM moved m JOIN lots l ON l.id = m.lot_id GROUP BY l.program_id"""
_LOTS = f"""{_AS_OF}
SELECT id, member_id, program_id, origin_type, points, earned_at, expires_at, available, held FROM standing
WHERE (available > 0 OR held > 0) AND ($3::uuid IS NULL OR program_id = $3) AND id > $4 ORDER BY id"""
_SPAN = "SELECT min(booked_at) AS first, max(booked_at) AS last FROM journal WHERE reason = 'points.earned'"


@dataclass(frozen=True, slots=True)
class Group:
    """Lots of one program, month of earning, age and time left."""

    program_id: UUID
    cohort: Any
    age_days: int
    left_days: int | None
    lots: int
    available: int
    held: int

    @property
    def standing(self) -> Standing:
        """What of them can be spent."""
        return Standing(self.age_days, self.left_days, self.available)


async def _rows(sql: str, *values: object) -> list[database.Row]:
    """The rows of a statement over all lots, with the patience that it takes."""
    async with aclosing(database.stream(sql, *values, batch=BATCH)) as batches:
        return [row async for batch in batches for row in batch]


async def groups(moment: datetime, booked_by: datetime | None = None) -> dict[UUID, list[Group]]:
    """What stood at a moment, by program; of lots that were booked by then, or by an earlier moment."""
    found: dict[UUID, list[Group]] = {}
    for row in await _rows(_GROUPS, moment, booked_by or moment):
        found.setdefault(row["program_id"], []).append(Group(**row))
    return found


async def run_offs(moment: datetime, step: timedelta) -> dict[UUID, RunOff]:
    """How points of each program ran off, by what was booked up to a moment."""
    seconds = step.total_seconds()
    entered: dict[UUID, list[Entered]] = {}
    gone: dict[UUID, list[Gone]] = {}
    for row in await _rows(_ENTERED, moment, moment, seconds):
        entered.setdefault(row.pop("program_id"), []).append(Entered(**row))
    for row in await _rows(_GONE, moment, moment, seconds):
        gone.setdefault(row.pop("program_id"), []).append(Gone(**row))
    days = step / timedelta(days=1)
    return {program: estimated(rows, gone.get(program, ()), days) for program, rows in entered.items()}


@dataclass(frozen=True, slots=True)
class Level:
    """What has left some lots by a moment, all in all."""

    used: int = 0
    expired: int = 0
    away: int = 0


async def levels(moment: datetime, booked_by: datetime) -> dict[UUID, Level]:
    """What had left the lots that were booked by an earlier moment, by program."""
    rows = await _rows(_LEVELS, moment, booked_by)
    return {row["program_id"]: Level(row["used"], row["expired"], row["away"]) for row in rows}


@dataclass(frozen=True, slots=True)
class LotRow:
    """One lot as it stood at a moment."""

    id: UUID
    member_id: UUID
    program_id: UUID
    origin_type: str
    points: int
    earned_at: datetime
    expires_at: datetime | None
    available: int
    held: int


async def page(moment: datetime, program_id: UUID | None, after: UUID, size: int) -> list[LotRow]:
    """Lots that had points left at a moment, by id, after one of them."""
    rows = await database.rows(f"{_LOTS} LIMIT {int(size)}", moment, moment, program_id, after)
    return [LotRow(**row) for row in rows]


async def every(moment: datetime, program_id: UUID | None) -> AsyncGenerator[list[LotRow]]:
    """All lots that had points left at a moment, some thousands at a time."""
    async with aclosing(database.stream(_LOTS, moment, moment, program_id, UUID(int=0), batch=BATCH)) as batches:
        async for rows in batches:
            yield [LotRow(**row) for row in rows]


async def span() -> tuple[datetime, datetime] | None:
    """When points were first and last earned; None when none were."""
    row = await database.row(_SPAN)
    return (row["first"], row["last"]) if row and row["first"] else None
