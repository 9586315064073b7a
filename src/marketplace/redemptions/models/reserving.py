"""Units set aside for a member, and the line for what is sold out."""

from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns
from marketplace.redemptions.states import ReservationState, WaitingState


class WaitingPlace(Model):
    """A member's place in the line for an item that was sold out; OFFERED has a reservation of one unit."""

    id: fields.Field[UUID] = columns.key()
    member: Any = columns.ref("members.Member")
    member_id: UUID
    item: Any = columns.ref("catalog.Item", index=False)
    item_id: UUID
    state: fields.Field[str] = columns.text(20)
    asked_at: fields.Field[datetime] = columns.moment()
    offered_at: fields.Field[datetime | None] = columns.moment_or_none()
    ended_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "waiting_place"
        indexes = [Index(fields=["state", "item_id", "asked_at", "id"], name="waiting_place_line")]
        constraints = [
            columns.one_of("waiting_place", "state", WaitingState),
            columns.holds("waiting_place", "offered_when", "state <> 'OFFERED' OR offered_at IS NOT NULL"),
            columns.holds("waiting_place", "ends_once", "(state IN ('WAITING', 'OFFERED')) = (ended_at IS NULL)"),
            columns.Unique(
                fields=("item_id", "member_id"),
                name="waiting_place_one_open",
                condition="state IN ('WAITING', 'OFFERED')",
            ),
        ]


class Reservation(Model):
    """Units of an item that are set aside for a member until a moment; its id is the cause of the first unit.

    One with a `place` was offered to who waited: limits do not count it before it is redeemed.
    """

    id: fields.Field[UUID] = columns.key()
    member: Any = columns.ref("members.Member")
    member_id: UUID
    item: Any = columns.ref("catalog.Item", index=False)
    item_id: UUID
    place: Any = columns.ref_once_or_none("redemptions.WaitingPlace")
    place_id: UUID | None
    quantity: fields.Field[int] = fields.IntField()
    code_position: fields.Field[int | None] = columns.whole_or_none()
    state: fields.Field[str] = columns.text(20)
    reserved_at: fields.Field[datetime] = columns.moment()
    expires_at: fields.Field[datetime] = columns.moment()

    class Meta(Model.Meta):
        table = "reservation"
        indexes = [Index(fields=["state", "item_id", "expires_at"], name="reservation_ends")]
        constraints = [
            columns.one_of("reservation", "state", ReservationState),
            columns.holds("reservation", "has_units", "quantity > 0"),
            columns.holds("reservation", "code_while_open", "code_position IS NULL OR state = 'OPEN'"),
        ]
