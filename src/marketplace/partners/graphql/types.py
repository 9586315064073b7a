"""Partners, brands, charities and contracts as each kind of caller sees them."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.kit import ids, paging
from marketplace.kit.graphql import (
    Connection,
    CountryCode,
    CurrencyCode,
    Info,
    MoneyType,
    Node,
    actor_of,
    batched,
    describe_enum,
    load_entity,
    load_node,
    node_loader,
)
from marketplace.kit.plans import Join, planned
from marketplace.partners import queries
from marketplace.partners.models import (
    Brand,
    Contract,
    Partner,
    PartnerKind,
    PartnerStatus,
    Schedule,
    VatRule,
    VolumePeriod,
)
from marketplace.partners.models import ContractRate as Rates
from marketplace.partners.models import ContractTier as Tiers
from marketplace.partners.queries import BRANDS, BrandRow

MOST_CONTRACTS = 100
First = Annotated[int | None, strawberry.argument(description="How many rows, at most 100.")]
After = Annotated[str | None, strawberry.argument(description="The cursor to go on from.")]

describe_enum(
    PartnerKind,
    "What a partner is to the marketplace.",
    COMMERCIAL="It sells rewards.",
    CHARITY="It receives donations.",
)
describe_enum(
    PartnerStatus,
    "Where a partner stands with the marketplace.",
    PENDING="It is being looked at: it can upload, not publish.",
    APPROVED="It can publish.",
    SUSPENDED="It can no longer publish; what it is owed stays owed.",
)
describe_enum(
    Schedule,
    "How often a partner is settled.",
    name="SettlementSchedule",
    WEEKLY="Each week, after Sunday.",
    MONTHLY="Each month, after its last day.",
)


describe_enum(
    VatRule,
    "How VAT stands on what the marketplace charges a partner.",
    DOMESTIC="At the contract's rate.",
    REVERSE_CHARGE="None is charged: the partner accounts for it, and the invoice says so.",
    NONE="None: what is charged is outside of VAT, or exempt.",
)
describe_enum(
    VolumePeriod,
    "For how long sales add up before the volume begins at zero again.",
    MONTH="A calendar month.",
    YEAR="A calendar year.",
)


@strawberry.type(description="Another commission for one kind of offer, one brand, or one kind of one brand.")
class ContractRate:
    offer_kind: str | None = strawberry.field(description="Of this kind, such as `VOUCHER`; null for all.")
    commission_bp: int = strawberry.field(description="What the marketplace keeps of it, in basis points.")
    brand_key: strawberry.Private[UUID | None]

    @strawberry.field(description="The brand; null for every brand.")
    async def brand(self, info: Info) -> "BrandType | None":
        return await load_node(info, "brand", self.brand_key) if self.brand_key else None


@strawberry.type(description="What comes back of the commission on a part of the volume.")
class ContractTier:
    above: MoneyType = strawberry.field(description="On the volume above this, up to the next tier.")
    rebate_bp: int = strawberry.field(description="So much of that part comes back, in basis points.")


@strawberry.type(name="Contract", description="The terms a partner is paid by, for one stretch of time.")
class ContractType(Node):
    valid_from: date = strawberry.field(description="The first day it is in force.")
    valid_until: date | None = strawberry.field(description="The first day it is no longer in force, if it ends.")
    commission_bp: int = strawberry.field(description="What the marketplace keeps, in basis points: 800 is 8 %.")
    vat_bp: int = strawberry.field(description="VAT on the commission, in basis points.")
    currency: CurrencyCode = strawberry.field(description="What the partner is settled in.")
    schedule: Schedule = strawberry.field(description="How often it is settled.")
    timezone: str = strawberry.field(description="Whose days count, an IANA name.")
    minimum_payout: MoneyType = strawberry.field(description="Less than this is carried forward.")
    return_window_days: int = strawberry.field(description="Days until a sale can be paid out.")
    tier_discount_share_bp: int = strawberry.field(
        description="What the partner bears of a program's tier discounts, in basis points: 5000 is half."
    )
    discount_cap: MoneyType | None = strawberry.field(
        description="The most it bears of them in a calendar month; what is above comes back on the statement."
    )
    vat_rule: VatRule = strawberry.field(description="How VAT stands on what the marketplace charges.")
    vat_number: str | None = strawberry.field(description="The partner's VAT number.")
    fee: MoneyType = strawberry.field(description="What is charged for each period of the schedule.")
    reserve_bp: int = strawberry.field(description="The share of a statement's net that is held, in basis points.")
    reserve_days: int = strawberry.field(description="How many days it is held.")
    volume_period: VolumePeriod = strawberry.field(description="For how long the volume of the tiers adds up.")
    key: strawberry.Private[UUID]

    @strawberry.field(description="Commissions of their own; brands before kinds.")
    async def rates(self) -> list[ContractRate]:
        rows = await Rates.filter(contract_id=self.key).order_by("id").limit(MOST_CONTRACTS)
        return [
            ContractRate(offer_kind=row.offer_kind, commission_bp=row.commission_bp, brand_key=row.brand_id)
            for row in rows
        ]

    @strawberry.field(description="What comes back, by volume; the lowest tier first.")
    async def tiers(self) -> list[ContractTier]:
        rows = await Tiers.filter(contract_id=self.key).order_by("above_minor").limit(MOST_CONTRACTS)
        currency = self.minimum_payout.currency
        return [
            ContractTier(above=MoneyType.minor(row.above_minor, currency), rebate_bp=row.rebate_bp) for row in rows
        ]

    @classmethod
    def of(cls, row: Contract) -> "ContractType":
        return cls(
            id=strawberry.ID(ids.public("contract", row.id)),
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            commission_bp=row.commission_bp,
            vat_bp=row.vat_bp,
            currency=CurrencyCode(row.currency),
            schedule=Schedule(row.schedule),
            timezone=row.timezone,
            minimum_payout=MoneyType.minor(row.minimum_payout_minor, row.currency),
            return_window_days=row.return_window_days,
            tier_discount_share_bp=row.tier_discount_share_bp,
            discount_cap=(
                None if row.discount_cap_minor is None else MoneyType.minor(row.discount_cap_minor, row.currency)
            ),
            vat_rule=VatRule(row.vat_rule),
            vat_number=row.vat_number,
            fee=MoneyType.minor(row.fee_minor, row.currency),
            reserve_bp=row.reserve_bp,
            reserve_days=row.reserve_days,
            volume_period=VolumePeriod(row.volume_period),
            key=row.id,
        )


@strawberry.federation.type(
    name="Partner",
    keys=["id"],
    description="The legal counterparty that is settled. Seen by itself and operators.",
)
class PartnerType(Node):
    name: str = strawberry.field(description="Its legal name.")
    slug: str = strawberry.field(description="Its name as it stands in addresses.")
    kind: PartnerKind = strawberry.field(description="Whether it sells rewards or receives donations.")
    status: PartnerStatus = strawberry.field(description="Where it stands with the marketplace.")
    country: CountryCode = strawberry.field(description="Where it is established.")
    registry_id: str | None = strawberry.field(description="A charity's identifier by org-id.guide.")
    created_at: datetime = strawberry.field(description="When it was noted.")
    approved_at: datetime | None = strawberry.field(description="When it was last approved.")
    key: strawberry.Private[UUID]

    @strawberry.field(description="The contract in force today.")
    async def contract(self, info: Info) -> ContractType | None:
        return await batched(info, "contract of partner", _contracts_today, self.key)

    @strawberry.field(description=f"Its contracts, newest first, at most {MOST_CONTRACTS}.")
    async def contracts(self, info: Info) -> list[ContractType]:
        visible = queries.contracts_visible_to(actor_of(info)).filter(partner_id=self.key)
        return [ContractType.of(row) for row in await visible.order_by("-valid_from").limit(MOST_CONTRACTS)]

    @strawberry.field(description="Its brands, by name.")
    async def brands(self, info: Info, first: First = None, after: After = None) -> "Connection[BrandType]":
        query = queries.brands_visible_to(actor_of(info)).filter(partner_id=self.key)
        page = await paging.page_of(query, first=first, after=after, sort="name")
        return Connection[BrandType].of(page, BrandType.of, query.count)

    @classmethod
    def of(cls, row: Partner) -> "PartnerType":
        return cls(
            id=strawberry.ID(ids.public("partner", row.id)),
            name=row.name,
            slug=row.slug,
            kind=PartnerKind(row.kind),
            status=PartnerStatus(row.status),
            country=CountryCode(row.country),
            registry_id=row.registry_id,
            created_at=row.created_at,
            approved_at=row.approved_at,
            key=row.id,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "PartnerType | None":
        return await load_entity(info, "partner", id)


@strawberry.federation.type(name="Brand", keys=["id"], description="What a shopper recognises.")
class BrandType(Node):
    row: strawberry.Private[Brand | BrandRow]

    @planned(reads=("name",), description="The name on the shelf.")
    def name(self) -> str:
        return self.row.name

    @planned(reads=("slug",), description="The name as it stands in addresses.")
    def slug(self) -> str:
        return self.row.slug

    @planned(reads=("website",), description="Its own website.")
    def website(self) -> str | None:
        return self.row.website

    @planned(reads=("wikidata_id",), description="Its Wikidata item, such as `Q37158`.")
    def wikidata_id(self) -> str | None:
        return self.row.wikidata_id

    @planned(reads=("countries",), description="Where it is present.")
    def countries(self) -> list[CountryCode]:
        return [CountryCode(country) for country in self.row.countries]

    @planned(reads=("category",), description="The category most of it belongs to.")
    def category(self) -> str | None:
        return self.row.category

    @planned(reads=("slug",), description="Its picture, an SVG on this server.")
    def image_url(self) -> str:
        return f"/images/brands/{self.row.slug}.svg"

    @strawberry.field(description="The partner behind it; null unless that is you or you are an operator.")
    async def partner(self, info: Info) -> PartnerType | None:
        return await load_node(info, "partner", self.row.partner_id)

    @classmethod
    def of(cls, row: Brand | BrandRow) -> "BrandType":
        return cls(id=strawberry.ID(ids.public("brand", row.id)), row=row)

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "BrandType | None":
        return await load_entity(info, "brand", id)


# The brand of a row that an actor may see, in a statement whose `b` it is: who sees the row sees its brand.
BRAND_BESIDE = Join("brand", BRANDS, key="brand_id", build=BrandType.of)


@strawberry.type(name="Charity", description="A partner that receives donations.")
class CharityType(Node):
    name: str = strawberry.field(description="Its name.")
    country: CountryCode = strawberry.field(description="Where it is registered.")
    registry_id: str | None = strawberry.field(description="Its identifier by org-id.guide, `GB-CHC-1094563`.")
    key: strawberry.Private[UUID]

    @classmethod
    def of(cls, row: Partner) -> "CharityType":
        return cls(
            id=strawberry.ID(ids.public("charity", row.id)),
            name=row.name,
            country=CountryCode(row.country),
            registry_id=row.registry_id,
            key=row.id,
        )


@node_loader("partner")
async def load_partners(info: Info, keys: list[UUID]) -> Mapping[UUID, PartnerType]:
    """The partners among these that the caller may see."""
    actor = info.context.actor
    rows = await queries.partners_visible_to(actor).filter(id__in=keys) if actor else []
    return {row.id: PartnerType.of(row) for row in rows}


@node_loader("brand")
async def load_brands(info: Info, keys: list[UUID]) -> Mapping[UUID, BrandType]:
    """The brands among these that the caller may see."""
    actor = info.context.actor
    rows = await queries.brands_visible_to(actor).filter(id__in=keys) if actor else []
    return {row.id: BrandType.of(row) for row in rows}


@node_loader("contract")
async def load_contracts(info: Info, keys: list[UUID]) -> Mapping[UUID, ContractType]:
    """The contracts among these that the caller may see."""
    actor = info.context.actor
    rows = await queries.contracts_visible_to(actor).filter(id__in=keys) if actor else []
    return {row.id: ContractType.of(row) for row in rows}


@node_loader("charity")
async def load_charities(info: Info, keys: list[UUID]) -> Mapping[UUID, CharityType]:
    """The approved charities among these, for anybody who is signed in."""
    rows = await queries.charities().filter(id__in=keys) if info.context.actor else []
    return {row.id: CharityType.of(row) for row in rows}


async def _contracts_today(info: Info, keys: list[UUID]) -> Mapping[UUID, ContractType]:
    visible = queries.contracts_visible_to(actor_of(info)).filter(partner_id__in=keys)
    return {key: ContractType.of(row) for key, row in (await queries.in_force_now(visible)).items()}
