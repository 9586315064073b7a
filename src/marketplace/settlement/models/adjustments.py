"""Corrections by two people."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from marketplace.kit import columns


class AdjustmentState(StrEnum):
    """A proposal of one person that another one approves or declines."""

    PROPOSED = "PROPOSED"
    APPROVED = "APPROVED"
    DECLINED = "DECLINED"


class Adjustment(Model):
    """A correction of what a partner is owed, proposed by one operator and approved by another."""

    id: fields.Field[UUID] = columns.key()
    partner: Any = columns.ref("partners.Partner")
    partner_id: UUID
    amount_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    reason: fields.Field[str] = columns.text(300)
    state: fields.Field[str] = columns.text(20)
    proposed_by: fields.Field[UUID] = fields.UUIDField()
    proposed_at: fields.Field[datetime] = columns.moment()
    decided_by: fields.Field[UUID | None] = fields.UUIDField(null=True)
    decided_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "adjustment"
        constraints = [
            columns.one_of("adjustment", "state", AdjustmentState),
            columns.holds("adjustment", "says_something", "amount_minor <> 0"),
            columns.holds("adjustment", "two_people", "decided_by IS NULL OR decided_by <> proposed_by"),
            columns.holds("adjustment", "decided_by_somebody", "(state = 'PROPOSED') = (decided_by IS NULL)"),
        ]
