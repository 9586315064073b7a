"""A person of finance says that a bank sent money back, when no reference says so."""

from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.billing.models import Receipt, Takeback
from marketplace.kit import ids
from marketplace.kit.ids import new_id
from marketplace.members.models import Program
from tests import builders
from tests.billing.test_bank_credits import credit, standing_reference
from tests.billing.test_top_up_program import available
from tests.books import violations
from tests.client import Caller, as_operator, as_partner, as_program
from tests.settlement.books import COLLEAGUE, FINANCE

pytestmark = pytest.mark.usefixtures("db")


async def a_receipt(minor: int) -> tuple[Program, Receipt]:
    program = await builders.a_program()
    receipt = await credit(await standing_reference(program), minor)
    assert isinstance(receipt, Receipt)
    return program, receipt


async def say(receipt: Receipt, amount: str, caller: Caller = FINANCE, currency: str = "EUR", **facts: Any) -> Any:
    shown = "... on FundingReceipt { returned { amount } } ... on ReceiptGone { left { amount } }"
    wish = {"receiptId": ids.public("fundingReceipt", receipt.id), "evidence": "entry 9"} | facts
    return await caller.do("returnFunding", shown, amount={"amount": amount, "currency": currency}, **wish)


async def test_what_went_back_is_taken_back_in_parts_and_no_more_than_came() -> None:
    program, receipt = await a_receipt(100_00)

    assert (await say(receipt, "30.00"))["returned"] == {"amount": "30.00"}
    assert (await say(receipt, "30.00"))["returned"] == {"amount": "60.00"}
    assert await say(receipt, "40.01") == IsPartialDict(__typename="ReceiptGone", left={"amount": "40.00"})

    assert (await available(program), await Takeback.all().count()) == ("40.00", 2)
    assert await violations() == []


async def test_much_takes_two_people_who_say_the_same() -> None:
    program, receipt = await a_receipt(20_000_00)

    assert (await say(receipt, "15000.00"))["returned"] == {"amount": "0.00"}
    assert (await say(receipt, "15000.00"))["__typename"] == "SecondPersonNeeded"
    assert (await say(receipt, "12000.00", COLLEAGUE))["returned"] == {"amount": "0.00"}
    assert await available(program) == "20000.00"
    assert (await say(receipt, "15000.00", COLLEAGUE))["returned"] == {"amount": "15000.00"}
    assert await available(program) == "5000.00"
    assert await violations() == []


async def test_only_what_came_by_bank_and_can_be_seen() -> None:
    program, receipt = await a_receipt(100_00)
    assert (await say(receipt, "0.00"))["problems"][0]["path"] == "amount.amount"
    assert (await say(receipt, "1.00", evidence=" "))["problems"][0]["path"] == "evidence"
    assert (await say(receipt, "1.00", currency="SEK"))["__typename"] == "WrongCurrency"
    nobody = ids.public("fundingReceipt", new_id())
    assert (await say(receipt, "1.00", receiptId=nobody))["__typename"] == "NotFound"
    asked = f"""mutation {{ returnFunding(input: {{ idempotencyKey: "k", evidence: "x",
        amount: {{ amount: "1.00", currency: "EUR" }},
        receiptId: "{ids.public("fundingReceipt", receipt.id)}" }}) {{ __typename }} }}"""
    for caller in (as_program(program.id), as_partner(new_id()), as_operator(new_id(), "support")):
        answer = await caller.ask(asked)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await available(program) == "100.00"
