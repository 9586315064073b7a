"""Invoices of Stripe's, by which somebody pays us. None of these steps calls Stripe.

What an event says of an invoice is never believed: it is looked up, with its payment, so events may come twice,
late, out of order or forged. An invoice only moves forward, and what it brought counts only when its payment
succeeded: "paid" is also what somebody says at Stripe who was paid elsewhere.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from marketplace.kit import clock, facts, outbox, vault
from marketplace.payments.answers import Payment, ToldInvoice
from marketplace.payments.facts import PaymentFailed
from marketplace.payments.models import (
    InboundPayment,
    InboundState,
    StripeCustomer,
    StripeInvoice,
    StripeInvoiceState,
)
from marketplace.payments.steps.incoming import record_payment

ELSEWHERE = "paid_elsewhere"
_STATES = {
    "open": StripeInvoiceState.OPEN,
    "paid": StripeInvoiceState.PAID,
    "void": StripeInvoiceState.VOID,
    "uncollectible": StripeInvoiceState.UNCOLLECTIBLE,
}
_ORDER = [*StripeInvoiceState]
_WITHOUT_MONEY = {
    StripeInvoiceState.PAID: ELSEWHERE,
    StripeInvoiceState.VOID: "invoice_void",
    StripeInvoiceState.UNCOLLECTIBLE: "invoice_uncollectible",
}


@dataclass(frozen=True, slots=True)
class Payer:
    """To whom an invoice is made out, and where it is sent."""

    owner_id: UUID
    name: str
    email: str


async def plan_invoice(
    purpose: str, ref_id: UUID, amount_minor: int, currency: str, *, payer: Payer, due_days: int
) -> InboundPayment:
    """Ask a payer for money by an invoice of Stripe's, for one cause; a job makes and sends it after the commit.

    `PaymentSucceeded` says that it was paid, `PaymentFailed` that it will not be. The cause is new, and the caller
    holds the payer's row.
    """
    moment = clock.now()
    customer = await _customer(payer)
    payment = await InboundPayment.create(
        purpose=purpose,
        ref_id=ref_id,
        amount_minor=amount_minor,
        currency=currency,
        state=InboundState.PLANNED.value,
        created_at=moment,
    )
    invoice = await StripeInvoice.create(
        payment_id=payment.id,
        customer_id=customer.id,
        state=StripeInvoiceState.PLANNED.value,
        due_days=due_days,
        created_at=moment,
    )
    await outbox.enqueue("payments.send_invoice", invoice_id=str(invoice.id))
    return payment


async def _customer(payer: Payer) -> StripeCustomer:
    """To whom the payer's invoices are made out, with the name and address of now."""
    customer = await StripeCustomer.get_or_none(owner_id=payer.owner_id)
    if customer is None:
        customer = StripeCustomer(owner_id=payer.owner_id, created_at=clock.now())
    customer.name, customer.email = payer.name[:200], vault.seal(payer.email)
    await customer.save()
    return customer


async def record_invoice(
    invoice_id: UUID, told: ToldInvoice, paid: Payment | None, *, sent: bool = False
) -> StripeInvoice:
    """Keep how an invoice and its payment stand, as both were just looked up. Told again, nothing changes."""
    found = await StripeInvoice.get(id=invoice_id)
    payment = await InboundPayment.select_for_update().get(id=found.payment_id)
    invoice = await StripeInvoice.select_for_update().get(id=invoice_id)
    if told.total != payment.amount_minor or told.currency != payment.currency:
        raise ValueError(f"invoice {invoice.id} asks for another amount than {told.id}")
    state = StripeInvoiceState.PAID if paid and paid.status == "succeeded" else _STATES.get(told.status)
    _keep(invoice, told, paid, sent=sent)
    if state and _ORDER.index(state) > _ORDER.index(StripeInvoiceState(invoice.state)):
        invoice.state = state.value
    await invoice.save()
    await _follow(invoice, payment, paid)
    return invoice


def _keep(invoice: StripeInvoice, told: ToldInvoice, paid: Payment | None, *, sent: bool) -> None:
    invoice.stripe_id, invoice.number, invoice.hosted_url = told.id, told.number, told.hosted_url
    invoice.due_on = None if told.due_at is None else datetime.fromtimestamp(told.due_at, UTC).date()
    invoice.last_failure = paid.error_code[:120] if paid and paid.error_code else None
    invoice.looked_at = clock.now()
    if sent and invoice.sent_at is None:
        invoice.sent_at = clock.now()


async def _follow(invoice: StripeInvoice, payment: InboundPayment, paid: Payment | None) -> None:
    """The payment that an invoice asks for stands where the invoice and its intent say."""
    payment.stripe_id = paid.id if paid else payment.stripe_id
    if paid and paid.status == "succeeded":
        await payment.save(update_fields=["stripe_id"])
        await record_payment(payment.id, paid)
        return
    if payment.state == InboundState.PLANNED and invoice.state != StripeInvoiceState.PLANNED:
        payment.state = InboundState.PENDING
    await payment.save(update_fields=["stripe_id", "state"])
    code = _WITHOUT_MONEY.get(StripeInvoiceState(invoice.state))
    if code is not None and payment.state == InboundState.PENDING:
        await _fail(payment, code)


async def _fail(payment: InboundPayment, code: str) -> None:
    payment.state, payment.error_code = InboundState.FAILED, code[:120]
    await payment.save(update_fields=["state", "error_code"])
    await facts.state(PaymentFailed(payment, code[:120]))


async def record_invoice_refused(invoice_id: UUID, code: str) -> None:
    """Stripe will not make it; nobody was asked for anything."""
    found = await StripeInvoice.get(id=invoice_id)
    payment = await InboundPayment.select_for_update().get(id=found.payment_id)
    invoice = await StripeInvoice.select_for_update().get(id=invoice_id)
    if invoice.state == StripeInvoiceState.PLANNED:
        invoice.state, invoice.last_failure = StripeInvoiceState.REFUSED.value, code[:120]
        await invoice.save(update_fields=["state", "last_failure"])
        await _fail(payment, code)
