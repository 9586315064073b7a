"""Tables of gifts."""

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
class GiftState(StrEnum):
    """OFFERED until it is claimed, recalled, declined, or its time is over."""

    OFFERED = "OFFERED"
    CLAIMED = "CLAIMED"
    RECALLED = "RECALLED"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"


class Gift(Model):
    """Points on their way to somebody: a named member, or whoever holds the claim link.

    The link's secret is kept as a SHA-256.
    """

    id: fields.Field[UUID] = columns.key()
    program: Any = columns.ref("members.Program", index=False)
    program_id: UUID
    sender: Any = columns.ref("members.Member")
    sender_id: UUID
    recipient: Any = columns.ref("members.Member", null=True)
    recipient_id: UUID | None
    claim_hash: fields.Field[str | None] = columns.text_or_none(64, unique=True)
    points: fields.Field[int] = columns.whole()
    message: fields.Field[str] = columns.text(500, default="")
    hold: Any = columns.ref("points.Hold", index=False)
    hold_id: UUID
    state: fields.Field[str] = columns.text(20)
    offered_at: fields.Field[datetime] = columns.moment()
    expires_at: fields.Field[datetime] = columns.moment()
    closed_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "gift"
        indexes = [Index(fields=["state", "expires_at"], name="gift_open")]
        constraints = [
            columns.one_of("gift", "state", GiftState),
            columns.holds("gift", "points_positive", "points > 0"),
            columns.holds("gift", "not_to_oneself", "recipient_id IS NULL OR recipient_id <> sender_id"),
        ]
