"""What redemptions do by the clock."""

from marketplace.kit import clock, jobs
from marketplace.kit.actor import SYSTEM
from marketplace.redemptions import queries, rules
from marketplace.redemptions.operations import FailOverdue, fail_overdue

BATCH = 500


@jobs.periodic("redemptions.fail", cron="17 * * * *")
async def fail() -> None:
    """Give everything back for redemptions that their partner did not answer in time."""
    while overdue := await queries.pending_since(clock.now() - rules.ANSWER_WITHIN, BATCH):
        for id in overdue:
            await fail_overdue(SYSTEM, FailOverdue(idempotency_key=f"overdue:{id}", redemption_id=id))
