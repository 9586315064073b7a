"""Partners are settled line by line, and paid: sent, then in the bank, or carried forward with a reason."""

from collections import Counter

from marketplace.app.tour import statements
from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import Client, Json
from marketplace.app.tour.stage import Stage, money

TITLE = "Settlement"
LOOKED_AT = 30


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
    foreign = {"id": own[0]["id"]} if own else {"id": ""}
    seen = cast.partner.ask("query N($id: ID!) { node(id: $id) { id } }", **foreign)["node"]
    stage.equal(cast.partner, "opens Starbucks' statement", seen, None)
