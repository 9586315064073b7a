"""Units set aside for some minutes."""

from datetime import datetime
from uuid import UUID

import strawberry

from marketplace.catalog.graphql import ItemType
from marketplace.catalog.refusals import NotAvailable, OfferSoldOut
from marketplace.kit import clock, ids
from marketplace.kit.graphql import Info, WriteInput, actor_of, batched, describe_enum, extend, load_node, mutation
from marketplace.kit.refusals import NotFound
from marketplace.members.graphql import MemberType
from marketplace.members.refusals import ProgramLimitReached
from marketplace.redemptions import operations, queries
from marketplace.redemptions.graphql.types import key_of, key_or_none
from marketplace.redemptions.models import Reservation, ReservationState
from marketplace.redemptions.refusals import ReservationOver, TooManyReservations

describe_enum(
    ReservationState,
    "Where a reservation stands.",
    OPEN="The units are set aside.",
    USED="They were redeemed.",
    RELEASED="The member let them go.",
    LAPSED="Its time is over; others can take them.",
)


@strawberry.type(name="Reservation", description="Units that nobody else takes for some minutes.")
class ReservationType:
    id: strawberry.ID = strawberry.field(description="Give it to `redeemOffer` as `reservationId`.")
    state: ReservationState = strawberry.field(description="Where it stands.")
    quantity: int = strawberry.field(description="How many units.")
    expires_at: datetime = strawberry.field(description="Until when they are set aside.")
    server_time: datetime = strawberry.field(description="The server's clock now: count down from the difference.")
    seconds_left: int = strawberry.field(description="How long they are still set aside; 0 when they are not.")
    is_second_chance: bool = strawberry.field(description="Whether it was offered to you because you waited.")
    row: strawberry.Private[Reservation]

    @strawberry.field(description="What is set aside.")
    async def item(self, info: Info) -> ItemType | None:
        return await load_node(info, "item", self.row.item_id)

    @classmethod
    def of(cls, row: Reservation) -> "ReservationType":
        moment = clock.now()
        is_open = row.state == ReservationState.OPEN
        return cls(
            id=strawberry.ID(ids.public("reservation", row.id)),
            state=ReservationState(row.state),
            quantity=row.quantity,
            expires_at=row.expires_at,
            server_time=moment,
            seconds_left=max(0, int((row.expires_at - moment).total_seconds())) if is_open else 0,
            is_second_chance=row.place_id is not None,
            row=row,
        )


async def _open(info: Info, keys: list[UUID]) -> dict[UUID, list[Reservation]]:
    return await queries.open_reservations(keys)


@extend(MemberType)
class MemberReservations:
    """Adds to a member what is set aside for them."""

    @strawberry.field(description="What is set aside for the member now, the first to end first.")
    async def reservations(self, info: Info, member: strawberry.Parent[MemberType]) -> list[ReservationType]:
        rows = await batched(info, "open reservations", _open, member.row.id)
        return [ReservationType.of(row) for row in rows or []]


@strawberry.input(description="What to set aside.")
class ReserveItemInput(WriteInput):
    item_id: strawberry.ID = strawberry.field(description="The item's global id.")
    quantity: int = strawberry.field(default=1, description="How many units.")

    def command(self) -> operations.ReserveItem:
        return operations.ReserveItem(
            idempotency_key=self.idempotency_key,
            item_id=key_of("item", self.item_id, what="reward"),
            quantity=self.quantity,
        )


@strawberry.input(description="Which reservation to let go.")
class ReleaseReservationInput(WriteInput):
    reservation_id: strawberry.ID = strawberry.field(description="The reservation's global id.")

    def command(self) -> operations.ReleaseReservation:
        return operations.ReleaseReservation(
            idempotency_key=self.idempotency_key, reservation_id=key_or_none("reservation", self.reservation_id)
        )


@strawberry.type
class ReservationMutation:
    @mutation(
        gives=ReservationType,
        refuses=[NotFound, NotAvailable, ProgramLimitReached, OfferSoldOut, TooManyReservations],
        description="Set merchandise or seats aside for a quarter of an hour, before you redeem them.",
    )
    async def reserve_item(self, info: Info, input: ReserveItemInput) -> ReservationType | None:
        return ReservationType.of(await operations.reserve_item(actor_of(info), input.command()))

    @mutation(
        gives=ReservationType, refuses=[NotFound, ReservationOver], description="Let go what you have set aside."
    )
    async def release_reservation(self, info: Info, input: ReleaseReservationInput) -> ReservationType | None:
        return ReservationType.of(await operations.release_reservation(actor_of(info), input.command()))
