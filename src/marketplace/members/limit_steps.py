"""Counting redemptions towards a program's limits, inside a transaction that somebody else opened."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from marketplace.kit import clock, database
from marketplace.kit.ids import new_id
from marketplace.kit.periods import FOR_EVER, LimitPeriod, period_of
from marketplace.kit.tallies import Tallies, Tally
from marketplace.members.models import Program
from marketplace.members.refusals import ProgramLimitReached

_USE = Tally(
    "member_use",
    """
INSERT INTO member_use AS u (member_id, period, id, starts_at, resets_at, redemptions, points)
SELECT * FROM unnest({0}::uuid[], {1}::text[], {2}::uuid[], {3}::timestamptz[], {4}::timestamptz[], {5}::int[],
    {6}::bigint[])
ON CONFLICT (member_id, period) DO UPDATE SET
    redemptions = CASE WHEN u.resets_at <= excluded.starts_at THEN 1 ELSE u.redemptions + 1 END,
    points = CASE WHEN u.resets_at <= excluded.starts_at THEN excluded.points ELSE u.points + excluded.points END,
    starts_at = CASE WHEN u.resets_at <= excluded.starts_at THEN excluded.starts_at ELSE u.starts_at END,
    resets_at = CASE WHEN u.resets_at <= excluded.starts_at THEN excluded.resets_at ELSE u.resets_at END""",
    key=("member_id", "period"),
    told=("redemptions", "points", "resets_at"),
)


async def count_use(program: Program, member_id: UUID, points: int) -> None:
    """Count one redemption of so many points towards the program's limits.

    Twins of one member wait for each other when it is written. Raises ProgramLimitReached, then.
    """
    moment = clock.now()
    for name, most in sorted((program.limits or {}).items()):
        span = period_of(moment, LimitPeriod(name), program.timezone)
        async with database.part(_USE, lambda: Tallies(_USE)) as tallies:
            tallies.add(
                (member_id, name), (new_id(), *span, 1, points), partial(_in_period, LimitPeriod(name), most)
            )


def _in_period(
    period: LimitPeriod, most: Mapping[str, int], counted: Sequence[Any] | None
) -> ProgramLimitReached | None:
    assert counted is not None, "a count without a condition is always raised"
    redemptions, points, resets_at = counted[0], counted[1], datetime.fromisoformat(counted[2])
    if redemptions <= most.get("redemptions", redemptions) and points <= most.get("points", points):
        return None
    return ProgramLimitReached(period=period, resets_at=None if resets_at >= FOR_EVER else resets_at)


async def uncount_use(member_id: UUID, points: int, taken_at: datetime) -> None:
    """One redemption less, in the periods it was made in, if they still count."""
    less = """UPDATE member_use SET redemptions = greatest(redemptions - 1, 0), points = greatest(points - $2, 0)
        WHERE member_id = $1 AND starts_at <= $3 AND $3 < resets_at"""
    await database.execute(less, member_id, points, taken_at)
