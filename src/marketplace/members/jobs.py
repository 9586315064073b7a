"""Levels whose date has come, by the clock."""

from contextlib import suppress

from marketplace.kit import clock, database, jobs
from marketplace.kit.actor import SYSTEM
from marketplace.kit.refusals import NotFound
from marketplace.members.operations import JudgeTier, judge_tier

BATCH = 500
_DUE = "SELECT member_id, until FROM tier_standing WHERE until <= $1 ORDER BY until LIMIT $2"


@jobs.periodic("members.judge_tiers", cron="*/15 * * * *")
async def judge_tiers() -> None:
    """Judge every level whose date has come, each in a transaction of its own; after a pause, period by period."""
    while due := await database.rows(_DUE, clock.now(), BATCH):
        for row in due:
            key = f"judge:{row['member_id'].hex}:{row['until'].isoformat()}"
            with suppress(NotFound):
                await judge_tier(SYSTEM, JudgeTier(idempotency_key=key, member_id=row["member_id"]))
