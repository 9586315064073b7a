"""Cards that pay for a part of something."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns


class CardState(StrEnum):
    """What is known about a card that pays for a part of something.

    AWAITING its payer; AUTHORISED by its bank; CAPTURING once what it pays for is posted, CAPTURED when the money
    is ours. RELEASING and RELEASED: we let it go. FAILED: its authorisation ended before it was captured.
    """

    AWAITING = "AWAITING"
    AUTHORISED = "AUTHORISED"
    CAPTURING = "CAPTURING"
    CAPTURED = "CAPTURED"
    RELEASING = "RELEASING"
    RELEASED = "RELEASED"
    FAILED = "FAILED"


class CardRefundState(StrEnum):
    """ORDERED until Stripe has done it; VOID when the card was never charged after all."""

    ORDERED = "ORDERED"
    DONE = "DONE"
    VOID = "VOID"


class CardPayment(Model):
    """Money that a member's card pays for one cause. Its id is in the metadata of its payment intent.

    `ordered_at` is when its capture was ordered: from then on what it pays for stands in the books.
    """

    id: fields.Field[UUID] = columns.key()
    purpose: fields.Field[str] = columns.text(40)
    ref_id: fields.Field[UUID] = fields.UUIDField()
    amount_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    state: fields.Field[str] = columns.text(20)
    stripe_id: fields.Field[str | None] = columns.text_or_none(80, unique=True)
    charge_id: fields.Field[str | None] = columns.text_or_none(80)
    decline_code: fields.Field[str | None] = columns.text_or_none(120)
    created_at: fields.Field[datetime] = columns.moment()
    expires_at: fields.Field[datetime] = columns.moment()
    authorised_at: fields.Field[datetime | None] = columns.moment_or_none()
    ordered_at: fields.Field[datetime | None] = columns.moment_or_none()
    captured_at: fields.Field[datetime | None] = columns.moment_or_none()
    closed_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "card_payment"
        unique_together = (("purpose", "ref_id"),)
        indexes = [Index(fields=["state", "expires_at"], name="card_payment_open")]
        constraints = [
            columns.one_of("card_payment", "state", CardState),
            columns.holds("card_payment", "amount_positive", "amount_minor > 0"),
            columns.holds("card_payment", "captured_is_known", "state <> 'CAPTURED' OR captured_at IS NOT NULL"),
            columns.holds(
                "card_payment", "capturing_was_ordered", "state <> 'CAPTURING' OR ordered_at IS NOT NULL"
            ),
        ]


class CardRefund(Model):
    """Money that goes back to a card, for one cause. Its id is in the metadata of Stripe's refund."""

    id: fields.Field[UUID] = columns.key()
    card: Any = columns.ref("payments.CardPayment", index=False)
    card_id: UUID
    ref_id: fields.Field[UUID] = fields.UUIDField()
    amount_minor: fields.Field[int] = columns.whole()
    state: fields.Field[str] = columns.text(20)
    stripe_id: fields.Field[str | None] = columns.text_or_none(80, unique=True)
    error_code: fields.Field[str | None] = columns.text_or_none(120)
    ordered_at: fields.Field[datetime] = columns.moment()
    done_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "card_refund"
        unique_together = (("card_id", "ref_id"),)
        constraints = [
            columns.one_of("card_refund", "state", CardRefundState),
            columns.holds("card_refund", "amount_positive", "amount_minor > 0"),
        ]
