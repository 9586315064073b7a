"""Counting redemptions towards a program's limits, inside a transaction that somebody else opened."""

from datetime import datetime
from uuid import UUID

from marketplace.kit import clock, database
from marketplace.kit.ids import new_id
from marketplace.kit.periods import FOR_EVER, LimitPeriod, period_of
from marketplace.members.models import Program
from marketplace.members.refusals import ProgramLimitReached

_COUNT = """
INSERT INTO member_use AS u (id, member_id, period, starts_at, resets_at, redemptions, points)
VALUES ($1, $2, $3, $4, $5, 1, $6)
ON CONFLICT (member_id, period) DO UPDATE SET
    redemptions = CASE WHEN u.resets_at <= $7 THEN 1 ELSE u.redemptions + 1 END,
    points = CASE WHEN u.resets_at <= $7 THEN excluded.points ELSE u.points + excluded.points END,
    starts_at = CASE WHEN u.resets_at <= $7 THEN excluded.starts_at ELSE u.starts_at END,
    resets_at = CASE WHEN u.resets_at <= $7 THEN excluded.resets_at ELSE u.resets_at END
RETURNING redemptions, points, resets_at"""


async def count_use(program: Program, member_id: UUID, points: int) -> None:
    """Count one redemption of so many points towards the program's limits.

    Twins of one member wait for each other here. Raises ProgramLimitReached.
    """
    moment = clock.now()
    for name, most in sorted((program.limits or {}).items()):
        span = period_of(moment, LimitPeriod(name), program.timezone)
        used = await database.row(_COUNT, new_id(), member_id, name, *span, points, moment)
        assert used is not None
        over = used["redemptions"] > most.get("redemptions", used["redemptions"])
        if over or used["points"] > most.get("points", used["points"]):
            resets = None if used["resets_at"] >= FOR_EVER else used["resets_at"]
            raise ProgramLimitReached(period=LimitPeriod(name), resets_at=resets)


async def uncount_use(member_id: UUID, points: int, taken_at: datetime) -> None:
    """One redemption less, in the periods it was made in, if they still count."""
    less = """UPDATE member_use SET redemptions = greatest(redemptions - 1, 0), points = greatest(points - $2, 0)
        WHERE member_id = $1 AND starts_at <= $3 AND $3 < resets_at"""
    await database.execute(less, member_id, points, taken_at)
