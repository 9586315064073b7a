"""Tables of risk."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns
from marketplace.kit.messages import speak


class RiskKind(StrEnum):
    """What a rule finds odd."""

    AMOUNT_OVER = "AMOUNT_OVER"
    TOO_MANY = "TOO_MANY"
    NEW_ACCOUNT = "NEW_ACCOUNT"
    GIFTS_THEN_OUT = "GIFTS_THEN_OUT"
    SHARED_BANK_ACCOUNT = "SHARED_BANK_ACCOUNT"
    SHARED_DEVICE = "SHARED_DEVICE"
    SHARED_ADDRESS = "SHARED_ADDRESS"


class Leaving(StrEnum):
    """How points leave: as money, or as a reward."""

    CASH = "CASH"
    REWARD = "REWARD"


@speak
class ReviewState(StrEnum):
    """OPEN until a person decides, or the member takes it back."""

    OPEN = "OPEN"
    RELEASED = "RELEASED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"


class RiskRule(Model):
    """From a moment on, for one way out: beyond `threshold` within `hours` is odd; no threshold: no rule."""

    id: fields.Field[UUID] = columns.key()
    program: Any = columns.ref("members.Program", index=False)
    program_id: UUID
    leaving: fields.Field[str] = columns.text(10)
    kind: fields.Field[str] = columns.text(30)
    threshold: fields.Field[int | None] = columns.whole_or_none()
    hours: fields.Field[int] = fields.IntField(default=24)
    valid_from: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "risk_rule"
        unique_together = (("program_id", "leaving", "kind", "valid_from"),)
        constraints = [
            columns.one_of("risk_rule", "kind", RiskKind),
            columns.one_of("risk_rule", "leaving", Leaving),
            columns.holds("risk_rule", "threshold_not_negative", "threshold >= 0 AND hours > 0"),
        ]


class RiskSighting(Model):
    """Points that left, or were about to: when, how many, with prints of device and address. Append-only."""

    id: fields.Field[UUID] = columns.key()
    member: Any = columns.ref("members.Member", index=False)
    member_id: UUID
    program: Any = columns.ref("members.Program", index=False)
    program_id: UUID
    leaving: fields.Field[str] = columns.text(10)
    points: fields.Field[int] = columns.whole()
    device: fields.Field[str | None] = columns.text_or_none(64)
    address: fields.Field[str | None] = columns.text_or_none(64)
    seen_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "risk_sighting"
        indexes = [
            Index(fields=["member_id", "seen_at"], name="risk_sighting_member"),
            Index(fields=["device", "seen_at"], name="risk_sighting_device"),
            Index(fields=["address", "seen_at"], name="risk_sighting_address"),
        ]
        constraints = [columns.one_of("risk_sighting", "leaving", Leaving)]


class RiskReview(Model):
    """One redemption that is held until a person decides. `reasons` are for that person, not for the member."""

    id: fields.Field[UUID] = columns.key()
    program: Any = columns.ref("members.Program", index=False)
    program_id: UUID
    member: Any = columns.ref("members.Member")
    member_id: UUID
    leaving: fields.Field[str] = columns.text(10)
    ref_id: fields.Field[UUID] = fields.UUIDField(unique=True)
    points: fields.Field[int] = columns.whole()
    reasons: fields.Field[dict[str, Any]] = columns.facts()
    state: fields.Field[str] = columns.text(20)
    opened_at: fields.Field[datetime] = columns.moment()
    decided_at: fields.Field[datetime | None] = columns.moment_or_none()
    decided_by: fields.Field[UUID | None] = fields.UUIDField(null=True)
    note: fields.Field[str] = columns.text(300, default="")

    class Meta(Model.Meta):
        table = "risk_review"
        indexes = [Index(fields=["state", "id"], name="risk_review_queue")]
        constraints = [
            columns.one_of("risk_review", "state", ReviewState),
            columns.one_of("risk_review", "leaving", Leaving),
            columns.holds(
                "risk_review",
                "decided_by_somebody",
                "state NOT IN ('RELEASED', 'REFUSED') OR (decided_by IS NOT NULL AND note <> '')",
            ),
        ]
