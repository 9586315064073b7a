"""Finding partners, brands and charities."""

from typing import Annotated

import strawberry

from marketplace.kit import paging
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import Connection, CountryCode, Info, actor_of, actor_with, load_node
from marketplace.partners import queries
from marketplace.partners.graphql.types import After, BrandType, CharityType, First, PartnerType
from marketplace.partners.models import PartnerKind, PartnerStatus

Search = Annotated[str | None, strawberry.argument(description="A part of the name, accents or not.")]
Country = Annotated[CountryCode | None, strawberry.argument(description="Only those of this country.")]


@strawberry.type
class Query:
    @strawberry.field(description="Your own partner; null for a token of any other kind.")
    async def partner(self, info: Info) -> PartnerType | None:
        actor = actor_of(info)
        return await load_node(info, "partner", actor.id) if actor.kind is ActorKind.PARTNER else None

    @strawberry.field(description="Every partner, newest first, for operators.")
    async def partners(
        self,
        info: Info,
        status: Annotated[
            PartnerStatus | None, strawberry.argument(description="Only those who stand so.")
        ] = None,
        kind: Annotated[PartnerKind | None, strawberry.argument(description="Only of this kind.")] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[PartnerType]:
        query = queries.partners_visible_to(actor_with(info, Scope.CATALOG_READ, ActorKind.OPERATOR))
        query = query.filter(status=status.value) if status else query
        query = query.filter(kind=kind.value) if kind else query
        page = await paging.page_of(query, first=first, after=after)
        return Connection[PartnerType].of(page, PartnerType.of, query.count)

    @strawberry.field(description="The brands of the marketplace, by name.")
    async def brands(
        self,
        info: Info,
        search: Search = None,
        country: Country = None,
        first: First = None,
        after: After = None,
    ) -> Connection[BrandType]:
        query = queries.brands_listed_for(actor_with(info, Scope.CATALOG_READ), search, country)
        page = await paging.page_of(query, first=first, after=after, sort="name")
        return Connection[BrandType].of(page, BrandType.of, query.count)

    @strawberry.field(description="The charities that take donations, by name.")
    async def charities(
        self,
        info: Info,
        country: Country = None,
        search: Search = None,
        first: First = None,
        after: After = None,
    ) -> Connection[CharityType]:
        actor_with(info, Scope.CATALOG_READ)
        query = queries.charities(search, country)
        page = await paging.page_of(query, first=first, after=after, sort="name")
        return Connection[CharityType].of(page, CharityType.of, query.count)
