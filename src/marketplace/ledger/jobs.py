"""Sealing days, by the clock."""

from marketplace.kit import jobs
from marketplace.ledger import digests


@jobs.periodic("ledger.seal_days", cron="10 1 * * *")
async def seal_days() -> None:
    """Seal yesterday, and whatever before it is not sealed."""
    await digests.seal()
