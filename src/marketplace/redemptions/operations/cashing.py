"""The other choice: points are paid out as money, through the member's account at Stripe."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.kit import clock
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.ids import new_id
from marketplace.kit.money import Money
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound
from marketplace.members.models import Program
from marketplace.members.steps import hold_funding
from marketplace.payments.models import ConnectedAccount, PayeeKind
from marketplace.payments.queries import account_of
from marketplace.payments.rules import why_not_payable
from marketplace.payments.steps import plan_reversal, plan_transfer
from marketplace.points.steps import hold
from marketplace.redemptions import queries, rules, steps
from marketplace.redemptions.models import CashRedemption, CashState, WaitsFor
from marketplace.redemptions.reactions import CASH
from marketplace.redemptions.refusals import (
    AlreadyRefunded,
    CashAmountChanged,
    NotRefundable,
    PayoutAccountMissing,
)
from marketplace.redemptions.steps import sound_device
from marketplace.risk.models import Leaving
from marketplace.risk.steps import Attempt, look
from marketplace.storefront.cash import CashOut, cash_out
from marketplace.storefront.queries import shopping_member
from marketplace.storefront.refusals import CashBelowMinimum
from marketplace.storefront.rules import Shopper


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemForCash(Command):
    """How many points, and the amount the person saw for them."""

    points: int
    expected_amount: Money | None = None
    device: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseCash(Command):
    """Ask for the money back that was sent to a member."""

    cash_redemption_id: UUID


@operation(scope=Scope.REDEEM, returns=CashRedemption)
async def redeem_for_cash(actor: Actor, command: RedeemForCash) -> CashRedemption:
    """Hold points and money, and plan the transfer that a job sends, unless a person has to look first.

    The points are posted when Stripe has moved the money. They come back only after a definite refusal or a
    completed reversal; while the outcome is unknown they stay held. Raises what `cash_out` raises, InvalidInput,
    CashAmountChanged, PayoutAccountMissing, InsufficientPoints or ProgramUnfunded, and then nothing has happened.
    """
    program = await Program.get(id=actor.program_id)
    await steps.one_at_a_time("cash", actor.id)
    shopper = await shopping_member(actor.id)
    cash = await _cash_for(actor.id, shopper, command.points)
    _must_not_be_less(cash, command.expected_amount)
    account = await payable_account(actor.id)
    id = new_id()
    held = await hold(actor.id, program.unit, cash.points, reason="cash", ref_type=CASH, ref_id=id)
    await hold_funding(program, cash.amount_minor, ref_type=CASH, ref_id=id)
    attempt = Attempt(
        program_id=program.id,
        member_id=actor.id,
        leaving=Leaving.CASH,
        points=cash.points,
        ref_id=id,
        device=sound_device(command.device),
    )
    odd = await look(attempt)
    outbound = None if odd else await plan_transfer(CASH, id, account.id, cash.amount_minor, cash.currency)
    return await CashRedemption.create(
        id=id,
        member_id=actor.id,
        program=program,
        hold=held,
        outbound=outbound,
        points=cash.points,
        amount_minor=cash.amount_minor,
        currency=cash.currency,
        point_value=cash.point_value,
        cash_rate_bp=cash.rate_bp,
        policy_id=shopper.policy.id,
        arm=shopper.policy.arm,
        state=CashState.PENDING.value,
        waits_for=WaitsFor.IN_REVIEW.value if odd else None,
        redeemed_at=clock.now(),
    )


@operation(scope=Scope.REFUND, returns=CashRedemption)
async def reverse_cash(actor: Actor, command: ReverseCash) -> CashRedemption:
    """Ask Stripe for all of the money back; the points follow when it has come, not before.

    Until then it stays FULFILLED, and asking again does no harm.
    Raises NotFound, AlreadyRefunded or NotRefundable.
    """
    row = await queries.cash_visible_to(actor).get_or_none(id=command.cash_redemption_id)
    if row is None:
        raise NotFound(what="cash redemption")
    if row.state == CashState.REFUNDED:
        raise AlreadyRefunded(refunded_at=row.closed_at)
    if row.state != CashState.FULFILLED:
        raise NotRefundable(current=row.state)
    assert row.outbound_id is not None
    await plan_reversal(row.outbound_id)
    return row


async def _cash_for(member_id: UUID, shopper: Shopper, points: int) -> CashOut:
    """What the points are as cash, with what the member took in this period counted in."""
    standing = await queries.standing_of(member_id, shopper.policy)
    cash = cash_out(shopper, points, standing, clock.now())
    if cash.amount_minor < 1:
        least = rules.least_points_for_cash(cash.point_value, cash.rate_bp, cash.currency)
        raise CashBelowMinimum(minimum=least, missing=least - points)
    return cash


def _must_not_be_less(cash: CashOut, seen: Money | None) -> None:
    if seen is None:
        return
    if seen.currency != cash.currency:
        raise InvalidInput.at("expectedAmount.currency", "Cash is paid in {currency}.", currency=cash.currency)
    if cash.amount_minor < seen.minor:
        raise CashAmountChanged(seen=seen, now=Money(cash.amount_minor, cash.currency))


async def payable_account(member_id: UUID) -> ConnectedAccount:
    """The member's account that money can be sent to; raises PayoutAccountMissing."""
    account = await account_of(PayeeKind.MEMBER, member_id)
    reason = why_not_payable(account)
    if reason is not None or account is None:
        raise PayoutAccountMissing(not_payable_reason=reason)
    return account
