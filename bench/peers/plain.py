"""The page as Strawberry, Tortoise and DataLoader document it: models, resolvers, one loader a request.

Over the very tables of the marketplace, without a token, limits or a member's price.
"""

import base64
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry
from starlette.applications import Starlette
from starlette.routing import Mount
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from tortoise.expressions import Q

from marketplace.catalog.models import Listing
from marketplace.kit import database
from marketplace.partners.models import Brand as BrandRow


@strawberry.type
class Brand:
    row: strawberry.Private[BrandRow]

    @strawberry.field
    def id(self) -> strawberry.ID:
        return strawberry.ID(str(self.row.id))

    @strawberry.field
    def name(self) -> str:
        return self.row.name

    @strawberry.field
    def image_url(self) -> str:
        return f"/images/brands/{self.row.slug}.svg"


@strawberry.type
class Offer:
    listing: strawberry.Private[Listing]

    @strawberry.field
    def id(self) -> strawberry.ID:
        return strawberry.ID(str(self.listing.offer.id))

    @strawberry.field
    def sku(self) -> str:
        return self.listing.offer.sku

    @strawberry.field
    def kind(self) -> str:
        return self.listing.offer.kind

    @strawberry.field
    def status(self) -> str:
        return self.listing.offer.status

    @strawberry.field
    def title(self) -> str:
        return self.listing.offer.title["en"]

    @strawberry.field
    def description(self) -> str:
        return self.listing.offer.description["en"]

    @strawberry.field
    def image_url(self) -> str:
        return f"/images/offers/{self.listing.offer.id}.svg"

    @strawberry.field
    def in_stock(self) -> bool:
        return self.listing.published

    @strawberry.field
    def closes_at(self) -> datetime | None:
        return self.listing.offer.published_until

    @strawberry.field
    def points(self) -> int:
        return self.listing.from_price_minor * 2

    @strawberry.field
    def amount(self) -> str:
        return f"{self.listing.from_price_minor / 100:.2f}"

    @strawberry.field
    def currency(self) -> str:
        return self.listing.currency

    @strawberry.field
    async def brand(self, info: strawberry.Info) -> Brand:
        return await info.context["brands"].load(self.listing.brand_id)


@strawberry.type
class PageInfo:
    end_cursor: str | None
    has_next_page: bool


@strawberry.type
class Offers:
    nodes: list[Offer]
    page_info: PageInfo


@strawberry.type
class Query:
    @strawberry.field
    async def offers(self, category: str, first: int = 20, after: str | None = None) -> Offers:
        query = Listing.filter(country="NL", published=True, category_id=category).prefetch_related("offer")
        if after:
            popularity, offer_id = base64.b64decode(after).decode().split(":")
            query = query.filter(
                Q(popularity__lt=int(popularity)) | Q(popularity=int(popularity), offer_id__lt=offer_id)
            )
        rows = await query.order_by("-popularity", "-offer_id").limit(first + 1)
        more, rows = len(rows) > first, rows[:first]
        end = base64.b64encode(f"{rows[-1].popularity}:{rows[-1].offer_id}".encode()).decode() if rows else None
        return Offers(
            nodes=[Offer(listing=row) for row in rows], page_info=PageInfo(end_cursor=end, has_next_page=more)
        )


async def _brands(keys: list[UUID]) -> list[Brand]:
    rows = {row.id: row for row in await BrandRow.filter(id__in=keys)}
    return [Brand(row=rows[key]) for key in keys]


class View(GraphQL[Any, Any]):
    """Strawberry's own view, with a loader for each request."""

    async def get_context(self, request: Any, response: Any) -> Any:
        """What resolvers find in `info.context`."""
        return {"brands": DataLoader(load_fn=_brands)}


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncGenerator[None]:
    async with database.opened(os.environ["DATABASE_URL"]):
        yield


app = Starlette(routes=[Mount("/graphql", View(strawberry.Schema(Query), graphql_ide=None))], lifespan=_lifespan)
