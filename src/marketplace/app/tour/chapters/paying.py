"""Before a run: what is not over is not settled, and a partner that could not be paid opens an account."""

from datetime import UTC, datetime, timedelta

from marketplace.app.tour import banking, statements
from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import Client, Json
from marketplace.app.tour.stage import Stage, money

TITLE = "Before settlement: a partner opens an account"
HELD_IN = ("SEK", "EUR")
"""Currencies of which the programs' card payments have left something in the marketplace's balance at Stripe."""
REACHED = ("SE", "FI", "NL", "DE", "FR", "IE", "ES", "IT")


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards the day to settle until is known, and one more partner can be paid, if there was one."""
    _too_early(stage, cast)
    rows = statements.previewed(cast.operator, cast.settled_until)
    waiting = next((row for row in rows if _waits_for_an_account(row)), None)
    if waiting is None:
        stage.say("Everybody whose money is in the balance at Stripe has an account, or was settled before.")
        return
    partner = _keyed(stage, cast, waiting)
    banking.onboarded(stage, cast, partner, waiting["partner"]["country"])
    now = statements.previewed(cast.operator, cast.settled_until)
    states = [row["state"] for row in now if row["partner"]["id"] == waiting["partner"]["id"]]
    stage.equal(cast.operator, "previews the run again: it would be paid", states, ["PLANNED"])
    cast.payable = waiting


def _too_early(stage: Stage, cast: Cast) -> None:
    operator, ahead = cast.operator, (datetime.now(UTC).date() + timedelta(days=2)).isoformat()
    foreign = cast.partner.attempt("settle", until=ahead)
    stage.turned_away(cast.partner, "orders a settlement", foreign, "FORBIDDEN")
    early = operator.do("settle", statements.ORDERED, until=ahead)
    stage.does(operator, "settles days that are not over", early, "PeriodNotOver")
    cast.settled_until = early["latest"]


def _waits_for_an_account(row: Json) -> bool:
    """Whether only an account is missing, and Stripe could pay it today."""
    in_reach = row["partner"]["country"] in REACHED and row["closing"]["currency"] in HELD_IN
    return row["reason"] == "NO_PAYOUT_ACCOUNT" and in_reach


def _keyed(stage: Stage, cast: Cast, row: Json) -> Client:
    operator, partner = cast.operator, row["partner"]
    said = f"{money(row['closing'])} would be carried forward and tried again on {row['triedAgainOn']}"
    stage.holds(operator, f"sees that {partner['name']} has no account", holds=True, shown=said)
    wish = {"name": "payouts", "owner": partner["id"], "scopes": ["PAYOUT_ACCOUNT"]}
    key = operator.do("issueApiKey", "... on IssuedApiKey { secret }", **wish)
    stage.does(operator, "issues a key that can open one, and no more", key, "IssuedApiKey")
    client = cast.client(partner["name"], key["secret"])
    nosy = client.answer("{ statements { nodes { id } } }")
    stage.turned_away(client, "reads its statements with it", nosy, "FORBIDDEN")
    return client
