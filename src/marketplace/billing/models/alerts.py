"""When a program is told that its money runs low, and each time that it was."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from marketplace.kit import columns


class FundingAlert(Model):
    """Below which amount, or for how few days at the present rate, a program wants to be told.

    `low_since` is set when it was told, and taken away when the money is above again: once for each crossing.
    """

    program: Any = columns.ref_key("members.Program")
    program_id: UUID
    below_minor: fields.Field[int | None] = columns.whole_or_none()
    days: fields.Field[int | None] = fields.IntField(null=True)
    low_since: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "funding_alert"
        constraints = [
            columns.holds("funding_alert", "below_not_negative", "below_minor >= 0"),
            columns.holds("funding_alert", "days_in_range", "days BETWEEN 1 AND 365"),
        ]


class FundingNotice(Model):
    """That a program was told its money runs low, and how it stood."""

    id: fields.Field[UUID] = columns.key()
    program: Any = columns.ref("members.Program")
    program_id: UUID
    available_minor: fields.Field[int] = columns.whole()
    per_day_minor: fields.Field[int] = columns.whole()
    days_left: fields.Field[int | None] = fields.IntField(null=True)
    currency: fields.Field[str] = columns.text(3)
    at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "funding_notice"
