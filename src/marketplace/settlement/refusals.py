"""Why settlement says no."""

from datetime import date
from typing import Annotated

from marketplace.kit.money import Money
from marketplace.kit.refusals import Refusal
from marketplace.settlement.models import AdjustmentState, TopUpState


class TopUpReferenceReused(Refusal):
    """The program used this reference before, for another payment."""

    code = "TOP_UP_REFERENCE_REUSED"
    text = "The reference {reference} stands for another top-up of {amount}. Give each payment its own."
    reference: Annotated[str, "The reference that was given."]
    amount: Annotated[Money, "What was paid, or is to be paid, under it."]


class WrongCurrency(Refusal):
    """The amount is not in the currency that this is kept in."""

    code = "WRONG_CURRENCY"
    text = "This is kept in {expected}, not in {given}."
    expected: Annotated[str, "The currency that it must be in."]
    given: Annotated[str, "The currency that was given."]


class TopUpNotPending(Refusal):
    """There is nothing to confirm: the money is there, or will not come."""

    code = "TOP_UP_NOT_PENDING"
    text = "This top-up is {state} already."
    state: Annotated[TopUpState, "Where the top-up stands: SUCCEEDED or FAILED."]


class TopUpConfirmsItself(Refusal):
    """A card payment is confirmed by Stripe, never by hand."""

    code = "TOP_UP_CONFIRMS_ITSELF"
    text = "This top-up comes through Stripe, which says by itself when the money is there."


class PeriodNotOver(Refusal):
    """The day is not over yet where a partner's days count, so more can still happen on it."""

    code = "PERIOD_NOT_OVER"
    text = "{until} is not over yet in {timezone}. The last day that can be settled is {latest}."
    until: Annotated[date, "The day that was asked for."]
    timezone: Annotated[str, "The contract's time zone in which it is not over."]
    latest: Annotated[date, "The last day that can be settled now."]


class NothingToSettle(Refusal):
    """Inside a run only: somebody else was faster, or nothing is owed."""

    code = "NOTHING_TO_SETTLE"
    text = "There is nothing to settle."


class AdjustmentDecided(Refusal):
    """The adjustment has been approved or declined."""

    code = "ADJUSTMENT_DECIDED"
    text = "This adjustment is {state} already."
    state: Annotated[AdjustmentState, "What was decided: APPROVED or DECLINED."]
