"""Tables of settlement."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns


class TopUpMethod(StrEnum):
    """How a program pays in."""

    STRIPE = "STRIPE"
    BANK_TRANSFER = "BANK_TRANSFER"


class TopUpState(StrEnum):
    """PENDING until the money is there."""

    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class LineKind(StrEnum):
    """What a line of a statement adds up."""

    SALES = "SALES"
    DONATIONS = "DONATIONS"
    REFUNDS = "REFUNDS"
    ADJUSTMENTS = "ADJUSTMENTS"


class PayoutState(StrEnum):
    """CARRIED money joins the next statement; SENT and IN_BANK are separate, and both can be taken back."""

    CARRIED = "CARRIED"
    PLANNED = "PLANNED"
    SENT = "SENT"
    IN_BANK = "IN_BANK"
    FAILED = "FAILED"


class AdjustmentState(StrEnum):
    """A proposal of one person that another one approves or declines."""

    PROPOSED = "PROPOSED"
    APPROVED = "APPROVED"
    DECLINED = "DECLINED"


class TopUp(Model):
    """Money that a program pays in before its members spend."""

    id: fields.Field[UUID] = columns.key()
    program: Any = columns.ref("members.Program")
    program_id: UUID
    method: fields.Field[str] = columns.text(20)
    state: fields.Field[str] = columns.text(20)
    reference: fields.Field[str] = columns.text(120)
    amount_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    requested_at: fields.Field[datetime] = columns.moment()
    succeeded_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "top_up"
        unique_together = (("program_id", "reference"),)
        constraints = [
            columns.one_of("top_up", "method", TopUpMethod),
            columns.one_of("top_up", "state", TopUpState),
            columns.holds("top_up", "amount_positive", "amount_minor > 0"),
        ]


class Statement(Model):
    """What one partner is owed up to and with `until`, in one currency, frozen with a hash.

    closing = opening + gross - commission - vat + adjustments; opening is what the last one carried forward.
    """

    id: fields.Field[UUID] = columns.key()
    number: fields.Field[str] = columns.text(40, unique=True)
    partner: Any = columns.ref("partners.Partner", index=False)
    partner_id: UUID
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
        unique_together = (("partner_id", "currency", "period_until"),)
        constraints = [
            columns.holds(
                "statement",
                "adds_up",
                "closing_minor = opening_minor + gross_minor - commission_minor - vat_minor + adjustments_minor",
            ),
            columns.holds("statement", "period_in_order", "period_from <= period_until"),
        ]


class StatementLine(Model):
    """One line: what was sold (or given back, or adjusted), its commission, and what is left."""

    id: fields.Field[UUID] = columns.key()
    statement: Any = columns.ref("settlement.Statement", index=False)
    statement_id: UUID
    position: fields.Field[int] = fields.IntField()
    kind: fields.Field[str] = columns.text(20)
    description: fields.Field[str] = columns.text(300)
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
    """What becomes of a statement's closing balance: carried forward with a reason and a date, or paid."""

    id: fields.Field[UUID] = columns.key()
    statement: Any = columns.ref_once("settlement.Statement")
    statement_id: UUID
    state: fields.Field[str] = columns.text(20)
    reason: fields.Field[str | None] = columns.text_or_none(40)
    not_before: fields.Field[date | None] = columns.day_or_none()
    amount_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    outbound: Any = columns.ref("payments.OutboundTransfer", null=True, index=True)
    outbound_id: UUID | None
    created_at: fields.Field[datetime] = columns.moment()
    sent_at: fields.Field[datetime | None] = columns.moment_or_none()
    in_bank_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "payout"
        indexes = [Index(fields=["state"], name="payout_state")]
        constraints = [columns.one_of("payout", "state", PayoutState)]


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
        ]
