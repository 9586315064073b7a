"""Tables of money on its way."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns


class PayeeKind(StrEnum):
    """Who has a connected account."""

    MEMBER = "MEMBER"
    PARTNER = "PARTNER"


class OutboundState(StrEnum):
    """What is known about money on its way out.

    PLANNED, then IN_FLIGHT while a call runs; SENT when Stripe has moved it, IN_BANK when the payee's bank has
    it; UNKNOWN until it is found out; WAITING_FOR_FUNDS until the platform has it; FAILED and REVERSED are final.
    """

    PLANNED = "PLANNED"
    IN_FLIGHT = "IN_FLIGHT"
    UNKNOWN = "UNKNOWN"
    WAITING_FOR_FUNDS = "WAITING_FOR_FUNDS"
    SENT = "SENT"
    IN_BANK = "IN_BANK"
    FAILED = "FAILED"
    REVERSED = "REVERSED"


class InboundState(StrEnum):
    """What is known about money on its way in."""

    PLANNED = "PLANNED"
    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    REFUNDED = "REFUNDED"


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


class DisputeState(StrEnum):
    """OPEN until the payer's bank has decided: WON, and the money is back, or LOST."""

    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"


class CardRefundState(StrEnum):
    """ORDERED until Stripe has done it; VOID when the card was never charged after all."""

    ORDERED = "ORDERED"
    DONE = "DONE"
    VOID = "VOID"


class ConnectedAccount(Model):
    """A payee's account at Stripe, and whether it can be paid. `bank_print` is Stripe's print of its bank."""

    id: fields.Field[UUID] = columns.key()
    owner_kind: fields.Field[str] = columns.text(20)
    owner_id: fields.Field[UUID] = fields.UUIDField()
    country: fields.Field[str] = columns.text(2)
    stripe_id: fields.Field[str | None] = columns.text_or_none(80, unique=True)
    payouts_enabled: fields.Field[bool] = columns.flag()
    requirements: fields.Field[list[str]] = columns.names()
    disabled_reason: fields.Field[str | None] = columns.text_or_none(120)
    bank_print: fields.Field[str | None] = columns.text_or_none(80)
    past_due: fields.Field[list[str]] = columns.names()
    deadline: fields.Field[datetime | None] = columns.moment_or_none()
    created_at: fields.Field[datetime] = columns.moment()
    updated_at: fields.Field[datetime] = columns.moment()

    class Meta(Model.Meta):
        table = "connected_account"
        unique_together = (("owner_kind", "owner_id"),)
        constraints = [columns.one_of("connected_account", "owner_kind", PayeeKind)]


class OutboundTransfer(Model):
    """Money to a connected account for one cause. Its id is Stripe's transfer_group."""

    id: fields.Field[UUID] = columns.key()
    purpose: fields.Field[str] = columns.text(40)
    ref_id: fields.Field[UUID] = fields.UUIDField()
    account: Any = columns.ref("payments.ConnectedAccount")
    account_id: UUID
    amount_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    state: fields.Field[str] = columns.text(20)
    attempt: fields.Field[int] = fields.IntField(default=0)
    stripe_id: fields.Field[str | None] = columns.text_or_none(80, unique=True)
    stripe_payout_id: fields.Field[str | None] = columns.text_or_none(80)
    error_code: fields.Field[str | None] = columns.text_or_none(120)
    created_at: fields.Field[datetime] = columns.moment()
    attempted_at: fields.Field[datetime | None] = columns.moment_or_none()
    sent_at: fields.Field[datetime | None] = columns.moment_or_none()
    in_bank_at: fields.Field[datetime | None] = columns.moment_or_none()
    closed_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "outbound_transfer"
        unique_together = (("purpose", "ref_id"),)
        indexes = [Index(fields=["state", "attempted_at"], name="outbound_transfer_open")]
        constraints = [
            columns.one_of("outbound_transfer", "state", OutboundState),
            columns.holds("outbound_transfer", "amount_positive", "amount_minor > 0"),
        ]


class InboundPayment(Model):
    """Money that somebody pays us through Stripe for one cause. Its id is in the intent's metadata."""

    id: fields.Field[UUID] = columns.key()
    purpose: fields.Field[str] = columns.text(40)
    ref_id: fields.Field[UUID] = fields.UUIDField()
    amount_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    state: fields.Field[str] = columns.text(20)
    stripe_id: fields.Field[str | None] = columns.text_or_none(80, unique=True)
    error_code: fields.Field[str | None] = columns.text_or_none(120)
    created_at: fields.Field[datetime] = columns.moment()
    succeeded_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "inbound_payment"
        unique_together = (("purpose", "ref_id"),)
        constraints = [
            columns.one_of("inbound_payment", "state", InboundState),
            columns.holds("inbound_payment", "amount_positive", "amount_minor > 0"),
        ]


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


class StripeEvent(Model):
    """The inbox of webhooks: each event of Stripe's once, processed in the transaction that marks it."""

    id: fields.Field[UUID] = columns.key()
    stripe_id: fields.Field[str] = columns.text(80, unique=True)
    type: fields.Field[str] = columns.text(80)
    account: fields.Field[str | None] = columns.text_or_none(80)
    payload: fields.Field[dict[str, Any]] = columns.facts()
    received_at: fields.Field[datetime] = columns.moment()
    processed_at: fields.Field[datetime | None] = columns.moment_or_none()
    outcome: fields.Field[str | None] = columns.text_or_none(120)

    class Meta(Model.Meta):
        table = "stripe_event"


class BalanceTransaction(Model):
    """A copy of one of the platform's balance transactions at Stripe: what the books are compared with."""

    id: fields.Field[UUID] = columns.key()
    stripe_id: fields.Field[str] = columns.text(80, unique=True)
    type: fields.Field[str] = columns.text(60)
    amount_minor: fields.Field[int] = columns.whole()
    fee_minor: fields.Field[int] = columns.whole()
    net_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    source: fields.Field[str | None] = columns.text_or_none(80)
    created_at: fields.Field[datetime] = columns.moment()
    available_on: fields.Field[datetime] = columns.moment()

    class Meta(Model.Meta):
        table = "balance_transaction"
        indexes = [Index(fields=["currency", "created_at"], name="balance_transaction_created")]
