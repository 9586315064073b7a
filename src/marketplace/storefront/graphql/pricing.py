"""The price passport, and why not: what an offer or an item costs whoever looks, and by which figures."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.catalog import queries as catalog
from marketplace.catalog.graphql import ITEM_TYPES, ITEMS_OF_OFFERS, OFFER_TYPES, ItemType, OfferType
from marketplace.catalog.queries import ItemRow, OfferRow
from marketplace.catalog.refusals import NotAvailable
from marketplace.kit import clock
from marketplace.kit.actor import Actor
from marketplace.kit.graphql import BigInt, CurrencyCode, Info, MoneyType, NextStepType, batched, extend
from marketplace.kit.money import BadAmount, Money
from marketplace.kit.periods import LimitPeriod
from marketplace.kit.plans import Asked, Need, Unplannable, Varies, planned
from marketplace.kit.refusals import BadUserInput, InvalidInput, Refusal
from marketplace.ledger.queries import Rate
from marketplace.members.refusals import ProgramLimitReached
from marketplace.points.refusals import InsufficientPoints
from marketplace.storefront import queries, rules
from marketplace.storefront.bearers import bearers
from marketplace.storefront.graphql.bearers import DiscountBearer
from marketplace.storefront.refusals import CashAboveMaximum, CashBelowMinimum, CashCoolingOff
from marketplace.storefront.rules import Price, Quote, Shopper

SHELVES = "shelves"
_MISSING = (InsufficientPoints, CashBelowMinimum)
Amount = Annotated[
    Decimal | None,
    strawberry.argument(description="The amount chosen of a range, in major units; the least when left out."),
]


def plain(value: Decimal) -> Decimal:
    """A figure without the zeros it is stored with."""
    return Decimal(f"{value.normalize():f}")


@strawberry.type(description="What one point was worth when a price was made.")
class PointValueUsed:
    value: Decimal = strawberry.field(description="Major units of the currency for one point.")
    currency: CurrencyCode = strawberry.field(description="The program's home currency.")
    since: date = strawberry.field(description="The day from which points are worth this.")


@strawberry.type(description="The exchange rate that a price was made with.")
class ExchangeUsed:
    base: CurrencyCode = strawberry.field(description="The market's currency.")
    quote: CurrencyCode = strawberry.field(description="The program's home currency.")
    rate: Decimal = strawberry.field(description="Units of `quote` for one unit of `base`.")
    source: str = strawberry.field(description="Who stated it.")
    as_of: datetime = strawberry.field(description="When it was stated.")

    @planned(varies=(Varies.CLOCK,), description="How long ago that is.")
    def age_seconds(self) -> int:
        return max(0, int((clock.now() - self.as_of).total_seconds()))


@strawberry.type(description="What something costs you in points, and how that came about.")
class PricePassport:
    made: strawberry.Private[Price]
    by: strawberry.Private[str | None]

    @planned(description="What you pay.")
    def points(self) -> BigInt:
        return BigInt(self.made.points)

    @planned(description="The same before your tier's discount.")
    def list_points(self) -> BigInt:
        return BigInt(self.made.list_points)

    @planned(description="Your tier's discount in basis points: 900 is 9 %.")
    def discount_bp(self) -> int:
        return self.made.discount_bp

    @planned(description="The tier that gives it.")
    def tier(self) -> str | None:
        return self.by

    @planned(description="Whether the discount stopped at the floor: what the partner is owed and a margin.")
    def floor_applied(self) -> bool:
        return self.made.floor_applied

    @planned(description="The floor in points; null when the program has none, or your tier no discount.")
    def floor_points(self) -> BigInt | None:
        return None if self.made.floor_points is None else BigInt(self.made.floor_points)

    @planned(description="Whether the discount stopped at the program's cap.")
    def cap_applied(self) -> bool:
        return self.made.cap_applied

    @planned(description="Who pays for what your tier takes off, and how much; empty when it takes nothing off.")
    def discount_bearers(self) -> list[DiscountBearer]:
        made = self.made
        if made.points == made.list_points:
            return []
        found = bearers(made.discount_minor, made.partner_discount_minor, made.partner_share_bp)
        return DiscountBearer.of(found, made.home_currency)

    @planned(description="What it costs in its market.")
    def price(self) -> MoneyType:
        return MoneyType.minor(self.made.price_minor, self.made.currency)

    @planned(description="The same in the program's home currency.")
    def worth(self) -> MoneyType:
        return MoneyType.minor(self.made.home_minor, self.made.home_currency)

    @planned(
        description="What 1,000 of your points buy here, to compare rewards and cash by; null when it is free."
    )
    def worth_per_thousand(self) -> MoneyType | None:
        thousand = self.made.worth_per_thousand_minor
        return None if thousand is None else MoneyType.minor(thousand, self.made.home_currency)

    @planned(description="The point value it was made with.")
    def point_value(self) -> PointValueUsed:
        return PointValueUsed(
            value=plain(self.made.point_value),
            currency=CurrencyCode(self.made.home_currency),
            since=self.made.point_value_from,
        )

    @planned(description="What a point is worth for this kind of reward, in basis points of its value.")
    def worth_bp(self) -> int:
        return self.made.worth_bp

    @planned(description="The exchange rate it was made with; null when both currencies are the same.")
    def exchange(self) -> ExchangeUsed | None:
        return exchange_used(self.made.rate, self.made.currency, self.made.home_currency)

    @classmethod
    def of(cls, price: Price, shopper: Shopper) -> "PricePassport":
        return cls(made=price, by=shopper.tier_name)


def exchange_used(rate: Rate, base: str, quote: str) -> ExchangeUsed | None:
    """The rate as it is shown; None between one and the same currency."""
    if rate.as_of is None:
        return None
    return ExchangeUsed(
        base=CurrencyCode(base),
        quote=CurrencyCode(quote),
        rate=plain(rate.rate),
        source=rate.source,
        as_of=rate.as_of,
    )


@strawberry.type(description="Why you cannot take something now: what redeeming it would answer.")
class WhyNot:
    code: str = strawberry.field(
        description="A stable code: one of `ClosedReason`, or that of another refusal, as `INSUFFICIENT_POINTS`."
    )
    message: str = strawberry.field(description="The reason in a sentence.")
    points_to_go: BigInt | None = strawberry.field(description="How many points are missing, if it is that.")
    opens_at: datetime | None = strawberry.field(description="When it opens, if it is not open yet.")
    next_step: NextStepType | None = strawberry.field(
        description="What to do next; null where the message says it."
    )

    @classmethod
    def of(cls, refusal: Refusal, languages: Sequence[str]) -> "WhyNot":
        unavailable = refusal if isinstance(refusal, NotAvailable) else None
        return cls(
            code=unavailable.reason.value if unavailable else refusal.code,
            message=refusal.said(languages),
            points_to_go=BigInt(refusal.missing) if isinstance(refusal, _MISSING) else None,
            opens_at=_opening(refusal),
            next_step=NextStepType.of(refusal.next_step, languages),
        )


def _opening(refusal: Refusal) -> datetime | None:
    """When what is refused opens by itself."""
    match refusal:
        case NotAvailable():
            return refusal.opens_at
        case ProgramLimitReached():
            return refusal.resets_at
        case CashCoolingOff():
            return refusal.ready_at
        case CashAboveMaximum():
            return refusal.resets_at if refusal.left < refusal.maximum else None
        case _:
            return None


async def shopper_of(info: Info) -> Shopper | None:
    """For whom prices are shown, asked once a request."""

    async def fetch(_: Info, actors: list[Actor]) -> dict[Actor, Shopper | None]:
        return {actor: await queries.shopper_of(actor) for actor in actors}

    actor = info.context.actor
    return await batched(info, "shopper", fetch, actor) if actor else None


async def rate_of(info: Info, base: str, quote: str) -> Rate | None:
    """The newest exchange rate, asked once a request for each pair."""

    async def fetch(_: Info, pairs: list[tuple[str, str]]) -> dict[tuple[str, str], Rate | None]:
        return {pair: await queries.rate_or_none(*pair) for pair in pairs}

    return await batched(info, "rates", fetch, (base, quote))


@dataclass(frozen=True, slots=True)
class Shelf:
    """An offer with the shopper it is priced for and the rates this takes."""

    shopper: Shopper
    offer: OfferRow
    rates: dict[str, Rate | None]
    payable: bool
    full_until: datetime | None = None
    quotes: dict[tuple[UUID, int | None], Quote] = field(default_factory=dict)

    def quote(self, item: ItemRow, amount_minor: int | None = None) -> Quote:
        """Price an item of the offer, once; of a range, the least unless an amount is given."""
        key = (item.id, amount_minor)
        if key not in self.quotes:
            self.quotes[key] = self._quote(item, amount_minor)
        return self.quotes[key]

    def _quote(self, item: ItemRow, amount_minor: int | None) -> Quote:
        amount = item.price_minor if amount_minor is None else rules.chosen_amount(item, amount_minor)
        rate = self.rates[item.currency] if self.payable else None
        return rules.quote(self.shopper, self.offer, item, amount, rate, clock.now(), self.full_until)


async def shelf_of(info: Info, offer: OfferRow, items: list[ItemRow]) -> Shelf | None:
    """What pricing these items of an offer takes; None when nobody is there to price them for."""
    at_hand = info.context.at_hand.get(SHELVES)
    if at_hand is not None:
        return at_hand[offer.id]
    shopper = await shopper_of(info)
    if shopper is None:
        return None
    home = shopper.home_currency
    rates = {currency: await rate_of(info, currency, home) for currency in {item.currency for item in items}}
    payable = offer.settled_in is None or await rate_of(info, home, offer.settled_in) is not None
    return Shelf(shopper, offer, rates, payable, (await _full(shopper, [offer])).get(offer.id))


async def _full(shopper: Shopper, offers: Sequence[OfferRow]) -> dict[UUID, datetime]:
    """Of the offers that have limits those that the member has reached; asked only if there are such."""
    limited = [offer.id for offer in offers if offer.limits]
    if not limited or shopper.member_id is None:
        return {}
    return await catalog.limits_reached(shopper.member_id, limited)


OFFER_PRICED = (
    "status",
    "partner_approved",
    "settled_in",
    "contract_shares",
    "published_from",
    "published_until",
    "min_tier_rank",
    "segment",
    "limits",
    "early_access",
)
ITEM_PRICED = (
    "currency",
    "price_minor",
    "max_price_minor",
    "step_minor",
    "starts_at",
    "active",
    "units_left",
    "max_per_member",
    "taken_by_member",
)


async def _fetch_shelves(info: Info, asked: Asked) -> None:
    """Everybody's price tags at once: who shops, and each rate that the items a plan has at hand take."""
    if not asked.parents:
        return
    items = [item for found in asked.at_hand["items"].values() for item in found]
    if info.context.direct and len({item.currency for item in items}) > 1:
        raise Unplannable("which of several currencies is the cheapest within reach goes by the wallet")
    if info.context.direct and any(offer.row.limits for offer in asked.parents):
        raise Unplannable("what is left of an offer's limits goes by who looks")
    shopper = await shopper_of(info)
    if shopper is None:
        asked.at_hand[SHELVES] = {offer.row.id: None for offer in asked.parents}
        return
    home = shopper.home_currency
    pairs = {(item.currency, home) for item in items}
    pairs |= {(home, offer.row.settled_in) for offer in asked.parents if offer.row.settled_in is not None}
    found = dict(zip(pairs, await asyncio.gather(*(rate_of(info, *pair) for pair in pairs)), strict=True))
    rates = {base: rate for (base, quote), rate in found.items() if quote == home}
    rows = [offer.row for offer in asked.parents]
    full = await _full(shopper, rows)
    asked.at_hand[SHELVES] = {
        row.id: Shelf(
            shopper,
            row,
            rates,
            row.settled_in is None or found[home, row.settled_in] is not None,
            full.get(row.id),
        )
        for row in rows
    }


async def _fetch_shopper(info: Info, asked: Asked) -> None:
    await shopper_of(info)


WHO_LOOKS = Need("who looks", _fetch_shopper)
STOCKED = Need(SHELVES, _fetch_shelves, reads=OFFER_PRICED)
PRICED = (ITEMS_OF_OFFERS(*ITEM_PRICED), STOCKED())


async def _quote_of_offer(info: Info, offer: OfferType) -> tuple[Shopper, Quote | None] | None:
    items = await offer.item_rows(info)
    shelf = await shelf_of(info, offer.row, items)
    return (shelf.shopper, rules.best([shelf.quote(item) for item in items])) if shelf else None


async def _quote_of_item(info: Info, item: ItemType, amount: Decimal | None) -> tuple[Shopper, Quote] | None:
    shelf = await shelf_of(info, item.offer_row, [item.row])
    if shelf is None:
        return None
    try:
        minor = None if amount is None else Money.of(amount, item.row.currency).minor
        return shelf.shopper, shelf.quote(item.row, minor)
    except BadAmount as bad:
        raise BadUserInput(str(bad)) from None
    except InvalidInput as bad:
        raise BadUserInput(bad.problems[0].message) from None


@strawberry.type(description="How many units one member can take in a period.")
class OfferLimit:
    period: LimitPeriod = strawberry.field(description="The period, in the time zone of the member's program.")
    units: int = strawberry.field(description="How many units.")


@extend(OfferType, *OFFER_TYPES)
class OfferPricing:
    """What the storefront knows of an offer."""

    @planned(reads=("limits",), description="How much of it one member can take in a period.")
    def limits(self, offer: strawberry.Parent[OfferType]) -> list[OfferLimit]:
        return [OfferLimit(period=LimitPeriod(name), units=units) for name, units in offer.row.limits.items()]

    @planned(
        reads=("published_from", "early_access"),
        uses=(WHO_LOOKS(),),
        description="When it opens for you: earlier than for others, if your tier gives that.",
    )
    async def opens_for_you_at(self, info: Info, offer: strawberry.Parent[OfferType]) -> datetime:
        shopper = await shopper_of(info)
        return rules.opens_for(shopper, offer.row) if shopper else offer.row.published_from

    @planned(
        uses=PRICED,
        description="What its cheapest item that you can take costs you; null when it has no price for you.",
    )
    async def points_price(self, info: Info, offer: strawberry.Parent[OfferType]) -> PricePassport | None:
        found = await _quote_of_offer(info, offer)
        quote = found[1] if found else None
        return PricePassport.of(quote.price, found[0]) if found and quote and quote.price else None

    @planned(
        uses=PRICED, varies=(Varies.CALLER,), description="Why you can take nothing of it now; null when you can."
    )
    async def why_not(self, info: Info, offer: strawberry.Parent[OfferType]) -> WhyNot | None:
        found = await _quote_of_offer(info, offer)
        if found is None:
            return None
        refusal = found[1].refusal if found[1] else rules.nothing_here(offer.row)
        return WhyNot.of(refusal, info.context.languages) if refusal else None


@extend(ItemType, *ITEM_TYPES)
class ItemPricing:
    """What the storefront knows of an item."""

    @planned(
        reads=ITEM_PRICED, uses=(STOCKED(),), description="What it costs you; null when it has no price for you."
    )
    async def points_price(
        self, info: Info, item: strawberry.Parent[ItemType], amount: Amount = None
    ) -> PricePassport | None:
        found = await _quote_of_item(info, item, amount)
        return PricePassport.of(found[1].price, found[0]) if found and found[1].price else None

    @planned(
        reads=ITEM_PRICED,
        uses=(STOCKED(),),
        varies=(Varies.CALLER,),
        description="Why you cannot take it now; null when you can.",
    )
    async def why_not(self, info: Info, item: strawberry.Parent[ItemType], amount: Amount = None) -> WhyNot | None:
        found = await _quote_of_item(info, item, amount)
        return WhyNot.of(found[1].refusal, info.context.languages) if found and found[1].refusal else None
