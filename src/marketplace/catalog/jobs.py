"""What the catalogue does by the clock."""

from uuid import UUID

from marketplace.catalog import drops
from marketplace.kit import jobs
from marketplace.kit.actor import SYSTEM


@jobs.job("catalog.remind_of_drop")
async def remind_of_drop(drop_id: str) -> None:
    """Tell those who asked that a drop opens soon."""
    await drops.remind_of_drop(SYSTEM, drops.DropIsDue(idempotency_key=f"remind:{drop_id}", drop_id=UUID(drop_id)))


@jobs.job("catalog.repeat_drop")
async def repeat_drop(drop_id: str) -> None:
    """Plan the drop that follows one that has ended."""
    await drops.repeat_drop(SYSTEM, drops.DropIsDue(idempotency_key=f"repeat:{drop_id}", drop_id=UUID(drop_id)))
