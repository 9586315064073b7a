"""Taking a redemption back: cancelling by the member, refunding by support or the program."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.catalog.models import OfferKind
from marketplace.kit import clock
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.messages import noted
from marketplace.kit.money import Money
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput
from marketplace.redemptions import queries, refunds, rules, steps
from marketplace.redemptions.models import Booking, Redemption, RedemptionState
from marketplace.redemptions.refund_rules import Ask
from marketplace.redemptions.refusals import CancellationClosed, RedemptionClosed, RefundChanged


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRedemption(Command):
    """Take back what one has redeemed, while that is possible."""

    redemption_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRedemption(Command):
    """Give back what was fulfilled: all that is left, or a part. What was shown as its plan is expected."""

    redemption_id: UUID
    reason: str
    quantity: int | None = None
    amount: Money | None = None
    expected_points: int | None = None

    def ask(self, redemption: Redemption) -> Ask:
        """How much of this redemption; raises InvalidInput for an amount of another currency."""
        if self.amount is not None and self.amount.currency != redemption.currency:
            message = noted("This was sold in {currency}.")
            raise InvalidInput.at("part.amount.currency", message, currency=redemption.currency)
        return Ask(self.quantity, self.amount.minor if self.amount else None)


@operation(scope=Scope.REDEEM, returns=Redemption)
async def cancel_redemption(actor: Actor, command: CancelRedemption) -> Redemption:
    """Put everything back for what is still PENDING, or for a booking by its session's rule.

    Raises NotFound, RedemptionClosed, or CancellationClosed for a session that is too near.
    """
    redemption = await queries.locked(actor, command.redemption_id)
    state, kind = RedemptionState(redemption.state), OfferKind(redemption.kind)
    if not rules.may_become(state, kind, RedemptionState.CANCELLED):
        raise RedemptionClosed(current=state.value)
    if kind is OfferKind.BRAND_CURRENCY and await queries.is_in_batch(redemption.id):
        raise RedemptionClosed(current="SENT_TO_PARTNER")
    if kind is OfferKind.EXPERIENCE:
        booking = await Booking.get(redemption_id=redemption.id)
        if booking.checked_in_at is not None:
            raise CancellationClosed(until=booking.cancel_until)
        if booking.cancel_until is None or clock.now() > booking.cancel_until:
            raise CancellationClosed(until=booking.cancel_until)
    reason = "cancelled by the member"
    if state is RedemptionState.PENDING:
        await steps.undo(redemption, RedemptionState.CANCELLED, reason)
    else:
        await refunds.carry_out(await refunds.plan_of(redemption, Ask()), reason, RedemptionState.CANCELLED)
    return redemption


@operation(scope=Scope.REFUND, returns=Redemption)
async def refund_redemption(actor: Actor, command: RefundRedemption) -> Redemption:
    """Give points back to the very lots they came from, and owe the partner as much less.

    Exactly what `refundPlan` shows for the same part; with `expected_points`, a plan that gives back another
    number by now is refused. With the last part the redemption is REFUNDED; until then it stays FULFILLED. A code
    that was seen stays frozen; one that was not can be taken again. Raises InvalidInput, NotFound,
    AlreadyRefunded, NotRefundable, RefundTooLarge, RefundChanged, or PledgeNotCancellable for a donation whose
    money has left.
    """
    reason = steps.sound_reason(command.reason)
    redemption = await queries.locked(actor, command.redemption_id)
    plan = await refunds.plan_of(redemption, command.ask(redemption))
    if command.expected_points is not None and command.expected_points != plan.share.points:
        raise RefundChanged(expected=command.expected_points, now=plan.share.points)
    await refunds.carry_out(plan, reason)
    return redemption
