"""Lines of statements that a partner says are wrong."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from marketplace.kit import columns


class DisputeState(StrEnum):
    """OPEN until finance answers; PROPOSED while a correction waits for a second person; the rest are ends."""

    OPEN = "OPEN"
    PROPOSED = "PROPOSED"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"


class LineDispute(Model):
    """A partner says that a line is wrong, and why. The line stays: what is right comes as an adjustment."""

    id: fields.Field[UUID] = columns.key()
    line: Any = columns.ref("settlement.StatementLine")
    line_id: UUID
    partner: Any = columns.ref("partners.Partner")
    partner_id: UUID
    note: fields.Field[str] = columns.text(1000)
    evidence: fields.Field[str | None] = columns.text_or_none(300)
    state: fields.Field[str] = columns.text(20)
    raised_at: fields.Field[datetime] = columns.moment()
    adjustment: Any = columns.ref("settlement.Adjustment", null=True)
    adjustment_id: UUID | None
    answer: fields.Field[str | None] = columns.text_or_none(1000)
    decided_by: fields.Field[UUID | None] = fields.UUIDField(null=True)
    decided_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "line_dispute"
        constraints = [
            columns.one_of("line_dispute", "state", DisputeState),
            columns.Unique(
                fields=("line_id",), name="line_dispute_open_once", condition="state IN ('OPEN', 'PROPOSED')"
            ),
            columns.holds(
                "line_dispute",
                "corrected_by_one",
                "state NOT IN ('PROPOSED', 'ACCEPTED') OR adjustment_id IS NOT NULL",
            ),
            columns.holds("line_dispute", "declined_says_why", "state <> 'DECLINED' OR answer IS NOT NULL"),
        ]
