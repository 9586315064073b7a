"""Offers: one interface for one list, five types for what each kind has of its own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.catalog import queries, rules
from marketplace.catalog.graphql.items import ITEM_TYPES, ItemType, item_of, item_rows
from marketplace.catalog.graphql.shelves import CategoryType, category, market_of
from marketplace.catalog.models import Delivery, OfferKind, OfferStatus
from marketplace.catalog.queries import ItemRow, OfferRow
from marketplace.kit import clock, ids
from marketplace.kit.graphql import CountryCode, Info, Node, extend, load_entity, load_node, node_loader
from marketplace.partners.graphql import BrandType, CharityType

InMarket = Annotated[
    CountryCode | None,
    strawberry.argument(
        description="The market to look at; your own when left out, all of them if you have none."
    ),
]


@strawberry.type(description="Whether something of an offer can be taken at all, leaving aside who asks.")
class Availability:
    in_stock: bool = strawberry.field(description="Whether a unit of anything is left.")
    open: bool = strawberry.field(description="Whether it is published and within its dates now.")
    opens_at: datetime = strawberry.field(description="From when it can be taken.")
    closes_at: datetime | None = strawberry.field(description="Until when it can be taken, if it ends.")


@strawberry.type(description="Where an entry of the catalogue comes from, and how fresh it is.")
class Provenance:
    source: str = strawberry.field(description="The file, feed or supplier that stated it.")
    updated_at: datetime = strawberry.field(description="When the source last stated it.")
    age_seconds: int = strawberry.field(description="How long ago that is.")


@strawberry.interface(name="Offer", description="One entry of the catalogue.")
class OfferType(Node):
    row: strawberry.Private[OfferRow]
    market: strawberry.Private[str | None]

    @strawberry.field(description="Which of the five kinds of reward it is.")
    def kind(self) -> OfferKind:
        return OfferKind(self.row.kind)

    @strawberry.field(description="Whether it can be seen in the catalogue.")
    def status(self) -> OfferStatus:
        return OfferStatus(self.row.status)

    @strawberry.field(description="The partner's own reference.")
    def sku(self) -> str:
        return self.row.sku

    @strawberry.field(description="Its title in your language.")
    def title(self, info: Info) -> str:
        return rules.localised(self.row.title, info.context.languages)

    @strawberry.field(description="What it is and how it works, in your language.")
    def description(self, info: Info) -> str:
        return rules.localised(self.row.description, info.context.languages)

    @strawberry.field(description="Its picture, an SVG on this server.")
    def image_url(self) -> str:
        return f"/images/offers/{ids.public('offer', self.row.id)}.svg"

    @strawberry.field(description="Whose it is.")
    async def brand(self, info: Info) -> BrandType | None:
        return await load_node(info, "brand", self.row.brand_id)

    @strawberry.field(description="The shelf it stands on.")
    async def category(self, info: Info) -> CategoryType | None:
        return await category(info, self.row.category_id)

    @strawberry.field(description="What exactly can be taken, by date, then price.")
    async def items(self, info: Info, market: InMarket = None) -> list[ItemType]:
        return [item_of(row, self.row) for row in await self.item_rows(info, market)]

    @strawberry.field(description="Whether something can be taken now, leaving aside who asks.")
    async def availability(self, info: Info, market: InMarket = None) -> Availability:
        row, moment = self.row, clock.now()
        left = (item.units_left for item in await self.item_rows(info, market))
        return Availability(
            in_stock=any(units is None or units > 0 for units in left),
            open=row.status == OfferStatus.PUBLISHED
            and row.partner_open
            and rules.is_open(moment, row.published_from, row.published_until),
            opens_at=row.published_from,
            closes_at=row.published_until,
        )

    @strawberry.field(description="Where this entry comes from, and how fresh it is.")
    def provenance(self) -> Provenance:
        updated_at = self.row.source_updated_at
        age = max(0, int((clock.now() - updated_at).total_seconds()))
        return Provenance(source=self.row.source, updated_at=updated_at, age_seconds=age)

    async def item_rows(self, info: Info, market: str | None = None) -> list[ItemRow]:
        """The active items in a market: the named one, the list's, or the member's own."""
        country = market or self.market or await market_of(info)
        return await item_rows(info, self.row.id, country)

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "OfferType | None":
        found = await load_entity(info, "offer", id)
        return found if isinstance(found, cls) else None


@strawberry.federation.type(name="VoucherOffer", keys=["id"], description="A code, a link or an entitlement.")
class VoucherOfferType(OfferType):
    @strawberry.field(description="What it hands out.")
    def delivery(self) -> Delivery:
        return Delivery(self.row.delivery or Delivery.CODE)


@strawberry.federation.type(
    name="BrandCurrencyOffer", keys=["id"], description="A brand's own units, exchanged in lots."
)
class BrandCurrencyOfferType(OfferType):
    @strawberry.field(description="What the units are called, in your language.")
    def unit_name(self, info: Info) -> str:
        return rules.localised(self.row.unit_name, info.context.languages)

    @strawberry.field(description="The regular expression of a membership number.")
    def number_pattern(self) -> str | None:
        return self.row.number_pattern

    @strawberry.field(description="How a membership number's check digit is made, such as `luhn`.")
    def check_digit(self) -> str | None:
        return self.row.check_digit


@strawberry.federation.type(name="MerchandiseOffer", keys=["id"], description="Something that is shipped.")
class MerchandiseOfferType(OfferType):
    pass


@strawberry.federation.type(name="ExperienceOffer", keys=["id"], description="A seat in a dated session.")
class ExperienceOfferType(OfferType):
    @strawberry.field(description="It can be cancelled until this many hours before it begins; null: never.")
    def cancel_until_hours(self) -> int | None:
        return self.row.cancel_until_hours


@strawberry.federation.type(name="DonationOffer", keys=["id"], description="A gift to a cause of a charity.")
class DonationOfferType(OfferType):
    @strawberry.field(description="What the money is for, in your language.")
    def cause(self, info: Info) -> str:
        return rules.localised(self.row.cause, info.context.languages)

    @strawberry.field(description="Who receives it.")
    async def charity(self, info: Info) -> CharityType | None:
        return await load_node(info, "charity", self.row.partner_id)


_TYPES: dict[str, type[OfferType]] = {
    OfferKind.VOUCHER: VoucherOfferType,
    OfferKind.BRAND_CURRENCY: BrandCurrencyOfferType,
    OfferKind.MERCHANDISE: MerchandiseOfferType,
    OfferKind.EXPERIENCE: ExperienceOfferType,
    OfferKind.DONATION: DonationOfferType,
}
OFFER_TYPES = tuple(_TYPES.values())


def offer_of(row: OfferRow, market: str | None = None) -> OfferType:
    """An offer as the type of its kind, looked at in a market (None: the caller's own)."""
    return _TYPES[row.kind](id=strawberry.ID(ids.public("offer", row.id)), row=row, market=market)


@node_loader("offer")
async def load_offers(info: Info, keys: list[UUID]) -> Mapping[UUID, OfferType]:
    """The offers among these that the caller may see."""
    actor = info.context.actor
    rows = await queries.offers_by_id(actor, keys) if actor else {}
    return {key: offer_of(row) for key, row in rows.items()}


@extend(ItemType, *ITEM_TYPES)
class ItemOffer:
    """What an item says of the offer it belongs to."""

    @strawberry.field(description="What it is an item of.")
    def offer(self, item: strawberry.Parent[ItemType]) -> OfferType | None:
        return offer_of(item.offer_row, item.row.country)
