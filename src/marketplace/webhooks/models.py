"""Tables of webhooks."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns


class Owner(StrEnum):
    """Who may register endpoints."""

    PARTNER = "PARTNER"
    PROGRAM = "PROGRAM"


class EventType(StrEnum):
    """What a receiver can be told of."""

    REDEMPTION_REQUESTED = "redemption.requested"
    REDEMPTION_FULFILLED = "redemption.fulfilled"
    REDEMPTION_CANCELLED = "redemption.cancelled"
    REDEMPTION_FAILED = "redemption.failed"
    REDEMPTION_REFUNDED = "redemption.refunded"
    STATEMENT_ISSUED = "statement.issued"
    PAYOUT_SENT = "payout.sent"
    PAYOUT_IN_BANK = "payout.in_bank"
    PAYOUT_FAILED = "payout.failed"
    PAYOUT_PARTLY_RETURNED = "payout.partly_returned"
    GIFT_CLAIMED = "gift.claimed"
    POINTS_EXPIRING = "points.expiring"
    DROP_OPENING = "drop.opening"
    WAITING_OFFERED = "waiting.offered"
    WAITING_PASSED = "waiting.passed"
    UPLOAD_PUBLISHED = "upload.published"
    FUNDING_LOW = "funding.low"
    INVOICE_REOPENED = "invoice.reopened"
    WEBHOOK_TEST = "webhook.test"


class DeliveryState(StrEnum):
    """PENDING is tried, now or later; the others are final until it is replayed."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


class Endpoint(Model):
    """A URL that its owner wants to be told at. Secrets are encrypted; the old one signs too until its time."""

    id: fields.Field[UUID] = columns.key()
    owner_kind: fields.Field[str] = columns.text(20)
    owner_id: fields.Field[UUID] = fields.UUIDField()
    url: fields.Field[str] = columns.text(2000)
    types: fields.Field[list[str]] = columns.names()
    secret: fields.Field[str] = columns.text(400)
    old_secret: fields.Field[str | None] = columns.text_or_none(400)
    old_secret_until: fields.Field[datetime | None] = columns.moment_or_none()
    enabled: fields.Field[bool] = columns.flag(True)
    disabled_reason: fields.Field[str | None] = columns.text_or_none(200)
    created_at: fields.Field[datetime] = columns.moment()
    deleted_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "webhook_endpoint"
        indexes = [Index(fields=["owner_id"], name="webhook_endpoint_owner")]
        constraints = [
            columns.one_of("webhook_endpoint", "owner_kind", Owner),
            columns.holds("webhook_endpoint", "deleted_is_disabled", "deleted_at IS NULL OR NOT enabled"),
        ]


class Event(Model):
    """One thing that happened, as it is told to one owner. Append-only."""

    id: fields.Field[UUID] = columns.key()
    owner_kind: fields.Field[str] = columns.text(20)
    owner_id: fields.Field[UUID] = fields.UUIDField()
    type: fields.Field[str] = columns.text(40)
    change_id: fields.Field[int | None] = columns.whole_or_none()
    data: fields.Field[dict[str, Any]] = columns.facts()
    at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "webhook_event"
        unique_together = (("change_id", "owner_id", "type"),)
        indexes = [Index(fields=["owner_id", "id"], name="webhook_event_owner")]
        constraints = [columns.one_of("webhook_event", "type", EventType)]


class Delivery(Model):
    """What became of telling an event to an endpoint."""

    id: fields.Field[UUID] = columns.key()
    endpoint: Any = columns.ref("webhooks.Endpoint", index=False)
    endpoint_id: UUID
    event: Any = columns.ref("webhooks.Event")
    event_id: UUID
    owner_id: fields.Field[UUID] = fields.UUIDField()
    state: fields.Field[str] = columns.text(20)
    attempts: fields.Field[int] = fields.IntField(default=0)
    last_status: fields.Field[int | None] = fields.IntField(null=True)
    last_error: fields.Field[str | None] = columns.text_or_none(200)
    last_tried_at: fields.Field[datetime | None] = columns.moment_or_none()
    next_try_at: fields.Field[datetime | None] = columns.moment_or_none()
    delivered_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "webhook_delivery"
        unique_together = (("endpoint_id", "event_id"),)
        indexes = [
            Index(fields=["owner_id", "id"], name="webhook_delivery_owner"),
            Index(fields=["state"], name="webhook_delivery_state"),
        ]
        constraints = [
            columns.one_of("webhook_delivery", "state", DeliveryState),
            columns.holds(
                "webhook_delivery",
                "delivered_has_its_moment",
                "(state = 'DELIVERED') = (delivered_at IS NOT NULL)",
            ),
        ]
