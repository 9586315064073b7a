"""Waiting in a line for what is sold out."""

from collections.abc import AsyncGenerator
from datetime import datetime
from uuid import UUID

import strawberry

from marketplace.catalog.graphql import ItemType
from marketplace.catalog.refusals import NotAvailable
from marketplace.kit import ids
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import (
    Info,
    WriteInput,
    actor_of,
    actor_with,
    batched,
    describe_enum,
    extend,
    load_node,
    mutation,
)
from marketplace.kit.refusals import NotAllowed, NotFound
from marketplace.members.graphql import MemberType
from marketplace.redemptions import operations, queries, waiting_places
from marketplace.redemptions.graphql.reservations import ReservationType
from marketplace.redemptions.graphql.types import key_of, key_or_none
from marketplace.redemptions.models import Reservation, WaitingPlace, WaitingState
from marketplace.redemptions.refusals import NotWaiting, StillAvailable, TooManyPlaces

describe_enum(
    WaitingState,
    "Where a place in a line stands. The last four are final.",
    WAITING="Nothing has come back yet that was not for somebody before you.",
    OFFERED="One is set aside for you, for half an hour.",
    TAKEN="You have got one.",
    PASSED="It was offered to you, and went on to the next.",
    LEFT="You stopped waiting.",
    CLOSED="It is not offered any more.",
)


async def _positions(info: Info, keys: list[UUID]) -> dict[UUID, int]:
    return await waiting_places.positions(keys)


async def _offered(info: Info, keys: list[UUID]) -> dict[UUID, Reservation]:
    return await queries.reservations_of_places(keys)


async def _open(info: Info, keys: list[UUID]) -> dict[UUID, list[WaitingPlace]]:
    return await waiting_places.open_of(keys)


@strawberry.type(name="WaitingPlace", description="A place in the line for what is sold out, in order of asking.")
class WaitingPlaceType:
    id: strawberry.ID = strawberry.field(description="Its global id.")
    state: WaitingState = strawberry.field(description="Where it stands.")
    asked_at: datetime = strawberry.field(description="Since when the member waits.")
    row: strawberry.Private[WaitingPlace]

    @strawberry.field(description="What the member waits for.")
    async def item(self, info: Info) -> ItemType | None:
        return await load_node(info, "item", self.row.item_id)

    @strawberry.field(description="1 for who is next; null when the member waits no longer.")
    async def position(self, info: Info) -> int | None:
        return await batched(info, "positions in lines", _positions, self.row.id)

    @strawberry.field(
        description="What was set aside for the member: redeem it with `reservationId`; null before it is offered."
    )
    async def reservation(self, info: Info) -> ReservationType | None:
        found = await batched(info, "reservations of places", _offered, self.row.id)
        return ReservationType.of(found) if found else None

    @classmethod
    def of(cls, row: WaitingPlace) -> "WaitingPlaceType":
        return cls(
            id=strawberry.ID(ids.public("waitingPlace", row.id)),
            state=WaitingState(row.state),
            asked_at=row.asked_at,
            row=row,
        )


@extend(MemberType)
class MemberLines:
    """Adds to a member what they wait for."""

    @strawberry.field(description="What the member waits for, or is offered, the first asked first.")
    async def waiting_places(self, info: Info, member: strawberry.Parent[MemberType]) -> list[WaitingPlaceType]:
        rows = await batched(info, "open places", _open, member.row.id)
        return [WaitingPlaceType.of(row) for row in rows or []]


@strawberry.input(description="What to wait for.")
class WaitForItemInput(WriteInput):
    item_id: strawberry.ID = strawberry.field(description="The sold-out item's global id.")

    def command(self) -> operations.WaitForItem:
        return operations.WaitForItem(
            idempotency_key=self.idempotency_key, item_id=key_of("item", self.item_id, what="reward")
        )


@strawberry.input(description="Which line to leave.")
class StopWaitingInput(WriteInput):
    waiting_place_id: strawberry.ID = strawberry.field(description="The place's global id.")

    def command(self) -> operations.StopWaiting:
        return operations.StopWaiting(
            idempotency_key=self.idempotency_key, place_id=key_or_none("waitingPlace", self.waiting_place_id)
        )


@strawberry.type
class LineMutation:
    @mutation(
        gives=WaitingPlaceType,
        refuses=[NotFound, NotAvailable, StillAvailable, TooManyPlaces],
        description="Wait for one of what is sold out. When one comes back it is set aside for whoever has waited "
        "longest, for half an hour; `waitingPlaceChanged` tells you. Waiting costs nothing.",
    )
    async def wait_for_item(self, info: Info, input: WaitForItemInput) -> WaitingPlaceType | None:
        return WaitingPlaceType.of(await operations.wait_for_item(actor_of(info), input.command()))

    @mutation(
        gives=WaitingPlaceType,
        refuses=[NotFound, NotWaiting],
        description="Leave a line. What is offered to you already, let go with `releaseReservation`.",
    )
    async def stop_waiting(self, info: Info, input: StopWaitingInput) -> WaitingPlaceType | None:
        return WaitingPlaceType.of(await operations.stop_waiting(actor_of(info), input.command()))


@strawberry.type
class LineSubscription:
    @strawberry.subscription(
        description="Your places in lines: first those that are open, as they stand, then each that changes."
    )
    async def waiting_place_changed(self, info: Info) -> AsyncGenerator[WaitingPlaceType, None]:
        actor = actor_with(info, Scope.REDEEM)
        if actor.kind is not ActorKind.MEMBER:
            raise NotAllowed("Only members wait in lines.")
        async for row in waiting_places.changes(actor.id):
            yield WaitingPlaceType.of(row)
