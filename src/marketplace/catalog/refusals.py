"""Refusals of the catalogue, in a member's words."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from marketplace.kit.messages import noted
from marketplace.kit.next_steps import NextStep, NextStepKind
from marketplace.kit.refusals import Refusal


class ClosedReason(StrEnum):
    """Why a reward cannot be taken by somebody now."""

    NOT_IN_YOUR_MARKET = "NOT_IN_YOUR_MARKET"
    CLOSED = "CLOSED"
    ENDED = "ENDED"
    TIER_TOO_LOW = "TIER_TOO_LOW"
    NOT_FOR_YOU = "NOT_FOR_YOU"
    NOT_YET_OPEN = "NOT_YET_OPEN"
    STARTED = "STARTED"
    LIMIT_REACHED = "LIMIT_REACHED"
    NO_RATE = "NO_RATE"


_SENTENCES: dict[ClosedReason, str] = {
    ClosedReason.NOT_IN_YOUR_MARKET: noted("This is not offered in your country."),
    ClosedReason.CLOSED: noted("This is not offered any more."),
    ClosedReason.ENDED: noted("This offer has ended."),
    ClosedReason.TIER_TOO_LOW: noted("This is for a higher tier than yours."),
    ClosedReason.NOT_FOR_YOU: noted("This is for a group of members that you do not belong to."),
    ClosedReason.NOT_YET_OPEN: noted("This is not open yet."),
    ClosedReason.STARTED: noted("This has begun already."),
    ClosedReason.LIMIT_REACHED: noted("You have taken as many of these as one member can."),
    ClosedReason.NO_RATE: noted("This has no price in your points today. Please try again later."),
}


_FOR_NOW = noted("This is sold out for now. Your points are untouched.")
_BACK = noted("The last ones are set aside for others. Some may come back by {back_at}.")
_CHOOSE = noted("Choose another reward.")
_CHOOSE_OR_WAIT = noted("Choose another reward, or wait in line for one that comes back.")
_NEXT: dict[ClosedReason, tuple[NextStepKind, str]] = {
    ClosedReason.NOT_IN_YOUR_MARKET: (NextStepKind.CHOOSE_ANOTHER, noted("Choose a reward of your own country.")),
    ClosedReason.TIER_TOO_LOW: (
        NextStepKind.REACH_TIER,
        noted("Reach a higher tier: your progress says how far."),
    ),
    ClosedReason.NO_RATE: (NextStepKind.TRY_AGAIN, noted("Please try again later.")),
}
_LATER = {
    ClosedReason.NOT_YET_OPEN: noted("It opens for you on {opens_at}."),
    ClosedReason.LIMIT_REACHED: noted("You can take it again from {opens_at} on."),
}


class OfferSoldOut(Refusal):
    """The last one is gone, or set aside for somebody. Nothing was taken from the wallet."""

    code = "OFFER_SOLD_OUT"
    text = "This is sold out. Your points are untouched."
    back_at: Annotated[datetime | None, "When units that are set aside for others may come back, if any are."]

    def __init__(self, *, back_at: datetime | None = None) -> None:
        super().__init__(back_at=back_at)

    @property
    def template(self) -> str:
        """Sold out, or only for now."""
        return self.text if self.back_at is None else _FOR_NOW

    @property
    def next_step(self) -> NextStep:
        """Wait for what may come back; else something else."""
        if self.back_at is not None:
            return NextStep(NextStepKind.WAIT, _BACK, {"back_at": self.back_at}, opens_at=self.back_at)
        return NextStep(NextStepKind.CHOOSE_ANOTHER, _CHOOSE_OR_WAIT)


class NotAvailable(Refusal):
    """This reward cannot be taken by this member now; `reason` says why."""

    code = "NOT_AVAILABLE"
    reason: Annotated[ClosedReason, "Why, for programs."]
    opens_at: Annotated[datetime | None, "When it opens for you, if it is not open yet or a limit is reached."]

    @classmethod
    def because(cls, reason: ClosedReason, opens_at: datetime | None = None) -> "NotAvailable":
        """The refusal for one reason."""
        return cls(reason=reason, opens_at=opens_at)

    @property
    def template(self) -> str:
        """The reason in a sentence."""
        return _SENTENCES[self.reason]

    @property
    def next_step(self) -> NextStep:
        """Wait for the moment, if there is one; else what helps against the reason."""
        if self.opens_at is not None and self.reason in _LATER:
            facts = {"opens_at": self.opens_at}
            return NextStep(NextStepKind.WAIT, _LATER[self.reason], facts, opens_at=self.opens_at)
        return NextStep(*_NEXT.get(self.reason, (NextStepKind.CHOOSE_ANOTHER, _CHOOSE)))


class NothingToTake(Refusal):
    """An offer is published only when something of it can be taken."""

    code = "NOTHING_TO_TAKE"
    text = "This offer has no item that can be taken. Give it one before publishing it."


class DropHasOpened(Refusal):
    """There is nothing to remind of: it has opened already."""

    code = "DROP_HAS_OPENED"
    text = "This has opened already. Have a look at it now."
