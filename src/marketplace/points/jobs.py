"""Expiry, by the clock."""

from contextlib import suppress

from marketplace.kit import jobs
from marketplace.kit.actor import SYSTEM
from marketplace.kit.refusals import NotFound
from marketplace.points import queries
from marketplace.points.operations import ExpireLot, expire_lot

BATCH = 500


@jobs.periodic("points.expire_lots", cron="*/10 * * * *")
async def expire_lots() -> None:
    """Turn every lot whose date has passed into breakage, each in a transaction of its own.

    A lot that gets points back later (a refund) expires again: the key names what was left.
    """
    while lots := await queries.expired_lots(BATCH):
        for lot in lots:
            with suppress(NotFound):
                await expire_lot(SYSTEM, ExpireLot(idempotency_key=await queries.expiry_key(lot), lot_id=lot))
