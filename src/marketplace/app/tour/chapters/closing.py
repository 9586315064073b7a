"""A period of the books is closed; opening it again takes two people and leaves a trace."""

from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import Client, Json, wait_for
from marketplace.app.tour.stage import Stage

TITLE = "Closing a period"
_PERIOD = "... on AccountingPeriod { id until periodState digest }"
_CLOSED = f"""{_PERIOD} ... on PeriodStillOpen {{ latest }} ... on PeriodAlreadyClosed {{ closedUntil }}
  ... on BooksDisagree {{ violations first }}"""
_PERIODS = "{ accountingPeriods(first: 5) { nodes { id until periodState digest closedBy reopenedBy } } }"


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards the books are closed until the day before yesterday."""
    operator, controller = cast.operator, cast.controller
    stage.turned_away(
        cast.north, "closes the books", cast.north.attempt("closePeriod", until="2026-01-31"), "FORBIDDEN"
    )
    early = operator.do("closePeriod", _CLOSED, until="2999-12-31")
    stage.does(operator, "closes days that are not over", early, "PeriodStillOpen")
    latest: str = early["latest"]
    if _last(operator) == latest:
        stage.say(f"Another tour has closed the books until {latest} before.")
    else:
        closed = _closed(operator, latest)
        stage.does(operator, f"closes the books until {latest}", closed, "AccountingPeriod", periodState="CLOSED")
    again = operator.do("closePeriod", _CLOSED, until=latest)
    stage.does(operator, "closes them twice", again, "PeriodAlreadyClosed", closedUntil=latest)
    period = operator.ask(_PERIODS)["accountingPeriods"]["nodes"][0]
    stage.holds(operator, "keeps the digest of what was closed", len(period["digest"]) == 64, period["digest"])
    _opened_again(stage, operator, controller, {"periodId": period["id"]})
    fresh = _closed(operator, latest)
    stage.does(operator, "closes them again", fresh, "AccountingPeriod", periodState="CLOSED", until=latest)
    states = [row["periodState"] for row in operator.ask(_PERIODS)["accountingPeriods"]["nodes"][:2]]
    stage.equal(operator, "and both stay on record", states, ["CLOSED", "REOPENED"])


def _opened_again(stage: Stage, operator: Client, controller: Client, mine: Json) -> None:
    asked = operator.do("proposeReopening", _PERIOD, **mine, reason="An invoice was late")
    stage.does(operator, "wants them open again", asked, "AccountingPeriod", periodState="REOPENING")
    alone = operator.do("approveReopening", _PERIOD, **mine)
    stage.does(operator, "approves it by herself", alone, "SamePerson")
    opened = controller.do("approveReopening", _PERIOD, **mine)
    stage.does(controller, "approves it", opened, "AccountingPeriod", periodState="REOPENED")


def _last(operator: Client) -> str | None:
    """Until when the books are closed."""
    rows = operator.ask(_PERIODS)["accountingPeriods"]["nodes"]
    return next((row["until"] for row in rows if row["periodState"] != "REOPENED"), None)


def _closed(operator: Client, until: str) -> Json:
    """The answer to closing; again while a payment is between Stripe and our ledger."""

    def close() -> Json:
        return operator.do("closePeriod", _CLOSED, until=until)

    return wait_for(close, lambda answer: answer["__typename"] != "BooksDisagree", patience_s=20)
