"""Money on its way out: who is paid at Stripe, and what was sent there."""

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
