"""The catalogue as one list, one offer, and how many there are of what."""

from functools import cached_property
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.catalog.graphql import (
    OFFERS_PLANNED,
    After,
    Before,
    CategoryType,
    First,
    Last,
    OfferType,
    category,
    market_of,
    offer_of,
    one_offer,
)
from marketplace.catalog.models import OfferKind
from marketplace.catalog.queries import OfferRow
from marketplace.kit import ids
from marketplace.kit.actor import Scope
from marketplace.kit.graphql import BigInt, Connection, CountryCode, Info, actor_with, describe_enum
from marketplace.kit.ids import BadId
from marketplace.kit.plans import answer, directly
from marketplace.kit.refusals import BadUserInput
from marketplace.kit.rows import Pick
from marketplace.storefront import pages, search
from marketplace.storefront.graphql.pricing import rate_of, shopper_of
from marketplace.storefront.pages import Ends, OfferSort
from marketplace.storefront.search import OfferFilter, Search
from marketplace.storefront.standpoint import recall

describe_enum(
    OfferSort,
    "The order of the catalogue. Prices are sorted as they are in the market, before any discount.",
    POPULAR="What most people take first.",
    PRICE_ASC="The cheapest first.",
    PRICE_DESC="The dearest first.",
    NEWEST="The newest first.",
)


@strawberry.input(name="OfferFilter", description="What a list of offers is narrowed to; all parts must hold.")
class OfferFilterInput:
    kinds: list[OfferKind] | None = strawberry.field(default=None, description="Only these kinds.")
    categories: list[str] | None = strawberry.field(default=None, description="Only on these shelves, by code.")
    brands: list[strawberry.ID] | None = strawberry.field(default=None, description="Only of these brands.")
    text: str | None = strawberry.field(
        default=None,
        description="Words to look for in titles, brands and shelves, in any language; typos are borne.",
    )
    min_points: BigInt | None = strawberry.field(
        default=None, description="Only what costs you at least these points."
    )
    max_points: BigInt | None = strawberry.field(
        default=None, description="Only what costs you at most these points."
    )
    available_only: bool = strawberry.field(
        default=False, description="Only what you could take now if you had the points."
    )

    @cached_property
    def narrowed(self) -> OfferFilter:
        """What it says; raises BadUserInput for what cannot be understood."""
        return OfferFilter(
            kinds=tuple(self.kinds or ()),
            categories=tuple(self.categories or ()),
            brands=tuple(_brand_key(id) for id in self.brands or ()),
            text=self.text or "",
            min_points=self.min_points,
            max_points=self.max_points,
            available_only=self.available_only,
        )


def _brand_key(id: str) -> UUID:
    try:
        return ids.parse("brand", id)
    except BadId as bad:
        raise BadUserInput(f"filter.brands: {bad}") from None


Filter = Annotated[
    OfferFilterInput | None, strawberry.argument(name="filter", description="What to narrow the list to.")
]
Market = Annotated[
    CountryCode | None,
    strawberry.argument(description="The market to look at; a member's own when left out, needed by others."),
]
_connection_of = Connection[OfferType].of
Sort = Annotated[OfferSort, strawberry.argument(description="The order of the list.")]


@strawberry.type(description="How many offers are of one kind.")
class KindCount:
    kind: OfferKind = strawberry.field(description="The kind.")
    count: int = strawberry.field(description="How many offers.")


@strawberry.type(description="How many offers stand on one shelf.")
class CategoryCount:
    code: strawberry.Private[str]
    count: int = strawberry.field(description="How many offers.")

    @strawberry.field(description="The shelf.")
    async def category(self, info: Info) -> CategoryType | None:
        return await category(info, self.code)


@strawberry.type(description="How many offers of each kind and shelf a filter leaves; counted when asked for.")
class OfferFacets:
    asked: strawberry.Private[Search]

    @strawberry.field(description="By kind, most first, leaving the filter's own kinds aside.")
    async def kinds(self) -> list[KindCount]:
        found = await search.counts_by(self.asked, "kind")
        return [KindCount(kind=OfferKind(kind), count=count) for kind, count in found]

    @strawberry.field(description="By shelf, most first, leaving the filter's own shelves aside.")
    async def categories(self) -> list[CategoryCount]:
        found = await search.counts_by(self.asked, "category_id")
        return [CategoryCount(code=code, count=count) for code, count in found]


async def _asked(info: Info, wanted: OfferFilterInput | None, market: str | None) -> Search:
    country = market or await market_of(info)
    if country is None:
        raise BadUserInput("Say which market to look at: a country such as `NO`.")
    narrowed = (wanted or OfferFilterInput()).narrowed
    shopper = await shopper_of(info) if narrowed.goes_by_shopper else None
    currency = await search.currency_of(country) if narrowed.ranged and shopper else None
    rate = await rate_of(info, currency, shopper.home_currency) if currency and shopper else None
    return await search.settle(country, currency, narrowed, shopper, rate)


@strawberry.type
class ListQuery:
    @directly(description="The catalogue of one market, as one list of all kinds.")
    async def offers(
        self,
        info: Info,
        wanted: Filter = None,
        market: Market = None,
        sort: Sort = OfferSort.POPULAR,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[OfferType]:
        actor = actor_with(info, Scope.CATALOG_READ)
        asked, ends = await _asked(info, wanted, market), Ends(first, after, last, before)
        standing = recall(actor) if info.context.direct else None

        async def read(pick: Pick[OfferRow]) -> Connection[OfferType]:
            page = await pages.page(asked, sort, ends, pick, actor=actor, standing=standing)
            return _connection_of(page, lambda row: offer_of(row, asked.market), lambda: search.count(asked))

        return await answer(info, OFFERS_PLANNED, read)

    @strawberry.field(description="How many offers there are of each kind and on each shelf.")
    async def offer_facets(self, info: Info, wanted: Filter = None, market: Market = None) -> OfferFacets:
        actor_with(info, Scope.CATALOG_READ)
        return OfferFacets(asked=await _asked(info, wanted, market))

    @strawberry.field(description="One offer; null when there is no such offer for you.")
    async def offer(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its global id.")]
    ) -> OfferType | None:
        actor_with(info, Scope.CATALOG_READ)
        parts = ids.split(id)
        return await one_offer(info, parts[1]) if parts and parts[0] == "offer" else None
