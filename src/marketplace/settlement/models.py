"""Tables of settlement."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns
from marketplace.partners.models import Schedule


class TopUpMethod(StrEnum):
    """How a program pays in."""

    STRIPE = "STRIPE"
    BANK_TRANSFER = "BANK_TRANSFER"


class TopUpState(StrEnum):
    """PENDING until the money is there; RETURNED when it went back to the payer."""

    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    RETURNED = "RETURNED"


class RunState(StrEnum):
    """RUNNING until every partner of the run has been looked at."""

    RUNNING = "RUNNING"
    FINISHED = "FINISHED"


class LineKind(StrEnum):
    """What a line of a statement adds up."""

    SALES = "SALES"
    DONATIONS = "DONATIONS"
    REFUNDS = "REFUNDS"
    ADJUSTMENTS = "ADJUSTMENTS"


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


class AdjustmentState(StrEnum):
    """A proposal of one person that another one approves or declines."""

    PROPOSED = "PROPOSED"
    APPROVED = "APPROVED"
    DECLINED = "DECLINED"


class TopUp(Model):
    """Money that a program pays in before its members spend.

    When it is returned, `uncovered_minor` is what members had spent of it by then: the marketplace bears it.
    """

    id: fields.Field[UUID] = columns.key()
    program: Any = columns.ref("members.Program")
    program_id: UUID
    method: fields.Field[str] = columns.text(20)
    state: fields.Field[str] = columns.text(20)
    reference: fields.Field[str] = columns.text(120)
    amount_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    requested_at: fields.Field[datetime] = columns.moment()
    evidence: fields.Field[str | None] = columns.text_or_none(300)
    confirmed_by: fields.Field[UUID | None] = fields.UUIDField(null=True)
    failure: fields.Field[str | None] = columns.text_or_none(120)
    uncovered_minor: fields.Field[int | None] = columns.whole_or_none()
    succeeded_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "top_up"
        unique_together = (("program_id", "reference"),)
        constraints = [
            columns.one_of("top_up", "method", TopUpMethod),
            columns.one_of("top_up", "state", TopUpState),
            columns.holds("top_up", "amount_positive", "amount_minor > 0"),
            columns.holds("top_up", "uncovered_in_range", "uncovered_minor BETWEEN 0 AND amount_minor"),
            columns.holds(
                "top_up", "returned_says_what_it_leaves", "state <> 'RETURNED' OR uncovered_minor IS NOT NULL"
            ),
        ]


class SettlementRun(Model):
    """One order to settle up to and with a day: all partners, or those of one schedule."""

    id: fields.Field[UUID] = columns.key()
    until: fields.Field[date] = columns.day()
    schedule: fields.Field[str | None] = columns.text_or_none(20)
    state: fields.Field[str] = columns.text(20)
    requested_by: fields.Field[UUID] = fields.UUIDField()
    requested_at: fields.Field[datetime] = columns.moment()
    finished_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "settlement_run"
        constraints = [
            columns.one_of("settlement_run", "state", RunState),
            columns.one_of("settlement_run", "schedule", Schedule),
        ]


class Statement(Model):
    """What one partner is owed up to and with `until`, in one currency, frozen with a hash.

    closing = opening + gross - commission - vat + adjustments; opening is what the last one carried forward.
    A partner's statements are numbered 1, 2, 3, … in `sequence`, without gaps.
    """

    id: fields.Field[UUID] = columns.key()
    number: fields.Field[str] = columns.text(160, unique=True)
    sequence: fields.Field[int] = fields.IntField()
    partner: Any = columns.ref("partners.Partner", index=False)
    partner_id: UUID
    contract: Any = columns.ref("partners.Contract", index=False)
    contract_id: UUID
    run: Any = columns.ref("settlement.SettlementRun")
    run_id: UUID
    currency: fields.Field[str] = columns.text(3)
    period_from: fields.Field[date] = columns.day()
    period_until: fields.Field[date] = columns.day()
    opening_minor: fields.Field[int] = columns.whole()
    gross_minor: fields.Field[int] = columns.whole()
    commission_minor: fields.Field[int] = columns.whole()
    vat_minor: fields.Field[int] = columns.whole()
    adjustments_minor: fields.Field[int] = columns.whole()
    closing_minor: fields.Field[int] = columns.whole()
    accruals: fields.Field[int] = columns.whole()
    digest: fields.Field[str] = columns.text(64)
    issued_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "statement"
        unique_together = (("partner_id", "currency", "period_until"), ("partner_id", "sequence"))
        constraints = [
            columns.holds(
                "statement",
                "adds_up",
                "closing_minor = opening_minor + gross_minor - commission_minor - vat_minor + adjustments_minor",
            ),
            columns.holds("statement", "period_in_order", "period_from <= period_until"),
        ]


class StatementLine(Model):
    """One line: what was sold (or given back, or adjusted) under one contract, and what is left of it."""

    id: fields.Field[UUID] = columns.key()
    statement: Any = columns.ref("settlement.Statement", index=False)
    statement_id: UUID
    position: fields.Field[int] = fields.IntField()
    kind: fields.Field[str] = columns.text(20)
    description: fields.Field[str] = columns.text(300)
    contract: Any = columns.ref("partners.Contract", index=False)
    contract_id: UUID
    quantity: fields.Field[int] = columns.whole()
    gross_minor: fields.Field[int] = columns.whole()
    commission_minor: fields.Field[int] = columns.whole()
    vat_minor: fields.Field[int] = columns.whole()
    net_minor: fields.Field[int] = columns.whole()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "statement_line"
        unique_together = (("statement_id", "position"),)
        constraints = [
            columns.one_of("statement_line", "kind", LineKind),
            columns.holds("statement_line", "adds_up", "net_minor = gross_minor - commission_minor - vat_minor"),
        ]


class LineAccrual(Model):
    """The accrual is on this line, and the primary key says: on no other, ever."""

    accrual: Any = columns.ref_key("partners.Accrual")
    accrual_id: UUID
    line: Any = columns.ref("settlement.StatementLine")
    line_id: UUID

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "line_accrual"


class Payout(Model):
    """What becomes of a statement's closing balance: paid, or carried into a later statement with a reason.

    `not_before` is the day it is tried again. Once `carried_into` names a statement, the amount is part of
    that one's opening balance and this row is closed.
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


class Adjustment(Model):
    """A correction of what a partner is owed, proposed by one operator and approved by another."""

    id: fields.Field[UUID] = columns.key()
    partner: Any = columns.ref("partners.Partner")
    partner_id: UUID
    amount_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    reason: fields.Field[str] = columns.text(300)
    state: fields.Field[str] = columns.text(20)
    proposed_by: fields.Field[UUID] = fields.UUIDField()
    proposed_at: fields.Field[datetime] = columns.moment()
    decided_by: fields.Field[UUID | None] = fields.UUIDField(null=True)
    decided_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "adjustment"
        constraints = [
            columns.one_of("adjustment", "state", AdjustmentState),
            columns.holds("adjustment", "says_something", "amount_minor <> 0"),
            columns.holds("adjustment", "two_people", "decided_by IS NULL OR decided_by <> proposed_by"),
            columns.holds("adjustment", "decided_by_somebody", "(state = 'PROPOSED') = (decided_by IS NULL)"),
        ]
