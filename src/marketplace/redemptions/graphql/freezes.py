"""Stopping codes after a leak, as partners and operators do it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.catalog.graphql import ItemType
from marketplace.catalog.models import CodeFreeze
from marketplace.kit import ids, paging
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import (
    After,
    Connection,
    First,
    Info,
    Node,
    WriteInput,
    actor_of,
    actor_with,
    load_node,
    mutation,
    node_loader,
)
from marketplace.kit.refusals import NotFound
from marketplace.redemptions import operations, queries
from marketplace.redemptions.graphql.types import key_of
from marketplace.redemptions.refusals import AlreadyReleased, NoCode

PREFIX = "codeFreeze"
_BY = (ActorKind.PARTNER, ActorKind.OPERATOR)


@strawberry.type(name="CodeFreeze", description="Codes of an item that were stopped because they may have leaked.")
class CodeFreezeType(Node):
    reason: str = strawberry.field(description="Why.")
    codes: int = strawberry.field(description="How many codes were stopped, on the shelf and in members' hands.")
    frozen_at: datetime = strawberry.field(description="Since when.")
    released_at: datetime | None = strawberry.field(description="Until when; null while they are stopped.")
    row: strawberry.Private[CodeFreeze]

    @strawberry.field(description="What they are codes of.")
    async def item(self, info: Info) -> ItemType | None:
        return await load_node(info, "item", self.row.item_id)

    @classmethod
    def of(cls, row: CodeFreeze) -> "CodeFreezeType":
        return cls(
            id=strawberry.ID(ids.public(PREFIX, row.id)),
            reason=row.reason,
            codes=row.codes,
            frozen_at=row.frozen_at,
            released_at=row.released_at,
            row=row,
        )


@node_loader(PREFIX)
async def load_freezes(info: Info, keys: list[UUID]) -> dict[UUID, CodeFreezeType]:
    """Those of the keys that the caller may see."""
    actor = info.context.actor
    if actor is None or not actor.may(Scope.CODES_FREEZE) or actor.kind not in _BY:
        return {}
    return {row.id: CodeFreezeType.of(row) for row in await queries.freezes_visible_to(actor).filter(id__in=keys)}


@strawberry.type
class FreezeQuery:
    """Following freezes."""

    @strawberry.field(description="Codes that were stopped, newest first: of your brands, or all for operators.")
    async def code_freezes(
        self,
        info: Info,
        open: Annotated[bool, strawberry.argument(description="Only those that are not released.")] = False,
        first: First = None,
        after: After = None,
    ) -> Connection[CodeFreezeType]:
        query = queries.freezes_visible_to(actor_with(info, Scope.CODES_FREEZE, *_BY))
        query = query.filter(released_at=None) if open else query
        page = await paging.page_of(query, first=first, after=after)
        return Connection[CodeFreezeType].of(page, CodeFreezeType.of, query.count)


@strawberry.input(description="Which codes to stop, and why.")
class FreezeCodesInput(WriteInput):
    item_id: strawberry.ID = strawberry.field(description="The item's global id.")
    reason: str = strawberry.field(description="Why, in 1 to 300 characters.")
    loaded_from: datetime | None = strawberry.field(
        default=None, description="Only codes that were loaded at or after this moment."
    )
    loaded_until: datetime | None = strawberry.field(
        default=None, description="Only codes that were loaded at or before this moment."
    )

    def command(self) -> operations.FreezeCodes:
        """The command; raises NotFound for what is no such id."""
        return operations.FreezeCodes(
            idempotency_key=self.idempotency_key,
            item_id=key_of("item", self.item_id, what="reward"),
            reason=self.reason,
            loaded_from=self.loaded_from,
            loaded_until=self.loaded_until,
        )


@strawberry.input(description="Which codes to let go again.")
class ReleaseCodesInput(WriteInput):
    freeze_id: strawberry.ID = strawberry.field(description="The freeze's global id.")

    def command(self) -> operations.ReleaseCodes:
        """The command; raises NotFound for what is no such id."""
        id = key_of(PREFIX, self.freeze_id, what="freeze")
        return operations.ReleaseCodes(idempotency_key=self.idempotency_key, freeze_id=id)


@strawberry.type
class FreezeMutation:
    @mutation(
        gives=CodeFreezeType,
        refuses=[NotFound, NoCode],
        description="Stop codes that may have leaked: they are not handed out or shown, and members are told.",
    )
    async def freeze_codes(self, info: Info, input: FreezeCodesInput) -> Node | None:
        return CodeFreezeType.of(await operations.freeze_codes(actor_of(info), input.command()))

    @mutation(
        gives=CodeFreezeType,
        refuses=[NotFound, AlreadyReleased],
        description="Let codes that were stopped go again.",
    )
    async def release_codes(self, info: Info, input: ReleaseCodesInput) -> Node | None:
        return CodeFreezeType.of(await operations.release_codes(actor_of(info), input.command()))
