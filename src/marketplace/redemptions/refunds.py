"""Giving back what was paid for a fulfilled redemption, whole or in parts: a plan that can be shown, carried out.

What pays for a redemption is a list of parts, so that the plan names each: points, and a card.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from marketplace.catalog.models import OfferKind
from marketplace.donations import steps as donations
from marketplace.kit import clock, database
from marketplace.kit.ids import new_id
from marketplace.kit.messages import noted
from marketplace.kit.money import Money
from marketplace.kit.refusals import InvalidInput
from marketplace.ledger.steps import Entry, post
from marketplace.members import steps as members
from marketplace.members.models import Program
from marketplace.partners import steps as partners
from marketplace.partners.models import Accrual, AccrualKind
from marketplace.partners.rules import part_of as part_of_accrual
from marketplace.points import steps as points
from marketplace.points.steps import LotReturn
from marketplace.redemptions import cards, events, steps
from marketplace.redemptions.facts import Change
from marketplace.redemptions.models import Redemption, RedemptionState, Refund
from marketplace.redemptions.refund_rules import MOST_REFUNDS, Ask, Share, fits, part_of
from marketplace.redemptions.refusals import AlreadyRefunded, NotRefundable, RefundTooLarge

REF_TYPE = "refund"
_BEFORE = """
SELECT count(*) AS times, coalesce(sum(price_minor), 0)::bigint AS price, coalesce(sum(quantity), 0)::int AS units,
    coalesce(sum(points), 0)::bigint AS points, coalesce(sum(discount_points), 0)::bigint AS discount,
    coalesce(sum(home_minor), 0)::bigint AS home, coalesce(sum(card_minor), 0)::bigint AS card
FROM refund WHERE redemption_id = $1"""


class Source(StrEnum):
    """What a redemption was paid with."""

    POINTS = "POINTS"
    CARD = "CARD"


@dataclass(frozen=True, slots=True)
class SourcePart:
    """What goes back to one source: points with their lots, or an amount of money."""

    source: Source
    points: int = 0
    lots: tuple[LotReturn, ...] = ()
    money: Money | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Exactly what a refund does: what goes back to whom, and what is left of the redemption afterwards."""

    redemption: Redemption
    number: int
    share: Share
    left: Share
    sources: tuple[SourcePart, ...]
    sale: Accrual | None
    owed_less: partners.Remainder | None
    takes_effect: datetime

    @property
    def is_last(self) -> bool:
        """Whether nothing is left afterwards, so that the redemption is closed."""
        return self.left == Share()


def paid(redemption: Redemption) -> Share:
    """All that was paid for a redemption."""
    return Share(
        redemption.price_minor,
        redemption.quantity,
        redemption.points,
        redemption.list_points - redemption.points,
        redemption.home_minor,
        redemption.card_minor,
    )


async def _before(redemption: Redemption) -> tuple[int, Share]:
    """How often something went back, and how much together."""
    row = await database.row(_BEFORE, redemption.id)
    assert row is not None
    return row["times"], Share(
        row["price"], row["units"], row["points"], row["discount"], row["home"], row["card"]
    )


def _must_be_refundable(redemption: Redemption) -> None:
    if redemption.state == RedemptionState.REFUNDED:
        raise AlreadyRefunded(refunded_at=redemption.closed_at)
    if redemption.state != RedemptionState.FULFILLED:
        raise NotRefundable(current=redemption.state)


def _must_fit(redemption: Redemption, ask: Ask, left: Share, times: int) -> None:
    if ask.is_whole:
        return
    if redemption.kind == OfferKind.DONATION:
        raise InvalidInput.at("part", "A donation is given back whole. Leave the part out.")
    if (ask.quantity is not None and ask.quantity < 1) or (ask.amount_minor is not None and ask.amount_minor < 1):
        raise InvalidInput.at("part", "Give back more than nothing.")
    if not fits(ask, left):
        raise RefundTooLarge(left=Money(left.price_minor, redemption.currency), units_left=left.quantity)
    whole = ask.quantity == left.quantity or ask.amount_minor == left.price_minor
    if times + 1 >= MOST_REFUNDS and not whole:
        message = noted("Give back all that is left: a redemption has at most {most} refunds.")
        raise InvalidInput.at("part", message, most=MOST_REFUNDS)


async def plan_of(redemption: Redemption, ask: Ask) -> Plan:
    """What a refund of this much does, if nothing happens before it.

    To carry it out, the redemption's row must be locked. Raises AlreadyRefunded, NotRefundable, RefundTooLarge or
    InvalidInput.
    """
    _must_be_refundable(redemption)
    times, before = await _before(redemption)
    everything = paid(redemption)
    _must_fit(redemption, ask, everything - before, times)
    share = part_of(everything, before, ask)
    left = everything - before - share
    sale = None
    if redemption.kind != OfferKind.DONATION:
        sale = await Accrual.get_or_none(kind=AccrualKind.SALE.value, ref_id=redemption.id)
    return Plan(
        redemption=redemption,
        number=times + 1,
        share=share,
        left=left,
        sources=await _sources(redemption, share),
        sale=sale,
        owed_less=await _owed_less(sale, everything, share, left) if sale else None,
        takes_effect=clock.now(),
    )


async def _sources(redemption: Redemption, share: Share) -> tuple[SourcePart, ...]:
    """The parts that go back to what the redemption was paid with."""
    parts: list[SourcePart] = []
    if redemption.hold_id is not None and share.points:
        lots = await points.planned_return(redemption.hold_id, share.points)
        parts.append(SourcePart(Source.POINTS, share.points, tuple(lots)))
    if share.card_minor:
        parts.append(SourcePart(Source.CARD, money=Money(share.card_minor, redemption.home_currency)))
    return tuple(parts)


async def _owed_less(sale: Accrual, everything: Share, share: Share, left: Share) -> partners.Remainder:
    """What the partner is owed less: its share of the sale, with commission and VAT in proportion."""
    remainder = await partners.left_of(sale)
    if left == Share():
        return remainder
    after = everything.price_minor - left.price_minor
    given = sale.gross_minor - remainder.shares.gross
    gross = sale.gross_minor * after // everything.price_minor - given
    return partners.Remainder(part_of_accrual(remainder.shares, gross), share.home_minor)


async def carry_out(plan: Plan, reason: str, goal: RedemptionState = RedemptionState.REFUNDED) -> Refund:
    """Do exactly what the plan says: points to their lots, money to the funding, the partner is owed less.

    With the last part the redemption comes to stand in the goal, and units that can be sold again are put back.
    Raises PledgeNotCancellable for a donation whose money has left.
    """
    redemption, share = plan.redemption, plan.share
    program: Program = await redemption.program
    refund = await Refund.create(
        id=new_id(),
        redemption_id=redemption.id,
        number=plan.number,
        price_minor=share.price_minor,
        quantity=share.quantity,
        points=share.points,
        discount_points=share.discount_points,
        home_minor=share.home_minor,
        card_minor=share.card_minor,
        reason=reason,
        refunded_at=clock.now(),
    )
    if redemption.kind == OfferKind.DONATION:
        discount = share.discount_points
        await donations.cancel_pledge_of(redemption.id, program, ref_id=refund.id, discount=discount)
    else:
        await _points_back(redemption, program, refund)
        await _money_back(plan, program, refund)
    if share.quantity:
        await steps.put_units_back(redemption, share.quantity, plan.left.quantity)
    if plan.is_last:
        await steps.close(redemption, goal, reason)
    else:
        await events.tell(redemption, Change.PARTLY_REFUNDED, points=share.points)
    return refund


async def _points_back(redemption: Redemption, program: Program, refund: Refund) -> None:
    discount = refund.discount_points
    if redemption.hold_id is not None and refund.points:
        hold = await redemption.hold
        await points.give_back(
            hold, program.id, program.unit, refund.points, ref_type=REF_TYPE, ref_id=refund.id, discount=discount
        )
    elif discount:
        bearer, redeemed = steps.bearer_of_discounts(program)
        await post("points.returned", REF_TYPE, refund.id, [Entry(redeemed, bearer, discount)])


async def _money_back(plan: Plan, program: Program, refund: Refund) -> None:
    part = plan.owed_less
    if plan.sale is None or part is None or not (part.source_minor or part.shares.gross):
        return
    goal = members.any_slice(program)
    await partners.reverse_accrual(plan.sale, goal, ref_type=REF_TYPE, ref_id=refund.id, part=part)
    await cards.give_back(plan.redemption, goal, refund.card_minor, refund.id)
