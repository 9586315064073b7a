"""Confirming the card that pays the rest of a price: its holder's app does it, with a secret never kept."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.kit.actor import Actor, Scope
from marketplace.kit.operations import Command, operation
from marketplace.payments.cards import card_for
from marketplace.payments.models import CardPayment, CardState
from marketplace.redemptions import cards, queries
from marketplace.redemptions.models import WaitsFor
from marketplace.redemptions.refusals import CardNotAwaited


@dataclass(frozen=True, slots=True, kw_only=True)
class StartCardPayment(Command):
    """Whose card is to be confirmed."""

    redemption_id: UUID


@operation(scope=Scope.REDEEM, returns=CardPayment)
async def start_card_payment(actor: Actor, command: StartCardPayment) -> CardPayment:
    """Note that the member is shown the secret to confirm the card with; it is fetched after the commit.

    Raises NotFound, or CardNotAwaited once the card was confirmed or given up.
    """
    redemption = await queries.locked(actor, command.redemption_id)
    card = await card_for(cards.PURPOSE, redemption.id)
    if card is None or card.state != CardState.AWAITING or redemption.waits_for != WaitsFor.CARD:
        raise CardNotAwaited(current=redemption.state)
    return card
