"""Invoices of Stripe's, by which somebody pays us, and to whom they are made out."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns


class StripeInvoiceState(StrEnum):
    """PLANNED until Stripe has sent it; then OPEN until it is PAID, VOID, or UNCOLLECTIBLE (and may be paid yet).

    REFUSED when Stripe would not make it.
    """

    PLANNED = "PLANNED"
    OPEN = "OPEN"
    UNCOLLECTIBLE = "UNCOLLECTIBLE"
    PAID = "PAID"
    VOID = "VOID"
    REFUSED = "REFUSED"


class StripeCustomer(Model):
    """To whom invoices are made out at Stripe, one for each payer. `email` is sealed: it may name a person."""

    id: fields.Field[UUID] = columns.key()
    owner_id: fields.Field[UUID] = fields.UUIDField(unique=True)
    name: fields.Field[str] = columns.text(200)
    email: fields.Field[str] = columns.text(1200)
    stripe_id: fields.Field[str | None] = columns.text_or_none(80, unique=True)
    created_at: fields.Field[datetime] = columns.moment()

    class Meta(Model.Meta):
        table = "stripe_customer"


class StripeInvoice(Model):
    """An invoice that asks for a payment. `attempted_at` is when Stripe was first asked to make it."""

    id: fields.Field[UUID] = columns.key()
    payment: Any = columns.ref_once("payments.InboundPayment")
    payment_id: UUID
    customer: Any = columns.ref("payments.StripeCustomer")
    customer_id: UUID
    state: fields.Field[str] = columns.text(20)
    due_days: fields.Field[int] = fields.IntField()
    stripe_id: fields.Field[str | None] = columns.text_or_none(80, unique=True)
    number: fields.Field[str | None] = columns.text_or_none(80)
    hosted_url: fields.Field[str | None] = columns.text_or_none(1000)
    due_on: fields.Field[date | None] = columns.day_or_none()
    last_failure: fields.Field[str | None] = columns.text_or_none(120)
    created_at: fields.Field[datetime] = columns.moment()
    attempted_at: fields.Field[datetime | None] = columns.moment_or_none()
    sent_at: fields.Field[datetime | None] = columns.moment_or_none()
    looked_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "stripe_invoice"
        indexes = [Index(fields=["state", "looked_at"], name="stripe_invoice_open")]
        constraints = [
            columns.one_of("stripe_invoice", "state", StripeInvoiceState),
            columns.holds("stripe_invoice", "due_in_range", "due_days BETWEEN 1 AND 90"),
            columns.holds(
                "stripe_invoice",
                "sent_is_named",
                "sent_at IS NULL OR (stripe_id IS NOT NULL AND number IS NOT NULL)",
            ),
        ]
