"""What exactly is taken of an offer, in one market."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import strawberry

from marketplace.catalog import queries, rules
from marketplace.catalog.models import OfferKind
from marketplace.catalog.queries import ItemRow, OfferRow
from marketplace.kit import ids
from marketplace.kit.actor import ActorKind
from marketplace.kit.graphql import BigInt, CountryCode, Info, MoneyType, Node, batched, node_loader
from marketplace.kit.plans import Asked, Need, Nesting, Varies, planned


@strawberry.type(description="The amounts a member can choose from.")
class AmountRange:
    least: MoneyType = strawberry.field(description="The smallest amount.")
    most: MoneyType = strawberry.field(description="The largest amount.")
    step: MoneyType | None = strawberry.field(description="Amounts go up by this; null for any amount between.")


@strawberry.type(name="ItemAttribute", description="One property of a variant.")
class AttributeType:
    name: str = strawberry.field(description="Such as `size`.")
    value: str = strawberry.field(description="Such as `L`.")


@strawberry.interface(name="Item", description="What exactly is taken of an offer, in one market.")
class ItemType(Node):
    row: strawberry.Private[ItemRow]
    offer_row: strawberry.Private[OfferRow]

    @planned(reads=("sku",), description="The partner's own reference.")
    def sku(self) -> str:
        return self.row.sku

    @planned(reads=("label",), description="What it is, in your language.")
    def label(self, info: Info) -> str:
        return rules.localised(self.row.label, info.context.languages)

    @planned(reads=("country",), description="The market it is sold in.")
    def country(self) -> CountryCode:
        return CountryCode(self.row.country)

    @planned(reads=("price_minor", "currency"), description="What it costs in its market; the least of a range.")
    def price(self) -> MoneyType:
        return MoneyType.minor(self.row.price_minor, self.row.currency)

    @planned(
        reads=("max_price_minor", "price_minor", "currency", "step_minor"),
        description="The amounts to choose from; null when the price is fixed.",
    )
    def amounts(self) -> AmountRange | None:
        row = self.row
        if row.max_price_minor is None:
            return None
        return AmountRange(
            least=MoneyType.minor(row.price_minor, row.currency),
            most=MoneyType.minor(row.max_price_minor, row.currency),
            step=MoneyType.minor(row.step_minor, row.currency) if row.step_minor else None,
        )

    @planned(reads=("units_left",), description="Whether a unit is left.")
    def in_stock(self) -> bool:
        return self.row.units_left is None or self.row.units_left > 0

    @planned(
        reads=("units_left",),
        varies=(Varies.OFTEN,),
        description="How many units are left; null when there is no limit.",
    )
    def units_left(self) -> BigInt | None:
        return None if self.row.units_left is None else BigInt(max(self.row.units_left, 0))

    @planned(
        reads=("max_per_member",), description="How many of it one member can take; null when there is no limit."
    )
    def most_per_member(self) -> int | None:
        return self.row.max_per_member


@strawberry.type(name="Denomination", description="A voucher of one value, or of a value to choose.")
class DenominationType(ItemType):
    @planned(reads=("face_minor", "currency"), description="The value printed on it.")
    def face_value(self) -> MoneyType | None:
        row = self.row
        return None if row.face_minor is None else MoneyType.minor(row.face_minor, row.currency)


@strawberry.type(name="CurrencyLot", description="A lot of a brand's own units.")
class CurrencyLotType(ItemType):
    @planned(reads=("units",), description="How many units one lot has.")
    def units(self) -> BigInt:
        return BigInt(self.row.units or 1)

    @planned(reads=("attributes",), description="How many lots are taken at least.")
    def min_lots(self) -> int:
        return int(self.row.attributes.get("min_lots", 1))

    @planned(reads=("attributes",), description="In which steps more lots are taken.")
    def lot_step(self) -> int:
        return int(self.row.attributes.get("lot_step", 1))


@strawberry.type(name="Variant", description="One size, colour or model of a product.")
class VariantType(ItemType):
    @planned(reads=("attributes",), description="What sets it apart from the others.")
    def attributes(self) -> list[AttributeType]:
        return [AttributeType(name=name, value=str(value)) for name, value in self.row.attributes.items()]


@strawberry.type(name="Session", description="A dated session with seats.")
class SessionType(ItemType):
    @planned(reads=("starts_at",), description="When it begins.")
    def starts_at(self) -> datetime | None:
        return self.row.starts_at

    @planned(reads=("ends_at",), description="When it ends.")
    def ends_at(self) -> datetime | None:
        return self.row.ends_at


@strawberry.type(name="DonationAmount", description="A gift of one size, or of a size to choose.")
class DonationAmountType(ItemType):
    pass


_TYPES: dict[str, type[ItemType]] = {
    OfferKind.VOUCHER: DenominationType,
    OfferKind.BRAND_CURRENCY: CurrencyLotType,
    OfferKind.MERCHANDISE: VariantType,
    OfferKind.EXPERIENCE: SessionType,
    OfferKind.DONATION: DonationAmountType,
}
ITEM_TYPES = tuple(_TYPES.values())


def item_of(row: ItemRow, offer: OfferRow) -> ItemType:
    """An item as the type that its offer's kind makes it."""
    return _TYPES[offer.kind](id=strawberry.ID(ids.public("item", row.id)), row=row, offer_row=offer)


def member_id_of(info: Info) -> UUID | None:
    """The member who looks, None for anybody else."""
    actor = info.context.actor
    return actor.id if actor and actor.kind is ActorKind.MEMBER else None


async def item_rows(info: Info, offer_id: UUID, country: str | None) -> list[ItemRow]:
    """The active items of an offer in a country (None: in all), asked for together with other offers'."""

    async def fetch(
        info: Info, wanted: list[tuple[UUID, str | None]]
    ) -> Mapping[tuple[UUID, str | None], list[ItemRow]]:
        return await queries.items_in(member_id_of(info), wanted)

    return await batched(info, "items", fetch, (offer_id, country)) or []


async def _fetch_items(info: Info, asked: Asked) -> None:
    """All markets' items of all offers that a plan shows, in one statement."""
    keys: dict[tuple[UUID, str | None], None] = {}
    for market in dict.fromkeys(call.get("market") for call in asked.calls):
        for offer in asked.parents:
            keys[offer.row.id, await offer.market_for(info, market)] = None
    member = member_id_of(info)
    asked.at_hand["items"] = dict(await queries.items_in(member, list(keys), asked.columns)) if keys else {}


ITEMS_OF_OFFERS = Need(
    "items",
    _fetch_items,
    rows=queries.ITEMS,
    nested=Nesting(
        queries.ITEMS_NESTED,
        key=lambda offer, given: (offer.id, given["market"]),
        own=lambda item: getattr(item, "max_per_member", None) is not None,
    ),
)


@node_loader("item")
async def load_items(info: Info, keys: list[UUID]) -> Mapping[UUID, ItemType]:
    """The items among these whose offer the caller may see."""
    actor = info.context.actor
    if actor is None:
        return {}
    rows = await queries.items_by_id(member_id_of(info), keys)
    offers = await queries.offers_by_id(actor, [row.offer_id for row in rows.values()])
    return {key: item_of(row, offers[row.offer_id]) for key, row in rows.items() if row.offer_id in offers}
