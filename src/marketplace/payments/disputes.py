"""Charges that their payers dispute, inside a transaction that somebody else opened.

docs.stripe.com/disputes/how-disputes-work: the money leaves our balance when the dispute is opened, and comes back
when it is won. Events may come twice or in the wrong order: the row says what has been told.
"""

from dataclasses import dataclass
from uuid import UUID

from marketplace.kit import clock, database, facts
from marketplace.kit.ids import new_id
from marketplace.payments.facts import DisputeWon, PaymentDisputed
from marketplace.payments.models import DisputeState, InboundPayment, PaymentDispute
from marketplace.payments.steps import must_have_come, tracing

INQUIRY = "warning_"
"""Statuses that begin so belong to an inquiry, which moves no money."""


@dataclass(frozen=True, slots=True)
class ToldDispute:
    """A dispute as Stripe tells of it."""

    id: str
    amount_minor: int
    status: str
    reason: str
    charge: str | None


async def record_dispute(payment_id: UUID, told: ToldDispute) -> PaymentDispute:
    """Keep how a dispute of a payment stands. States PaymentDisputed once, and DisputeWon when it is won."""
    payment = await InboundPayment.select_for_update().get(id=payment_id)
    await must_have_come(payment, told.charge)
    dispute = await PaymentDispute.get_or_none(stripe_id=told.id)
    if dispute is None:
        dispute = PaymentDispute(
            id=new_id(),
            payment_id=payment.id,
            stripe_id=told.id,
            amount_minor=told.amount_minor,
            currency=payment.currency,
            reason=told.reason[:60],
            state=DisputeState.OPEN.value,
            opened_at=clock.now(),
        )
        await database.add(dispute)
        await facts.state(PaymentDisputed(payment, dispute))
    if dispute.state == DisputeState.OPEN and told.status in {"won", "lost"}:
        dispute.state = (DisputeState.WON if told.status == "won" else DisputeState.LOST).value
        dispute.closed_at = clock.now()
        await dispute.save(update_fields=["state", "closed_at"])
        if dispute.state == DisputeState.WON:
            await facts.state(DisputeWon(payment, dispute))
    await tracing.match(told.id)
    return dispute
