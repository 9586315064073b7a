"""How rewards arrive: parcels, credits, bookings and rights."""

from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns
from marketplace.redemptions.states import (
    BatchState,
    CreditState,
    EntitlementState,
    ParcelState,
    ReturnState,
    Right,
    ShipmentState,
)


class Shipment(Model):
    """An order of merchandise, and where its parcels are together; carrier and tracking are those of the newest.

    The address is personal data: erased without touching the redemption.
    """

    redemption: Any = columns.ref_key("redemptions.Redemption")
    redemption_id: UUID
    state: fields.Field[str] = columns.text(20)
    address: fields.Field[dict[str, Any]] = columns.facts()
    carrier: fields.Field[str | None] = columns.text_or_none(80)
    tracking: fields.Field[str | None] = columns.text_or_none(120)
    shipped_at: fields.Field[datetime | None] = columns.moment_or_none()
    delivered_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "shipment"
        constraints = [columns.one_of("shipment", "state", ShipmentState)]


class Parcel(Model):
    """Some units of an order in one parcel: the first, second, … `number` of it."""

    id: fields.Field[UUID] = columns.key()
    redemption: Any = columns.ref("redemptions.Redemption", index=False)
    redemption_id: UUID
    number: fields.Field[int] = fields.IntField()
    units: fields.Field[int] = fields.IntField()
    state: fields.Field[str] = columns.text(20)
    carrier: fields.Field[str | None] = columns.text_or_none(80)
    tracking: fields.Field[str | None] = columns.text_or_none(120)
    tracking_url: fields.Field[str | None] = columns.text_or_none(500)
    packed_at: fields.Field[datetime] = columns.moment()
    shipped_at: fields.Field[datetime | None] = columns.moment_or_none()
    ended_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "parcel"
        unique_together = (("redemption_id", "number"),)
        indexes = [Index(fields=["state", "id"], name="parcel_state")]
        constraints = [
            columns.one_of("parcel", "state", ParcelState),
            columns.holds("parcel", "has_units", "number > 0 AND units > 0"),
            columns.holds("parcel", "sent_by_somebody", "state = 'PACKED' OR carrier IS NOT NULL"),
        ]


class ReturnRequest(Model):
    """Merchandise that a member wants to send back; one of a redemption is open at a time."""

    id: fields.Field[UUID] = columns.key()
    redemption: Any = columns.ref("redemptions.Redemption")
    redemption_id: UUID
    quantity: fields.Field[int] = fields.IntField()
    reason: fields.Field[str] = columns.text(300)
    state: fields.Field[str] = columns.text(20)
    requested_at: fields.Field[datetime] = columns.moment()
    answered_at: fields.Field[datetime | None] = columns.moment_or_none()
    refused_reason: fields.Field[str | None] = columns.text_or_none(300)

    class Meta(Model.Meta):
        table = "return_request"
        indexes = [Index(fields=["state", "id"], name="return_request_state")]
        constraints = [
            columns.one_of("return_request", "state", ReturnState),
            columns.holds("return_request", "has_units", "quantity > 0"),
            columns.Unique(
                fields=("redemption_id",), name="return_request_one_open", condition="state = 'REQUESTED'"
            ),
        ]


class CreditBatch(Model):
    """Brand currency that a partner is asked to credit, in one list: its first, second, … `number`."""

    id: fields.Field[UUID] = columns.key()
    partner: Any = columns.ref("partners.Partner", index=False)
    partner_id: UUID
    number: fields.Field[int] = fields.IntField()
    credits: fields.Field[int] = fields.IntField()
    state: fields.Field[str] = columns.text(20)
    collected_at: fields.Field[datetime] = columns.moment()
    acknowledged_at: fields.Field[datetime | None] = columns.moment_or_none()
    answered_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "credit_batch"
        unique_together = (("partner_id", "number"),)
        constraints = [
            columns.one_of("credit_batch", "state", BatchState),
            columns.holds("credit_batch", "not_empty", "number > 0 AND credits > 0"),
        ]


class Credit(Model):
    """Brand currency for a membership number (personal data) at the partner.

    `refused_lots` of what was CREDITED could not be, and were refunded.
    """

    redemption: Any = columns.ref_key("redemptions.Redemption")
    redemption_id: UUID
    state: fields.Field[str] = columns.text(20)
    membership_number: fields.Field[str] = columns.text(60)
    lots: fields.Field[int] = fields.IntField()
    units: fields.Field[int] = columns.whole()
    batch: Any = columns.ref("redemptions.CreditBatch", null=True)
    batch_id: UUID | None
    refused_lots: fields.Field[int] = fields.IntField(default=0)
    answered_at: fields.Field[datetime | None] = columns.moment_or_none()
    refused_reason: fields.Field[str | None] = columns.text_or_none(200)

    class Meta(Model.Meta):
        table = "credit"
        constraints = [
            columns.one_of("credit", "state", CreditState),
            columns.holds("credit", "units_positive", "lots > 0 AND units > 0"),
            columns.holds("credit", "refused_within", "refused_lots >= 0 AND refused_lots < lots"),
        ]


class Booking(Model):
    """Seats in a session, with a ticket number. They may have been moved from another redemption."""

    redemption: Any = columns.ref_key("redemptions.Redemption")
    redemption_id: UUID
    ticket: fields.Field[str] = columns.text(30, unique=True)
    starts_at: fields.Field[datetime] = columns.moment()
    cancel_until: fields.Field[datetime | None] = columns.moment_or_none()
    moved_from: Any = columns.ref("redemptions.Redemption", null=True, index=False)
    moved_from_id: UUID | None
    checked_in_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "booking"


class Entitlement(Model):
    """A right with a partner from a moment until another, by its number; `used_at` is the newest use."""

    redemption: Any = columns.ref_key("redemptions.Redemption")
    redemption_id: UUID
    gives: fields.Field[str] = columns.text(20)
    number: fields.Field[str] = columns.text(30, unique=True)
    state: fields.Field[str] = columns.text(20)
    starts_at: fields.Field[datetime] = columns.moment()
    ends_at: fields.Field[datetime] = columns.moment()
    used_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "entitlement"
        indexes = [Index(fields=["state", "ends_at"], name="entitlement_ends")]
        constraints = [
            columns.one_of("entitlement", "gives", Right),
            columns.one_of("entitlement", "state", EntitlementState),
            columns.holds("entitlement", "dates_in_order", "ends_at > starts_at"),
            columns.holds("entitlement", "used_at_some_moment", "state <> 'USED' OR used_at IS NOT NULL"),
        ]
