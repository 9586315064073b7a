"""What a person decides about a redemption that is held: it goes on, or everything goes back."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.catalog.models import OfferKind
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.operations import Command, operation
from marketplace.payments.steps import plan_transfer
from marketplace.redemptions import cards, events, reactions, rules, steps
from marketplace.redemptions.facts import Change
from marketplace.redemptions.models import CashRedemption, Redemption, RedemptionState, WaitsFor
from marketplace.redemptions.operations.cashing import payable_account
from marketplace.risk import steps as risk
from marketplace.risk.models import Leaving, RiskReview

NOT_APPROVED = "it was looked at and could not be approved"
"""What the member is told: the truth, without the rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideReview(Command):
    """Let it go on or not, and why, for the audit."""

    review_id: UUID
    release: bool
    note: str


@operation(scope=Scope.RISK, returns=RiskReview)
async def decide_review(actor: Actor, command: DecideReview) -> RiskReview:
    """Release what is held, as if it had just been redeemed, or refuse it and give everything back.

    Raises NotFound, ReviewClosed or InvalidInput; on release also PayoutAccountMissing or NoContractInForce, and
    then it stays open.
    """
    review = await risk.decide(actor, command.review_id, release=command.release, note=command.note)
    if review.leaving == Leaving.CASH:
        await _cash(review, release=command.release)
    else:
        await _reward(review, release=command.release)
    return review


async def _cash(review: RiskReview, *, release: bool) -> None:
    row = await CashRedemption.select_for_update().get(id=review.ref_id)
    if not release:
        await reactions.give_cash_back(row, NOT_APPROVED)
        return
    account = await payable_account(row.member_id)
    row.outbound = await plan_transfer(reactions.CASH, row.id, account.id, row.amount_minor, row.currency)
    row.waits_for = None
    await row.save(update_fields=["outbound_id", "waits_for"])


async def _reward(review: RiskReview, *, release: bool) -> None:
    redemption = await Redemption.select_for_update().get(id=review.ref_id)
    if not release:
        await steps.undo(redemption, RedemptionState.FAILED, NOT_APPROVED)
        return
    redemption.waits_for = WaitsFor.CARD.value if redemption.card_minor else None
    await events.tell(redemption, Change.REVIEWED)
    if redemption.card_minor:
        await cards.ask(redemption)
    elif OfferKind(redemption.kind) in rules.AT_ONCE:
        await steps.spend(redemption, await redemption.program, await steps.title_of(redemption))
    await redemption.save(update_fields=["state", "fulfilled_at", "waits_for"])
    if redemption.state == RedemptionState.FULFILLED:
        await events.tell(redemption)
