"""Lots as they stood at any past moment, put together from what was booked by then.

What the books say at a moment is in the journals; which lot it was is in the rows that those journals are about:
a lot since its points were earned or handed over, its allocations since they were held, its expiries. Points
that went back fill the lots of their hold from the latest-expiring on, which is how they are given back. So the
lots of a program add up to its WALLET and HELD accounts at every moment (`checks`).
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from marketplace.kit import database

BATCH: Final = 5_000
LOOKED_AT: Final = 1_000
# What is known of the lots that `picked` names, whatever the moment. Every join here goes by a key.
FOUND: Final = """
born AS MATERIALIZED (
    SELECT l.id, l.member_id, m.program_id, p.timezone, l.points, l.earned_at, l.origin_type,
        coalesce(
            (SELECT j.booked_at FROM journal j WHERE j.reason = 'points.earned' AND j.ref_id = l.origin_id),
            (SELECT h.closed_at FROM points_hold h WHERE h.reason = 'gift' AND h.ref_id = l.origin_id)
        ) AS since
    FROM picked k JOIN lot l ON l.id = k.id JOIN member m ON m.id = l.member_id
    JOIN program p ON p.id = m.program_id
), allocated AS MATERIALIZED (
    SELECT a.hold_id, a.lot_id, a.points, a.returned, h.reason, h.ref_id, h.state, h.held_at, h.closed_at
    FROM picked k JOIN lot_allocation a ON a.lot_id = k.id JOIN points_hold h ON h.id = a.hold_id
), back AS MATERIALIZED (
    SELECT h.hold_id, j.booked_at, t.amount AS points
    FROM (
        SELECT DISTINCT b.hold_id, b.reason, b.ref_id FROM allocated b WHERE b.state = 'POSTED'
            AND (b.returned > 0 OR EXISTS (
                SELECT FROM lot_allocation o WHERE o.hold_id = b.hold_id AND o.returned > 0))
    ) h CROSS JOIN LATERAL (
        SELECT f.id AS ref_id FROM refund f WHERE f.redemption_id = h.ref_id AND h.reason = 'redeem'
        UNION ALL SELECT h.ref_id WHERE h.reason = 'cash'
        UNION ALL SELECT x.ref_id FROM pledge p JOIN accrual x ON x.reverses_id = p.accrual_id
            WHERE p.hold_id = h.hold_id AND h.reason = 'donation'
    ) r JOIN journal j ON j.reason = 'points.returned' AND j.ref_id = r.ref_id
    JOIN transfer t ON t.journal_id = j.id JOIN account a ON a.id = t.credit_account_id AND a.purpose = 'WALLET'
)"""
_DATE = """coalesce(
    (SELECT x.expired_at FROM lot_extension x WHERE x.lot_id = l.id AND x.at > {at} ORDER BY x.at LIMIT 1),
    (SELECT c.expires_at FROM activity_clock c JOIN lot o ON o.clock_id = c.id WHERE o.id = l.id),
    (SELECT o.expires_at FROM lot o WHERE o.id = l.id))"""
# A clock that has stopped keeps its date, so what was rolling before it was given another date is found by it.
_ROLLS = """coalesce(
    (SELECT EXISTS (SELECT FROM activity_clock c WHERE c.member_id = l.member_id AND c.expires_at = x.expired_at)
     FROM lot_extension x WHERE x.lot_id = l.id AND x.at > {at} ORDER BY x.at LIMIT 1),
    (SELECT o.clock_id IS NOT NULL FROM lot o WHERE o.id = l.id))"""
_STOOD = f"""
lots_{{n}} AS MATERIALIZED (
    SELECT l.*, {_DATE} AS expires_at, {_ROLLS} AS is_rolling FROM born l WHERE l.since <= {{at}}
), returned_{{n}} AS (
    SELECT a.hold_id, a.lot_id, greatest(0, least(a.points, b.points - (sum(a.points) OVER later - a.points)))
        AS points
    FROM (SELECT hold_id, sum(points) AS points FROM back WHERE booked_at <= {{at}} GROUP BY hold_id) b
    JOIN lot_allocation a ON a.hold_id = b.hold_id JOIN lot l ON l.id = a.lot_id
    WINDOW later AS (PARTITION BY a.hold_id ORDER BY {_DATE} DESC NULLS FIRST, l.id DESC)
), moved_{{n}} AS MATERIALIZED (
    SELECT lot_id, at, CASE WHEN is_held THEN points ELSE 0 END AS held,
        CASE WHEN is_held OR is_away THEN 0 ELSE points END AS used,
        CASE WHEN is_away AND NOT is_held THEN points ELSE 0 END AS away, 0 AS expired
    FROM (
        SELECT a.lot_id, a.held_at AS at, a.closed_at IS NULL OR a.closed_at > {{at}} AS is_held,
            a.reason IN ('gift', 'clawback') AS is_away, a.points - coalesce(r.points, 0) AS points
        FROM allocated a LEFT JOIN returned_{{n}} r ON r.hold_id = a.hold_id AND r.lot_id = a.lot_id
        WHERE a.held_at <= {{at}} AND NOT (a.state = 'RELEASED' AND a.closed_at <= {{at}})
    ) each
    UNION ALL
    SELECT e.lot_id, e.expired_at, 0, 0, 0, e.points
    FROM picked k JOIN lot_expiry e ON e.lot_id = k.id WHERE e.expired_at <= {{at}}
), standing_{{n}} AS MATERIALIZED (
    SELECT l.*, coalesce(s.held, 0)::bigint AS held,
        (l.points - coalesce(s.held + s.used + s.away + s.expired, 0))::bigint AS available
    FROM lots_{{n}} l LEFT JOIN (
        SELECT lot_id, sum(held) AS held, sum(used) AS used, sum(away) AS away, sum(expired) AS expired
        FROM moved_{{n}} GROUP BY lot_id
    ) s ON s.lot_id = l.id
)"""
_LOTS = """
SELECT id, member_id, program_id, origin_type, points, earned_at, expires_at, available, held FROM standing_1
WHERE available > 0 OR held > 0 ORDER BY id"""


def stood(n: int, at: str) -> str:
    """SQL of the found lots at a moment: `lots_n`, what had left them (`moved_n`), and both (`standing_n`)."""
    return _STOOD.format(n=n, at=at)


_NEXT = """
SELECT l.id FROM lot l JOIN member m ON m.id = l.member_id
WHERE l.id > $1 AND ($2::uuid IS NULL OR m.program_id = $2) ORDER BY l.id LIMIT $3"""
_OF_THESE = f"WITH picked AS (SELECT unnest($2::uuid[]) AS id), {FOUND}, {stood(1, '$1::timestamptz')} {_LOTS}"
_OF_ALL = f"""
WITH picked AS MATERIALIZED (
    SELECT l.id FROM lot l JOIN member m ON m.id = l.member_id WHERE $2::uuid IS NULL OR m.program_id = $2
), {FOUND}, {stood(1, "$1::timestamptz")} {_LOTS}"""


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
    """Lots that had points left at a moment, by id, after one of them: looked for a thousand lots at a time."""
    found: list[LotRow] = []
    while len(found) < size:
        looked_at = [row["id"] for row in await database.rows(_NEXT, after, program_id, LOOKED_AT)]
        if not looked_at:
            break
        found += [LotRow(**row) for row in await database.rows(_OF_THESE, moment, looked_at)]
        after = looked_at[-1]
    return found[:size]


async def every(moment: datetime, program_id: UUID | None) -> AsyncGenerator[list[LotRow]]:
    """All lots that had points left at a moment, some thousands at a time."""
    async with aclosing(database.stream(_OF_ALL, moment, program_id, batch=BATCH)) as batches:
        async for rows in batches:
            yield [LotRow(**row) for row in rows]
