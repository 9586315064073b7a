"""Balances as of any past moment, by booking and by effective date; from a total to its rows and back."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from dirty_equals import IsPartialDict

from marketplace.kit import clock, database
from marketplace.ledger import accounts, steps
from marketplace.ledger.models import Purpose
from tests.client import as_operator

pytestmark = pytest.mark.usefixtures("db")

AUDITOR = as_operator(uuid4(), "finance")
BANK, FEES = accounts.house(Purpose.BANK, "EUR"), accounts.house(Purpose.STRIPE_FEES, "EUR")
TRIAL = """query($asOf: AsOfInput!) { trialBalance(asOf: $asOf) {
    digest lines { ownerKind purpose unit accounts debits credits balance } } }"""
ACCOUNTS = """query($asOf: AsOfInput!, $purpose: String, $unit: String, $ownerId: ID) {
  ledgerAccounts(asOf: $asOf, purpose: $purpose, unit: $unit, ownerId: $ownerId) { nodes {
    id purpose balance unit entries(first: 2) { pageInfo { hasNextPage endCursor } nodes { amount otherAccountId
      journal { id reason causeId effectiveOn
        transfers { amount unit debit { purpose } credit { purpose ownerId } } } } }
  } } }"""
REASON = "query($id: ID!) { node(id: $id) { ... on LedgerJournal { reason } } }"


async def book(minor: int, day: date, debit: Any = BANK, credit: Any = FEES) -> None:
    async with database.transaction():
        await steps.post("test.booked", "test", uuid4(), [steps.Entry(debit, credit, minor)], effective_on=day)


async def balance(purpose: str, **as_of: str) -> str:
    lines = (await AUDITOR.get(TRIAL, asOf=as_of))["trialBalance"]["lines"]
    return next((line["balance"] for line in lines if line["purpose"] == purpose), "none")


async def test_a_balance_is_asked_by_the_day_it_counts_and_by_the_moment_it_was_booked():
    today = clock.today()
    await book(1_00, today - timedelta(days=3))
    before = clock.now().isoformat()
    await book(2_50, today - timedelta(days=5))

    assert await balance("STRIPE_FEES", effectiveOn=(today - timedelta(days=4)).isoformat()) == "2.50"
    assert await balance("STRIPE_FEES", effectiveOn=today.isoformat()) == "3.50"
    assert await balance("STRIPE_FEES", bookedBy=before) == "1.00"
    assert await balance("BANK", bookedBy=before) == "-1.00"
    assert await balance("BANK", effectiveOn="2020-01-01") == "none"


async def test_in_each_unit_both_sides_are_equal():
    await book(1_00, clock.today())
    points = accounts.program(uuid4(), Purpose.ISSUED, "PTS-X"), accounts.member(uuid4(), Purpose.WALLET, "PTS-X")
    await book(700, clock.today(), *points)

    lines = (await AUDITOR.get(TRIAL, asOf={"effectiveOn": clock.today().isoformat()}))["trialBalance"]["lines"]

    assert [(line["unit"], line["purpose"], line["debits"], line["credits"]) for line in lines] == [
        ("EUR", "BANK", "1.00", "0.00"),
        ("EUR", "STRIPE_FEES", "0.00", "1.00"),
        ("PTS-X", "WALLET", "0", "700"),
        ("PTS-X", "ISSUED", "700", "0"),
    ]


async def test_an_auditor_walks_from_a_total_to_the_rows_and_back():
    for minor in (1_00, 2_00, 3_00):
        await book(minor, clock.today())
    as_of = {"effectiveOn": clock.today().isoformat()}

    (found,) = (await AUDITOR.get(ACCOUNTS, asOf=as_of, purpose="STRIPE_FEES"))["ledgerAccounts"]["nodes"]

    assert found == IsPartialDict(balance="6.00", unit="EUR")
    assert [entry["amount"] for entry in found["entries"]["nodes"]] == ["3.00", "2.00"]
    assert found["entries"]["pageInfo"]["hasNextPage"] is True
    newest = found["entries"]["nodes"][0]
    assert newest["journal"]["transfers"] == [
        {
            "amount": "3.00",
            "unit": "EUR",
            "debit": {"purpose": "BANK"},
            "credit": {"purpose": "STRIPE_FEES", "ownerId": None},
        }
    ]
    again = await AUDITOR.get(
        "query($id: ID!) { node(id: $id) { ... on LedgerJournal { reason } } }", id=newest["journal"]["id"]
    )
    assert again["node"] == {"reason": "test.booked"}
    bank = (await AUDITOR.get(ACCOUNTS, asOf=as_of, purpose="BANK"))["ledgerAccounts"]["nodes"]
    assert bank[0]["id"] == newest["otherAccountId"]
    assert bank[0]["balance"] == "-6.00"


async def test_accounts_are_found_by_their_owner():
    program = uuid4()
    await book(700, clock.today(), BANK, accounts.program(program, Purpose.FUNDING, "EUR", 3))
    as_of = {"effectiveOn": clock.today().isoformat()}

    found = await AUDITOR.get(ACCOUNTS, asOf=as_of, ownerId=f"program_{program.hex}")

    assert [each["balance"] for each in found["ledgerAccounts"]["nodes"]] == ["7.00"]


@pytest.mark.parametrize(
    "asked", [{"purpose": "PIGGY_BANK"}, {"ownerId": "nobody"}, {"asOf": {}}, {"asOf": {"bookedBy": None}}]
)
async def test_what_cannot_be_asked_is_said_so(asked: dict[str, Any]):
    answer = await AUDITOR.ask(ACCOUNTS, **({"asOf": {"effectiveOn": "2026-01-01"}} | asked))

    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
