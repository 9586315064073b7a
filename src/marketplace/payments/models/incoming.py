"""Money on its way in: what is asked for through Stripe, what goes back and what is disputed."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from marketplace.kit import columns


class InboundState(StrEnum):
    """What is known about money on its way in."""

    PLANNED = "PLANNED"
    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    REFUNDED = "REFUNDED"


class DisputeState(StrEnum):
    """OPEN until the payer's bank has decided: WON, and the money is back, or LOST."""

    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"


class InboundPayment(Model):
    """Money that somebody pays us through Stripe for one cause. Its id is in the intent's metadata."""

    id: fields.Field[UUID] = columns.key()
    purpose: fields.Field[str] = columns.text(40)
    ref_id: fields.Field[UUID] = fields.UUIDField()
    amount_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    state: fields.Field[str] = columns.text(20)
    stripe_id: fields.Field[str | None] = columns.text_or_none(80, unique=True)
    charge_id: fields.Field[str | None] = columns.text_or_none(80)
    refunded_minor: fields.Field[int] = columns.whole(0)
    error_code: fields.Field[str | None] = columns.text_or_none(120)
    created_at: fields.Field[datetime] = columns.moment()
    succeeded_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "inbound_payment"
        unique_together = (("purpose", "ref_id"),)
        constraints = [
            columns.one_of("inbound_payment", "state", InboundState),
            columns.holds("inbound_payment", "amount_positive", "amount_minor > 0"),
            columns.holds("inbound_payment", "refunds_a_part", "refunded_minor BETWEEN 0 AND amount_minor"),
        ]


class PaymentRefund(Model):
    """Money of a payment that went back to its payer, whole or in part, each refund of Stripe's once."""

    id: fields.Field[UUID] = columns.key()
    payment: Any = columns.ref("payments.InboundPayment")
    payment_id: UUID
    stripe_id: fields.Field[str] = columns.text(80, unique=True)
    amount_minor: fields.Field[int] = columns.whole()
    told_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "payment_refund"
        constraints = [columns.holds("payment_refund", "amount_positive", "amount_minor > 0")]


class PaymentDispute(Model):
    """A payment, or a part of it, that its payer disputes. Its money left our balance when it was opened."""

    id: fields.Field[UUID] = columns.key()
    payment: Any = columns.ref("payments.InboundPayment")
    payment_id: UUID
    stripe_id: fields.Field[str] = columns.text(80, unique=True)
    amount_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    reason: fields.Field[str] = columns.text(60)
    state: fields.Field[str] = columns.text(20)
    opened_at: fields.Field[datetime] = columns.moment()
    closed_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "payment_dispute"
        constraints = [
            columns.one_of("payment_dispute", "state", DisputeState),
            columns.holds("payment_dispute", "amount_positive", "amount_minor > 0"),
            columns.holds("payment_dispute", "closed_at_a_time", "(state = 'OPEN') = (closed_at IS NULL)"),
        ]
