"""Units set aside for some minutes."""

from datetime import datetime

import strawberry

from marketplace.catalog.refusals import NotAvailable, OfferSoldOut
from marketplace.kit import ids
from marketplace.kit.graphql import Info, WriteInput, actor_of, describe_enum, mutation
from marketplace.kit.refusals import NotFound
from marketplace.members.refusals import ProgramLimitReached
from marketplace.redemptions import operations
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

    @classmethod
    def of(cls, row: Reservation) -> "ReservationType":
        return cls(
            id=strawberry.ID(ids.public("reservation", row.id)),
            state=ReservationState(row.state),
            quantity=row.quantity,
            expires_at=row.expires_at,
        )


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
