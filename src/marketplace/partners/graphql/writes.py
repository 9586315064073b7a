"""What operators do with partners: taking them on, their brands, the terms they are paid by."""

from datetime import date
from uuid import UUID

import strawberry

from marketplace.kit import ids
from marketplace.kit.graphql import (
    CountryCode,
    CurrencyCode,
    Info,
    MoneyInput,
    WriteInput,
    actor_of,
    id_of,
    mutation,
)
from marketplace.kit.refusals import InvalidInput, NotFound
from marketplace.partners import operations
from marketplace.partners.graphql.types import BrandType, ContractType, PartnerType
from marketplace.partners.models import PartnerKind, Schedule, VatRule, VolumePeriod
from marketplace.partners.refusals import (
    BrandNameTaken,
    ContractsOverlap,
    ContractTermsUsed,
    PartnerHasNoContract,
    PartnerNameTaken,
    PartnerStatusUnchanged,
    RegistryIdTaken,
)
from marketplace.partners.terms_of_contracts import Rate, Tier

OFFER_KINDS = ("VOUCHER", "BRAND_CURRENCY", "MERCHANDISE", "EXPERIENCE", "DONATION")


def _partner_key(id: str) -> UUID:
    """The partner behind a global id; raises NotFound for what is no partner's id."""
    try:
        return ids.parse("partner", id)
    except ids.BadId:
        raise NotFound(what="partner") from None


@strawberry.input(description="A counterparty to be looked at.")
class CreatePartnerInput(WriteInput):
    name: str = strawberry.field(description="Its legal name, 1 to 120 characters.")
    kind: PartnerKind = strawberry.field(description="Whether it sells rewards or receives donations.")
    country: CountryCode = strawberry.field(description="Where it is established.")
    registry_id: str | None = strawberry.field(
        default=None, description="A charity's identifier by org-id.guide, such as `GB-CHC-1094563`."
    )

    def command(self) -> operations.CreatePartner:
        return operations.CreatePartner(
            idempotency_key=self.idempotency_key,
            name=self.name,
            kind=self.kind,
            country=self.country,
            registry_id=self.registry_id,
        )


@strawberry.input(description="Which partner may publish.")
class ApprovePartnerInput(WriteInput):
    partner_id: strawberry.ID = strawberry.field(description="The partner's global id.")

    def command(self) -> operations.ApprovePartner:
        return operations.ApprovePartner(
            idempotency_key=self.idempotency_key, partner_id=_partner_key(self.partner_id)
        )


@strawberry.input(description="Which partner may not publish any more.")
class SuspendPartnerInput(WriteInput):
    partner_id: strawberry.ID = strawberry.field(description="The partner's global id.")

    def command(self) -> operations.SuspendPartner:
        return operations.SuspendPartner(
            idempotency_key=self.idempotency_key, partner_id=_partner_key(self.partner_id)
        )


@strawberry.input(description="A name that shoppers will see.")
class CreateBrandInput(WriteInput):
    partner_id: strawberry.ID = strawberry.field(description="The partner it belongs to.")
    name: str = strawberry.field(description="The name on the shelf, 1 to 120 characters.")
    countries: list[CountryCode] = strawberry.field(description="Where it is present.")
    website: str | None = strawberry.field(default=None, description="Its own website.")
    wikidata_id: str | None = strawberry.field(default=None, description="Its Wikidata item, such as `Q37158`.")
    category: str | None = strawberry.field(default=None, description="The category most of it belongs to.")

    def command(self) -> operations.CreateBrand:
        return operations.CreateBrand(
            idempotency_key=self.idempotency_key,
            partner_id=_partner_key(self.partner_id),
            name=self.name,
            website=self.website,
            wikidata_id=self.wikidata_id,
            countries=tuple(self.countries),
            category=self.category,
        )


@strawberry.input(description="Another commission for one kind of offer, one brand, or one kind of one brand.")
class ContractRateInput:
    commission_bp: int = strawberry.field(description="What the marketplace keeps of it, in basis points.")
    offer_kind: str | None = strawberry.field(
        default=None, description="`VOUCHER`, `BRAND_CURRENCY`, `MERCHANDISE`, `EXPERIENCE` or `DONATION`."
    )
    brand_id: strawberry.ID | None = strawberry.field(default=None, description="One of the partner's brands.")

    def rate(self, path: str) -> Rate:
        """The rate; raises InvalidInput for another thing's id and a kind that there is none of."""
        if self.offer_kind is not None and self.offer_kind not in OFFER_KINDS:
            raise InvalidInput.at(f"{path}.offerKind", "Give a kind of offer, such as VOUCHER, or none.")
        brand = id_of("brand", self.brand_id, f"{path}.brandId") if self.brand_id else None
        return Rate(self.commission_bp, self.offer_kind, brand)


@strawberry.input(description="What comes back of the commission on a part of the volume.")
class ContractTierInput:
    above: MoneyInput = strawberry.field(description="On the volume above this, up to the next tier.")
    rebate_bp: int = strawberry.field(description="So much of that part comes back, in basis points.")

    def tier(self, path: str) -> Tier:
        """The tier; raises InvalidInput for an amount that is none."""
        return Tier(self.above.money(f"{path}.above"), self.rebate_bp)


@strawberry.input(description="The terms a partner is paid by from a day on.")
class AgreeContractInput(WriteInput):
    partner_id: strawberry.ID = strawberry.field(description="The partner's global id.")
    valid_from: date = strawberry.field(description="The first day; the contract until then ends the day before.")
    commission_bp: int = strawberry.field(description="What the marketplace keeps, in basis points: 800 is 8 %.")
    currency: CurrencyCode = strawberry.field(description="What the partner is settled in.")
    timezone: str = strawberry.field(description="Whose days count, an IANA name such as `Europe/Oslo`.")
    vat_bp: int = strawberry.field(default=0, description="VAT on the commission, in basis points.")
    schedule: Schedule = strawberry.field(default=Schedule.MONTHLY, description="How often it is settled.")
    valid_until: date | None = strawberry.field(
        default=None, description="The first day it is no longer in force; open when left out."
    )
    minimum_payout: MoneyInput | None = strawberry.field(
        default=None, description="Less than this is carried forward; in the contract's currency."
    )
    return_window_days: int = strawberry.field(default=0, description="Days until a sale can be paid out.")
    tier_discount_share_bp: int = strawberry.field(
        default=0,
        description="What the partner bears of a program's tier discounts, in basis points: 5000 is half. "
        "The program bears the rest; a charity bears nothing.",
    )
    discount_cap: MoneyInput | None = strawberry.field(
        default=None, description="The most it bears of them in a calendar month; the marketplace bears the rest."
    )
    vat_rule: VatRule = strawberry.field(
        default=VatRule.DOMESTIC, description="How VAT stands on what the marketplace charges."
    )
    vat_number: str | None = strawberry.field(
        default=None, description="The partner's VAT number; needed for reverse charge."
    )
    fee: MoneyInput | None = strawberry.field(
        default=None, description="What is charged for each period of the schedule, from the first sale on."
    )
    reserve_bp: int = strawberry.field(
        default=0, description="The share of a statement's net that is held, in basis points."
    )
    reserve_days: int = strawberry.field(default=0, description="How many days it is held, at most 365.")
    volume_period: VolumePeriod = strawberry.field(
        default=VolumePeriod.YEAR, description="For how long the volume of the tiers adds up."
    )
    rates: list[ContractRateInput] = strawberry.field(
        default_factory=list[ContractRateInput],
        description="Commissions of their own: of a kind of a brand, else of the brand, else of the kind.",
    )
    tiers: list[ContractTierInput] = strawberry.field(
        default_factory=list[ContractTierInput],
        description="What comes back of the commission, each on the part of the volume up to the next tier.",
    )

    def command(self) -> operations.AgreeContract:
        """The command; raises InvalidInput for an amount that is none."""
        return operations.AgreeContract(
            idempotency_key=self.idempotency_key,
            partner_id=_partner_key(self.partner_id),
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            commission_bp=self.commission_bp,
            vat_bp=self.vat_bp,
            currency=self.currency,
            schedule=self.schedule,
            timezone=self.timezone,
            minimum_payout=self.minimum_payout.money("minimumPayout") if self.minimum_payout else None,
            return_window_days=self.return_window_days,
            tier_discount_share_bp=self.tier_discount_share_bp,
            discount_cap=self.discount_cap.money("discountCap") if self.discount_cap else None,
            vat_rule=self.vat_rule,
            vat_number=self.vat_number,
            fee=self.fee.money("fee") if self.fee else None,
            reserve_bp=self.reserve_bp,
            reserve_days=self.reserve_days,
            volume_period=self.volume_period,
            rates=tuple(each.rate(f"rates.{index}") for index, each in enumerate(self.rates)),
            tiers=tuple(each.tier(f"tiers.{index}") for index, each in enumerate(self.tiers)),
        )


@strawberry.type
class Mutation:
    @mutation(
        gives=PartnerType,
        refuses=[PartnerNameTaken, RegistryIdTaken],
        description="Note a partner; it stays PENDING until it is approved.",
    )
    async def create_partner(self, info: Info, input: CreatePartnerInput) -> PartnerType:
        return PartnerType.of(await operations.create_partner(actor_of(info), input.command()))

    @mutation(
        gives=PartnerType,
        refuses=[NotFound, PartnerHasNoContract, PartnerStatusUnchanged],
        description="Let a partner publish, or let a suspended one back in.",
    )
    async def approve_partner(self, info: Info, input: ApprovePartnerInput) -> PartnerType:
        return PartnerType.of(await operations.approve_partner(actor_of(info), input.command()))

    @mutation(
        gives=PartnerType,
        refuses=[NotFound, PartnerStatusUnchanged],
        description="Stop a partner from publishing. What it is owed stays owed.",
    )
    async def suspend_partner(self, info: Info, input: SuspendPartnerInput) -> PartnerType:
        return PartnerType.of(await operations.suspend_partner(actor_of(info), input.command()))

    @mutation(gives=BrandType, refuses=[NotFound, BrandNameTaken], description="Add a brand to a partner.")
    async def create_brand(self, info: Info, input: CreateBrandInput) -> BrandType:
        return BrandType.of(await operations.create_brand(actor_of(info), input.command()))

    @mutation(
        gives=ContractType,
        refuses=[NotFound, ContractsOverlap, ContractTermsUsed],
        description="Agree the terms a partner is paid by from a day on.",
    )
    async def agree_contract(self, info: Info, input: AgreeContractInput) -> ContractType:
        return ContractType.of(await operations.agree_contract(actor_of(info), input.command()))
