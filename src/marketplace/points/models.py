"""Tables of points."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns


class HoldState(StrEnum):
    """OPEN points are set aside; POSTED ones are spent; RELEASED ones went back to their lots."""

    OPEN = "OPEN"
    POSTED = "POSTED"
    RELEASED = "RELEASED"


class Award(Model):
    """Points that a program gave, once for each of its references."""

    id: fields.Field[UUID] = columns.key()
    program: Any = columns.ref("members.Program", index=False)
    program_id: UUID
    member: Any = columns.ref("members.Member")
    member_id: UUID
    reference: fields.Field[str] = columns.text(200)
    points: fields.Field[int] = columns.whole()
    reason: fields.Field[str] = columns.text(200)
    effective_at: fields.Field[datetime] = columns.moment()
    expires_at: fields.Field[datetime | None] = columns.moment_or_none()
    awarded_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "award"
        unique_together = (("program_id", "reference"),)
        constraints = [columns.holds("award", "points_positive", "points > 0")]


class Lot(Model):
    """Points earned together. `remaining` is what is neither spent, held nor expired.

    `origin_type`/`origin_id` name the award or gift that brought them.
    """

    id: fields.Field[UUID] = columns.key()
    member: Any = columns.ref("members.Member", index=False)
    member_id: UUID
    origin_type: fields.Field[str] = columns.text(60)
    origin_id: fields.Field[UUID] = fields.UUIDField()
    points: fields.Field[int] = columns.whole()
    remaining: fields.Field[int] = columns.whole()
    earned_at: fields.Field[datetime] = columns.moment()
    expires_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "lot"
        indexes = [
            Index(fields=["member_id", "expires_at", "id"], name="lot_spending_order"),
            Index(fields=["expires_at"], name="lot_by_expiry"),
            Index(fields=["origin_id"], name="lot_origin"),
        ]
        constraints = [
            columns.holds("lot", "remaining_within", "remaining >= 0 AND remaining <= points"),
            columns.holds("lot", "points_positive", "points > 0"),
        ]


class Hold(Model):
    """Points set aside for one cause."""

    id: fields.Field[UUID] = columns.key()
    member: Any = columns.ref("members.Member")
    member_id: UUID
    points: fields.Field[int] = columns.whole()
    state: fields.Field[str] = columns.text(20)
    reason: fields.Field[str] = columns.text(60)
    ref_type: fields.Field[str] = columns.text(60)
    ref_id: fields.Field[UUID] = fields.UUIDField()
    held_at: fields.Field[datetime] = columns.moment()
    closed_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "points_hold"
        unique_together = (("reason", "ref_id"),)
        constraints = [
            columns.one_of("points_hold", "state", HoldState),
            columns.holds("points_hold", "points_positive", "points > 0"),
        ]


class Allocation(Model):
    """How many points of a hold came from a lot, and how many of them went back to it."""

    id: fields.Field[UUID] = columns.key()
    hold: Any = columns.ref("points.Hold", index=False)
    hold_id: UUID
    lot: Any = columns.ref("points.Lot")
    lot_id: UUID
    points: fields.Field[int] = columns.whole()
    returned: fields.Field[int] = columns.whole(0)

    class Meta(Model.Meta):
        table = "lot_allocation"
        unique_together = (("hold_id", "lot_id"),)
        constraints = [
            columns.holds("lot_allocation", "returned_within", "returned >= 0 AND returned <= points"),
            columns.holds("lot_allocation", "points_positive", "points > 0"),
        ]


class LotExpiry(Model):
    """Points of a lot that expired at one run: breakage."""

    id: fields.Field[UUID] = columns.key()
    lot: Any = columns.ref("points.Lot")
    lot_id: UUID
    points: fields.Field[int] = columns.whole()
    expired_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "lot_expiry"
        constraints = [columns.holds("lot_expiry", "points_positive", "points > 0")]
