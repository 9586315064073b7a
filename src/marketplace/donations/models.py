"""Tables of giving to charities."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns
from marketplace.kit.messages import speak


@speak
class PledgeState(StrEnum):
    """PLEDGED is owed to the charity; REMITTED has left; CANCELLED went back to the member."""

    PLEDGED = "PLEDGED"
    REMITTED = "REMITTED"
    CANCELLED = "CANCELLED"


class Pledge(Model):
    """Points that became money for a charity, with a numbered acknowledgement."""

    id: fields.Field[UUID] = columns.key()
    number: fields.Field[str] = columns.text(30, unique=True)
    member: Any = columns.ref("members.Member")
    member_id: UUID
    charity: Any = columns.ref("partners.Partner")
    charity_id: UUID
    redemption_id: fields.Field[UUID | None] = fields.UUIDField(null=True, unique=True)
    hold: Any = columns.ref("points.Hold")
    hold_id: UUID
    accrual: Any = columns.ref("partners.Accrual", index=False)
    accrual_id: UUID
    points: fields.Field[int] = columns.whole()
    amount_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    message: fields.Field[str] = columns.text(300, default="")
    state: fields.Field[str] = columns.text(20)
    pledged_at: fields.Field[datetime] = columns.moment()
    remitted_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "pledge"
        indexes = [Index(fields=["charity_id", "state"], name="pledge_charity_state")]
        constraints = [
            columns.one_of("pledge", "state", PledgeState),
            columns.holds("pledge", "amount_positive", "points > 0 AND amount_minor > 0"),
        ]
