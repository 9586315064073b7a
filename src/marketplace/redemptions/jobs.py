"""What redemptions do by the clock."""

from uuid import UUID

from marketplace.catalog.models import CodeFreeze
from marketplace.kit import clock, jobs
from marketplace.kit.actor import SYSTEM
from marketplace.redemptions import lining_up, queries, rules
from marketplace.redemptions.lining_up import LAPSE
from marketplace.redemptions.operations import (
    ExpireEntitlement,
    FailOverdue,
    LapseReservation,
    ServeLine,
    TellOfFreeze,
    expire_entitlement,
    fail_overdue,
    lapse_reservation,
    serve_line,
    tell_of_freeze,
)
from marketplace.redemptions.operations.freezing import TELL

BATCH = 500


@jobs.periodic("redemptions.fail", cron="17 * * * *")
async def fail() -> None:
    """Give everything back for redemptions that their partner did not answer in time."""
    while overdue := await queries.pending_since(clock.now() - rules.ANSWER_WITHIN, BATCH):
        for id in overdue:
            await fail_overdue(SYSTEM, FailOverdue(idempotency_key=f"overdue:{id}", redemption_id=id))


@jobs.job(TELL)
async def tell(freeze_id: str) -> None:
    """Tell everybody who holds a code of a freeze that it was stopped, or works again."""
    freeze = await CodeFreeze.get(id=UUID(freeze_id))
    while waiting := await queries.to_be_told_of(freeze, BATCH):
        for id in waiting:
            key = f"freeze:{freeze.id}:{freeze.released_at is None}:{id}"
            await tell_of_freeze(SYSTEM, TellOfFreeze(idempotency_key=key, redemption_id=id, freeze_id=freeze.id))


@jobs.periodic("redemptions.expire_rights", cron="27 * * * *")
async def expire_rights() -> None:
    """Close rights that have ended unused."""
    while ended := await queries.ended_rights(clock.now(), BATCH):
        for id in ended:
            await expire_entitlement(SYSTEM, ExpireEntitlement(idempotency_key=f"ended:{id}", redemption_id=id))


async def _lapse(reservation_id: UUID) -> None:
    command = LapseReservation(idempotency_key=f"lapse:{reservation_id}", reservation_id=reservation_id)
    await lapse_reservation(SYSTEM, command)


@jobs.job(LAPSE)
async def lapse(reservation_id: str) -> None:
    """The time of a reservation is over: whoever comes next can take its units."""
    await _lapse(UUID(reservation_id))


@jobs.periodic("redemptions.lapse_left", cron="*/5 * * * *")
async def lapse_left() -> None:
    """Let lapse what is open past its end because its own job failed for good."""
    while ended := await queries.ended_reservations(clock.now(), BATCH):
        for id in ended:
            await _lapse(id)


@jobs.periodic("redemptions.serve_lines", cron="* * * * *")
async def serve_lines() -> None:
    """Offer what is on the shelf to those who wait for it: new stock, codes that were released."""
    for id in await lining_up.to_serve(BATCH):
        await serve_line(SYSTEM, ServeLine(idempotency_key=f"serve:{id}:{clock.now().isoformat()}", item_id=id))
