"""Finding programs and members."""

from typing import Annotated

import strawberry

from marketplace.kit.actor import ActorKind
from marketplace.kit.graphql import (
    After,
    Connection,
    First,
    Info,
    actor_of,
)
from marketplace.kit.paging import page_of
from marketplace.members import queries
from marketplace.members.graphql.types import MemberType, ProgramType


@strawberry.type
class Query:
    """Programs and members."""

    @strawberry.field(description="The member whose token this is.")
    async def me(self, info: Info) -> MemberType | None:
        actor = actor_of(info)
        if actor.kind is not ActorKind.MEMBER:
            return None
        row = await queries.members_for(actor).first()
        return MemberType.of(row) if row else None

    @strawberry.field(description="The program of the token: a member's, or the server's own.")
    async def program(self, info: Info) -> ProgramType | None:
        actor = actor_of(info)
        if actor.kind is ActorKind.OPERATOR:
            return None
        row = await queries.programs_for(actor).first()
        return ProgramType.of(row) if row else None

    @strawberry.field(description="Every program, for operators.")
    async def programs(self, info: Info, first: First = None, after: After = None) -> Connection[ProgramType]:
        page = await page_of(queries.programs_for(actor_of(info)), first=first, after=after, sort="id")
        return Connection[ProgramType].of(page, ProgramType.of)

    @strawberry.field(description="A member by the program's own reference; null when there is none for you.")
    async def member(
        self,
        info: Info,
        reference: Annotated[str, strawberry.argument(description="The program's own reference.")],
    ) -> MemberType | None:
        visible = queries.members_for(actor_of(info))
        row = await visible.filter(reference=reference).first() if len(reference) <= 120 else None
        return MemberType.of(row) if row else None

    @strawberry.field(description="The members you may see, the newest first.")
    async def members(self, info: Info, first: First = None, after: After = None) -> Connection[MemberType]:
        rows = queries.members_for(actor_of(info))
        page = await page_of(rows, first=first, after=after)
        return Connection[MemberType].of(page, MemberType.of, rows.count)
