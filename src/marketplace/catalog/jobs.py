"""What the catalogue does by the clock."""

from uuid import UUID

from marketplace.catalog import drops, withholding
from marketplace.kit import database, jobs
from marketplace.kit.actor import SYSTEM

BATCH = 500


@jobs.periodic("catalog.withhold_expired", cron="*/5 * * * *")
async def withhold_expired() -> None:
    """Count codes that have expired on the shelf out of stock; none of them was handed out meanwhile."""
    while items := await withholding.expired_items(BATCH):
        for item_id in items:
            async with database.transaction():
                await withholding.withhold_expired(item_id)


@jobs.job("catalog.remind_of_drop")
async def remind_of_drop(drop_id: str) -> None:
    """Tell those who asked that a drop opens soon."""
    await drops.remind_of_drop(SYSTEM, drops.DropIsDue(idempotency_key=f"remind:{drop_id}", drop_id=UUID(drop_id)))


@jobs.job("catalog.repeat_drop")
async def repeat_drop(drop_id: str) -> None:
    """Plan the drop that follows one that has ended."""
    await drops.repeat_drop(SYSTEM, drops.DropIsDue(idempotency_key=f"repeat:{drop_id}", drop_id=UUID(drop_id)))
