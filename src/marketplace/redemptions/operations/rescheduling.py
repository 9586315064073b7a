"""Moving a booking to another session of the same offer."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.catalog.models import Item, OfferKind
from marketplace.catalog.refusals import OfferSoldOut
from marketplace.kit import clock
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound
from marketplace.redemptions import events, queries, refunds
from marketplace.redemptions.facts import Change
from marketplace.redemptions.models import Booking, Redemption, RedemptionState
from marketplace.redemptions.operations.redeeming import RedeemOffer, redeem
from marketplace.redemptions.operations.rushing import refusal_of
from marketplace.redemptions.refund_rules import Ask
from marketplace.redemptions.refusals import CancellationClosed, ProofUsed, RedemptionClosed


@dataclass(frozen=True, slots=True, kw_only=True)
class RescheduleBooking(Command):
    """Another session instead of a booked one, and its price that the person saw."""

    redemption_id: UUID
    item_id: UUID
    expected_points: int


@operation(scope=Scope.REDEEM, returns=Redemption)
async def reschedule_booking(actor: Actor, command: RescheduleBooking) -> Redemption:
    """Take the seats of another session of the same offer, and give the booked ones back, both or neither.

    What was paid for the old session goes back whole, and the new one is paid at its price of today: so the
    difference is the member's, either way. As long as it could be cancelled. Returns the new redemption. Raises
    NotFound, RedemptionClosed, CancellationClosed, ProofUsed, InvalidInput, or what `redeem_offer` raises.
    """
    booked = await queries.locked(actor, command.redemption_id)
    if booked.kind != OfferKind.EXPERIENCE:
        raise NotFound(what="redemption")
    if booked.state != RedemptionState.FULFILLED:
        raise RedemptionClosed(current=booked.state)
    booking = await Booking.get(redemption_id=booked.id)
    if booking.checked_in_at is not None:
        raise ProofUsed(used_at=booking.checked_in_at)
    if booking.cancel_until is None or clock.now() > booking.cancel_until:
        raise CancellationClosed(until=booking.cancel_until)
    if command.item_id == booked.item_id or not await Item.exists(id=command.item_id, offer_id=booked.offer_id):
        raise InvalidInput.at("itemId", "Choose another session of the same offer.")
    plan = await refunds.plan_of(booked, Ask())
    await refunds.carry_out(plan, "moved to another session", RedemptionState.CANCELLED)
    order = RedeemOffer(
        idempotency_key=command.idempotency_key,
        item_id=command.item_id,
        expected_points=command.expected_points,
        quantity=plan.share.quantity,
    )
    try:
        moved = await redeem(actor, order)
    except OfferSoldOut:
        raise await refusal_of(command.item_id) from None
    await Booking.filter(redemption_id=moved.id).update(moved_from_id=booked.id)
    await events.tell(booked, Change.RESCHEDULED)
    return moved
