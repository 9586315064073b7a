"""Why settlement says no."""

from datetime import date, datetime
from typing import Annotated

from marketplace.kit.refusals import Refusal
from marketplace.settlement.models import AdjustmentState, DisputeState


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


class LineInDispute(Refusal):
    """The line is disputed already, and that is not decided."""

    code = "LINE_IN_DISPUTE"
    text = "This line is in dispute since {raised_at}. Withdraw that dispute, or wait for the answer."
    raised_at: Annotated[datetime, "When it was disputed."]


class DisputeNotOpen(Refusal):
    """The dispute was decided or withdrawn, or a correction for it waits for a second person."""

    code = "DISPUTE_NOT_OPEN"
    text = "This dispute is {state}."
    state: Annotated[DisputeState, "Where the dispute stands."]
