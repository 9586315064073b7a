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


class DonationReceipt(Model):
    """That a donation has reached its charity, numbered in a year without gaps. Void when a bank took it back."""

    id: fields.Field[UUID] = columns.key()
    pledge: Any = columns.ref("donations.Pledge")
    pledge_id: UUID
    number: fields.Field[str] = columns.text(30, unique=True)
    year: fields.Field[int] = fields.IntField()
    sequence: fields.Field[int] = columns.whole()
    amount_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    issued_at: fields.Field[datetime] = columns.moment()
    voided_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "donation_receipt"
        unique_together = (("year", "sequence"),)
        constraints = [
            columns.Unique(
                fields=("pledge_id",), name="donation_receipt_one_that_counts", condition="voided_at IS NULL"
            ),
        ]
