"""Why the books say no to finance."""

from datetime import date
from typing import Annotated

from marketplace.kit.refusals import Refusal
from marketplace.ledger.models import PeriodState


class PeriodStillOpen(Refusal):
    """The last day is too near: what happens on it can still come in."""

    code = "PERIOD_STILL_OPEN"
    text = "{until} is too near to be closed. The last day that can be closed now is {latest}."
    until: Annotated[date, "The day that was asked for."]
    latest: Annotated[date, "The last day that can be closed now."]


class PeriodAlreadyClosed(Refusal):
    """The books are closed up to this day, or a later one."""

    code = "PERIOD_ALREADY_CLOSED"
    text = "The books are closed up to {closed_until} already."
    closed_until: Annotated[date, "The last day that is closed."]


class BooksDisagree(Refusal):
    """A check of the books found rows that break a promise; mend them before closing."""

    code = "BOOKS_DISAGREE"
    text = "The check of the books found {violations} rows that disagree, first: {first}. Mend them first."
    violations: Annotated[int, "How many rows."]
    first: Annotated[str, "The first of them."]


class NotTheLastPeriod(Refusal):
    """Periods are opened again from the last one backwards."""

    code = "NOT_THE_LAST_PERIOD"
    text = "The books are closed up to {closed_until}. Open that period first."
    closed_until: Annotated[date, "The last day that is closed."]


class PeriodNotReopening(Refusal):
    """Nobody proposed to open this period again, or it is open."""

    code = "PERIOD_NOT_REOPENING"
    text = "This period is {period_state}. One person proposes to open it again, another decides."
    period_state: Annotated[PeriodState, "Where the period stands."]
