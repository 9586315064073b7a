"""Reads of wallets. Callers pass members that they may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from marketplace.kit import clock, database
from marketplace.points.models import ExpiryKind, ExpiryPeriod, ReturnRule
from marketplace.points.rules import EXPIRING_SOON, Dated, Policy


@dataclass(frozen=True, slots=True)
class Balances:
    """A wallet at a glance, in points."""

    available: int
    held: int
    expiring_soon: int
    next_expiry: datetime | None


_DATED = """
SELECT lot.id, lot.member_id, lot.remaining, coalesce(c.expires_at, lot.expires_at) AS expires_at
FROM lot LEFT JOIN activity_clock c ON c.id = lot.clock_id WHERE lot.has_points"""
_BALANCES = f"""
SELECT m.id,
    coalesce(sum(l.remaining) FILTER (WHERE l.expires_at IS NULL OR l.expires_at > $2), 0)::bigint AS available,
    coalesce(sum(l.remaining) FILTER (WHERE l.expires_at > $2 AND l.expires_at <= $3), 0)::bigint AS expiring_soon,
    min(l.expires_at) FILTER (WHERE l.expires_at > $2) AS next_expiry,
    coalesce((SELECT sum(h.points) FROM points_hold h WHERE h.member_id = m.id AND h.state = 'OPEN'), 0)::bigint
        AS held
FROM unnest($1::uuid[]) AS m (id) LEFT JOIN ({_DATED}) l ON l.member_id = m.id
GROUP BY m.id"""
SPENDABLE = """
SELECT coalesce(sum(lot.remaining), 0)::bigint FROM lot LEFT JOIN activity_clock c ON c.id = lot.clock_id
WHERE lot.member_id = {member} AND lot.has_points
    AND coalesce(c.expires_at, lot.expires_at, 'infinity') > {moment}"""
"""What a member can spend at a moment, as an expression for the statement of a higher room."""


async def balances(member_ids: list[UUID]) -> dict[UUID, Balances]:
    """What members can spend now; expired lots do not count, even before the expiry job has run."""
    moment = clock.now()
    found = await database.rows(_BALANCES, member_ids, moment, moment + EXPIRING_SOON)
    return {
        row["id"]: Balances(row["available"], row["held"], row["expiring_soon"], row["next_expiry"])
        for row in found
    }


async def available_points(member_id: UUID) -> int:
    """What the member can spend now."""
    return (await balances([member_id]))[member_id].available


_EXPIRED = """
(SELECT id FROM lot WHERE has_points AND expires_at <= $1 ORDER BY expires_at LIMIT $2)
UNION ALL
(SELECT lot.id FROM activity_clock c JOIN lot ON lot.clock_id = c.id AND lot.has_points
 WHERE NOT c.swept AND c.expires_at <= $1 ORDER BY c.expires_at LIMIT $2)"""


async def expired_lots(limit: int) -> list[UUID]:
    """Lots whose date has passed with points left, at most so many by date of their own and by a clock."""
    return [row["id"] for row in await database.rows(_EXPIRED, clock.now(), limit)]


_SHELF = f"""
SELECT expires_at, sum(remaining)::bigint AS points FROM ({_DATED} AND lot.member_id = $1) l
WHERE expires_at IS NULL OR expires_at > $2
GROUP BY expires_at ORDER BY expires_at NULLS LAST LIMIT $3"""


async def points_by_date(member_id: UUID, limit: int = 1000) -> list[Dated]:
    """What a member can spend, by the date it expires, in spending order; the dates next in time."""
    found = await database.rows(_SHELF, member_id, clock.now(), limit)
    return [Dated(row["expires_at"], row["points"]) for row in found]


async def dates_of_lots(lot_ids: list[UUID]) -> dict[UUID, datetime | None]:
    """When lots expire, by their clock if they have one; None for never."""
    sql = """SELECT lot.id, coalesce(c.expires_at, lot.expires_at) AS at
        FROM lot LEFT JOIN activity_clock c ON c.id = lot.clock_id WHERE lot.id = ANY ($1)"""
    return {row["id"]: row["at"] for row in await database.rows(sql, lot_ids)}


_HELD_DATES = """
SELECT a.hold_id, coalesce(c.expires_at, l.expires_at) AS expires_at, sum(a.points - a.returned)::bigint AS points
FROM lot_allocation a JOIN lot l ON l.id = a.lot_id LEFT JOIN activity_clock c ON c.id = l.clock_id
WHERE a.hold_id = ANY ($1) GROUP BY 1, 2 ORDER BY 2 NULLS LAST"""


async def dates_of_holds(hold_ids: list[UUID]) -> dict[UUID, list[Dated]]:
    """The points of holds by the dates they have, passed ones too."""
    found: dict[UUID, list[Dated]] = {id: [] for id in hold_ids}
    for row in await database.rows(_HELD_DATES, hold_ids):
        found[row["hold_id"]].append(Dated(row["expires_at"], row["points"]))
    return found


async def expiry_key(lot_id: UUID) -> str:
    """A name for the next expiry of a lot: it can expire again when points were given back to it."""
    count = await database.value("SELECT count(*) FROM lot_expiry WHERE lot_id = $1", lot_id)
    return f"expire:{lot_id.hex}:{count}"


@dataclass(frozen=True, slots=True)
class DueNotice:
    """Points of a member with one date that is near."""

    member_id: UUID
    expires_at: datetime
    points: int


_DUE = """
SELECT lots.member_id, lots.expires_at, sum(lots.remaining)::bigint AS points FROM (
    SELECT member_id, remaining, expires_at FROM lot WHERE has_points AND expires_at > $2 AND expires_at <= $3
    UNION ALL
    SELECT lot.member_id, lot.remaining, c.expires_at FROM activity_clock c
    JOIN lot ON lot.clock_id = c.id AND lot.has_points
    WHERE NOT c.swept AND c.expires_at > $2 AND c.expires_at <= $3
) lots JOIN member ON member.id = lots.member_id
WHERE member.program_id = $1 AND member.status = 'ACTIVE' AND NOT EXISTS (
    SELECT FROM expiry_notice n
    WHERE n.member_id = lots.member_id AND n.expires_at = lots.expires_at AND n.days_before = $4)
GROUP BY 1, 2 ORDER BY 2, 1 LIMIT $5"""

_POLICY = """
LEFT JOIN LATERAL (
    SELECT p.valid_from, p.kind, p.months, p.period, p.periods_after, p.returned, p.grace_days, p.notice_days
    FROM expiry_policy p WHERE p.program_id = program.id AND p.valid_from <= {moment}
    ORDER BY p.valid_from DESC LIMIT 1
) policy ON TRUE"""
_OF_PROGRAMS = f"""
SELECT program.id, program.timezone, program.lot_months, policy.*
FROM program {_POLICY.format(moment="$2")} WHERE program.id = ANY ($1)"""
_OF_ALL = f"""
SELECT program.id, program.timezone, program.lot_months, policy.*
FROM program {_POLICY.format(moment="$1")} ORDER BY program.code"""
_OF_HOLDS = f"""
SELECT hold.id, program.timezone, program.lot_months, policy.*
FROM points_hold hold JOIN member ON member.id = hold.member_id JOIN program ON program.id = member.program_id
    {_POLICY.format(moment="hold.held_at")} WHERE hold.id = ANY ($1)"""


def _policy(row: dict[str, Any]) -> Policy:
    """The policy in a row with the program's time zone; without one, lots live `lot_months`."""
    if row["kind"] is None:
        return Policy(timezone=row["timezone"], months=row["lot_months"])
    return Policy(
        timezone=row["timezone"],
        kind=ExpiryKind(row["kind"]),
        months=row["months"],
        period=ExpiryPeriod(row["period"]) if row["period"] else None,
        periods_after=row["periods_after"],
        returned=ReturnRule(row["returned"]),
        grace_days=row["grace_days"],
        notice_days=tuple(orjson.loads(row["notice_days"])),
        valid_from=row["valid_from"],
    )


async def policies(program_ids: Sequence[UUID], moment: datetime | None = None) -> dict[UUID, Policy]:
    """How points of programs expire that are earned at a moment, now unless one is named."""
    found = await database.rows(_OF_PROGRAMS, list(program_ids), moment or clock.now())
    return {row["id"]: _policy(row) for row in found}


async def every_policy() -> dict[UUID, Policy]:
    """The policy that is in force now of each program."""
    return {row["id"]: _policy(row) for row in await database.rows(_OF_ALL, clock.now())}


async def policies_of_holds(hold_ids: Sequence[UUID]) -> dict[UUID, Policy]:
    """The policies under which points were set aside: those of the moment of each hold."""
    return {row["id"]: _policy(row) for row in await database.rows(_OF_HOLDS, list(hold_ids))}


async def notices_due(program_id: UUID, days: int, nearer: int, limit: int) -> list[DueNotice]:
    """Points of a program's members that expire within `days`, not within `nearer`, and were not announced so."""
    moment = clock.now()
    dates = (moment + timedelta(days=nearer), moment + timedelta(days=days))
    found = await database.rows(_DUE, program_id, *dates, days, limit)
    return [DueNotice(row["member_id"], row["expires_at"], row["points"]) for row in found]
