"""Counting days, by the clock."""

from marketplace.finance import counting
from marketplace.kit import jobs


@jobs.periodic("finance.count_days", cron="20 * * * *")
async def count_days() -> None:
    """Count yesterday, and whatever before it is not counted."""
    await counting.count_days()
