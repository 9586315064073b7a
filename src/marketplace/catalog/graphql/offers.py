"""Offers: one interface for one list, five types for what each kind has of its own."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

from marketplace.catalog import queries, rules
from marketplace.catalog.graphql.items import ITEM_TYPES, ITEMS_OF_OFFERS, ItemType, item_of, item_rows
from marketplace.catalog.graphql.shelves import SHELF_BESIDE, CategoryType, category, market_of
from marketplace.catalog.models import Delivery, OfferKind, OfferStatus
from marketplace.catalog.queries import ItemRow, OfferRow
from marketplace.kit import clock, ids
from marketplace.kit.graphql import (
    Connection,
    CountryCode,
    Info,
    Node,
    extend,
    load_entity,
    load_node,
    node_loader,
)
from marketplace.kit.plans import Asked, Need, Shaped, Source, Varies, answer, planned, planned_nodes
from marketplace.kit.rows import Pick
from marketplace.partners.graphql import BRAND_BESIDE, BrandType, CharityType

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

    @planned(varies=(Varies.CLOCK,), description="How long ago that is.")
    def age_seconds(self) -> int:
        return max(0, int((clock.now() - self.updated_at).total_seconds()))


async def _fetch_charities(info: Info, asked: Asked) -> None:
    receiving = {offer.row.partner_id for offer in asked.parents if offer.row.kind == OfferKind.DONATION}
    await asyncio.gather(*(load_node(info, "charity", key) for key in receiving))


CHARITIES = Need("charities", _fetch_charities, reads=("partner_id",))


@strawberry.interface(name="Offer", description="One entry of the catalogue.")
class OfferType(Node):
    row: strawberry.Private[OfferRow]
    market: strawberry.Private[str | None]

    @planned(reads=("kind",), description="Which of the five kinds of reward it is.")
    def kind(self) -> OfferKind:
        return OfferKind(self.row.kind)

    @planned(reads=("status",), description="Whether it can be seen in the catalogue.")
    def status(self) -> OfferStatus:
        return OfferStatus(self.row.status)

    @planned(reads=("sku",), description="The partner's own reference.")
    def sku(self) -> str:
        return self.row.sku

    @planned(reads=("title",), description="Its title in your language.")
    def title(self, info: Info) -> str:
        return rules.localised(self.row.title, info.context.languages)

    @planned(reads=("description",), description="What it is and how it works, in your language.")
    def description(self, info: Info) -> str:
        return rules.localised(self.row.description, info.context.languages)

    @planned(reads=("id",), description="Its picture, an SVG on this server.")
    def image_url(self) -> str:
        return f"/images/offers/{ids.public('offer', self.row.id)}.svg"

    @planned(gives=BRAND_BESIDE, description="Whose it is.")
    async def brand(self, info: Info) -> BrandType | None:
        return await load_node(info, "brand", self.row.brand_id)

    @planned(gives=SHELF_BESIDE, description="The shelf it stands on.")
    async def category(self, info: Info) -> CategoryType | None:
        return await category(info, self.row.category_id)

    @planned(gives=ITEMS_OF_OFFERS, description="What exactly can be taken, by date, then price.")
    async def items(self, info: Info, market: InMarket = None) -> list[ItemType]:
        return [item_of(row, self.row) for row in await self.item_rows(info, market)]

    @planned(
        reads=("status", "partner_approved", "settled_in", "published_from", "published_until"),
        uses=(ITEMS_OF_OFFERS("units_left"),),
        description="Whether something can be taken now, leaving aside who asks.",
    )
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

    @planned(
        reads=("source", "source_updated_at"), description="Where this entry comes from, and how fresh it is."
    )
    def provenance(self) -> Provenance:
        return Provenance(source=self.row.source, updated_at=self.row.source_updated_at)

    async def item_rows(self, info: Info, market: str | None = None) -> list[ItemRow]:
        """The active items in a market: the named one, the list's, or the member's own."""
        return await item_rows(info, self.row.id, await self.market_for(info, market))

    async def market_for(self, info: Info, market: str | None) -> str | None:
        """The market to look at; None stands for all of them."""
        return market or self.market or await market_of(info)

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "OfferType | None":
        found = await load_entity(info, "offer", id)
        return found if isinstance(found, cls) else None


@strawberry.federation.type(name="VoucherOffer", keys=["id"], description="A code, a link or an entitlement.")
class VoucherOfferType(OfferType):
    @planned(reads=("delivery",), description="What it hands out.")
    def delivery(self) -> Delivery:
        return Delivery(self.row.delivery or Delivery.CODE)


@strawberry.federation.type(
    name="BrandCurrencyOffer", keys=["id"], description="A brand's own units, exchanged in lots."
)
class BrandCurrencyOfferType(OfferType):
    @planned(reads=("unit_name",), description="What the units are called, in your language.")
    def unit_name(self, info: Info) -> str:
        return rules.localised(self.row.unit_name, info.context.languages)

    @planned(reads=("number_pattern",), description="The regular expression of a membership number.")
    def number_pattern(self) -> str | None:
        return self.row.number_pattern

    @planned(reads=("check_digit",), description="How a membership number's check digit is made, such as `luhn`.")
    def check_digit(self) -> str | None:
        return self.row.check_digit


@strawberry.federation.type(name="MerchandiseOffer", keys=["id"], description="Something that is shipped.")
class MerchandiseOfferType(OfferType):
    pass


@strawberry.federation.type(name="ExperienceOffer", keys=["id"], description="A seat in a dated session.")
class ExperienceOfferType(OfferType):
    @planned(
        reads=("cancel_until_hours",),
        description="It can be cancelled until this many hours before it begins; null: never.",
    )
    def cancel_until_hours(self) -> int | None:
        return self.row.cancel_until_hours


@strawberry.federation.type(name="DonationOffer", keys=["id"], description="A gift to a cause of a charity.")
class DonationOfferType(OfferType):
    @planned(reads=("cause",), description="What the money is for, in your language.")
    def cause(self, info: Info) -> str:
        return rules.localised(self.row.cause, info.context.languages)

    @planned(uses=(CHARITIES(),), description="Who receives it.")
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


def shown(found: Any) -> Sequence[OfferType]:
    """The offers that a page, a list with gaps, or an answer that is one offer or none, shows."""
    if isinstance(found, Connection):
        return cast("Connection[OfferType]", found).shown
    several = cast("list[OfferType | None]", found if isinstance(found, list) else [found])
    return [each for each in several if each is not None]


OFFERS_PLANNED = Source(queries.OFFERS, frozenset(OFFER_TYPES), shown, nests=("market",))


def offer_of(row: OfferRow, market: str | None = None) -> OfferType:
    """An offer as the type of its kind, looked at in a market (None: the caller's own).

    What a plan has shaped already stays as it is.
    """
    if isinstance(cast(Any, row), Shaped):
        return cast(OfferType, row)
    return _TYPES[row.kind](id=strawberry.ID(ids.public("offer", row.id)), row=row, market=market)


async def one_offer(info: Info, key: UUID) -> OfferType | None:
    """One offer that the caller may see: planned, or together with others that the operation asks for."""
    if not info.context.direct and len(info.operation.selection_set.selections) > 1:
        return await load_node(info, "offer", key)

    async def read(pick: Pick[OfferRow]) -> OfferType | None:
        return (await picked_offers(info, [key], pick)).get(key)

    return await answer(info, OFFERS_PLANNED, read)


@planned_nodes("offer", OFFERS_PLANNED)
async def picked_offers(info: Info, keys: list[UUID], pick: Pick[OfferRow]) -> Mapping[UUID, OfferType]:
    """The offers among these that the caller may see, with what the pick reads of them."""
    actor = info.context.actor
    if actor is None:
        return {}
    market = await market_of(info) if pick.nested else None
    rows = await queries.offers_by_id(actor, keys, pick, market)
    return {key: offer_of(row) for key, row in rows.items()}


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
