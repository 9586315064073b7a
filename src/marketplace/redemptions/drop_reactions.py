"""What the line does when something happened to a drop. Runs in the transaction that records it."""

from marketplace.catalog.facts import DropOpensSoon
from marketplace.catalog.steps import tell_of_drop
from marketplace.redemptions.models import WaitingPlace, WaitingState


async def drop_opens_soon(fact: DropOpensSoon) -> None:
    """Whoever waits for what is dropped is told too, though they did not ask to be reminded of this drop."""
    waiting = WaitingPlace.filter(item__offer_id=fact.offer_id, state=WaitingState.WAITING.value)
    others = {place.member_id for place in await waiting.only("id", "member_id")} - set(fact.member_ids)
    await tell_of_drop(fact.drop_id, sorted(others))
