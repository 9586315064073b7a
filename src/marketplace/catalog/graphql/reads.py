"""Finding shelves, and a brand's offers."""

from typing import Annotated

import strawberry

from marketplace.catalog import queries
from marketplace.catalog.graphql.offers import OFFERS_PLANNED, InMarket, OfferType, offer_of
from marketplace.catalog.graphql.shelves import CategoryType, MarketType, market_of
from marketplace.catalog.models import Category, Market
from marketplace.catalog.queries import OfferRow
from marketplace.kit import ids
from marketplace.kit.actor import Scope
from marketplace.kit.graphql import (
    After,
    Connection,
    First,
    Info,
    actor_with,
    extend,
)
from marketplace.kit.plans import answer
from marketplace.kit.rows import Pick
from marketplace.partners.graphql import BrandType

Last = Annotated[int | None, strawberry.argument(description="How many rows before `before`, at most 100.")]
Before = Annotated[str | None, strawberry.argument(description="The cursor to go back from.")]


@strawberry.type
class ShelfQuery:
    @strawberry.field(description="The countries in which offers are sold.")
    async def markets(self, info: Info) -> list[MarketType]:
        actor_with(info, Scope.CATALOG_READ)
        return [MarketType.of(row) for row in await Market.all().order_by("country")]

    @strawberry.field(description="The shelves of the catalogue, in their order.")
    async def categories(self, info: Info) -> list[CategoryType]:
        actor_with(info, Scope.CATALOG_READ)
        return [CategoryType.of(row) for row in await Category.all().order_by("position", "code")]


@extend(BrandType)
class BrandOffers:
    @strawberry.field(description="The brand's offers, newest first; its own partner also sees drafts.")
    async def offers(
        self,
        info: Info,
        brand: strawberry.Parent[BrandType],
        market: InMarket = None,
        first: First = None,
        after: After = None,
    ) -> Connection[OfferType]:
        actor = actor_with(info, Scope.CATALOG_READ)
        country = market or await market_of(info)
        asked = queries.BrandShelf(actor, ids.parse("brand", brand.id), country)

        async def read(pick: Pick[OfferRow]) -> Connection[OfferType]:
            page = await queries.offers_of_brand(asked, first=first, after=after, pick=pick)
            return Connection[OfferType].of(
                page, lambda row: offer_of(row, country), lambda: queries.count_offers_of_brand(asked)
            )

        return await answer(info, OFFERS_PLANNED, read)
