"""Redemptions, what they cost, and what was given back of them."""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns
from marketplace.redemptions.states import CashState, RedemptionState


class Basket(Model):
    """Rewards taken together, in one transaction. Append-only."""

    id: fields.Field[UUID] = columns.key()
    member: Any = columns.ref("members.Member", index=False)
    member_id: UUID

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "basket"


class Redemption(Model):
    """One reward taken by a member, with everything its price was made of on that day, for all `quantity` units.

    `price_minor`/`currency` is the item's price in its market; in the program's home currency at `fx_rate` that is
    `home_minor`, of which a card pays `card_minor`, and `partner_discount_minor`: what the partner bears, by its
    `partner_share_bp`, of a discount worth `discount_minor`; `list_points` before and `points` after the tier
    discount, of the part that points pay, each worth `worth_bp` of its value by the `policy` or an `arm` of it.
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
    quantity: fields.Field[int] = fields.IntField(default=1)
    hold: Any = columns.ref("points.Hold", null=True, index=False)
    hold_id: UUID | None
    points: fields.Field[int] = columns.whole()
    list_points: fields.Field[int] = columns.whole()
    discount_bp: fields.Field[int] = fields.IntField(default=0)
    price_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    home_minor: fields.Field[int] = columns.whole()
    home_currency: fields.Field[str] = columns.text(3)
    discount_minor: fields.Field[int] = columns.whole(0)
    partner_discount_minor: fields.Field[int] = columns.whole(0)
    partner_share_bp: fields.Field[int] = fields.IntField(default=0)
    point_value: fields.Field[Decimal] = columns.exact()
    fx_rate: fields.Field[Decimal] = columns.exact()
    fx_as_of: fields.Field[datetime | None] = columns.moment_or_none()
    policy: Any = columns.ref("members.RedemptionPolicy", null=True, index=False)
    policy_id: UUID | None
    arm: fields.Field[str | None] = columns.text_or_none(20)
    worth_bp: fields.Field[int] = fields.IntField(default=10_000)
    card_minor: fields.Field[int] = columns.whole(0)
    waits_for: fields.Field[str | None] = columns.text_or_none(20)
    basket: Any = columns.ref("redemptions.Basket", null=True, index=False)
    basket_id: UUID | None
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
            Index(fields=["basket_id"], name="redemption_basket"),
        ]
        constraints = [
            columns.one_of("redemption", "state", RedemptionState),
            columns.holds("redemption", "points_not_negative", "points >= 0 AND list_points >= points"),
            columns.holds("redemption", "card_pays_a_part", "card_minor BETWEEN 0 AND home_minor"),
            columns.holds("redemption", "waits_while_pending", "waits_for IS NULL OR state = 'PENDING'"),
            columns.holds("redemption", "quantity_positive", "quantity > 0"),
            columns.holds("redemption", "partner_bears", "partner_discount_minor BETWEEN 0 AND discount_minor"),
            columns.holds("redemption", "held_when_it_costs", "points = 0 OR hold_id IS NOT NULL"),
            columns.Unique(
                fields=("item_id", "code_position"),
                name="redemption_code_once",
                condition="code_position IS NOT NULL AND state NOT IN ('CANCELLED', 'FAILED')",
            ),
        ]


class Refund(Model):
    """What of a fulfilled redemption was given back at once, and why: the first, second, … `number` of it.

    `price_minor` is the part of its price, in the market's currency; `points` and `discount_points` went back to
    their lots and their bearer, `home_minor` to the program's funding, `card_minor` of that on to the card. Its id
    is the cause in the books. Append-only.
    """

    id: fields.Field[UUID] = columns.key()
    redemption: Any = columns.ref("redemptions.Redemption", index=False)
    redemption_id: UUID
    number: fields.Field[int] = fields.IntField()
    price_minor: fields.Field[int] = columns.whole()
    quantity: fields.Field[int] = fields.IntField()
    points: fields.Field[int] = columns.whole()
    discount_points: fields.Field[int] = columns.whole()
    home_minor: fields.Field[int] = columns.whole()
    card_minor: fields.Field[int] = columns.whole(0)
    reason: fields.Field[str] = columns.text(300)
    refunded_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "refund"
        unique_together = (("redemption_id", "number"),)
        constraints = [
            columns.holds(
                "refund",
                "nothing_negative",
                "number > 0 AND price_minor >= 0 AND quantity >= 0 AND points >= 0 AND discount_points >= 0 "
                "AND home_minor >= 0",
            )
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


class ExchangeQuote(Model):
    """A price of one lot that holds for a number of lots until a moment, once."""

    id: fields.Field[UUID] = columns.key()
    member: Any = columns.ref("members.Member")
    member_id: UUID
    item: Any = columns.ref("catalog.Item", index=False)
    item_id: UUID
    lots: fields.Field[int] = fields.IntField()
    units: fields.Field[int] = columns.whole()
    list_points: fields.Field[int] = columns.whole()
    points: fields.Field[int] = columns.whole()
    discount_bp: fields.Field[int] = fields.IntField()
    price_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    home_minor: fields.Field[int] = columns.whole()
    home_currency: fields.Field[str] = columns.text(3)
    discount_minor: fields.Field[int] = columns.whole(0)
    partner_discount_minor: fields.Field[int] = columns.whole(0)
    partner_share_bp: fields.Field[int] = fields.IntField(default=0)
    point_value: fields.Field[Decimal] = columns.exact()
    fx_rate: fields.Field[Decimal] = columns.exact()
    fx_as_of: fields.Field[datetime | None] = columns.moment_or_none()
    quoted_at: fields.Field[datetime] = columns.moment()
    holds_until: fields.Field[datetime] = columns.moment()
    used_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "exchange_quote"
        constraints = [
            columns.holds("exchange_quote", "lots_positive", "lots > 0 AND units > 0"),
            columns.holds("exchange_quote", "used_in_time", "used_at IS NULL OR used_at <= holds_until"),
        ]


class CashRedemption(Model):
    """Points paid out as money through the member's connected account; no transfer is planned while it is held."""

    id: fields.Field[UUID] = columns.key()
    member: Any = columns.ref("members.Member")
    member_id: UUID
    program: Any = columns.ref("members.Program", index=False)
    program_id: UUID
    hold: Any = columns.ref("points.Hold", index=False)
    hold_id: UUID
    outbound: Any = columns.ref("payments.OutboundTransfer", null=True, index=False)
    outbound_id: UUID | None
    points: fields.Field[int] = columns.whole()
    amount_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    point_value: fields.Field[Decimal] = columns.exact()
    cash_rate_bp: fields.Field[int] = fields.IntField()
    policy: Any = columns.ref("members.RedemptionPolicy", null=True, index=False)
    policy_id: UUID | None
    arm: fields.Field[str | None] = columns.text_or_none(20)
    state: fields.Field[str] = columns.text(20)
    waits_for: fields.Field[str | None] = columns.text_or_none(20)
    redeemed_at: fields.Field[datetime] = columns.moment()
    fulfilled_at: fields.Field[datetime | None] = columns.moment_or_none()
    closed_at: fields.Field[datetime | None] = columns.moment_or_none()
    closed_reason: fields.Field[str | None] = columns.text_or_none(300)

    class Meta(Model.Meta):
        table = "cash_redemption"
        unique_together = (("outbound_id",),)
        constraints = [
            columns.one_of("cash_redemption", "state", CashState),
            columns.holds("cash_redemption", "held_or_sent", "waits_for IS NULL OR outbound_id IS NULL"),
            columns.holds("cash_redemption", "amounts_positive", "points > 0 AND amount_minor > 0"),
        ]
