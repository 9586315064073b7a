"""How long lots live: a program's dated policies, the clocks of rolling lots, and dates that passed meanwhile.

Rolling lots of a member share one row, the clock: an activity moves that row and no lot. A clock whose date has
passed stands still for ever, so what expired stays expired.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from marketplace.kit import clock, database
from marketplace.kit.sharing import SharedRead
from marketplace.kit.writes import Clauses
from marketplace.points import rules
from marketplace.points.models import (
    ActivityClock,
    ExpiryKind,
    LotExtension,
    ReturnRule,
)
from marketplace.points.rules import Policy


@dataclass(frozen=True, slots=True)
class Lifetime:
    """The date of a lot: `until` (None: never), which is its own, or its clock's when it has one."""

    until: datetime | None
    clock_id: UUID | None = None

    @property
    def own_date(self) -> datetime | None:
        """What stands in the lot itself."""
        return None if self.clock_id else self.until


async def begin(member_id: UUID, policy: Policy, moment: datetime) -> Lifetime:
    """The life of points that a member earns (or gets anew) at a moment."""
    until = rules.date_of(policy, moment)
    if policy.kind is not ExpiryKind.ROLLING or until is None:
        return Lifetime(until)
    await database.lock("activity clock", member_id)
    running = ActivityClock.filter(member_id=member_id, months=policy.months, expires_at__gt=clock.now())
    row = await running.order_by("id").first()
    if row is None:
        row = await ActivityClock.create(member_id=member_id, months=policy.months, expires_at=until)
    return Lifetime(row.expires_at, row.id)


class Moved:
    """Clocks to be moved on, by the row: no date comes nearer, and what has passed stands still."""

    tables = frozenset({"activity_clock"})

    def __init__(self) -> None:
        self.moves: dict[UUID, tuple[datetime, datetime]] = {}

    def shape(self) -> Hashable:
        """There is one of it."""
        return "clocks_moved"

    def sql(self, first: int) -> Clauses:
        """UPDATE of those whose date has neither passed nor is later already."""
        ids, untils, moments = (f"${first + place}" for place in range(3))
        moved = (
            "UPDATE activity_clock c SET expires_at = m.until "
            f"FROM unnest({ids}::uuid[], {untils}::timestamptz[], {moments}::timestamptz[]) AS m (id, until, now) "
            "WHERE c.id = m.id AND c.expires_at BETWEEN m.now AND m.until"
        )
        return Clauses({"clocks_moved": moved}, {})

    def values(self) -> Sequence[object]:
        """Clocks, their new dates and the moments of the moves, in one order for everybody."""
        ids = sorted(self.moves)
        return [ids, [self.moves[id][0] for id in ids], [self.moves[id][1] for id in ids]]

    def join(self, other: "Moved") -> None:
        """Its moves, too."""
        self.moves |= other.moves

    def written(self, answers: Mapping[str, Any]) -> None:
        """Whoever was faster has moved it as far."""


async def _live_clocks(member_ids: Sequence[UUID]) -> dict[UUID, list[ActivityClock]]:
    found: dict[UUID, list[ActivityClock]] = {}
    running = ActivityClock.filter(member_id__in=list(member_ids), expires_at__gt=clock.now())
    for row in await running.order_by("id"):
        found.setdefault(row.member_id, []).append(row)
    return found


_clocks = SharedRead(_live_clocks)


async def touch(member_id: UUID, timezone: str, moment: datetime) -> None:
    """The member did something: all live rolling lots live on from that moment. A date never comes nearer.

    Dates are ends of days, so at most one row is written for a member and day.
    """
    now = clock.now()
    for row in await _clocks.ask(member_id) or ():
        until = rules.expiry_of(moment, row.months, timezone)
        if until > row.expires_at:
            async with database.part(Moved, Moved) as moved:
                moved.moves[row.id] = (until, now)


_REDATE = "UPDATE lot SET expires_at = $2, clock_id = $3 WHERE id = $1"


async def after_absence(member_id: UUID, policy: Policy, expired_at: datetime) -> Lifetime | None:
    """The new life of points whose date passed while they were away; None when they keep the old one."""
    now = clock.now()
    match policy.returned:
        case ReturnRule.KEEP:
            return None
        case ReturnRule.GRACE:
            return Lifetime(rules.end_of_day_after(now, policy.grace_days, policy.timezone))
        case ReturnRule.RENEW:
            await touch(member_id, policy.timezone, now)
            renewed = await begin(member_id, policy, now)
            return renewed if renewed.until is None or renewed.until > expired_at else None


async def extend(lot_id: UUID, rule: ReturnRule, expired_at: datetime, life: Lifetime) -> None:
    """Give a lot whose date has passed another one, with a row that says so."""
    await database.execute(_REDATE, lot_id, life.own_date, life.clock_id)
    await note_extension(lot_id, rule, expired_at, life)


async def note_extension(lot_id: UUID, rule: ReturnRule, expired_at: datetime, life: Lifetime) -> None:
    """Write down that points got another date than the one they had."""
    await LotExtension.create(
        lot_id=lot_id, rule=rule.value, expired_at=expired_at, expires_at=life.until, at=clock.now()
    )
