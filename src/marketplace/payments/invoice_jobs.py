"""The calls to Stripe for invoices, each outside of any transaction, between two that write down what is known.

An invoice is made in steps (a draft, its line, finalised, sent). Each step has its own idempotency key, and is
taken only when a look at the invoice says that it is still to be done: a crash or a lost answer between two of
them makes no second invoice, no second line and no second mail.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from marketplace.kit import clock, database, outbox, vault
from marketplace.kit.jobs import job, periodic
from marketplace.payments import rules, steps
from marketplace.payments.answers import Busy, Payment, Refused, ToldInvoice, Unknown
from marketplace.payments.gateway import gateway
from marketplace.payments.models import InboundPayment, StripeCustomer, StripeInvoice, StripeInvoiceState

LOOK_AFTER = timedelta(hours=6)
"""An invoice that is open is looked at so often, also when no event tells of it."""
_NOT_SENT = """
SELECT i.id FROM stripe_invoice AS i
WHERE state IN ('PLANNED', 'OPEN') AND sent_at IS NULL AND coalesce(attempted_at, created_at) < $1
AND NOT EXISTS (SELECT FROM outbox_message WHERE payload ->> 'invoice_id' = i.id::text)
ORDER BY i.id LIMIT 1000"""
_OPEN = """
SELECT id FROM stripe_invoice WHERE state IN ('OPEN', 'UNCOLLECTIBLE') AND looked_at < $1
ORDER BY looked_at, id LIMIT 1000"""


@job("payments.send_invoice")
async def send_invoice(invoice_id: str) -> None:
    """Make a planned invoice at Stripe and send it, once."""
    invoice = await StripeInvoice.get(id=UUID(invoice_id)).select_related("payment", "customer")
    if invoice.sent_at is not None or invoice.state not in {StripeInvoiceState.PLANNED, StripeInvoiceState.OPEN}:
        return
    try:
        told = await _made(invoice)
        if told.status == "draft":
            told = await gateway().finalize_invoice(told.id, key=f"{invoice.id.hex}-finalize")
        if told.status == "open":
            with suppress(Refused):  # what cannot be mailed, or is paid already, has its page
                await gateway().send_invoice(told.id, key=f"{invoice.id.hex}-send")
        told, paid = await look_up(told.id)
    except Refused as refusal:
        async with database.transaction():
            await steps.record_invoice_refused(invoice.id, refusal.code)
        return
    except (Busy, Unknown):
        await outbox.enqueue("payments.send_invoice", delay=rules.BUSY_PAUSE, invoice_id=invoice_id)
        return
    async with database.transaction():
        await steps.record_invoice(invoice.id, told, paid, sent=True)


async def _made(invoice: StripeInvoice) -> ToldInvoice:
    """The invoice at Stripe with its line. One whose answer was lost is looked for among its customer's."""
    payment: InboundPayment = invoice.payment
    customer = await _customer(invoice.customer)
    named = invoice.stripe_id
    if named is None and invoice.attempted_at is not None:
        named = await gateway().invoice_named(customer, payment.id.hex)
    if named is None:
        await StripeInvoice.filter(id=invoice.id).update(attempted_at=clock.now())
        made = await gateway().create_invoice(
            customer=customer,
            currency=payment.currency,
            due_days=invoice.due_days,
            key=f"{invoice.id.hex}-invoice",
            metadata={"payment": payment.id.hex, "purpose": payment.purpose},
        )
        named = made.id
    await StripeInvoice.filter(id=invoice.id).update(stripe_id=named)
    told = await gateway().invoice(named)
    if told.status == "draft" and told.total == 0:
        await gateway().add_invoice_line(
            named,
            customer=customer,
            amount=payment.amount_minor,
            currency=payment.currency,
            description="Top-up",
            key=f"{invoice.id.hex}-line",
        )
        told = await gateway().invoice(named)
    return told


async def _customer(customer: StripeCustomer) -> str:
    """The customer at Stripe, with the name and address of now. A second one after a lost answer harms nobody."""
    email = vault.unseal(customer.email)
    if customer.stripe_id is not None:
        await gateway().update_customer(customer.stripe_id, name=customer.name, email=email)
        return customer.stripe_id
    told = sha256(f"{customer.name}\0{email}".encode()).hexdigest()[:16]
    made = await gateway().create_customer(
        name=customer.name, email=email, key=f"{customer.id.hex}-{told}", metadata={"owner": customer.owner_id.hex}
    )
    await StripeCustomer.filter(id=customer.id, stripe_id=None).update(stripe_id=made)
    return made


async def look_up(invoice: str) -> tuple[ToldInvoice, Payment | None]:
    """An invoice as it stands now, and the payment intent that pays it."""
    told = await gateway().invoice(invoice)
    intent = await gateway().intent_of_invoice(invoice) if told.status != "draft" else None
    return told, await gateway().payment(intent) if intent else None


@job("payments.look_at_invoice")
async def look_at_invoice(invoice_id: str) -> None:
    """Look how an invoice stands, for an event may be late or lost."""
    invoice = await StripeInvoice.get(id=UUID(invoice_id))
    if invoice.stripe_id is None:
        return
    try:
        told, paid = await look_up(invoice.stripe_id)
    except (Refused, Busy, Unknown):
        return
    async with database.transaction():
        await steps.record_invoice(invoice.id, told, paid)


@periodic("payments.look_at_invoices", "*/30 * * * *")
async def look_at_invoices() -> None:
    """Ask for a look at every invoice that nobody has told of for a while."""
    for row in await database.rows(_OPEN, clock.now() - LOOK_AFTER):
        await outbox.enqueue("payments.look_at_invoice", invoice_id=str(row["id"]))


async def recover(before: datetime) -> None:
    """Take up again what a crash or a lost job left behind."""
    for row in await database.rows(_NOT_SENT, before):
        await outbox.enqueue("payments.send_invoice", invoice_id=str(row["id"]))
