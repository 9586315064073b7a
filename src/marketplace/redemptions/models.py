"""Tables of redemptions and what becomes of them."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns


class RedemptionState(StrEnum):
    """Where a redemption stands. The last three are final."""

    PENDING = "PENDING"
    FULFILLED = "FULFILLED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"
    REFUNDED = "REFUNDED"


class CashState(StrEnum):
    """PENDING until the transfer is known to have succeeded or to have been refused."""

    PENDING = "PENDING"
    FULFILLED = "FULFILLED"
    FAILED = "FAILED"
    REFUNDED = "REFUNDED"


class ShipmentState(StrEnum):
    """Where a parcel is."""

    ORDERED = "ORDERED"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"


class CreditState(StrEnum):
    """Whether the partner has taken brand currency into the member's account with it."""

    REQUESTED = "REQUESTED"
    CREDITED = "CREDITED"
    REFUSED = "REFUSED"


class Redemption(Model):
    """One reward taken by a member, with everything its price was made of on that day.

    `price_minor`/`currency` is the item's price in its market; `home_minor` the same in the program's home
    currency at `fx_rate`; `list_points` before and `points` after the tier discount. `worth_bp` of the point's
    value is what a point was worth for this kind by the `policy` of the moment (null: before there were
    policies), or by an `arm` that was tested beside it.
    """

    id: fields.Field[UUID] = columns.key()
    member: Any = columns.ref("members.Member")
    member_id: UUID
    program: Any = columns.ref("members.Program", index=False)
    program_id: UUID
    offer: Any = columns.ref("catalog.Offer")
    offer_id: UUID
    item: Any = columns.ref("catalog.Item", index=False)
    item_id: UUID
    partner: Any = columns.ref("partners.Partner")
    partner_id: UUID
    kind: fields.Field[str] = columns.text(20)
    state: fields.Field[str] = columns.text(20)
    hold: Any = columns.ref("points.Hold", null=True, index=False)
    hold_id: UUID | None
    points: fields.Field[int] = columns.whole()
    list_points: fields.Field[int] = columns.whole()
    discount_bp: fields.Field[int] = fields.IntField(default=0)
    price_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    home_minor: fields.Field[int] = columns.whole()
    home_currency: fields.Field[str] = columns.text(3)
    point_value: fields.Field[Decimal] = columns.exact()
    fx_rate: fields.Field[Decimal] = columns.exact()
    fx_as_of: fields.Field[datetime | None] = columns.moment_or_none()
    policy: Any = columns.ref("members.RedemptionPolicy", null=True, index=False)
    policy_id: UUID | None
    arm: fields.Field[str | None] = columns.text_or_none(20)
    worth_bp: fields.Field[int] = fields.IntField(default=10_000)
    code_position: fields.Field[int | None] = columns.whole_or_none()
    revealed_at: fields.Field[datetime | None] = columns.moment_or_none()
    redeemed_at: fields.Field[datetime] = columns.moment()
    fulfilled_at: fields.Field[datetime | None] = columns.moment_or_none()
    closed_at: fields.Field[datetime | None] = columns.moment_or_none()
    closed_reason: fields.Field[str | None] = columns.text_or_none(300)

    class Meta(Model.Meta):
        table = "redemption"
        indexes = [
            Index(fields=["member_id", "id"], name="redemption_member_newest"),
            Index(fields=["state", "redeemed_at"], name="redemption_state"),
            Index(fields=["item_id", "member_id"], name="redemption_item_member"),
        ]
        constraints = [
            columns.one_of("redemption", "state", RedemptionState),
            columns.holds("redemption", "points_not_negative", "points >= 0 AND list_points >= points"),
            columns.holds("redemption", "held_when_it_costs", "points = 0 OR hold_id IS NOT NULL"),
            columns.Unique(
                fields=("item_id", "code_position"),
                name="redemption_code_once",
                condition="code_position IS NOT NULL AND state NOT IN ('CANCELLED', 'FAILED')",
            ),
        ]


class RedemptionEvent(Model):
    """One step of a redemption that its own row does not tell (see `facts.Change`). Append-only."""

    id: fields.Field[UUID] = columns.key()
    redemption: Any = columns.ref("redemptions.Redemption")
    redemption_id: UUID
    change: fields.Field[str] = columns.text(30)
    at: fields.Field[datetime] = columns.moment()
    details: fields.Field[dict[str, Any]] = columns.facts()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "redemption_event"


class CodeReveal(Model):
    """A code (at a position) or a link shown in the clear to its owner, noted before it left. Append-only."""

    id: fields.Field[UUID] = columns.key()
    redemption: Any = columns.ref("redemptions.Redemption")
    redemption_id: UUID
    position: fields.Field[int | None] = columns.whole_or_none()
    revealed_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "code_reveal"


class CodeReissue(Model):
    """A code exchanged for another by support, with the reason. The old one stays frozen. Append-only."""

    id: fields.Field[UUID] = columns.key()
    redemption: Any = columns.ref("redemptions.Redemption")
    redemption_id: UUID
    old_position: fields.Field[int] = columns.whole()
    new_position: fields.Field[int] = columns.whole()
    reason: fields.Field[str] = columns.text(300)
    reissued_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "code_reissue"
        constraints = [columns.holds("code_reissue", "another_code", "old_position <> new_position")]


class Shipment(Model):
    """A parcel of merchandise. The address is personal data: erased without touching the redemption."""

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


class Credit(Model):
    """Brand currency for a membership number (personal data) at the partner."""

    redemption: Any = columns.ref_key("redemptions.Redemption")
    redemption_id: UUID
    state: fields.Field[str] = columns.text(20)
    membership_number: fields.Field[str] = columns.text(60)
    lots: fields.Field[int] = fields.IntField()
    units: fields.Field[int] = columns.whole()
    answered_at: fields.Field[datetime | None] = columns.moment_or_none()
    refused_reason: fields.Field[str | None] = columns.text_or_none(200)

    class Meta(Model.Meta):
        table = "credit"
        constraints = [
            columns.one_of("credit", "state", CreditState),
            columns.holds("credit", "units_positive", "lots > 0 AND units > 0"),
        ]


class Booking(Model):
    """A seat in a session, with a ticket number."""

    redemption: Any = columns.ref_key("redemptions.Redemption")
    redemption_id: UUID
    ticket: fields.Field[str] = columns.text(30, unique=True)
    starts_at: fields.Field[datetime] = columns.moment()
    cancel_until: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "booking"


class CashRedemption(Model):
    """Points paid out as money through the member's connected account."""

    id: fields.Field[UUID] = columns.key()
    member: Any = columns.ref("members.Member")
    member_id: UUID
    program: Any = columns.ref("members.Program", index=False)
    program_id: UUID
    hold: Any = columns.ref("points.Hold", index=False)
    hold_id: UUID
    outbound: Any = columns.ref("payments.OutboundTransfer", index=False)
    outbound_id: UUID
    points: fields.Field[int] = columns.whole()
    amount_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    point_value: fields.Field[Decimal] = columns.exact()
    cash_rate_bp: fields.Field[int] = fields.IntField()
    policy: Any = columns.ref("members.RedemptionPolicy", null=True, index=False)
    policy_id: UUID | None
    arm: fields.Field[str | None] = columns.text_or_none(20)
    state: fields.Field[str] = columns.text(20)
    redeemed_at: fields.Field[datetime] = columns.moment()
    fulfilled_at: fields.Field[datetime | None] = columns.moment_or_none()
    closed_at: fields.Field[datetime | None] = columns.moment_or_none()
    closed_reason: fields.Field[str | None] = columns.text_or_none(300)

    class Meta(Model.Meta):
        table = "cash_redemption"
        unique_together = (("outbound_id",),)
        constraints = [
            columns.one_of("cash_redemption", "state", CashState),
            columns.holds("cash_redemption", "amounts_positive", "points > 0 AND amount_minor > 0"),
        ]
