"""Expiry and its notices, by the clock. Each batch is a transaction, so both go on where they were stopped."""

from contextlib import suppress

from marketplace.kit import clock, database, jobs
from marketplace.kit.actor import SYSTEM
from marketplace.kit.refusals import NotFound
from marketplace.points import queries, rules, steps
from marketplace.points.operations import ExpireLot, expire_lot

BATCH = 500
_SWEPT = """
UPDATE activity_clock c SET swept = TRUE
WHERE NOT swept AND expires_at <= $1 AND NOT EXISTS (SELECT FROM lot WHERE clock_id = c.id AND has_points)"""


@jobs.periodic("points.expire_lots", cron="* * * * *")
async def expire_lots() -> None:
    """Turn every lot whose date has passed into breakage, each in a transaction of its own.

    What comes back to a lot later expires with the refund itself, or gets another date: see `steps`.
    """
    while lots := await queries.expired_lots(BATCH):
        for lot in lots:
            with suppress(NotFound):
                await expire_lot(SYSTEM, ExpireLot(idempotency_key=await queries.expiry_key(lot), lot_id=lot))
    async with database.transaction():
        await database.execute(_SWEPT, clock.now())


@jobs.periodic("points.announce_expiry", cron="25 * * * *")
async def announce_expiry() -> None:
    """Tell every member whose points expire soon, as many days ahead as the program says, each once."""
    for program_id, policy in (await queries.every_policy()).items():
        for days, nearer in rules.notice_steps(policy.notice_days):
            told = BATCH
            while told == BATCH:
                async with database.transaction():
                    told = await steps.announce(program_id, days, nearer, BATCH)
