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


class ExpiryKind(StrEnum):
    """How the points of a program come to their date."""

    FIXED = "FIXED"
    ROLLING = "ROLLING"
    CALENDAR = "CALENDAR"
    NEVER = "NEVER"


class ExpiryPeriod(StrEnum):
    """The calendar that CALENDAR points end with."""

    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"


class ReturnRule(StrEnum):
    """What becomes of points whose date passed while they were held, spent or given away."""

    KEEP = "KEEP"
    GRACE = "GRACE"
    RENEW = "RENEW"


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


class ExpiryPolicy(Model):
    """When a program's points expire, from a moment on. Points follow the policy of the moment they were earned.

    FIXED and ROLLING points live `months`, the latter counted anew from each activity; CALENDAR points until
    the end of the calendar `period` they were earned in and `periods_after` more. `notice_days` says how many
    days ahead a member is told, each once.
    """

    id: fields.Field[UUID] = columns.key()
    program: Any = columns.ref("members.Program", index=False)
    program_id: UUID
    valid_from: fields.Field[datetime] = columns.moment()
    kind: fields.Field[str] = columns.text(20)
    months: fields.Field[int | None] = fields.IntField(null=True)
    period: fields.Field[str | None] = columns.text_or_none(20)
    periods_after: fields.Field[int] = fields.IntField(default=0)
    returned: fields.Field[str] = columns.text(20)
    grace_days: fields.Field[int] = fields.IntField(default=0)
    notice_days: fields.Field[list[int]] = fields.JSONField[list[int]](default=list)
    stated_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "expiry_policy"
        unique_together = (("program_id", "valid_from"),)
        constraints = [
            columns.one_of("expiry_policy", "kind", ExpiryKind),
            columns.one_of("expiry_policy", "period", ExpiryPeriod),
            columns.one_of("expiry_policy", "returned", ReturnRule),
            columns.holds("expiry_policy", "lives", "kind NOT IN ('FIXED', 'ROLLING') OR months > 0"),
            columns.holds("expiry_policy", "has_a_calendar", "kind <> 'CALENDAR' OR period IS NOT NULL"),
            columns.holds("expiry_policy", "nothing_negative", "periods_after >= 0 AND grace_days >= 0"),
        ]


class ActivityClock(Model):
    """The one date that all ROLLING lots of a member share: an activity moves this row and no lot.

    Once the date has passed the clock stands still for ever; points earned later get another one, so nothing
    that expired comes back to life. `swept` says that no lot of a stopped clock has points left.
    """

    id: fields.Field[UUID] = columns.key()
    member: Any = columns.ref("members.Member")
    member_id: UUID
    months: fields.Field[int] = fields.IntField()
    expires_at: fields.Field[datetime] = columns.moment()
    swept: fields.Field[bool] = columns.flag()

    class Meta(Model.Meta):
        table = "activity_clock"
        constraints = [columns.holds("activity_clock", "months_positive", "months > 0")]


class Lot(Model):
    """Points earned together. `remaining` is what is neither spent, held nor expired.

    `origin_type`/`origin_id` name the award or gift that brought them. Its date is that of its `clock` if it has
    one, else `expires_at`; without either it never expires. The database keeps
    `has_points`, which is `remaining > 0`.
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
    clock: Any = columns.ref("points.ActivityClock", null=True, index=False)
    clock_id: UUID | None

    class Meta(Model.Meta):
        table = "lot"
        indexes = [Index(fields=["origin_id"], name="lot_origin")]
        constraints = [
            columns.holds("lot", "one_date", "clock_id IS NULL OR expires_at IS NULL"),
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


class LotExtension(Model):
    """A lot whose date had passed got another one when its points came back. Append-only."""

    id: fields.Field[UUID] = columns.key()
    lot: Any = columns.ref("points.Lot")
    lot_id: UUID
    rule: fields.Field[str] = columns.text(20)
    expired_at: fields.Field[datetime] = columns.moment()
    expires_at: fields.Field[datetime | None] = columns.moment_or_none()
    at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "lot_extension"
        constraints = [
            columns.one_of("lot_extension", "rule", ReturnRule),
            columns.holds("lot_extension", "later", "expires_at IS NULL OR expires_at > expired_at"),
        ]


class ExpiryNotice(Model):
    """A member was told that points with one date expire soon: once for each number of days. Append-only."""

    id: fields.Field[UUID] = columns.key()
    member: Any = columns.ref("members.Member", index=False)
    member_id: UUID
    expires_at: fields.Field[datetime] = columns.moment()
    days_before: fields.Field[int] = fields.IntField()
    points: fields.Field[int] = columns.whole()
    noticed_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "expiry_notice"
        unique_together = (("member_id", "expires_at", "days_before"),)
        constraints = [columns.holds("expiry_notice", "points_positive", "points > 0 AND days_before > 0")]
