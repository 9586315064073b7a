"""Runs, statements and their lines: what each partner is owed, frozen."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns
from marketplace.partners.models import CHARGES, AccrualKind, Schedule


class RunState(StrEnum):
    """RUNNING until every partner of the run has been looked at."""

    RUNNING = "RUNNING"
    FINISHED = "FINISHED"


class LineKind(StrEnum):
    """What a line of a statement adds up."""

    SALES = "SALES"
    DONATIONS = "DONATIONS"
    REFUNDS = "REFUNDS"
    REBATE = "REBATE"
    FEE = "FEE"
    ADJUSTMENTS = "ADJUSTMENTS"
    DISCOUNT_CAP = "DISCOUNT_CAP"
    RESERVE_HELD = "RESERVE_HELD"
    RESERVE_RELEASED = "RESERVE_RELEASED"


ACCRUED_AS = {
    LineKind.SALES: AccrualKind.SALE,
    LineKind.DONATIONS: AccrualKind.DONATION,
    LineKind.REFUNDS: AccrualKind.REFUND,
    LineKind.ADJUSTMENTS: AccrualKind.ADJUSTMENT,
    **{LineKind(kind.value): kind for kind in CHARGES},
}
"""Which accruals a kind of line adds up."""


class SettlementRun(Model):
    """One order to settle up to and with a day: all partners, or those of one schedule.

    `partners_done` of `partners` have been looked at; a partner counts once for each currency it is owed in.
    """

    id: fields.Field[UUID] = columns.key()
    until: fields.Field[date] = columns.day()
    schedule: fields.Field[str | None] = columns.text_or_none(20)
    state: fields.Field[str] = columns.text(20)
    requested_by: fields.Field[UUID] = fields.UUIDField()
    requested_at: fields.Field[datetime] = columns.moment()
    finished_at: fields.Field[datetime | None] = columns.moment_or_none()
    partners: fields.Field[int] = fields.IntField(default=0)
    partners_done: fields.Field[int] = fields.IntField(default=0)

    class Meta(Model.Meta):
        table = "settlement_run"
        constraints = [
            columns.holds("settlement_run", "done_in_range", "partners_done BETWEEN 0 AND partners"),
            columns.one_of("settlement_run", "state", RunState),
            columns.one_of("settlement_run", "schedule", Schedule),
        ]


class Statement(Model):
    """What one partner is owed up to and with `until`, in one currency, frozen with a hash.

    closing = opening + gross - commission - fees - vat + adjustments + reserve; opening is what the last one
    carried forward, and reserve what is held of this period (below zero) and released of earlier ones.
    A partner's statements are numbered 1, 2, 3, … in `sequence`, without gaps.

    It takes the accruals that are payable by `period_until` and booked before the mark `up_to`, but for those that
    the statement before it (`previous`, of the same partner and currency) took by its own day and mark. So each
    accrual is on exactly one statement as soon as there is one that takes it, and no row says so a second time.
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
    fees_minor: fields.Field[int] = columns.whole(0)
    reserve_minor: fields.Field[int] = columns.whole(0)
    closing_minor: fields.Field[int] = columns.whole()
    accruals: fields.Field[int] = columns.whole()
    up_to: fields.Field[int] = columns.whole(0)
    previous: Any = columns.ref_once_or_none("settlement.Statement")
    previous_id: UUID | None
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
                "closing_minor = opening_minor + gross_minor - commission_minor - fees_minor - vat_minor"
                " + adjustments_minor + reserve_minor",
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


class DraftLine(Model):
    """A line that a run has added up for the statements it is about to issue; gone when it has.

    `draft` is one go of one run. Not logged: what a crash takes away is added up anew by the next go.
    """

    id: fields.Field[UUID] = columns.key()
    draft: fields.Field[UUID] = fields.UUIDField()
    partner_id: fields.Field[UUID] = fields.UUIDField()
    currency: fields.Field[str] = columns.text(3)
    kind: fields.Field[str] = columns.text(20)
    description: fields.Field[str] = columns.text(300)
    contract_id: fields.Field[UUID] = fields.UUIDField()
    quantity: fields.Field[int] = columns.whole()
    gross_minor: fields.Field[int] = columns.whole()
    commission_minor: fields.Field[int] = columns.whole()
    vat_minor: fields.Field[int] = columns.whole()
    net_minor: fields.Field[int] = columns.whole()
    first_on: fields.Field[date] = columns.day()
    made_at: fields.Field[datetime] = columns.moment()

    class Meta(Model.Meta):
        table = "draft_line"
        indexes = [Index(fields=["draft", "partner_id"], name="draft_line_partner")]
