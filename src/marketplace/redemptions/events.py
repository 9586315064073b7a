"""The one way in which a step of a redemption is told: to its timeline, and as a fact to whoever waits for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from marketplace.kit import clock, facts
from marketplace.kit.messages import counted, noted, say
from marketplace.redemptions.facts import OF_ITS_STATE, Change, RedemptionChanged
from marketplace.redemptions.models import Redemption, RedemptionEvent, RedemptionState

_IN_THE_ROW = frozenset(OF_ITS_STATE.values())
"""Told by the redemption's own moments, so that the hot path writes no row for them."""


async def tell(redemption: Redemption, change: Change | None = None, **details: str | int) -> None:
    """Say what happened to a redemption, in the transaction in which it happened.

    Without a change it is what its new state says. Where it stands is kept in its own row; everything else is
    one row of its timeline more.
    """
    state = RedemptionState(redemption.state)
    change = change or OF_ITS_STATE[state]
    at = clock.now()
    if change not in _IN_THE_ROW:
        await RedemptionEvent.create(redemption_id=redemption.id, change=change.value, at=at, details=details)
    fact = RedemptionChanged(
        redemption_id=redemption.id,
        member_id=redemption.member_id,
        program_id=redemption.program_id,
        partner_id=redemption.partner_id,
        kind=redemption.kind,
        change=change,
        state=state,
        at=at,
        details=details,
    )
    await facts.state(fact)


@dataclass(frozen=True, slots=True)
class Step:
    """One step in the story of a redemption."""

    change: Change
    at: datetime
    details: dict[str, str | int]


def story(redemption: Redemption, events: Sequence[RedemptionEvent]) -> list[Step]:
    """All its steps in their order: those that its row tells, and those of its timeline (in their order)."""
    beside = [Step(Change(event.change), event.at, event.details) for event in events]
    steps = [Step(Change.TAKEN, redemption.redeemed_at, {})]
    if redemption.fulfilled_at is not None:
        steps.append(Step(Change.FULFILLED, redemption.fulfilled_at, {}))
    if redemption.closed_at is not None:
        closed = OF_ITS_STATE[RedemptionState(redemption.state)]
        beside.append(Step(closed, redemption.closed_at, {}))
    return sorted(steps + beside, key=lambda step: step.at)


SENTENCES: Final[Mapping[Change, str]] = {
    Change.TAKEN: noted("You took this reward."),
    Change.FULFILLED: noted("Your reward is yours."),
    Change.CANCELLED: noted("You cancelled it. Your points are back."),
    Change.FAILED: noted("The brand could not deliver it. Your points are back."),
    Change.REFUNDED: noted("It was refunded. Your points are back."),
    Change.PARTLY_REFUNDED: counted(
        "A part of it was refunded: {points} point is back.",
        "A part of it was refunded: {points} points are back.",
    ),
    Change.REVIEWED: noted("It was looked at and goes on."),
    Change.CARD_AUTHORISED: noted("Your card's bank has set its part aside."),
    Change.CARD_CHARGED: noted("Your card has paid its part."),
    Change.CARD_REFUNDED: noted("What your card paid is on its way back to it."),
    Change.CODE_REVEALED: noted("You looked at your code."),
    Change.CODE_REISSUED: noted("You got another code."),
    Change.CODE_FROZEN: noted("Your code was stopped for your safety. Ask for another one."),
    Change.CODE_RELEASED: noted("Your code works again."),
    Change.SENT_TO_PARTNER: noted("The brand has been asked, in batch {batch}."),
    Change.PARCEL_PACKED: noted("A parcel is packed."),
    Change.PARCEL_SHIPPED: noted("A parcel is on its way with {carrier}."),
    Change.PARCEL_DELIVERED: noted("A parcel has arrived."),
    Change.PARCEL_LOST: noted("A parcel was lost on its way."),
    Change.PARCEL_RETURNED: noted("A parcel went back to the brand."),
    Change.RETURN_REQUESTED: noted("You asked to send it back."),
    Change.RETURN_RECEIVED: noted("The brand has received what you sent back."),
    Change.RETURN_REFUSED: noted("The brand did not take it back."),
    Change.RESCHEDULED: noted("Your seat was moved to another session."),
    Change.CHECKED_IN: noted("Your ticket was used at the door."),
    Change.ENTITLEMENT_USED: noted("You used it with the brand."),
    Change.ENTITLEMENT_EXPIRED: noted("It ended before it was used."),
}


def sentence(step: Step, languages: Sequence[str]) -> str:
    """A step in a sentence for its member."""
    return say(SENTENCES[step.change], step.details, languages)


async def of_redemptions(redemption_ids: Sequence[UUID]) -> dict[UUID, list[RedemptionEvent]]:
    """The rows of the timelines of some redemptions, oldest first."""
    found: dict[UUID, list[RedemptionEvent]] = {id: [] for id in redemption_ids}
    for event in await RedemptionEvent.filter(redemption_id__in=list(redemption_ids)).order_by("id"):
        found[event.redemption_id].append(event)
    return found
