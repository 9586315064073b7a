"""The dated terms that partners are paid by."""

from datetime import date
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from marketplace.kit import columns


class Schedule(StrEnum):
    """How often a partner is settled."""

    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"


class VatRule(StrEnum):
    """How VAT stands on what the marketplace charges a partner."""

    DOMESTIC = "DOMESTIC"
    REVERSE_CHARGE = "REVERSE_CHARGE"
    NONE = "NONE"


class VolumePeriod(StrEnum):
    """For how long sales add up before the volume begins at zero again: calendar months or years."""

    MONTH = "MONTH"
    YEAR = "YEAR"


class Contract(Model):
    """The terms of one stretch of time. Those of one partner never overlap (exclusion constraint).

    Of what a program's tier takes off a price the partner bears `tier_discount_share_bp`, a charity nothing; of
    that at most `discount_cap_minor` in a calendar month, if there is a cap. `fee_minor` is charged for each
    period of the schedule. Of the net of a statement `reserve_bp` is held for `reserve_days`.
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

    vat_rule: fields.Field[str] = columns.text(20, default=VatRule.DOMESTIC.value)
    vat_number: fields.Field[str | None] = columns.text_or_none(20)
    fee_minor: fields.Field[int] = columns.whole(0)
    reserve_bp: fields.Field[int] = fields.IntField(default=0)
    reserve_days: fields.Field[int] = fields.IntField(default=0)
    discount_cap_minor: fields.Field[int | None] = columns.whole_or_none()
    volume_period: fields.Field[str] = columns.text(20, default=VolumePeriod.YEAR.value)

    class Meta(Model.Meta):
        table = "contract"
        constraints = [
            columns.one_of("contract", "vat_rule", VatRule),
            columns.one_of("contract", "volume_period", VolumePeriod),
            columns.holds("contract", "vat_by_its_rule", "vat_rule = 'DOMESTIC' OR vat_bp = 0"),
            columns.holds(
                "contract", "reverse_charge_names_whom", "vat_rule <> 'REVERSE_CHARGE' OR vat_number IS NOT NULL"
            ),
            columns.holds("contract", "fee_not_negative", "fee_minor >= 0"),
            columns.holds("contract", "reserve_is_a_share", "reserve_bp BETWEEN 0 AND 10000"),
            columns.holds("contract", "reserve_has_an_end", "(reserve_bp = 0) = (reserve_days = 0)"),
            columns.holds("contract", "cap_not_negative", "discount_cap_minor >= 0"),
            columns.one_of("contract", "schedule", Schedule),
            columns.holds("contract", "commission_is_a_share", "commission_bp BETWEEN 0 AND 10000"),
            columns.holds("contract", "vat_is_a_share", "vat_bp BETWEEN 0 AND 10000"),
            columns.holds("contract", "minimum_not_negative", "minimum_payout_minor >= 0"),
            columns.holds("contract", "window_not_negative", "return_window_days >= 0"),
            columns.holds("contract", "bears_a_share", "tier_discount_share_bp BETWEEN 0 AND 10000"),
            columns.holds("contract", "dates_in_order", "valid_until IS NULL OR valid_until > valid_from"),
        ]


class ContractRate(Model):
    """Another commission than the contract's own for one kind of offer, one brand, or one kind of one brand."""

    id: fields.Field[UUID] = columns.key()
    contract: Any = columns.ref("partners.Contract")
    contract_id: UUID
    offer_kind: fields.Field[str | None] = columns.text_or_none(20)
    brand: Any = columns.ref("partners.Brand", null=True, index=False)
    brand_id: UUID | None
    commission_bp: fields.Field[int] = fields.IntField()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "contract_rate"
        constraints = [
            columns.holds("contract_rate", "is_a_share", "commission_bp BETWEEN 0 AND 10000"),
            columns.holds("contract_rate", "says_of_what", "offer_kind IS NOT NULL OR brand_id IS NOT NULL"),
        ]


class ContractTier(Model):
    """What comes back of the commission on the part of the volume above an amount, up to the next tier."""

    id: fields.Field[UUID] = columns.key()
    contract: Any = columns.ref("partners.Contract", index=False)
    contract_id: UUID
    above_minor: fields.Field[int] = columns.whole()
    rebate_bp: fields.Field[int] = fields.IntField()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "contract_tier"
        unique_together = (("contract_id", "above_minor"),)
        constraints = [
            columns.holds("contract_tier", "rebate_is_a_share", "rebate_bp BETWEEN 0 AND 10000"),
            columns.holds("contract_tier", "above_not_negative", "above_minor >= 0"),
        ]
