"""Partners are settled line by line, and paid: sent, then in the bank, or carried forward with a reason."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import Client, Json, wait_for
from marketplace.app.tour.pages import every
from marketplace.app.tour.stage import Stage, money

TITLE = "9. Settlement"
_MONEY = "{ amount currency }"
_FIGURES = (
    f"opening {_MONEY} gross {_MONEY} commission {_MONEY} vat {_MONEY} adjustments {_MONEY} closing {_MONEY}"
)
_STATEMENT = (
    f"id number periodFrom periodUntil accruals {_FIGURES} partner {{ name }} "
    "payout { state reason detail triedAgainOn inBankAt }"
)
_PREVIEW = f"""query Preview($until: Date!, $first: Int, $after: String) {{
  rows: settlementPreview(until: $until, first: $first, after: $after) {{ nodes {{ {_FIGURES} accruals state reason
    triedAgainOn partner {{ id name }} }} pageInfo {{ hasNextPage endCursor }} }} }}"""
_RUN = f"""query Run($id: ID!, $first: Int, $after: String) {{ node(id: $id) {{ ... on SettlementRun {{
  state rows: statements(first: $first, after: $after) {{ nodes {{ {_STATEMENT} }}
    pageInfo {{ hasNextPage endCursor }} }} }} }} }}"""
_LINES = f"""query Lines($id: ID!, $first: Int, $after: String) {{ node(id: $id) {{ ... on Statement {{
  rows: lines(first: $first, after: $after) {{ nodes {{ position kind description quantity arithmetic
    gross {_MONEY} commission {_MONEY} vat {_MONEY} net {_MONEY}
    entries(first: 100) {{ nodes {{ net {_MONEY} }} pageInfo {{ hasNextPage }} }} }}
    pageInfo {{ hasNextPage endCursor }} }} }} }} }}"""


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards everything that can be settled is, and a correction waits for the next run."""
    until = _refused(stage, cast)
    _previewed(stage, cast, until)
    statements = _settled(stage, cast, until)
    for statement in statements[:8]:
        _added_up(stage, cast.operator, statement)
    _paid(stage, cast, statements)
    _read_by_partner(stage, cast)
    _adjusted(stage, cast)
    _own_preview(stage, cast)


def _refused(stage: Stage, cast: Cast) -> str:
    operator, ahead = cast.operator, (datetime.now(UTC).date() + timedelta(days=2)).isoformat()
    stage.turned_away(
        cast.partner, "orders a settlement", cast.partner.attempt("settle", until=ahead), "FORBIDDEN"
    )
    early = operator.do("settle", "... on PeriodNotOver { latest timezone }", until=ahead)
    stage.does(operator, "settles days that are not over", early, "PeriodNotOver")
    return early["latest"]


def _previewed(stage: Stage, cast: Cast, until: str) -> None:
    rows = every(cast.operator, _PREVIEW, lambda data: data["rows"], until=until)
    why = Counter(str(row["reason"] or row["state"]) for row in rows)
    said = ", ".join(f"{count} {reason}" for reason, count in why.most_common()) or "nothing is open"
    stage.holds(cast.operator, f"previews a run until {until}", all(_balanced(row) for row in rows), said)


def _settled(stage: Stage, cast: Cast, until: str) -> list[Json]:
    operator = cast.operator
    run = operator.do("settle", "... on SettlementRun { id state }", until=until)
    stage.does(operator, f"settles until {until}", run, "SettlementRun")
    end = wait_for(
        lambda: operator.ask(_RUN, id=run["id"], first=1)["node"],
        lambda row: row["state"] == "FINISHED",
        patience_s=180,
    )
    stage.equal(operator, "waits for the run", end["state"], "FINISHED")
    issued = every(operator, _RUN, lambda data: data["node"]["rows"], id=run["id"])
    stage.holds(
        operator, "reads statements that balance", all(_balanced(each) for each in issued), f"{len(issued)} issued"
    )
    again = operator.do("settle", "... on SettlementRun { id }", until=until)
    wait_for(lambda: operator.ask(_RUN, id=again["id"], first=1)["node"], lambda row: row["state"] == "FINISHED")
    nothing = operator.ask(_RUN, id=again["id"], first=1)["node"]["rows"]["nodes"]
    stage.equal(operator, "settles the same days again: no statement", len(nothing), 0)
    return issued or _earlier(operator)


def _earlier(operator: Client) -> list[Json]:
    """Statements of the runs before, when this one had nothing left to settle."""
    runs = operator.ask(
        f"{{ settlementRuns(first: 20) {{ nodes {{ statements(first: 50) {{ nodes {{ {_STATEMENT} }} }} }} }} }}"
    )
    return [row for run in runs["settlementRuns"]["nodes"] for row in run["statements"]["nodes"]]


def _of(value: Json) -> Decimal:
    return Decimal(str(value["amount"]))


def _balanced(row: Json) -> bool:
    """opening + gross - commission - VAT + adjustments = closing"""
    period = _of(row["gross"]) - _of(row["commission"]) - _of(row["vat"]) + _of(row["adjustments"])
    return _of(row["opening"]) + period == _of(row["closing"])


def _added_up(stage: Stage, reader: Client, statement: Json) -> None:
    """Add up the lines, and the entries of each line, as the partner's bookkeeper would."""
    lines = every(reader, _LINES, lambda data: data["node"]["rows"], id=statement["id"])
    net = sum((_of(line["net"]) for line in lines), Decimal())
    whole = [line for line in lines if not line["entries"]["pageInfo"]["hasNextPage"]]
    honest = all(
        sum((_of(each["net"]) for each in line["entries"]["nodes"]), Decimal()) == _of(line["net"])
        for line in whole
    )
    right = honest and net == _of(statement["closing"]) - _of(statement["opening"])
    said = f"{len(lines)} lines, net {net} of {money(statement['closing'])}"
    stage.holds(reader, f"adds up {statement['number']}, line by line", right, said)


def _paid(stage: Stage, cast: Cast, statements: list[Json]) -> None:
    """Wait until what was sent is in the bank; what is carried forward must say why and when."""
    operator = cast.operator
    query = f"query S($id: ID!) {{ node(id: $id) {{ ... on Statement {{ {_STATEMENT} }} }} }}"
    ends: list[Json] = []
    for statement in statements[:30]:
        look = partial(operator.ask, query, id=statement["id"])
        ends.append(wait_for(look, lambda data: _is_over(data["node"]["payout"]), patience_s=45)["node"])
    rows = [
        (row["number"], row["partner"]["name"], row["periodUntil"], money(row["gross"]), money(row["closing"]),
         row["payout"]["state"], row["payout"]["reason"], row["payout"]["triedAgainOn"])
        for row in ends
    ]  # fmt: skip
    columns = ("statement", "partner", "until", "gross", "closing", "payout", "why not", "tried again")
    stage.show("Statements and their payouts", columns, rows)
    states = Counter(row["payout"]["state"] for row in ends)
    stage.holds(operator, "sees payouts in the bank", states["IN_BANK"] > 0, dict(states))
    silent = [
        row["number"]
        for row in ends
        if row["payout"]["state"] in ("CARRIED", "PLANNED", "FAILED") and not row["payout"]["reason"]
    ]
    stage.equal(operator, "finds a reason wherever nothing was paid", silent, [])


def _is_over(payout: Json) -> bool:
    """Whether nothing more is expected of a payout soon: it is in the bank, or says why not."""
    return payout["state"] not in ("PLANNED", "SENT") or bool(payout["reason"])


def _read_by_partner(stage: Stage, cast: Cast) -> None:
    starbucks = cast.starbucks
    query = f"{{ statements(first: 3) {{ nodes {{ {_STATEMENT} csv }} }} }}"
    own: list[Json] = starbucks.ask(query)["statements"]["nodes"]
    stage.holds(starbucks, "reads its own statements", bool(own), ", ".join(each["number"] for each in own))
    for statement in own:
        _added_up(stage, starbucks, statement)
        lines = every(starbucks, _LINES, lambda data: data["node"]["rows"], id=statement["id"])
        rows = [
            (line["kind"], line["quantity"], line["description"], money(line["net"]), line["arithmetic"])
            for line in lines
        ]
        stage.show(
            f"{statement['number']}: {statement['periodFrom']} to {statement['periodUntil']}",
            ("", "", "what", "net", "how"),
            rows[:6],
        )
        stage.holds(
            starbucks, "downloads it as CSV", statement["csv"].count("\n") > len(lines), statement["csv"][:60]
        )
    foreign = (
        cast.partner.ask("query N($id: ID!) { node(id: $id) { id } }", id=own[0]["id"])["node"] if own else None
    )
    stage.equal(cast.partner, "opens Starbucks' statement", foreign, None)


def _adjusted(stage: Stage, cast: Cast) -> None:
    operator, controller, shown = (
        cast.operator,
        cast.controller,
        "... on Adjustment { id state amount { amount currency } }",
    )
    wish = {"partnerId": cast.partner_id, "reason": "A crate of cups that arrived broken"}
    euros = operator.do("proposeAdjustment", **wish, amount={"amount": "15", "currency": "EUR"})
    stage.does(operator, "corrects in a currency that is not the contract's", euros, "WrongCurrency")
    amount = {"amount": "-15.00", "currency": "SEK"}
    proposed = operator.do("proposeAdjustment", shown, **wish, amount=amount)
    stage.does(operator, "proposes to take 15 SEK off", proposed, "Adjustment", state="PROPOSED")
    mine = {"adjustmentId": proposed["id"]}
    stage.does(operator, "approves it by herself", operator.do("approveAdjustment", **mine), "SamePerson")
    approved = controller.do("approveAdjustment", shown, **mine)
    stage.does(controller, "approves it", approved, "Adjustment", state="APPROVED")
    stage.does(
        controller, "declines it afterwards", controller.do("declineAdjustment", **mine), "AdjustmentDecided"
    )
    other = operator.do("proposeAdjustment", shown, **wish, amount={"amount": "9999", "currency": "SEK"})
    declined = controller.do("declineAdjustment", shown, adjustmentId=other["id"])
    stage.does(controller, "declines 9,999 SEK", declined, "Adjustment", state="DECLINED")


def _own_preview(stage: Stage, cast: Cast) -> None:
    """What the tour's own partner would get next week: the sales of today, less what was refunded."""
    ahead = (datetime.now(UTC).date() + timedelta(days=7)).isoformat()
    rows = every(cast.operator, _PREVIEW, lambda data: data["rows"], until=ahead)
    row = next(row for row in rows if row["partner"]["id"] == cast.partner_id)
    figures = ("gross", "commission", "vat", "adjustments", "closing")
    said = ", ".join(f"{figure} {money(row[figure])}" for figure in figures)
    stage.holds(cast.operator, f"previews {cast.partner.name}'s next statement", _balanced(row), said)
    share = _of(row["commission"]) * 100 / _of(row["gross"])
    stage.holds(cast.operator, "finds 8 % commission on it", abs(share - 8) < Decimal("0.1"), f"{share:.3f} %")
    stage.equal(cast.operator, "and the correction", _of(row["adjustments"]), Decimal("-15.00"))
