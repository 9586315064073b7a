"""What becomes of a statement's balance, step by step."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns
from marketplace.kit.rails import Rail


class PayoutState(StrEnum):
    """PLANNED, SENT and IN_BANK rest on separate evidence, and the last two can be taken back.

    CARRIED was never tried, FAILED was refused or came back: the amount of both joins the next statement.
    """

    CARRIED = "CARRIED"
    PLANNED = "PLANNED"
    SENT = "SENT"
    IN_BANK = "IN_BANK"
    FAILED = "FAILED"


class PayoutReason(StrEnum):
    """Why the money of a statement is not where it should be."""

    NOTHING_DUE = "NOTHING_DUE"
    NEGATIVE_BALANCE = "NEGATIVE_BALANCE"
    PARTNER_SUSPENDED = "PARTNER_SUSPENDED"
    BELOW_MINIMUM = "BELOW_MINIMUM"
    NO_PAYOUT_ACCOUNT = "NO_PAYOUT_ACCOUNT"
    ACCOUNT_NOT_READY = "ACCOUNT_NOT_READY"
    WAITING_FOR_FUNDS = "WAITING_FOR_FUNDS"
    TRANSFER_REFUSED = "TRANSFER_REFUSED"
    TRANSFER_REVERSED = "TRANSFER_REVERSED"
    BANK_RETURNED = "BANK_RETURNED"
    PARTLY_RETURNED = "PARTLY_RETURNED"
    AWAITS_BATCH = "AWAITS_BATCH"
    AWAITS_HAND = "AWAITS_HAND"
    WITH_BANK = "WITH_BANK"
    NO_BANK_DETAILS = "NO_BANK_DETAILS"
    BANK_DETAILS_CHANGING = "BANK_DETAILS_CHANGING"
    RAIL_CANNOT_REACH = "RAIL_CANNOT_REACH"
    BANK_REJECTED = "BANK_REJECTED"
    STOPPED = "STOPPED"


class Payout(Model):
    """What becomes of a statement's closing balance: paid, or carried into a later statement with a reason.

    `rail` is how it leaves, by `outbound` at Stripe or `bank_transfer` through a bank. `not_before` is the day it
    is tried again. Once `carried_into` names a statement, the amount is part of that one's opening balance and
    this row is closed.
    """

    id: fields.Field[UUID] = columns.key()
    statement: Any = columns.ref_once("settlement.Statement")
    statement_id: UUID
    state: fields.Field[str] = columns.text(20)
    reason: fields.Field[str | None] = columns.text_or_none(40)
    detail: fields.Field[str | None] = columns.text_or_none(300)
    requirements: fields.Field[list[str]] = columns.names()
    not_before: fields.Field[date | None] = columns.day_or_none()
    amount_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    outbound: Any = columns.ref("payments.OutboundTransfer", null=True, index=True)
    outbound_id: UUID | None
    rail: fields.Field[str | None] = columns.text_or_none(20)
    bank_transfer: Any = columns.ref("banking.BankTransfer", null=True, index=True)
    bank_transfer_id: UUID | None
    carried_into: Any = columns.ref("settlement.Statement", null=True)
    carried_into_id: UUID | None
    created_at: fields.Field[datetime] = columns.moment()
    sent_at: fields.Field[datetime | None] = columns.moment_or_none()
    in_bank_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "payout"
        indexes = [Index(fields=["state"], name="payout_state")]
        constraints = [
            columns.one_of("payout", "state", PayoutState),
            columns.one_of("payout", "reason", PayoutReason),
            columns.one_of("payout", "rail", Rail),
            columns.holds("payout", "one_rail", "outbound_id IS NULL OR bank_transfer_id IS NULL"),
            columns.holds(
                "payout", "carries_what_is_not_paid", "carried_into_id IS NULL OR state IN ('CARRIED', 'FAILED')"
            ),
            columns.holds(
                "payout", "carried_says_why", "state NOT IN ('CARRIED', 'FAILED') OR reason IS NOT NULL"
            ),
            columns.holds("payout", "sends_something", "state IN ('CARRIED', 'FAILED') OR amount_minor > 0"),
        ]


class PayoutEvent(Model):
    """One step of a payout, each with its journal: how it came to stand where it stands."""

    id: fields.Field[UUID] = columns.key()
    payout: Any = columns.ref("settlement.Payout")
    payout_id: UUID
    state: fields.Field[str] = columns.text(20)
    reason: fields.Field[str | None] = columns.text_or_none(40)
    detail: fields.Field[str | None] = columns.text_or_none(300)
    at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "payout_event"
        constraints = [columns.one_of("payout_event", "state", PayoutState)]
