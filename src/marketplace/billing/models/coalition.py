"""Points that partners buy to give in a program: at which price, and each order."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from marketplace.kit import columns


class CoalitionPayment(StrEnum):
    """How an order is paid: out of what the partner is owed, or by an invoice in advance."""

    NETTED = "NETTED"
    INVOICE = "INVOICE"


class CoalitionOrderState(StrEnum):
    """AWAITING its payment; READY to be given; CANCELLED before it was paid, or REVERSED after."""

    AWAITING = "AWAITING"
    READY = "READY"
    CANCELLED = "CANCELLED"
    REVERSED = "REVERSED"


class CoalitionRate(Model):
    """What a program asks for 1,000 of its points, from a moment on; without a price it sells none."""

    id: fields.Field[UUID] = columns.key()
    program: Any = columns.ref("members.Program", index=False)
    program_id: UUID
    valid_from: fields.Field[datetime] = columns.moment()
    per_thousand_minor: fields.Field[int | None] = columns.whole_or_none()
    minimum_points: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "coalition_rate"
        unique_together = (("program_id", "valid_from"),)
        constraints = [
            columns.holds("coalition_rate", "price_positive", "per_thousand_minor > 0"),
            columns.holds("coalition_rate", "minimum_positive", "minimum_points > 0"),
        ]


class CoalitionAward(Model):
    """Points that a partner gave to a member, of those it bought; once for each of its references. Append-only."""

    id: fields.Field[UUID] = columns.key()
    program: Any = columns.ref("members.Program")
    program_id: UUID
    partner: Any = columns.ref("partners.Partner", index=False)
    partner_id: UUID
    award: Any = columns.ref_once("points.Award")
    award_id: UUID
    reference: fields.Field[str] = columns.text(100)
    points: fields.Field[int] = columns.whole()
    left: fields.Field[int] = columns.whole()
    given_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "coalition_award"
        unique_together = (("partner_id", "program_id", "reference"),)
        constraints = [columns.holds("coalition_award", "points_positive", 'points > 0 AND "left" >= 0')]


class CoalitionOrder(Model):
    """Points that a partner bought. They stand in a budget of the program that carries the partner's name.

    `price_minor` is in the program's currency; when it is netted, `charged_minor` of the contract's currency is
    taken from what the partner is owed, by an adjustment that joins its next statement. When its payment went
    back it is AWAITING again, and members keep the `given_points` of it that they had by then.
    """

    id: fields.Field[UUID] = columns.key()
    program: Any = columns.ref("members.Program")
    program_id: UUID
    partner: Any = columns.ref("partners.Partner")
    partner_id: UUID
    rate: Any = columns.ref("billing.CoalitionRate", index=False)
    rate_id: UUID
    invoice: Any = columns.ref_once("billing.Invoice")
    invoice_id: UUID
    points: fields.Field[int] = columns.whole()
    price_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    payment: fields.Field[str] = columns.text(20)
    charged_minor: fields.Field[int | None] = columns.whole_or_none()
    charged_currency: fields.Field[str | None] = columns.text_or_none(3)
    budget_code: fields.Field[str] = columns.text(40)
    state: fields.Field[str] = columns.text(20)
    ordered_at: fields.Field[datetime] = columns.moment()
    ready_at: fields.Field[datetime | None] = columns.moment_or_none()
    given_points: fields.Field[int] = columns.whole(0)
    closed_at: fields.Field[datetime | None] = columns.moment_or_none()
    reason: fields.Field[str | None] = columns.text_or_none(300)

    class Meta(Model.Meta):
        table = "coalition_order"
        constraints = [
            columns.one_of("coalition_order", "payment", CoalitionPayment),
            columns.one_of("coalition_order", "state", CoalitionOrderState),
            columns.holds("coalition_order", "points_positive", "points > 0 AND price_minor > 0"),
            columns.holds(
                "coalition_order",
                "given_while_unpaid",
                "given_points BETWEEN 0 AND points AND (given_points = 0 OR state = 'AWAITING')",
            ),
            columns.holds(
                "coalition_order", "charged_in_a_currency", "(charged_minor IS NULL) = (charged_currency IS NULL)"
            ),
            columns.holds(
                "coalition_order", "ready_at_a_time", "(state IN ('READY', 'REVERSED')) = (ready_at IS NOT NULL)"
            ),
        ]
