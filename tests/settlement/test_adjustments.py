"""Correcting what a partner is owed takes two people."""

from typing import Any

import asyncpg
import pytest
from dirty_equals import IsPartialDict

from marketplace.kit import clock, ids
from marketplace.kit.ids import new_id
from marketplace.ledger.models import Purpose
from marketplace.partners.models import Accrual, Partner
from marketplace.settlement.models import Adjustment
from tests import builders
from tests.client import Caller, as_operator, as_partner, as_program
from tests.settlement.books import (
    COLLEAGUE,
    FINANCE,
    a_funded_program,
    euros,
    house,
    partner_id,
    rows,
    sell,
    settle,
    shown,
    standing,
    violations,
)

pytestmark = pytest.mark.usefixtures("db")

SHOWN = "... on Adjustment { id state reason amount { amount currency } proposedBy decidedBy partner { name } }"


async def propose(partner: Partner, amount: str = "12.50", currency: str = "EUR", **fields: object) -> Any:
    selection = SHOWN + " ... on WrongCurrency { expected given }"
    what: dict[str, object] = {"partnerId": partner_id(partner), "reason": "Goodwill for the outage"} | fields
    return await FINANCE.do(
        "proposeAdjustment", selection, amount={"amount": amount, "currency": currency}, **what
    )


async def decide(verb: str, adjustment: str, caller: Caller = COLLEAGUE) -> Any:
    selection = SHOWN + " ... on AdjustmentDecided { state }"
    return await caller.do(f"{verb}Adjustment", selection, adjustmentId=adjustment)


@pytest.mark.parametrize(("amount", "payable"), [("12.50", 12_50), ("-12.50", -12_50)])
async def test_an_approved_correction_joins_the_next_statement(amount: str, payable: int) -> None:
    program, partner = await a_funded_program(), await builders.a_partner()
    await sell(program, partner, 50_00)
    asked = await propose(partner, amount)
    assert asked == IsPartialDict(__typename="Adjustment", state="PROPOSED", amount=euros(amount), decidedBy=None)
    assert await standing(partner) == {"PAYABLE": 45_16}

    approved = await decide("approve", asked["id"])

    assert approved == IsPartialDict(state="APPROVED", partner={"name": partner.name})
    assert await standing(partner) == {"PAYABLE": 45_16 + payable}
    assert await house(Purpose.ADJUSTMENTS) == -payable
    assert await violations() == []
    with clock.travel(builders.timedelta(days=4)):
        [statement] = await settle()
    said = await shown(statement)
    assert said == IsPartialDict(gross=euros("50.00"), adjustments=euros(amount))
    assert said["lines"]["nodes"][-1] == IsPartialDict(
        kind="ADJUSTMENTS", description="Goodwill for the outage", net=euros(amount)
    )
    assert statement.closing_minor == 45_16 + payable
    assert await violations() == []


async def test_a_declined_correction_books_nothing() -> None:
    partner = await builders.a_partner()
    asked = await propose(partner)

    declined = await decide("decline", asked["id"])

    assert declined["state"] == "DECLINED"
    assert await standing(partner) == {}
    assert await Accrual.all().count() == 0


@pytest.mark.parametrize("verb", ["approve", "decline"])
async def test_nobody_decides_on_their_own_proposal(verb: str) -> None:
    partner = await builders.a_partner()
    asked = await propose(partner)
    before = await rows()

    answer = await decide(verb, asked["id"], FINANCE)

    assert answer["__typename"] == "SamePerson"
    assert await rows() == before
    assert (await Adjustment.get()).state == "PROPOSED"


async def test_the_database_knows_two_people_as_well(opened_database: Any) -> None:
    await propose(await builders.a_partner())

    with pytest.raises(asyncpg.CheckViolationError, match="adjustment_two_people"):
        await opened_database.execute("UPDATE adjustment SET state = 'APPROVED', decided_by = proposed_by")


@pytest.mark.parametrize("verb", ["approve", "decline"])
async def test_a_decision_stands(verb: str) -> None:
    partner = await builders.a_partner()
    asked = await propose(partner)
    await decide("approve", asked["id"])
    before = await rows()

    answer = await decide(verb, asked["id"], as_operator(new_id(), "finance"))

    assert answer == IsPartialDict(__typename="AdjustmentDecided", state="APPROVED")
    assert (await rows(), await standing(partner)) == (before, {"PAYABLE": 12_50})


async def test_a_correction_is_in_the_currency_of_a_contract() -> None:
    partner = await builders.a_partner()
    before = await rows()

    answer = await propose(partner, currency="USD")

    assert answer == IsPartialDict(__typename="WrongCurrency", expected="EUR", given="USD")
    assert await rows() == before


async def test_what_is_not_there_is_not_found() -> None:
    before = await rows()
    nobody = Partner(id=new_id())
    assert (await propose(nobody))["__typename"] == "NotFound"
    assert (await decide("approve", ids.public("adjustment", new_id())))["__typename"] == "NotFound"
    assert (await decide("decline", ids.public("adjustment", new_id())))["__typename"] == "NotFound"
    assert await rows() == before


async def test_a_correction_needs_an_amount_and_a_reason() -> None:
    partner = await builders.a_partner()
    before = await rows()

    assert (await propose(partner, "0.00"))["problems"][0]["path"] == "amount.amount"
    assert (await propose(partner, reason=" "))["problems"][0]["path"] == "reason"
    assert (await propose(partner, partnerId="partner_1"))["problems"][0]["path"] == "partnerId"

    assert await rows() == before


async def test_nobody_but_finance_corrects_or_looks() -> None:
    partner, program = await builders.a_partner(), await builders.a_program()
    asked = await propose(partner)
    before = await rows()
    write = f"""mutation {{ proposeAdjustment(input: {{ idempotencyKey: "k", partnerId: "{partner_id(partner)}",
        reason: "x", amount: {{ amount: "1", currency: "EUR" }} }}) {{ __typename }} }}"""
    approve = f"""mutation {{ approveAdjustment(input: {{
        idempotencyKey: "k", adjustmentId: "{asked["id"]}" }}) {{ __typename }} }}"""
    decline = approve.replace("approve", "decline")
    for caller in (as_partner(partner.id), as_program(program.id), as_operator(new_id(), "support")):
        for text in (write, approve, decline, "{ adjustments { totalCount } }"):
            answer = await caller.ask(text)
            assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        look = "query($id: ID!) { node(id: $id) { __typename } }"
        assert await caller.get(look, id=asked["id"]) == {"node": None}
    assert await rows() == before
    listed = await FINANCE.get("{ adjustments(state: PROPOSED) { totalCount nodes { id } } }")
    assert listed["adjustments"] == {"totalCount": 1, "nodes": [{"id": asked["id"]}]}
