"""What the catalogue does by the clock."""

from marketplace.catalog import withholding
from marketplace.kit import database, jobs

BATCH = 500


@jobs.periodic("catalog.withhold_expired", cron="*/5 * * * *")
async def withhold_expired() -> None:
    """Count codes that have expired on the shelf out of stock; none of them was handed out meanwhile."""
    while items := await withholding.expired_items(BATCH):
        for item_id in items:
            async with database.transaction():
                await withholding.withhold_expired(item_id)
