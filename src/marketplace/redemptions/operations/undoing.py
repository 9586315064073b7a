"""Taking a redemption back: cancelling by the member, refunding by support or the program."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.catalog.models import OfferKind
from marketplace.kit import clock
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.operations import Command, operation
from marketplace.redemptions import queries, rules, steps
from marketplace.redemptions.models import Booking, Redemption, RedemptionState
from marketplace.redemptions.refusals import (
    AlreadyRefunded,
    CancellationClosed,
    NotRefundable,
    RedemptionClosed,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRedemption(Command):
    """Take back what one has redeemed, while that is possible."""

    redemption_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRedemption(Command):
    """Give everything back for something that was fulfilled."""

    redemption_id: UUID
    reason: str


@operation(scope=Scope.REDEEM, returns=Redemption)
async def cancel_redemption(actor: Actor, command: CancelRedemption) -> Redemption:
    """Put everything back for what is still PENDING, or for a booking by its session's rule.

    Raises NotFound, RedemptionClosed, or CancellationClosed for a session that is too near.
    """
    redemption = await queries.locked(actor, command.redemption_id)
    state, kind = RedemptionState(redemption.state), OfferKind(redemption.kind)
    if not rules.may_become(state, kind, RedemptionState.CANCELLED):
        raise RedemptionClosed(current=state.value)
    if kind is OfferKind.EXPERIENCE:
        booking = await Booking.get(redemption_id=redemption.id)
        if booking.cancel_until is None or clock.now() > booking.cancel_until:
            raise CancellationClosed(until=booking.cancel_until)
    await steps.undo(redemption, RedemptionState.CANCELLED, "cancelled by the member")
    return redemption


@operation(scope=Scope.REFUND, returns=Redemption)
async def refund_redemption(actor: Actor, command: RefundRedemption) -> Redemption:
    """Give the points back to the very lots they came from, and owe the partner nothing for it any more.

    A code that was seen stays frozen; one that was not can be taken again. Raises InvalidInput, NotFound,
    AlreadyRefunded, NotRefundable, or PledgeNotCancellable for a donation whose money has left.
    """
    reason = steps.sound_reason(command.reason)
    redemption = await queries.locked(actor, command.redemption_id)
    state, kind = RedemptionState(redemption.state), OfferKind(redemption.kind)
    if state is RedemptionState.REFUNDED:
        raise AlreadyRefunded(refunded_at=redemption.closed_at)
    if not rules.may_become(state, kind, RedemptionState.REFUNDED):
        raise NotRefundable(current=state.value)
    await steps.undo(redemption, RedemptionState.REFUNDED, reason)
    return redemption
