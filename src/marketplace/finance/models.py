"""Tables of finance: what the points of each day did, so that nobody has to look at every lot for it."""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns


class PointsChange(Model):
    """What one day (UTC) changed in lots that share their dates. Append-only.

    Added up to a day, the rows say what stood when it was over. Dates of lots are by the program's time zone:
    earned on, booked since, expiring on (None: never, or by the clock of their member when `is_rolling`). Rows
    with `at_on` are about points that were set aside on that day: `held` until it is decided, then `used`,
    given `away` or, without a trace, back again; or about what `expired` on it. `lots` counts those with points.
    """

    id: fields.Field[UUID] = columns.key()
    program: Any = columns.ref("members.Program", index=False)
    program_id: UUID
    day: fields.Field[date] = columns.day()
    earned_on: fields.Field[date] = columns.day()
    since_on: fields.Field[date] = columns.day()
    expires_on: fields.Field[date | None] = columns.day_or_none()
    is_rolling: fields.Field[bool] = columns.flag()
    at_on: fields.Field[date | None] = columns.day_or_none()
    lots: fields.Field[int] = columns.whole()
    points: fields.Field[int] = columns.whole()
    held: fields.Field[int] = columns.whole()
    used: fields.Field[int] = columns.whole()
    away: fields.Field[int] = columns.whole()
    expired: fields.Field[int] = columns.whole()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "points_change"
        indexes = [
            Index(fields=["program_id", "day"], name="points_change_program"),
            Index(fields=["day"], name="points_change_day"),
        ]
        constraints = [
            columns.holds("points_change", "rolling_has_no_date", "NOT is_rolling OR expires_on IS NULL"),
        ]


class CountedDay(Model):
    """A day whose changes are all written. Every day since the first is, up to the last. Append-only."""

    id: fields.Field[UUID] = columns.key()
    day: fields.Field[date] = columns.day()
    counted_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "counted_day"
        unique_together = (("day",),)


class RollingPoints(Model):
    """When rolling points of one day of earning expire, by the clocks as they were when days were last counted."""

    id: fields.Field[UUID] = columns.key()
    program: Any = columns.ref("members.Program")
    program_id: UUID
    earned_on: fields.Field[date] = columns.day()
    expires_on: fields.Field[date] = columns.day()
    points: fields.Field[int] = columns.whole()

    class Meta(Model.Meta):
        table = "rolling_points"
        unique_together = (("program_id", "earned_on", "expires_on"),)
        constraints = [columns.holds("rolling_points", "points_positive", "points > 0")]
