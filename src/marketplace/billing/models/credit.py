"""Lines of credit: how far a program may spend beyond what it has paid in."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from marketplace.kit import columns


class CreditChangeState(StrEnum):
    """A proposal of one person of finance that another one approves or declines."""

    PROPOSED = "PROPOSED"
    APPROVED = "APPROVED"
    DECLINED = "DECLINED"


class CreditLine(Model):
    """The limit that holds now. It stands in the program's funding, against an account CREDIT_LINE."""

    program: Any = columns.ref_key("members.Program")
    program_id: UUID
    limit_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    payment_days: fields.Field[int] = fields.IntField()
    changed_at: fields.Field[datetime] = columns.moment()

    class Meta(Model.Meta):
        table = "credit_line"
        constraints = [
            columns.holds("credit_line", "limit_not_negative", "limit_minor >= 0"),
            columns.holds("credit_line", "days_in_range", "payment_days BETWEEN 0 AND 365"),
        ]


class CreditChange(Model):
    """A limit that one person of finance proposes and another one decides on."""

    id: fields.Field[UUID] = columns.key()
    program: Any = columns.ref("members.Program")
    program_id: UUID
    limit_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    payment_days: fields.Field[int] = fields.IntField()
    reason: fields.Field[str] = columns.text(300)
    state: fields.Field[str] = columns.text(20)
    proposed_by: fields.Field[UUID] = fields.UUIDField()
    proposed_at: fields.Field[datetime] = columns.moment()
    decided_by: fields.Field[UUID | None] = fields.UUIDField(null=True)
    decided_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "credit_line_change"
        constraints = [
            columns.one_of("credit_line_change", "state", CreditChangeState),
            columns.holds("credit_line_change", "limit_not_negative", "limit_minor >= 0"),
            columns.holds("credit_line_change", "days_in_range", "payment_days BETWEEN 0 AND 365"),
            columns.holds("credit_line_change", "two_people", "decided_by IS NULL OR decided_by <> proposed_by"),
            columns.holds(
                "credit_line_change", "decided_by_somebody", "(state = 'PROPOSED') = (decided_by IS NULL)"
            ),
        ]
