"""Drops: what opens when, and how it stands."""

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from uuid import UUID

import strawberry

from marketplace.catalog import drops, queries, reminding, rules
from marketplace.catalog.graphql.offers import OfferType
from marketplace.catalog.graphql.shelves import market_of
from marketplace.catalog.models import Drop, DropReminder, DropState
from marketplace.catalog.queries import ItemRow
from marketplace.catalog.refusals import DropHasOpened
from marketplace.kit import clock, ids
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import (
    Info,
    Node,
    WriteInput,
    actor_of,
    actor_with,
    batched,
    describe_enum,
    load_node,
    mutation,
    node_loader,
)
from marketplace.kit.refusals import NotAllowed, NotFound

MOST = 50
SHOWN_FOR = timedelta(days=1)
describe_enum(
    DropState,
    "Where a drop stands, by the server's clock.",
    ANNOUNCED="It is still to open.",
    OPEN="It is open, and something is left.",
    SOLD_OUT="It is open, and nothing is left. What comes back opens it again.",
    ENDED="It is over.",
)


def _key(id: str) -> UUID:
    try:
        return ids.parse("drop", id)
    except ids.BadId:
        raise NotFound(what="drop") from None


async def _left(info: Info, keys: list[UUID]) -> dict[UUID, list[ItemRow]]:
    country = await market_of(info)
    found = await queries.items_in(None, [(key, country) for key in keys])
    return {offer: items for (offer, _), items in found.items()}


async def _reminded(info: Info, keys: list[UUID]) -> dict[UUID, bool]:
    mine = DropReminder.filter(drop_id__in=keys, member_id=actor_of(info).id)
    return {row.drop_id: True for row in await mine}


@strawberry.type(name="Drop", description="Limited stock of an offer that opens at an instant.")
class DropType(Node):
    opens_at: datetime = strawberry.field(description="When it opens, by the server's clock.")
    ends_at: datetime = strawberry.field(description="When it ends.")
    server_time: datetime = strawberry.field(description="The server's clock now: count down from the difference.")
    every_days: int | None = strawberry.field(
        description="After how many days the next one follows; null for never."
    )
    row: strawberry.Private[Drop]

    @strawberry.field(description="What is dropped.")
    async def offer(self, info: Info) -> OfferType | None:
        return await load_node(info, "offer", self.row.offer_id)

    @strawberry.field(description="Where it stands in your market.")
    async def state(self, info: Info) -> DropState:
        items = await batched(info, "units_of_drops", _left, self.row.offer_id) or []
        left = [item.units_left for item in items]
        return rules.drop_state(clock.now(), self.row.opens_at, self.row.ends_at, left)

    @strawberry.field(description="Whether you will be told before it opens; false for everybody but members.")
    async def will_remind_me(self, info: Info) -> bool:
        return bool(await batched(info, "reminders_of_drops", _reminded, self.row.id))

    @classmethod
    def of(cls, row: Drop) -> "DropType":
        return cls(
            id=strawberry.ID(ids.public("drop", row.id)),
            opens_at=row.opens_at,
            ends_at=row.ends_at,
            server_time=clock.now(),
            every_days=row.every_days,
            row=row,
        )


async def _visible(info: Info, rows: list[Drop]) -> list[Drop]:
    """Those whose offer the caller may see."""
    offers = await queries.offers_by_id(actor_of(info), [row.offer_id for row in rows])
    return [row for row in rows if row.offer_id in offers]


@node_loader("drop")
async def load_drops(info: Info, keys: list[UUID]) -> dict[UUID, DropType]:
    """Those of the keys whose offer the caller may see."""
    if info.context.actor is None or not info.context.actor.may(Scope.CATALOG_READ):
        return {}
    return {row.id: DropType.of(row) for row in await _visible(info, await Drop.filter(id__in=keys))}


@strawberry.input(description="When an offer opens to everybody at once.")
class PlanDropInput(WriteInput):
    offer_id: strawberry.ID = strawberry.field(description="The published offer.")
    opens_at: datetime = strawberry.field(description="When it opens; in the future.")
    ends_at: datetime = strawberry.field(description="When it ends.")
    every_days: int | None = strawberry.field(
        default=None, description="Let another one follow after so many days: 7 is weekly."
    )


@strawberry.input(description="Of which drop to be reminded.")
class RemindMeOfDropInput(WriteInput):
    drop_id: strawberry.ID = strawberry.field(description="The drop.")


@strawberry.type
class DropQuery:
    @strawberry.field(
        description="What is open or still to open, the next first, and what ended within a day; 50 at most."
    )
    async def drops(self, info: Info) -> list[DropType]:
        actor_with(info, Scope.CATALOG_READ)
        rows = await Drop.filter(ends_at__gt=clock.now() - SHOWN_FOR).order_by("opens_at", "id").limit(MOST)
        return [DropType.of(row) for row in await _visible(info, rows)]


@strawberry.type
class DropSubscription:
    @strawberry.subscription(
        description="Drops that open in ten minutes: those you asked to be reminded of, or wait for."
    )
    async def drop_opens_soon(self, info: Info) -> AsyncGenerator[DropType, None]:
        actor = actor_with(info, Scope.CATALOG_READ)
        if actor.kind is not ActorKind.MEMBER:
            raise NotAllowed("Only members are reminded.")
        async for row in reminding.told(actor.id):
            yield DropType.of(row)


@strawberry.type
class DropMutation:
    @mutation(
        gives=DropType,
        refuses=(NotFound,),
        description="Let an offer open at an instant, for operators. Until then it says when it opens.",
    )
    async def plan_drop(self, info: Info, input: PlanDropInput) -> Node | None:
        try:
            offer = ids.parse("offer", input.offer_id)
        except ids.BadId:
            raise NotFound(what="offer") from None
        command = drops.PlanDrop(
            idempotency_key=input.idempotency_key,
            offer_id=offer,
            opens_at=input.opens_at,
            ends_at=input.ends_at,
            every_days=input.every_days,
        )
        return DropType.of(await drops.plan_drop(actor_of(info), command))

    @mutation(
        gives=DropType,
        refuses=(NotFound, DropHasOpened),
        description="Be told ten minutes before a drop opens.",
    )
    async def remind_me_of_drop(self, info: Info, input: RemindMeOfDropInput) -> Node | None:
        command = drops.RemindMeOfDrop(idempotency_key=input.idempotency_key, drop_id=_key(input.drop_id))
        reminder = await drops.remind_me_of_drop(actor_of(info), command)
        return DropType.of(await Drop.get(id=reminder.drop_id))
