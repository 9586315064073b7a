"""Tables of partners, brands, contracts and accruals."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns


class PartnerKind(StrEnum):
    """Whether a partner sells rewards or receives donations."""

    COMMERCIAL = "COMMERCIAL"
    CHARITY = "CHARITY"


class PartnerStatus(StrEnum):
    """Where a partner stands with the marketplace."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    SUSPENDED = "SUSPENDED"


class Schedule(StrEnum):
    """How often a partner is settled."""

    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"


class AccrualKind(StrEnum):
    """What changed the amount owed."""

    SALE = "SALE"
    DONATION = "DONATION"
    REFUND = "REFUND"
    ADJUSTMENT = "ADJUSTMENT"


class Partner(Model):
    """The legal counterparty that is settled. A charity has a registry id (org-id.guide scheme)."""

    id: fields.Field[UUID] = columns.key()
    name: fields.Field[str] = columns.text(200)
    slug: fields.Field[str] = columns.text(120, unique=True)
    kind: fields.Field[str] = columns.text(20)
    status: fields.Field[str] = columns.text(20)
    country: fields.Field[str] = columns.text(2)
    registry_id: fields.Field[str | None] = columns.text_or_none(60, unique=True)
    created_at: fields.Field[datetime] = columns.moment()
    approved_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "partner"
        constraints = [
            columns.one_of("partner", "kind", PartnerKind),
            columns.one_of("partner", "status", PartnerStatus),
            columns.holds("partner", "charity_has_registry_id", "kind <> 'CHARITY' OR registry_id IS NOT NULL"),
        ]


class Brand(Model):
    """What a shopper recognises. A partner has one or more."""

    id: fields.Field[UUID] = columns.key()
    partner: Any = columns.ref("partners.Partner")
    partner_id: UUID
    name: fields.Field[str] = columns.text(120)
    slug: fields.Field[str] = columns.text(120, unique=True)
    website: fields.Field[str | None] = columns.text_or_none(300)
    wikidata_id: fields.Field[str | None] = columns.text_or_none(20)
    countries: fields.Field[list[str]] = columns.names()
    category: fields.Field[str | None] = columns.text_or_none(40)

    class Meta(Model.Meta):
        table = "brand"
        indexes = [Index(fields=["name", "id"], name="brand_name")]


class Contract(Model):
    """The terms of one stretch of time. Those of one partner never overlap (exclusion constraint).

    Of what a program's tier takes off a price the partner bears `tier_discount_share_bp`, a charity nothing.
    """

    id: fields.Field[UUID] = columns.key()
    partner: Any = columns.ref("partners.Partner")
    partner_id: UUID
    valid_from: fields.Field[date] = columns.day()
    valid_until: fields.Field[date | None] = columns.day_or_none()
    commission_bp: fields.Field[int] = fields.IntField()
    vat_bp: fields.Field[int] = fields.IntField(default=0)
    currency: fields.Field[str] = columns.text(3)
    schedule: fields.Field[str] = columns.text(20)
    timezone: fields.Field[str] = columns.text(60)
    minimum_payout_minor: fields.Field[int] = columns.whole(0)
    return_window_days: fields.Field[int] = fields.IntField(default=0)
    tier_discount_share_bp: fields.Field[int] = fields.IntField(default=0)

    class Meta(Model.Meta):
        table = "contract"
        constraints = [
            columns.one_of("contract", "schedule", Schedule),
            columns.holds("contract", "commission_is_a_share", "commission_bp BETWEEN 0 AND 10000"),
            columns.holds("contract", "vat_is_a_share", "vat_bp BETWEEN 0 AND 10000"),
            columns.holds("contract", "minimum_not_negative", "minimum_payout_minor >= 0"),
            columns.holds("contract", "window_not_negative", "return_window_days >= 0"),
            columns.holds("contract", "bears_a_share", "tier_discount_share_bp BETWEEN 0 AND 10000"),
            columns.holds("contract", "dates_in_order", "valid_until IS NULL OR valid_until > valid_from"),
        ]


class Accrual(Model):
    """One change of what a partner is owed, in the contract's currency: net = gross - commission - vat.

    A sale is positive, a refund mirrors it or a part of it with negative amounts, and names it in `reverses`. VAT
    is on the commission.
    `source_minor` is what the program paid in its home currency, at `fx_rate` (target for one source).
    `ordinal` is its place in the order of booking, given by a trigger when it is left out: whoever draws a mark
    (`draw_mark`, in the migration) knows that every smaller ordinal is committed, and that no later one will be.
    """

    id: fields.Field[UUID] = columns.key()
    partner: Any = columns.ref("partners.Partner")
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
            Index(fields=["partner_id", "ordinal"], name="accrual_partner_ordinal"),
            Index(fields=["ref_id"], name="accrual_ref"),
        ]
        constraints = [
            columns.one_of("accrual", "kind", AccrualKind),
            columns.holds("accrual", "adds_up", "net_minor = gross_minor - commission_minor - vat_minor"),
            columns.holds("accrual", "has_its_place", "ordinal IS NOT NULL"),
        ]
