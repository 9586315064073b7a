"""Partners are settled line by line, and paid: sent, then in the bank, or carried forward with a reason."""

import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO

from marketplace.app.tour import statements
from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import Client, Json
from marketplace.app.tour.stage import Stage, money

TITLE = "Settlement"
LOOKED_AT = 30
_STARBUCKS = "Starbucks (demo partner)"


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards everything that can be settled is."""
    _previewed(stage, cast)
    found = _settled(stage, cast)
    for statement in found[:8]:
        _added_up(stage, cast.operator, statement)
    _paid(stage, cast, found[:LOOKED_AT])
    _newly_paid(stage, cast, found)
    _read_by_partner(stage, cast)


def _previewed(stage: Stage, cast: Cast) -> None:
    rows = statements.previewed(cast.operator, cast.settled_until)
    why = Counter(str(row["reason"] or row["state"]) for row in rows)
    said = ", ".join(f"{count} {reason}" for reason, count in why.most_common()) or "nothing is open"
    right = all(statements.balanced(row) for row in rows)
    stage.holds(cast.operator, f"previews a run until {cast.settled_until}", right, said)


def _settled(stage: Stage, cast: Cast) -> list[Json]:
    operator, until = cast.operator, cast.settled_until
    run = operator.do("settle", statements.ORDERED, until=until)
    stage.does(operator, f"settles until {until}", run, "SettlementRun")
    stage.equal(operator, "waits for the run", statements.finished(operator, run["id"]), "FINISHED")
    issued = statements.issued(operator, run["id"])
    right = all(statements.balanced(each) for each in issued)
    stage.holds(operator, "reads statements that balance", right, f"{len(issued)} issued")
    again = operator.do("settle", statements.ORDERED, until=until)
    statements.finished(operator, again["id"])
    nothing = statements.issued(operator, again["id"])
    stage.equal(operator, "settles the same days again: no statement", len(nothing), 0)
    return issued or statements.of_all_runs(operator)


def _added_up(stage: Stage, reader: Client, statement: Json) -> None:
    """Add up the lines, and the entries of each line, as the partner's bookkeeper would."""
    lines = statements.lines_of(reader, statement)
    net, honest = statements.added_up(lines)
    right = honest and net == statements.of(statement["closing"]) - statements.of(statement["opening"])
    said = f"{len(lines)} lines, net {net} of {money(statement['closing'])}"
    stage.holds(reader, f"adds up {statement['number']}, line by line", right, said)


def _paid(stage: Stage, cast: Cast, found: list[Json]) -> None:
    """Wait until what was sent is in the bank; what is carried forward must say why and when."""
    ends = [statements.ended(cast.operator, statement["id"]) for statement in found]
    rows = [
        (row["number"], row["partner"]["name"], row["periodUntil"], money(row["gross"]), money(row["closing"]),
         row["payout"]["state"], row["payout"]["reason"], row["payout"]["triedAgainOn"])
        for row in ends
    ]  # fmt: skip
    columns = ("statement", "partner", "until", "gross", "closing", "payout", "why not", "tried again")
    stage.show("Statements and their payouts", columns, rows)
    states = Counter(row["payout"]["state"] for row in ends)
    stage.holds(cast.operator, "sees payouts in the bank", states["IN_BANK"] > 0, dict(states))
    unpaid = [row for row in ends if row["payout"]["state"] in ("CARRIED", "PLANNED", "FAILED")]
    silent = {row["number"] for row in unpaid if not row["payout"]["reason"]}
    stage.equal(cast.operator, "finds a reason wherever nothing was paid", silent, set[str]())


def _newly_paid(stage: Stage, cast: Cast, found: list[Json]) -> None:
    """The partner that has opened an account is paid all that it was owed."""
    if cast.payable is None:
        return
    partner = cast.payable["partner"]
    mine = [row for row in found if row["partner"]["id"] == partner["id"]]
    closings = [money(row["closing"]) for row in mine]
    stage.equal(cast.operator, f"finds {partner['name']}'s statement", closings, [money(cast.payable["closing"])])
    end = statements.ended(cast.operator, mine[0]["id"])
    stage.equal(cast.operator, "and follows its payout into the bank", end["payout"]["state"], "IN_BANK")


def _read_by_partner(stage: Stage, cast: Cast) -> None:
    starbucks = cast.starbucks
    query = f"{{ statements(first: 2) {{ nodes {{ {statements.STATEMENT} csv }} }} }}"
    own: list[Json] = starbucks.ask(query)["statements"]["nodes"]
    stage.holds(starbucks, "reads its own statements", bool(own), ", ".join(each["number"] for each in own))
    for statement in own:
        _added_up(stage, starbucks, statement)
        lines = statements.lines_of(starbucks, statement)
        rows = [
            (line["kind"], line["quantity"], line["description"], money(line["net"]), line["arithmetic"])
            for line in lines
        ]
        title = f"{statement['number']}: {statement['periodFrom']} to {statement['periodUntil']}"
        stage.show(title, ("", "", "what", "net", "how"), rows[:6])
        head = statement["csv"].partition("\n")[0].strip()
        stage.holds(starbucks, "downloads it as CSV", statement["csv"].count("\n") > len(lines), head)
    if own:
        _explained(stage, starbucks, own[0])
        _as_files(stage, starbucks, own[0])
        _disputed(stage, cast, own[0])
    _forecast(stage, starbucks)
    foreign = {"id": own[0]["id"]} if own else {"id": ""}
    seen = cast.partner.ask("query N($id: ID!) { node(id: $id) { id } }", **foreign)["node"]
    stage.equal(cast.partner, "opens Starbucks' statement", seen, None)


_EXPLAINED = """query E($id: ID!) { node(id: $id) { ... on Statement { lines(first: 1) { nodes { id
  explain(first: 1) { nodes { commissionBp contract { validFrom } rate { rate source asOf } redemption { id }
    steps { what formula exact amount { amount currency } }
    transfers { debit credit amount { amount currency } } } } } } } } }"""


def _explained(stage: Stage, partner: Client, statement: Json) -> None:
    """The first amount of the first line, step by step, down to the books."""
    [line] = partner.ask(_EXPLAINED, id=statement["id"])["node"]["lines"]["nodes"]
    [told] = line["explain"]["nodes"]
    rows = [(step["what"], step["formula"], step["exact"], money(step["amount"])) for step in told["steps"]]
    stage.show("How its first amount came about", ("", "figures", "exactly", "rounded"), rows)
    rows = [(moved["debit"], moved["credit"], money(moved["amount"])) for moved in told["transfers"]]
    stage.show("What the books moved for it", ("from", "to", "amount"), rows)
    stage.holds(partner, "finds the redemption behind it", bool(told["redemption"]), f"{len(rows)} transfers")


def _as_files(stage: Stage, partner: Client, statement: Json) -> None:
    """The statement as PDF, and everything on it as CSV, which adds up to what it closes with."""
    headers = {"authorization": f"Bearer {partner.token}"}
    path = f"/statements/{statement['id']}"
    pdf = partner.http.get(f"{path}.pdf?language=en-US", headers=headers, timeout=60)
    stage.holds(partner, "downloads it as PDF", pdf.content.startswith(b"%PDF"), f"{len(pdf.content):,} bytes")
    text = partner.http.get(f"{path}.accruals.csv", headers=headers, timeout=60).text
    net = sum((Decimal(row["net"]) for row in csv.DictReader(StringIO(text))), Decimal())
    right = net == statements.of(statement["closing"]) - statements.of(statement["opening"])
    stage.holds(partner, "adds up every sale and refund from the CSV file", right, str(net))


def _disputed(stage: Stage, cast: Cast, statement: Json) -> None:
    """A line that its partner says is wrong: put right by two people, and seen on its next statement."""
    before = _next_adjustments(cast)
    starbucks, shows = cast.starbucks, "... on Dispute { id state answer adjustment { id } }"
    found = starbucks.ask(_EXPLAINED, id=statement["id"])["node"]["lines"]["nodes"]
    note = {"lineId": found[0]["id"], "note": "One of these was paid back in the shop", "evidence": "till roll 17"}
    raised = starbucks.do("disputeLine", shows, **note)
    stage.does(starbucks, "disputes a line", raised, "Dispute", state="OPEN")
    stage.does(starbucks, "disputes it again", starbucks.do("disputeLine", shows, **note), "LineInDispute")
    amount = {"amount": "1", "currency": statement["closing"]["currency"]}
    accepted = cast.operator.do(
        "acceptDispute", shows, disputeId=raised["id"], amount=amount, reason="Paid back in the shop"
    )
    stage.does(cast.operator, "proposes to put it right", accepted, "Dispute", money(amount), state="PROPOSED")
    mine = {"adjustmentId": accepted["adjustment"]["id"]}
    alone = cast.operator.do("approveAdjustment", **mine)
    stage.does(cast.operator, "agrees to it by herself", alone, "SamePerson")
    agreed = cast.controller.do("approveAdjustment", "... on Adjustment { state }", **mine)
    stage.does(cast.controller, "agrees, as a second person", agreed, "Adjustment", state="APPROVED")
    seen = starbucks.ask("query D($id: ID!) { node(id: $id) { ... on Dispute { state } } }", id=raised["id"])
    stage.equal(starbucks, "sees that a second person agreed", seen["node"]["state"], "ACCEPTED")
    stated = statements.one(starbucks, statement["id"])
    stands, stood = money(stated["closing"]), money(statement["closing"])
    stage.equal(starbucks, "finds the issued statement as it was", stands, stood)
    gained = _next_adjustments(cast) - before
    stage.equal(cast.operator, "previews its next statement: by so much is more adjusted", gained, Decimal(1))


def _next_adjustments(cast: Cast) -> Decimal:
    """What adjustments the next statement of Starbucks will have, by what is known now."""
    ahead = (datetime.now(UTC).date() + timedelta(days=40)).isoformat()
    rows = [row for row in statements.previewed(cast.operator, ahead) if row["partner"]["name"] == _STARBUCKS]
    return sum((statements.of(row["adjustments"]) for row in rows), Decimal())


def _forecast(stage: Stage, partner: Client) -> None:
    """What the partner will be paid next, and what waits."""
    query = """{ partner { payoutForecast { expectedOn closing { amount currency } state reason }
        openAccruals(first: 3) { totalCount nodes { reason expectedOn entry { net { amount currency } } } } } }"""
    said = partner.ask(query)["partner"]
    rows = [
        (each["expectedOn"], money(each["closing"]), each["state"], each["reason"])
        for each in said["payoutForecast"]
    ]
    stage.show("Its next payout, by what is known now", ("on", "closing", "", "why not"), rows)
    waiting = said["openAccruals"]
    reasons = {node["reason"] for node in waiting["nodes"]}
    right = all(node["expectedOn"] for node in waiting["nodes"])
    stage.holds(
        partner, "sees what waits, why and until when", right, f"{waiting['totalCount']}: {', '.join(reasons)}"
    )
