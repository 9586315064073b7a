"""Gifts whose time is over, by the clock."""

from contextlib import suppress

from marketplace.gifts import queries
from marketplace.gifts.operations import ExpireGift, expire_gift
from marketplace.gifts.refusals import GiftNotOpen
from marketplace.kit import jobs
from marketplace.kit.actor import SYSTEM

BATCH = 500


@jobs.periodic("gifts.expire", cron="*/10 * * * *")
async def expire_gifts() -> None:
    """Return every overdue gift to its giver, each in a transaction of its own."""
    while gifts := await queries.overdue(BATCH):
        for gift in gifts:
            with suppress(GiftNotOpen):
                await expire_gift(SYSTEM, ExpireGift(idempotency_key=f"expire:{gift.hex}", gift_id=gift))
