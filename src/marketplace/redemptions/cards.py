"""A card for the rest of a price: how much it pays, and what of it stands in the books when.

Asked for, a card moves nothing. When its money is needed, it is lent to the program's funding that was held
(CARD_CLEARING -> FUNDING_HELD) in the transaction that orders the capture; captured, it is STRIPE_CLEARING ->
CARD_CLEARING. Given back: from where the money stands to CARD_CLEARING, and on to STRIPE_CLEARING when the card
has it.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from marketplace.catalog.models import OfferKind
from marketplace.kit import clock
from marketplace.kit.money import BASIS_POINTS, Money
from marketplace.kit.refusals import InvalidInput
from marketplace.ledger import accounts
from marketplace.ledger.models import Journal, Purpose
from marketplace.ledger.steps import Entry, post
from marketplace.members.models import Program
from marketplace.payments import cards as payments
from marketplace.payments.models import CardPayment, CardState
from marketplace.payments.rules import least_charge
from marketplace.redemptions.models import Redemption, WaitsFor
from marketplace.redemptions.refusals import CardAmountChanged, CardNotOffered, CardNotTaken, TooFewPoints
from marketplace.storefront.cash import card_share, least_points
from marketplace.storefront.queries import Priced

PURPOSE = "redemption_card"
"""The purpose of its cards, as payments names it."""
REF_TYPE = "redemption"
WRITTEN_OFF = "card.written_off"
CONFIRM_WITHIN = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class CardPart:
    """What a card pays, and in place of how many points."""

    points: int
    minor: int
    currency: str


def part_of(priced: Priced, lots: int, points: int) -> CardPart | None:
    """What a card pays when only `points` are; None when they pay it all.

    Raises InvalidInput, CardNotOffered or TooFewPoints.
    """
    price = priced.points * lots
    if points >= price:
        return None
    if priced.offer.kind == OfferKind.DONATION:
        raise InvalidInput.at("card", "A donation is paid with points alone. Leave this out.")
    if priced.policy.points_share_bp >= BASIS_POINTS:
        raise CardNotOffered
    least = least_points(price, priced.policy)
    if points < least:
        raise TooFewPoints(least_points=least)
    currency = priced.home_currency
    cost = priced.home_minor * lots
    minor = card_share(price - points, priced.point_value, priced.worth_bp, currency, cost)
    floor = least_charge(currency)
    if minor < floor:
        raise InvalidInput.at(
            "card", "A card pays at least {least}: pay fewer points.", least=Money(floor, currency)
        )
    return CardPart(price - points, minor, currency)


def must_be_what_was_seen(part: CardPart, seen: Money) -> None:
    """Raises InvalidInput or CardAmountChanged when the card would pay more than its holder saw."""
    if seen.currency != part.currency:
        raise InvalidInput.at("card.currency", "The card pays in {currency}.", currency=part.currency)
    if part.minor > seen.minor:
        raise CardAmountChanged(card_seen=seen, card_now=Money(part.minor, part.currency))


def share(redemption: Redemption, part: CardPart) -> None:
    """Let a card pay its part of a drafted redemption, which then waits for it."""
    redemption.points -= part.points
    redemption.list_points -= part.points
    redemption.card_minor = part.minor
    redemption.waits_for = WaitsFor.CARD.value


async def ask(redemption: Redemption) -> CardPayment:
    """Ask the card for its part; its holder has half an hour."""
    expires_at = clock.now() + CONFIRM_WITHIN
    return await payments.ask_card(
        PURPOSE, redemption.id, redemption.card_minor, redemption.home_currency, expires_at
    )


def from_points(redemption: Redemption) -> int:
    """What the program's own funding pays for it, in minor units."""
    return redemption.home_minor - redemption.card_minor


def _clearing(redemption: Redemption) -> accounts.AccountKey:
    return accounts.house(Purpose.CARD_CLEARING, redemption.home_currency)


async def lend(redemption: Redemption, program: Program) -> None:
    """Put the card's money beside the funding that is held, and order its capture, once.

    Raises CardNotTaken when the card's bank has not set it aside.
    """
    if not redemption.card_minor:
        return
    card = await payments.card_for(PURPOSE, redemption.id)
    if card is None or card.state not in {CardState.AUTHORISED, CardState.CAPTURING, CardState.CAPTURED}:
        raise CardNotTaken
    if card.ordered_at is None:
        held = accounts.program(program.id, Purpose.FUNDING_HELD, redemption.home_currency)
        entry = Entry(_clearing(redemption), held, redemption.card_minor)
        await post("card.ordered", REF_TYPE, redemption.id, [entry])
        await payments.order_capture(card)


async def give_back(redemption: Redemption, source: accounts.AccountKey, minor: int, ref_id: UUID) -> None:
    """Let the card go, or give back so much of what it paid, for one cause, from where that stands now."""
    if not minor:
        return
    card = await payments.card_for(PURPOSE, redemption.id)
    if card is None:  # held for a review, and never asked
        return
    if card.ordered_at is None:
        await payments.let_go(card)
        return
    goal = _clearing(redemption)
    if await Journal.exists(reason=WRITTEN_OFF, ref_id=card.id):
        goal = accounts.house(Purpose.ADJUSTMENTS, redemption.home_currency)
    await post("card.returned", REF_TYPE, ref_id, [Entry(source, goal, minor)])
    await payments.order_refund(card, minor, ref_id)


async def must_be_taken(redemption: Redemption) -> None:
    """Raises CardNotTaken while a card's part of it is not ours yet: what could be used up waits for that."""
    if redemption.card_minor:
        card = await CardPayment.get(purpose=PURPOSE, ref_id=redemption.id)
        if card.state != CardState.CAPTURED:
            raise CardNotTaken
