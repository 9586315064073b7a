"""A month's accounts: what a bank took back, what a refund takes back later, and everything added up by others."""

import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import httpx

from marketplace.app.tour import statements
from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import Json, wait_for
from marketplace.app.tour.pages import every
from marketplace.app.tour.stage import Stage, money

TITLE = "A month's accounts"
SCRIPT: Final = Path("docs") / "guides" / "re_add.py"
_MONEY = "{ amount currency }"
_FILES = """query Files($first: Int, $after: String) { statements(first: $first, after: $after) {
  nodes { id number csv } pageInfo { hasNextPage endCursor } } }"""
_HISTORY = "query H($id: ID!) { node(id: $id) { ... on Statement { payout { history { state } } } } }"
_TRAIL = """query T($id: ID!, $line: Int) { auditTrail(id: $id, line: $line) {
  journals(first: 20) { nodes { reason causeId transfers { amount unit debit { purpose } credit { purpose } } } }
  lines { ownerKind purpose unit debits credits trialBalanceLine { balance } } } }"""
_RESULTS = f"""query R($from: Date!, $until: Date!) {{ financialResults(from: $from, until: $until) {{
  lines {{ ownerKind purpose unit net }}
  exchange {{ converted {_MONEY} convertedInto {_MONEY} realised {_MONEY} open {_MONEY} openInto {_MONEY}
    closingRate unrealised {_MONEY} }} }} }}"""
_LIABILITY = f"""{{ pointsLiability(currency: "EUR") {{ programCode total {{ lots available held worth {_MONEY}
    expectedBreakage }} worthInCurrency {_MONEY} }}
  liabilityBackTest {{ programCode standing steps {{ expectedUsed used }} usedError }} }}"""


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards one payout has come back and was paid again, and a sale that was paid for is refunded."""
    _taken_back_by_the_bank(stage, cast)
    _refunded_after_it_was_paid(stage, cast)
    _added_up_by_others(stage, cast)
    _results(stage, cast)
    _liability(stage, cast)


def _paid(cast: Cast) -> list[Json]:
    rows = [row for row in statements.of_all_runs(cast.operator) if row["payout"]["state"] == "IN_BANK"]
    return [row for row in rows if statements.of(row["closing"]) > 0]


def _taken_back_by_the_bank(stage: Stage, cast: Cast) -> None:
    """A payout that said it was paid fails: `IN_BANK` is taken back, and Stripe pays again."""
    if cast.stripe is None:
        stage.say("Stripe itself is used here: no bank of ours to send a payout back.")
        return
    paid = {row["id"]: row for row in _paid(cast)}
    told = httpx.get(f"{cast.stripe}/_stand_in/deliveries", timeout=30).json()
    closings = {statements.of(row["closing"]) * 100 for row in paid.values()}  # others are cash of members
    payouts = [
        each["payload"]
        for each in told
        if each["payload"]["type"] == "payout.paid" and each["payload"]["data"]["object"]["amount"] in closings
    ]
    if not payouts or not paid:
        stage.say("Nothing was paid yet that a bank could send back.")
        return
    newest = payouts[-1]
    order = f"{cast.stripe}/_stand_in/payouts/{newest['data']['object']['id']}/fail"
    if httpx.post(order, json={"code": "account_closed"}, timeout=30).is_error:
        stage.say("Another tour has had it sent back before.")
        return

    def look() -> Json:
        back = [row for row in (statements.one(cast.operator, id) for id in paid) if _is_back(row)]
        return {"back": back}

    back = wait_for(look, lambda seen: bool(seen["back"]), patience_s=30)["back"]
    stage.holds(
        cast.operator, "is told that a bank sent back what was paid", bool(back), [_told(row) for row in back]
    )
    account = f"{cast.stripe}/_stand_in/accounts/{newest['account']}/onboard"
    httpx.post(account, json={}, timeout=30).raise_for_status()

    def look_again() -> Json:
        return {"rows": [statements.one(cast.operator, row["id"]) for row in back]}

    ends = wait_for(look_again, lambda seen: all(_is_paid(row) for row in seen["rows"]), patience_s=60)["rows"]
    again = all(_is_paid(row) for row in ends)
    stage.holds(cast.operator, "and that it was paid again", again, [_told(row) for row in ends])
    for row in back[:1]:
        steps = cast.operator.ask(_HISTORY, id=row["id"])["node"]["payout"]["history"]
        stage.equal(
            cast.operator,
            "keeps every step of it",
            [step["state"] for step in steps][-4:],
            ["SENT", "IN_BANK", "SENT", "IN_BANK"],
        )


def _is_back(row: Json) -> bool:
    return row["payout"]["state"] == "SENT" and row["payout"]["reason"] == "BANK_RETURNED"


def _is_paid(row: Json) -> bool:
    return row["payout"]["state"] == "IN_BANK"


def _told(row: Json) -> str:
    return f"{row['number']} {row['payout']['state']} {row['payout']['reason'] or ''}".strip()


def _refunded_after_it_was_paid(stage: Stage, cast: Cast) -> None:
    """A sale on a statement that was paid is given back: the partner owes it, and the next statement takes it."""
    operator = cast.operator
    for row in _paid(cast):
        trail = operator.ask(_TRAIL, id=row["id"], line=1)["auditTrail"]
        sales = [each for each in trail["journals"]["nodes"] if each["reason"] == "accrual.sale"]
        causes = [each["causeId"] for each in sales if each["causeId"].startswith("redemption_")]
        for cause in causes[:3]:
            wish = {"redemptionId": cause, "reason": "It never worked"}
            done = operator.do("refundRedemption", "... on Redemption { state points }", **wish)
            if done["__typename"] == "Redemption":
                stage.does(
                    operator,
                    f"gives back a sale that {row['number']} paid for",
                    done,
                    "Redemption",
                    state="REFUNDED",
                )
                _owed_back(stage, cast, row, cause)
                return
    stage.say("Everything that was paid for is too far gone to be given back.")


def _owed_back(stage: Stage, cast: Cast, paid: Json, redemption: str) -> None:
    operator, ahead = cast.operator, (datetime.now(UTC).date() + timedelta(days=40)).isoformat()
    rows = statements.previewed(operator, ahead)
    mine = next(row for row in rows if row["partner"]["id"] == paid["partner"]["id"])
    said = f"closing {money(mine['closing'])}, {mine['reason'] or mine['state']}"
    stage.holds(operator, f"previews what {paid['partner']['name']} owes back", statements.balanced(mine), said)
    negative = [row for row in rows if statements.of(row["closing"]) < 0]
    carried = {row["reason"] for row in negative} <= {"NEGATIVE_BALANCE"}
    stage.holds(
        operator, "sees that what is below zero is carried forward", carried, f"{len(negative)} of {len(rows)}"
    )
    trail = operator.ask(_TRAIL, id=redemption)["auditTrail"]
    reasons = [each["reason"] for each in trail["journals"]["nodes"]]
    stage.holds(operator, "walks from the redemption to its journals", "accrual.refund" in reasons, reasons)
    sums: dict[str, Decimal] = {}
    for line in trail["lines"]:
        sums[line["unit"]] = sums.get(line["unit"], Decimal()) + Decimal(line["debits"]) - Decimal(line["credits"])
    stage.equal(
        operator, "finds them balanced in every unit", {unit for unit, total in sums.items() if total}, set[str]()
    )
    shown = [
        (line["ownerKind"], line["purpose"], line["unit"], line["debits"], line["credits"],
         line["trialBalanceLine"]["balance"] if line["trialBalanceLine"] else None)
        for line in trail["lines"]
    ]  # fmt: skip
    stage.show(
        "What it moved, and the lines of the trial balance",
        ("", "account", "unit", "debits", "credits", "balance"),
        shown,
    )


def _added_up_by_others(stage: Stage, cast: Cast) -> None:
    """Every statement there is, by a page of Python that does not know us; the journals by two other programs."""
    operator = cast.operator
    found = every(operator, _FILES, lambda data: data["statements"])
    with tempfile.TemporaryDirectory() as folder:
        for row in found:
            (Path(folder) / f"{row['id']}.csv").write_text(row["csv"], newline="")
        (Path(folder) / "journals.csv").write_text(_downloaded(cast, format="csv"), newline="")
        files = sorted(str(path) for path in Path(folder).glob("*.csv"))
        if SCRIPT.exists():
            run = _run(sys.executable, "-I", str(SCRIPT), *files)
            last = run.stdout.strip().rpartition("\n")[2] or run.stderr
            stage.holds(
                operator, f"has {len(found)} statements added up by {SCRIPT.name}", run.returncode == 0, last
            )
        today = datetime.now(UTC).date()
        period = {"from": (today - timedelta(days=31)).isoformat(), "until": today.isoformat()}
        for format, command in (
            ("beancount", (sys.executable, "-m", "beancount.scripts.check")),
            ("hledger", ("hledger", "check", "--strict", "-f")),
        ):
            if format == "hledger" and shutil.which("hledger") is None:
                stage.say("hledger is not installed here; bean-check has read the same journals.")
                continue
            file = Path(folder) / f"month.{format}"
            file.write_text(_downloaded(cast, format=format, **period))
            run = _run(*command, str(file))
            said = (run.stdout + run.stderr).strip() or "accepted without a word"
            stage.holds(operator, f"gives a month of journals to {format}", run.returncode == 0, said)
    stage.equal(cast.kopi, "asks for the journals", _asked(cast, str(cast.kopi.token)).status_code, 403)


def _downloaded(cast: Cast, **asked: str) -> str:
    answer = _asked(cast, str(cast.operator.token), **asked)
    answer.raise_for_status()
    return answer.text


def _asked(cast: Cast, token: str, **asked: str) -> httpx.Response:
    return cast.http.get(
        "/finance/journals", params=asked, headers={"authorization": f"Bearer {token}"}, timeout=120
    )


def _run(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (ours, and two readers)


def _results(stage: Stage, cast: Cast) -> None:
    today = datetime.now(UTC).date()
    period = {"from": (today - timedelta(days=31)).isoformat(), "until": today.isoformat()}
    found = cast.operator.ask(_RESULTS, **period)["financialResults"]
    kept = [(line["unit"], line["net"]) for line in found["lines"] if line["purpose"] == "COMMISSION"]
    stage.holds(
        cast.operator, "reads what a month of commission was", bool(kept), [f"{net} {unit}" for unit, net in kept]
    )
    rows = [
        (
            f"{money(each['converted'])} for {money(each['convertedInto'])}",
            money(each["realised"]),
            f"{money(each['open'])} for {money(each['openInto'])}",
            each["closingRate"] and f"{Decimal(each['closingRate']):.6f}",
            money(each["unrealised"]),
        )
        for each in found["exchange"]
    ]
    stage.show(
        "Exchange: realised when the partner is paid",
        ("taken for owed", "realised", "not sent yet", "at the rate", "unrealised"),
        rows[:10],
    )


def _liability(stage: Stage, cast: Cast) -> None:
    found = cast.operator.ask(_LIABILITY)
    rows = [
        (each["programCode"], f"{each['total']['lots']:,}", f"{each['total']['available']:,}",
         f"{each['total']['held']:,}", money(each["total"]["worth"]), money(each["worthInCurrency"]),
         f"{each['total']['expectedBreakage']:,}")
        for each in found["pointsLiability"]
    ]  # fmt: skip
    columns = ("program", "lots", "available", "held", "worth", "in EUR", "expected to expire")
    stage.show("What points that are out may still cost", columns, rows)
    tested = [
        f"{each['programCode']} {Decimal(each['usedError']):+.1%} of {each['standing']:,}"
        for each in found["liabilityBackTest"]
    ]
    stage.holds(cast.operator, "holds the expectation against what came", bool(tested), tested)
