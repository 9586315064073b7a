"""Statements of different kinds: one below zero that is carried forward, and one in another currency."""

from marketplace.app.tour import statements
from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import Json
from marketplace.app.tour.stage import Stage, money

TITLE = "Below zero, and in another currency"
HOW_MANY = 30
_EXPLAINED = """query E($id: ID!) { node(id: $id) { ... on Statement { lines(first: 3) { nodes {
  explain(first: 3) { nodes { rate { rate source asOf } steps { what formula exact amount { amount currency } }
    transfers { debit credit amount { amount currency } } } } } } } } }"""
_CARRIED = "query C($id: ID!) { node(id: $id) { ... on Statement { payout { carriedInto { number } } } } }"


def play(stage: Stage, cast: Cast) -> None:
    """Nothing changes: finance looks at statements that are not as usual."""
    rows = statements.of_all_runs(cast.operator)
    _below_zero(stage, cast, rows)
    _in_another_currency(stage, cast, rows)


def _below_zero(stage: Stage, cast: Cast, rows: list[Json]) -> None:
    """More was taken back than sold: nothing is paid, and the next statement begins with what is missing."""
    operator = cast.operator
    below = [row for row in rows if statements.of(row["closing"]) < 0]
    reasons = {row["payout"]["reason"] for row in below}
    stage.equal(operator, "finds statements below zero, none of them paid", reasons, {"NEGATIVE_BALANCE"})
    for row in below:
        into = operator.ask(_CARRIED, id=row["id"])["node"]["payout"]["carriedInto"]
        after = next((each for each in rows if into and each["number"] == into["number"]), None)
        if after is None:
            again = row["payout"]["triedAgainOn"]
            said = f"{money(row['closing'])} waits for sales; it is looked at again on {again}"
            stage.holds(operator, f"reads {row['number']}", bool(again), said)
            continue
        columns = ("statement", "until", "opening", "gross", "commission", "adjustments", "closing", "payout")
        shown = [
            (
                each["number"], each["periodUntil"], money(each["opening"]), money(each["gross"]),
                money(each["commission"]), money(each["adjustments"]), money(each["closing"]),
                each["payout"]["state"],
            )
            for each in (row, after)
        ]  # fmt: skip
        stage.show(f"{row['partner']['name']}: what was below zero opens the next statement", columns, shown)
        opens, closed = money(after["opening"]), money(row["closing"])
        stage.equal(operator, f"sees {after['number']} open with it", opens, closed)


def _in_another_currency(stage: Stage, cast: Cast, rows: list[Json]) -> None:
    """A partner is owed its own currency for what a program paid in another: the rate of the sale is on record."""
    for row in rows[:HOW_MANY]:
        lines = cast.operator.ask(_EXPLAINED, id=row["id"])["node"]["lines"]["nodes"]
        told = next((each for line in lines for each in line["explain"]["nodes"] if _is_exchanged(each)), None)
        if told is None:
            continue
        steps = [(step["what"], step["formula"], step["exact"], money(step["amount"])) for step in told["steps"]]
        title = f"{row['partner']['name']} is settled in {row['closing']['currency']}: one of its sales"
        stage.show(title, ("", "figures", "exactly", "rounded"), steps)
        moved = [(each["debit"], each["credit"], money(each["amount"])) for each in told["transfers"]]
        stage.show("What the books moved for it, over the FX accounts", ("from", "to", "amount"), moved)
        rate = told["rate"]
        said = f"{rate['rate']} by {rate['source']} of {str(rate['asOf'])[:10]}"
        stage.holds(cast.operator, "finds the rate of its day, with its source", bool(rate["asOf"]), said)
        return
    stage.holds(cast.operator, "finds a partner in another currency", holds=False)


def _is_exchanged(told: Json) -> bool:
    """Whether it was paid in another currency, and commission was kept of it."""
    kept = [step for step in told["steps"] if step["what"] == "commission" and statements.of(step["amount"])]
    return bool(told["rate"] and kept)
