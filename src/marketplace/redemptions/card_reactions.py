"""What redemptions do when something happened to the card that pays a part of them.

Runs in the transaction that records it. The redemption's row is locked before the card's, here as everywhere.
"""

from uuid import UUID

from marketplace.catalog.models import OfferKind
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.ledger.steps import Entry, post
from marketplace.partners.steps import NoContract, contract_today
from marketplace.payments import cards as payments
from marketplace.payments.facts import (
    AuthorisationEnds,
    CardAuthorised,
    CardCaptured,
    CardConcerned,
    CardLost,
    CardRefunded,
)
from marketplace.payments.models import CardPayment
from marketplace.payments.steps import trace
from marketplace.redemptions import cards, events, refunds, rules, steps
from marketplace.redemptions.facts import Change
from marketplace.redemptions.models import Redemption, RedemptionState, WaitsFor
from marketplace.redemptions.refund_rules import Ask

_WHY_LOST = {payments.EXPIRED: "the card was not confirmed in time"}


async def _of(card: CardPayment) -> Redemption | None:
    """The redemption that a card is for, locked; None when it is for something else."""
    if card.purpose != cards.PURPOSE:
        return None
    return await Redemption.select_for_update().get(id=card.ref_id)


async def card_is_concerned(fact: CardConcerned) -> None:
    """Lock the redemption before the card."""
    if fact.purpose == cards.PURPOSE:
        await Redemption.select_for_update().get(id=fact.ref_id)


def _clearing(card: CardPayment) -> accounts.AccountKey:
    return accounts.house(Purpose.CARD_CLEARING, card.currency)


async def card_was_authorised(fact: CardAuthorised) -> None:
    """The bank has set the money aside: what waits for nothing else is fulfilled, the rest goes to the partner."""
    redemption = await _of(fact.card)
    if redemption is None:
        return
    if redemption.state != RedemptionState.PENDING or redemption.waits_for != WaitsFor.CARD:
        await payments.let_go(fact.card)
        return
    redemption.waits_for = None
    if OfferKind(redemption.kind) not in rules.AT_ONCE:
        await redemption.save(update_fields=["waits_for"])
        await events.tell(redemption, Change.CARD_AUTHORISED)
        return
    if not await _is_under_contract(redemption.partner_id):
        await steps.undo(redemption, RedemptionState.FAILED, "the brand is not under contract any more")
        return
    await steps.spend(redemption, await redemption.program, await steps.title_of(redemption))
    await redemption.save(update_fields=["state", "fulfilled_at", "waits_for"])
    await events.tell(redemption)


async def _is_under_contract(partner_id: UUID) -> bool:
    try:
        await contract_today(partner_id)
    except NoContract:
        return False
    return True


async def authorisation_will_end(fact: AuthorisationEnds) -> None:
    """The brand takes longer than the bank waits: the money is taken now, and given back if nothing comes."""
    redemption = await _of(fact.card)
    if redemption is not None and redemption.state == RedemptionState.PENDING:
        await cards.lend(redemption, await redemption.program)


async def card_was_captured(fact: CardCaptured) -> None:
    """The card's money is ours: STRIPE_CLEARING -> CARD_CLEARING."""
    redemption = await _of(fact.card)
    if redemption is not None:
        stripe = accounts.house(Purpose.STRIPE_CLEARING, fact.card.currency)
        entry = Entry(stripe, _clearing(fact.card), fact.card.amount_minor)
        journal = await post("card.captured", "card_payment", fact.card.id, [entry])
        await trace(journal, str(fact.card.charge_id), fact.card.amount_minor, fact.card.currency)
        await events.tell(redemption, Change.CARD_CHARGED)


async def card_was_lost(fact: CardLost) -> None:
    """No money comes from the card: what is not handed over goes back, and what is, is our loss."""
    redemption = await _of(fact.card)
    if redemption is None:
        return
    state, reason = RedemptionState(redemption.state), _WHY_LOST.get(fact.code, "the card's authorisation ended")
    if state is RedemptionState.PENDING:
        await steps.undo(redemption, RedemptionState.FAILED, reason)
    elif state is RedemptionState.FULFILLED and OfferKind(redemption.kind) in rules.AT_ONCE:
        await refunds.carry_out(await refunds.plan_of(redemption, Ask()), reason)
    elif state is RedemptionState.FULFILLED:
        loss = accounts.house(Purpose.ADJUSTMENTS, fact.card.currency)
        entry = Entry(loss, _clearing(fact.card), fact.card.amount_minor)
        await post(cards.WRITTEN_OFF, "card_payment", fact.card.id, [entry])


async def card_was_refunded(fact: CardRefunded) -> None:
    """The card has its money again: CARD_CLEARING -> STRIPE_CLEARING."""
    redemption = await _of(fact.card)
    if redemption is not None:
        stripe = accounts.house(Purpose.STRIPE_CLEARING, fact.card.currency)
        entry = Entry(_clearing(fact.card), stripe, fact.refund.amount_minor)
        journal = await post("card.refunded", "card_refund", fact.refund.id, [entry])
        await trace(journal, str(fact.refund.stripe_id), -fact.refund.amount_minor, fact.card.currency)
        await events.tell(redemption, Change.CARD_REFUNDED)
