"""Stripe, to the cent: each of its balance transactions is matched by its id, and a day closes."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import Client, Json, wait_for
from marketplace.app.tour.pages import every
from marketplace.app.tour.stage import Stage, money

TITLE = "Stripe, to the cent"
_MONEY = "{ amount currency }"
_TOLD = f"""query Told($first: Int, $after: String) {{ stripeTransactions(first: $first, after: $after) {{
  nodes {{ stripeId kind source explainedAt net {_MONEY} matches {{ source journal {{ reason }} }} }}
  pageInfo {{ hasNextPage endCursor }} }} }}"""
_APART = f"""{{ reconciliationExceptions(side: STRIPE, first: 100) {{ nodes {{ said ageDays amount {_MONEY}
  journal {{ reason }} stripeTransaction {{ id stripeId kind source }} }} }} }}"""
_STANDING = f"""query S($currency: CurrencyCode!, $day: Date!) {{ stripeStanding(currency: $currency, day: $day) {{
  since opening {_MONEY} stripe {_MONEY} books {_MONEY} crossing {_MONEY} apart {_MONEY} unexplained toldUntil
  kinds {{ kind number amount {_MONEY} fee {_MONEY} net {_MONEY} }} }} }}"""
_CLOSED = f"""... on StripeDay {{ day opening {_MONEY} closing {_MONEY} crossing {_MONEY} transactions }}
  ... on StripeDayClosed {{ closedUntil }} ... on StripeDayUnknown {{ toldUntil }}"""


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards our balance at Stripe is closed up to yesterday, in the currency of the tour's first program."""
    operator = cast.operator
    told = every(operator, _TOLD, lambda data: data["stripeTransactions"])
    matched = [row for row in told if row["explainedAt"]]
    if not matched:
        stage.say("Stripe's balance has not been copied yet.")
        return
    shown: dict[str, list[Json]] = {}
    for row in matched:
        shown.setdefault(row["kind"], []).append(row)
    columns = ("kind", "matched", "of", "to journals")
    rows = [
        (kind, len(each), sum(row["kind"] == kind for row in told),
         ", ".join(sorted({match["journal"]["reason"] for row in each for match in row["matches"]})))
        for kind, each in sorted(shown.items())
    ]  # fmt: skip
    stage.show("What Stripe tells of our balance, and what the books call it", columns, rows)
    by_id = all(match["source"] == row["source"] for row in matched for match in row["matches"] if row["source"])
    stage.holds(
        operator, "sees each matched by Stripe's id of what it came from", by_id, f"{len(matched)} of them"
    )
    _apart(stage, operator)
    _closed(stage, cast)


def _apart(stage: Stage, operator: Client) -> None:
    rows = operator.ask(_APART)["reconciliationExceptions"]["nodes"]
    for row in rows:
        told = row["stripeTransaction"]
        wish = {"stripeTransactionId": told["id"], "note": "Seen in the tour", "was": {"own": "OWN_FUNDS"}}
        said = operator.do("explainStripeTransaction", "... on StripeTransaction { explainedAt }", **wish)
        stage.does(operator, f"says what {row['said']} was, {money(row['amount'])}", said, "StripeTransaction")
    if not rows:
        stage.say("Nothing at Stripe is unexplained.")


def _closed(stage: Stage, cast: Cast) -> None:
    operator, currency = cast.operator, "SEK"
    today = datetime.now(UTC).date()

    def stands() -> Json:
        return operator.ask(_STANDING, currency=currency, day=today.isoformat())["stripeStanding"]

    now = wait_for(stands, lambda seen: Decimal(seen["apart"]["amount"]) == 0, patience_s=20)
    rows = [
        (kind["kind"], kind["number"], money(kind["amount"]), money(kind["fee"]), money(kind["net"]))
        for kind in now["kinds"]
    ]
    stage.show(f"Our {currency} at Stripe today", ("kind", "number", "amount", "fee", "net"), rows)
    sums = sum((Decimal(kind["net"]["amount"]) for kind in now["kinds"]), Decimal(now["opening"]["amount"]))
    stage.equal(operator, "adds opening and kinds up", sums, Decimal(now["stripe"]["amount"]))
    stage.equal(operator, "finds nothing apart: Stripe less books", Decimal(now["apart"]["amount"]), Decimal())
    early = operator.do("closeStripeDay", _CLOSED, currency=currency, day=today.isoformat())
    stage.does(operator, "closes today, which Stripe has not told all of", early, "StripeDayUnknown")
    foreign = cast.partner.attempt("closeStripeDay", currency=currency, day=today.isoformat())
    stage.turned_away(cast.partner, "closes a day of our balance at Stripe", foreign, "FORBIDDEN")
    day = date.fromisoformat(early["toldUntil"]) if early.get("toldUntil") else today - timedelta(days=1)
    done = operator.do("closeStripeDay", _CLOSED, currency=currency, day=day.isoformat())
    if done["__typename"] == "StripeDayClosed":
        stage.say(f"Another tour has closed our balance at Stripe up to {done['closedUntil']} before.")
        return
    said = f"{money(done['closing'])}, of which {money(done['crossing'])} stands in the books on another day"
    stage.does(operator, f"closes {day}: Stripe and books are equal", done, "StripeDay", said)
    again = operator.do("closeStripeDay", _CLOSED, currency=currency, day=day.isoformat())
    stage.does(operator, "closes it twice", again, "StripeDayClosed")
