"""Payments that somebody makes to us, and what of them goes back. None of these steps calls Stripe."""

from uuid import UUID

from marketplace.kit import clock, database, facts, outbox
from marketplace.kit.ids import new_id
from marketplace.payments.answers import MadeRefund, Payment
from marketplace.payments.facts import ChargeRefunded, PaymentFailed, PaymentSucceeded
from marketplace.payments.models import InboundPayment, InboundState, PaymentRefund


async def plan_payment(
    purpose: str, ref_id: UUID, amount_minor: int, currency: str, *, payment_method: str
) -> InboundPayment:
    """Ask a payer for money for one cause, by a payment method of Stripe's; a job takes it after the commit.

    `PaymentSucceeded` or `PaymentFailed` says how it went. Asking for the same cause again changes nothing.
    """
    payment, made = await InboundPayment.get_or_create(  # pyright: ignore[reportUnknownMemberType]
        purpose=purpose,
        ref_id=ref_id,
        defaults={
            "amount_minor": amount_minor,
            "currency": currency,
            "state": InboundState.PLANNED.value,
            "created_at": clock.now(),
        },
    )
    if made:
        await outbox.enqueue("payments.take_payment", payment_id=str(payment.id), payment_method=payment_method)
    return payment


async def plan_refund(payment_id: UUID) -> None:
    """Give all of a payment back; `ChargeRefunded` says when it is done."""
    await outbox.enqueue("payments.refund_payment", payment_id=str(payment_id))


async def record_payment(payment_id: UUID, told: Payment, error_code: str | None = None) -> None:
    """Keep how a payment stands. A succeeded one does not fail; a failed one may still succeed, when its
    payer tried another card."""
    payment = await InboundPayment.select_for_update().get(id=payment_id)
    payment.stripe_id = told.id or payment.stripe_id
    if told.status == "succeeded":
        payment.charge_id = told.charge_id
    if payment.state in {InboundState.SUCCEEDED, InboundState.REFUNDED}:
        return
    if told.status == "succeeded":
        await _succeeded(payment)
    elif payment.state == InboundState.FAILED:
        return
    elif error_code or told.status == "canceled":
        payment.state, payment.error_code = InboundState.FAILED, (error_code or "canceled")[:120]
        await payment.save()
        await facts.state(PaymentFailed(payment, payment.error_code))
    else:
        payment.state = InboundState.PENDING
        await payment.save()


async def record_refund(payment_id: UUID, charge_id: str | None, made: MadeRefund) -> None:
    """A payment, or a part of it, went back. Told again, nothing changes; what went back had come."""
    payment = await InboundPayment.select_for_update().get(id=payment_id)
    is_known = await PaymentRefund.exists(stripe_id=made.id)
    if is_known or payment.refunded_minor + made.amount > payment.amount_minor:
        return
    await must_have_come(payment, charge_id)
    refund = PaymentRefund(
        id=new_id(), payment_id=payment.id, stripe_id=made.id, amount_minor=made.amount, told_at=clock.now()
    )
    await database.add(refund)
    payment.refunded_minor += made.amount
    if payment.refunded_minor == payment.amount_minor:
        payment.state = InboundState.REFUNDED
    await payment.save()
    await facts.state(ChargeRefunded(payment, refund))


async def must_have_come(payment: InboundPayment, charge_id: str | None) -> None:
    """What goes back, or is disputed, had come, also when nobody has told so yet. The row is locked."""
    if payment.state not in {InboundState.SUCCEEDED, InboundState.REFUNDED}:
        payment.charge_id = charge_id
        await _succeeded(payment)


async def _succeeded(payment: InboundPayment) -> None:
    payment.state, payment.succeeded_at, payment.error_code = InboundState.SUCCEEDED, clock.now(), None
    await payment.save()
    await facts.state(PaymentSucceeded(payment))
