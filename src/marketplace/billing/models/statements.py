"""What a program is told of its account with the marketplace, and what it is billed: numbered and frozen."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from marketplace.billing.models.receipts import TakebackCause
from marketplace.billing.position import MovementKind
from marketplace.kit import columns


class ProgramStatement(Model):
    """A program's account over one stretch of its days: closing = opening + the lines. Below zero, it owes us.

    `held_minor` of the closing was set aside, and `limit_minor` was the limit of its credit line, when it ended. A
    program's statements are numbered 1, 2, 3, … in `sequence`, without gaps, and each begins where the last ended.
    """

    id: fields.Field[UUID] = columns.key()
    number: fields.Field[str] = columns.text(60, unique=True)
    sequence: fields.Field[int] = fields.IntField()
    program: Any = columns.ref("members.Program", index=False)
    program_id: UUID
    currency: fields.Field[str] = columns.text(3)
    timezone: fields.Field[str] = columns.text(60)
    period_from: fields.Field[date] = columns.day()
    period_until: fields.Field[date] = columns.day()
    opening_minor: fields.Field[int] = columns.whole()
    closing_minor: fields.Field[int] = columns.whole()
    held_minor: fields.Field[int] = columns.whole()
    limit_minor: fields.Field[int] = columns.whole()
    digest: fields.Field[str] = columns.text(64)
    issued_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "program_statement"
        unique_together = (("program_id", "sequence"), ("program_id", "period_until"))
        constraints = [columns.holds("program_statement", "period_in_order", "period_from <= period_until")]


class ProgramStatementLine(Model):
    """What moved the account for one reason: so many journals, so much together."""

    id: fields.Field[UUID] = columns.key()
    statement: Any = columns.ref("billing.ProgramStatement", index=False)
    statement_id: UUID
    position: fields.Field[int] = fields.IntField()
    kind: fields.Field[str] = columns.text(20)
    detail: fields.Field[str] = columns.text(60)
    journals: fields.Field[int] = columns.whole()
    amount_minor: fields.Field[int] = columns.whole()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "program_statement_line"
        unique_together = (("statement_id", "position"),)
        constraints = [columns.one_of("program_statement_line", "kind", MovementKind)]


class InvoiceKind(StrEnum):
    """What is billed."""

    CREDIT = "CREDIT"
    COALITION = "COALITION"


class InvoiceState(StrEnum):
    """OPEN until all of it is paid; CANCELLED when nothing is to be paid any more."""

    OPEN = "OPEN"
    PAID = "PAID"
    CANCELLED = "CANCELLED"


class Invoice(Model):
    """What is to be paid by a day, under its own creditor reference: by a program, or by a partner to one.

    A CREDIT invoice bills what a program owed when a statement closed, less what older open ones bill already; any
    money of the program pays it. The invoices of a program are numbered without gaps. `reopened_at` is when a
    payment of it went back last, `reopened_by` how, and `reopened_code` the bank's code for it.
    """

    id: fields.Field[UUID] = columns.key()
    number: fields.Field[str] = columns.text(60, unique=True)
    sequence: fields.Field[int] = fields.IntField()
    kind: fields.Field[str] = columns.text(20)
    program: Any = columns.ref("members.Program", index=False)
    program_id: UUID
    partner: Any = columns.ref("partners.Partner", null=True, index=True)
    partner_id: UUID | None
    statement: Any = columns.ref("billing.ProgramStatement", null=True, index=True)
    statement_id: UUID | None
    amount_minor: fields.Field[int] = columns.whole()
    paid_minor: fields.Field[int] = columns.whole(0)
    currency: fields.Field[str] = columns.text(3)
    creditor_reference: fields.Field[str] = columns.text(25, unique=True)
    state: fields.Field[str] = columns.text(20)
    issued_at: fields.Field[datetime] = columns.moment()
    due_on: fields.Field[date] = columns.day()
    paid_at: fields.Field[datetime | None] = columns.moment_or_none()
    reopened_at: fields.Field[datetime | None] = columns.moment_or_none()
    reopened_by: fields.Field[str | None] = columns.text_or_none(20)
    reopened_code: fields.Field[str | None] = columns.text_or_none(35)

    class Meta(Model.Meta):
        table = "invoice"
        unique_together = (("program_id", "sequence"),)
        constraints = [
            columns.one_of("invoice", "kind", InvoiceKind),
            columns.one_of("invoice", "state", InvoiceState),
            columns.one_of("invoice", "reopened_by", TakebackCause),
            columns.holds("invoice", "reopened_by_something", "(reopened_at IS NULL) = (reopened_by IS NULL)"),
            columns.holds("invoice", "amount_positive", "amount_minor > 0"),
            columns.holds("invoice", "paid_within", "paid_minor BETWEEN 0 AND amount_minor"),
            columns.holds("invoice", "paid_when_all_is", "(state = 'PAID') = (paid_minor = amount_minor)"),
            columns.holds("invoice", "billed_to_somebody", "(kind = 'COALITION') = (partner_id IS NOT NULL)"),
        ]


class InvoicePayment(Model):
    """What a receipt pays of an invoice; below zero what it does not pay after all, because it went back."""

    id: fields.Field[UUID] = columns.key()
    invoice: Any = columns.ref("billing.Invoice")
    invoice_id: UUID
    receipt: Any = columns.ref("billing.Receipt")
    receipt_id: UUID
    amount_minor: fields.Field[int] = columns.whole()
    at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "invoice_payment"
        constraints = [columns.holds("invoice_payment", "says_something", "amount_minor <> 0")]
