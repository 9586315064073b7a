"""Runs, statements and their lines: what each partner is owed, frozen."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from marketplace.kit import columns
from marketplace.partners.models import Schedule


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
