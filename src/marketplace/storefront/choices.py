"""What an amount of points buys: the best few rewards of each kind, beside cash."""

from collections.abc import Sequence
from dataclasses import dataclass

from marketplace.catalog import queries as catalog
from marketplace.catalog.models import OfferKind
from marketplace.catalog.queries import ItemRow, OfferRow
from marketplace.kit import clock
from marketplace.ledger.queries import Rate
from marketplace.storefront import pages, rules, search
from marketplace.storefront.pages import Ends, OfferSort
from marketplace.storefront.queries import rate_or_none
from marketplace.storefront.rules import Price, Shopper
from marketplace.storefront.search import OfferFilter

LOOKED_AT = 24
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Choice:
    """One item that the points buy, `times` over, and what they are worth that way."""

    offer: OfferRow
    item: ItemRow
    price: Price
    times: int


async def choices(shopper: Shopper, points: int) -> dict[OfferKind, list[Choice]]:
    """The best few choices of each kind in the member's market: most worth for a point first, then most points.

    The most popular affordable offers of a kind are looked at, whatever the wallet holds. What is free is no
    choice: it takes none of the points.
    """
    assert shopper.country is not None
    currency = await search.currency_of(shopper.country)
    rate = await rate_or_none(currency, shopper.home_currency) if currency else None
    found: dict[OfferKind, list[OfferRow]] = {}
    for kind in OfferKind:
        wanted = OfferFilter(kinds=(kind,), min_points=1, max_points=points, available_only=True)
        asked = await search.settle(shopper.country, currency, wanted, shopper, rate)
        found[kind] = list((await pages.page(asked, OfferSort.POPULAR, Ends(first=LOOKED_AT))).items)
    keys = [(offer.id, shopper.country) for offers in found.values() for offer in offers]
    items = await catalog.items_in(shopper.member_id, keys)
    payable = await _payable(shopper, [offer for offers in found.values() for offer in offers])
    return {
        kind: _best(
            [
                choice
                for offer in offers
                if offer.settled_in in payable
                for choice in [_dearest(shopper, offer, items[offer.id, shopper.country], points, rate)]
                if choice
            ]
        )
        for kind, offers in found.items()
    }


async def points_to_go(shopper: Shopper, points: int, kinds: Sequence[OfferKind]) -> dict[OfferKind, int]:
    """How many more points the cheapest open reward of each kind takes, where there is one beyond `points`."""
    assert shopper.country is not None
    currency = await search.currency_of(shopper.country)
    rate = await rate_or_none(currency, shopper.home_currency) if currency else None
    found: dict[OfferKind, int] = {}
    for kind in kinds:
        wanted = OfferFilter(kinds=(kind,), min_points=points + 1, available_only=True)
        asked = await search.settle(shopper.country, currency, wanted, shopper, rate)
        cheapest = (await pages.page(asked, OfferSort.PRICE_ASC, Ends(first=1))).items
        items = await catalog.items_in(shopper.member_id, [(offer.id, shopper.country) for offer in cheapest])
        for offer in cheapest:
            prices = [
                rules.price(
                    shopper,
                    item.price_minor,
                    item.currency,
                    rate,
                    shopper.policy.worth_of(kind),
                    offer.contract_shares,
                ).points
                for item in items[offer.id, shopper.country]
            ]
            if more := [price - points for price in prices if price > points]:
                found[kind] = min(more)
    return found


async def _payable(shopper: Shopper, offers: list[OfferRow]) -> set[str]:
    """The currencies among the offers' contracts that the program's money can be turned into."""
    wanted = {offer.settled_in for offer in offers if offer.settled_in}
    return {currency for currency in wanted if await rate_or_none(shopper.home_currency, currency)}


def _dearest(
    shopper: Shopper, offer: OfferRow, items: list[ItemRow], points: int, rate: Rate | None
) -> Choice | None:
    """The dearest item of an offer that the points buy and the member can take now."""
    moment, worth_bp = clock.now(), shopper.policy.worth_of(offer.kind)
    affordable: list[Choice] = []
    for item in items:
        amount = rules.most_within(shopper, item, points, rate, worth_bp, offer.contract_shares)
        if amount is None or rules.closed(shopper, offer, item, moment) is not None:
            continue
        price = rules.price(shopper, amount, item.currency, rate, worth_bp, offer.contract_shares)
        if price.points:
            affordable.append(Choice(offer, item, price, _times(item, price, points)))
    return max(affordable, key=lambda choice: choice.price.points, default=None)


def _times(item: ItemRow, price: Price, points: int) -> int:
    """How many units the points buy, as far as stock and the member's limit allow."""
    times = points // price.points
    if item.units_left is not None:
        times = min(times, item.units_left)
    if item.max_per_member is not None:
        times = min(times, item.max_per_member - item.taken_by_member)
    return times


def _best(found: list[Choice]) -> list[Choice]:
    """The few with the most worth for a point."""

    def rank(choice: Choice) -> tuple[int, int]:
        return (-(choice.price.worth_per_thousand_minor or 0), -choice.price.points)

    return sorted(found, key=rank)[:SHOWN]
