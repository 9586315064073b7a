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
    mutation,
)
from marketplace.kit.refusals import NotFound
from marketplace.partners import operations
from marketplace.partners.graphql.types import BrandType, ContractType, PartnerType
from marketplace.partners.models import PartnerKind, Schedule
from marketplace.partners.refusals import (
    BrandNameTaken,
    ContractsOverlap,
    ContractTermsUsed,
    PartnerHasNoContract,
    PartnerNameTaken,
    PartnerStatusUnchanged,
    RegistryIdTaken,
)


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
