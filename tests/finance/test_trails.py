"""An auditor walks back: from what happened to its journals and accounts, and on to the trial balance."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from marketplace.kit import clock, database, ids
from marketplace.settlement.models import Payout, PayoutEvent, Statement
from tests import builders
from tests.client import as_operator, as_program
from tests.redemptions.world import a_shopper
from tests.settlement.books import settle

pytestmark = pytest.mark.usefixtures("db")

AUDITOR = as_operator(UUID(int=9), "finance")
TRAIL = """query($id: ID!, $line: Int, $after: String) { auditTrail(id: $id, line: $line) {
  journals(first: 3, after: $after) { pageInfo { hasNextPage endCursor } nodes { id reason causeId
    transfers { amount unit debit { accountId purpose } credit { accountId purpose } } } }
  lines { ownerKind purpose unit debits credits trialBalanceLine { debits credits balance } } } }"""


async def trail(id: str, line: int | None = None) -> tuple[list[Any], list[Any]]:
    """All journals of a trail, page by page, and its lines."""
    journals: list[Any] = []
    after: str | None = None
    while True:
        found = (await AUDITOR.get(TRAIL, id=id, line=line, after=after))["auditTrail"]
        journals += found["journals"]["nodes"]
        if not found["journals"]["pageInfo"]["hasNextPage"]:
            return journals, found["lines"]
        after = found["journals"]["pageInfo"]["endCursor"]


def reasons(journals: list[Any]) -> list[str]:
    return [journal["reason"] for journal in journals]


async def a_story() -> tuple[str, str, Statement]:
    """Two vouchers, one given back, and a statement; the ids of both redemptions."""
    with clock.travel(-timedelta(days=9)):
        shopper = await a_shopper(points=4000)
        item = await builders.a_voucher(["A", "B"])
        kept, returned = await shopper.redeem(item), await shopper.redeem(item)
        back = await as_program(shopper.program.id).do(
            "refundRedemption", "... on Redemption { state }", redemptionId=returned["id"], reason="Broken"
        )
        assert back["state"] == "REFUNDED"
    (statement,) = await settle()
    return kept["id"], returned["id"], statement


async def test_from_a_redemption_to_the_trial_balance_and_back():
    kept, returned, _ = await a_story()

    journals, lines = await trail(kept)
    assert set(reasons(journals)) == {"points.held", "points.redeemed", "funding.held", "accrual.sale"}
    payable = next(line for line in lines if line["purpose"] == "PAYABLE")
    assert (payable["debits"], payable["credits"]) == ("0.00", "9.03")
    assert payable["trialBalanceLine"] == {"debits": "18.06", "credits": "18.06", "balance": "0.00"}
    by_unit: dict[str, float] = {}
    for line in lines:
        by_unit[line["unit"]] = by_unit.get(line["unit"], 0) + float(line["debits"]) - float(line["credits"])
    assert set(by_unit.values()) == {0}

    journals, _ = await trail(returned)
    assert {"points.returned", "accrual.refund"} <= set(reasons(journals))
    account = journals[0]["transfers"][0]["credit"]["accountId"]
    query = """query($asOf: AsOfInput!) { ledgerAccounts(asOf: $asOf, purpose: "HELD") { nodes {
        id entries { nodes { journal { id } } } } } }"""
    held = (await AUDITOR.get(query, asOf={"bookedBy": clock.now().isoformat()}))["ledgerAccounts"]["nodes"]
    (mine,) = [each for each in held if each["id"] == account]
    assert journals[0]["id"] in [entry["journal"]["id"] for entry in mine["entries"]["nodes"]]


async def test_from_a_statement_and_one_of_its_lines():
    _, _, statement = await a_story()
    payout = await Payout.get(statement_id=statement.id)
    event = await PayoutEvent.get(payout_id=payout.id)
    id = ids.public("statement", statement.id)

    journals, lines = await trail(id)
    assert sorted(reasons(journals)) == ["accrual.refund", "accrual.sale", "accrual.sale", "statement.issued"]
    due = next(line for line in lines if line["purpose"] == "DUE")
    assert due["credits"] == "9.03"
    assert reasons((await trail(id, 1))[0]) == ["accrual.sale", "accrual.sale"]
    assert reasons((await trail(id, 2))[0]) == ["accrual.refund"]
    assert (await trail(id, 3)) == ([], [])
    assert (await trail(ids.public("payoutevent", event.id))) == ([], [])


async def test_every_journal_is_on_somebodys_trail():
    kept, returned, statement = await a_story()
    paid_in = await database.row("SELECT ref_id FROM journal WHERE reason = 'funding.paid_in'")
    awards = await database.rows("SELECT ref_id FROM journal WHERE reason = 'points.earned'")
    assert paid_in
    things = [kept, returned, ids.public("statement", statement.id), ids.public("topUp", paid_in["ref_id"])]
    things += [ids.public("award", row["ref_id"]) for row in awards]

    found = {journal["id"] for thing in things for journal in (await trail(thing))[0]}

    every = {ids.public("journal", row["id"]) for row in await database.rows("SELECT id FROM journal")}
    assert found == every
    (one,) = (await trail(next(iter(every))))[0]
    assert one["id"] in every


@pytest.mark.parametrize(
    "asked",
    [
        {"id": "nonsense"},
        {"id": f"redemption_{UUID(int=1).hex}", "line": 1},
        {"id": f"gift_{UUID(int=1).hex}", "after": "x"},
    ],
)
async def test_what_cannot_be_walked_is_said_so(asked: dict[str, Any]):
    answer = await AUDITOR.ask(TRAIL, **asked)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_what_never_happened_left_nothing():
    assert await trail(f"redemption_{UUID(int=1).hex}") == ([], [])
