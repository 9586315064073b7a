"""What partners are owed."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns


class AccrualKind(StrEnum):
    """What changed the amount owed: what members did, what two people agreed on, or what a contract says.

    The last five are made by a settlement run, and join the statement that it issues.
    """

    SALE = "SALE"
    DONATION = "DONATION"
    REFUND = "REFUND"
    ADJUSTMENT = "ADJUSTMENT"
    REBATE = "REBATE"
    FEE = "FEE"
    DISCOUNT_CAP = "DISCOUNT_CAP"
    RESERVE_HELD = "RESERVE_HELD"
    RESERVE_RELEASED = "RESERVE_RELEASED"


CHARGES = (
    AccrualKind.REBATE,
    AccrualKind.FEE,
    AccrualKind.DISCOUNT_CAP,
    AccrualKind.RESERVE_HELD,
    AccrualKind.RESERVE_RELEASED,
)
"""What a settlement run makes of a contract."""


class Accrual(Model):
    """One change of what a partner is owed, in the contract's currency: net = gross - commission - vat.

    A sale is positive, a refund mirrors it or a part of it with negative amounts, and names it in `reverses`. VAT
    is on the commission.
    `source_minor` is what the program paid in its home currency, at `fx_rate` (target for one source).
    `commission_bp` is the commission's rate, of the contract or of one of its rates; a charge has none.
    `ordinal` is its place in the order of booking, given by a trigger when it is left out: whoever draws a mark
    (`draw_mark`, in the migration) knows that every smaller ordinal is committed, and that no later one will be.
    """

    id: fields.Field[UUID] = columns.key()
    partner: Any = columns.ref("partners.Partner", index=False)
    partner_id: UUID
    contract: Any = columns.ref("partners.Contract", index=False)
    contract_id: UUID
    journal: Any = columns.ref("ledger.Journal", index=False)
    journal_id: UUID
    reverses: Any = columns.ref("partners.Accrual", null=True)
    reverses_id: UUID | None
    kind: fields.Field[str] = columns.text(20)
    ref_type: fields.Field[str] = columns.text(60)
    ref_id: fields.Field[UUID] = fields.UUIDField()
    description: fields.Field[str] = columns.text(300)
    currency: fields.Field[str] = columns.text(3)
    gross_minor: fields.Field[int] = columns.whole()
    commission_minor: fields.Field[int] = columns.whole()
    vat_minor: fields.Field[int] = columns.whole()
    net_minor: fields.Field[int] = columns.whole()
    source_minor: fields.Field[int] = columns.whole()
    source_currency: fields.Field[str] = columns.text(3)
    fx_rate: fields.Field[Decimal] = columns.exact()
    commission_bp: fields.Field[int | None] = fields.IntField(null=True)
    effective_on: fields.Field[date] = columns.day()
    payable_on: fields.Field[date] = columns.day()
    booked_at: fields.Field[datetime] = columns.moment()
    ordinal: fields.Field[int | None] = columns.whole_or_none()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "accrual"
        unique_together = (("kind", "ref_id"),)
        indexes = [
            Index(fields=["partner_id", "payable_on", "id"], name="accrual_partner_payable"),
            Index(fields=["partner_id", "currency", "ordinal"], name="accrual_in_order"),
            Index(fields=["ref_id"], name="accrual_ref"),
        ]
        constraints = [
            columns.one_of("accrual", "kind", AccrualKind),
            columns.holds("accrual", "adds_up", "net_minor = gross_minor - commission_minor - vat_minor"),
            columns.holds("accrual", "has_its_place", "ordinal IS NOT NULL"),
        ]
