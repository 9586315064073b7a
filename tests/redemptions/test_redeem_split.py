"""Points split over several rewards: all of them or none, and the line that cannot be had is named."""

import asyncio
from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.catalog.models import Item, OfferKind
from marketplace.catalog.refusals import OfferSoldOut
from marketplace.kit import ids
from marketplace.redemptions.refusals import LineRefused, NotRefundable
from tests import books, builders
from tests.client import new_key
from tests.redemptions.world import Shopper, a_shopper, forbidden, nothing_happens, pay_in, server_of

pytestmark = pytest.mark.usefixtures("db")
BASKET = "... on Basket { id redemptions { id kind state points } }"


def line(item: Item, points: int = 1000, **fields: Any) -> dict[str, Any]:
    return {"itemId": ids.public("item", item.id), "expectedPoints": points} | fields


async def split(shopper: Shopper, *lines: dict[str, Any], selection: str = BASKET, **fields: Any) -> Any:
    return await shopper.phone.do("redeemSplit", selection, lines=list(lines), **fields)


async def test_each_line_is_a_redemption_of_its_own() -> None:
    shopper, voucher = await a_shopper(), await builders.a_voucher()
    charity = await builders.an_item(await builders.an_offer(OfferKind.DONATION))
    answer = await split(shopper, line(voucher), line(charity), line(voucher))
    assert [each["points"] for each in answer["redemptions"]] == [1000, 1000, 1000]
    assert sorted(each["kind"] for each in answer["redemptions"]) == ["DONATION", "VOUCHER", "VOUCHER"]
    assert {each["state"] for each in answer["redemptions"]} == {"FULFILLED"}
    assert await shopper.wallet() == 0
    node = await shopper.phone.get(f"query($id: ID!) {{ node(id: $id) {{ {BASKET} }} }}", id=answer["id"])
    assert node["node"] == IsPartialDict(redemptions=answer["redemptions"])
    assert await books.violations(but="marketplace.payments") == []


async def test_one_line_that_cannot_be_had_leaves_all_as_it_was() -> None:
    shopper, voucher = await a_shopper(), await builders.a_voucher()
    gone = await builders.a_voucher([])
    wanted = "... on LineRefused { line reasonCode reason }"
    async with nothing_happens():
        sold_out = await split(shopper, line(voucher), line(gone), selection=wanted)
        poor = await split(shopper, *[line(voucher)] * 4, selection=wanted)
        paid = await split(shopper, line(voucher, 400, card={"amount": "6", "currency": "EUR"}))
        none = await split(shopper)
        many = await split(shopper, *[line(voucher)] * 11)
    assert sold_out == IsPartialDict(__typename="LineRefused", line=1, reasonCode="OFFER_SOLD_OUT")
    assert poor["__typename"] == "LineRefused"
    assert [problem["path"] for problem in paid["problems"]] == ["lines.0.card"]
    assert [each["__typename"] for each in (none, many)] == ["InvalidInput", "InvalidInput"]


@pytest.mark.parametrize("limit", [{"period": "DAY", "points": 1500}, {"period": "WEEK", "redemptions": 1}])
async def test_a_limit_that_a_line_passes_is_told_of_that_line(limit: dict[str, Any]) -> None:
    shopper, voucher = await a_shopper(), await builders.a_voucher()
    id = ids.public("program", shopper.program.id)
    await server_of(shopper.program).do("setProgramLimits", "", programId=id, limits=[limit])
    async with nothing_happens():
        answer = await split(
            shopper, line(voucher), line(voucher), selection="... on LineRefused { line reasonCode }"
        )
    assert answer == IsPartialDict(__typename="LineRefused", line=1, reasonCode="PROGRAM_LIMIT_REACHED")
    assert (await split(shopper, line(voucher)))["__typename"] == "Basket"


async def test_a_repeat_answers_the_same_basket_and_a_foreigner_sees_none() -> None:
    shopper, voucher = await a_shopper(), await builders.a_voucher()
    again = new_key()
    first, second = [await split(shopper, line(voucher), line(voucher), idempotencyKey=again) for _ in range(2)]
    assert first == second
    assert await shopper.wallet() == 1000
    other = await a_shopper()
    text = "query($id: ID!) { node(id: $id) { id } }"
    assert (await other.phone.get(text, id=first["id"]))["node"] is None
    await forbidden(server_of(shopper.program), "redeemSplit", lines=[line(voucher)])


async def test_baskets_that_cross_each_other_end_without_a_deadlock() -> None:
    program = await builders.a_program()
    await pay_in(program, 5000_00)
    codes = [f"CODE-{n:04}" for n in range(40)]
    one, two = await builders.a_voucher([f"A{code}" for code in codes]), await builders.a_voucher(codes)
    shoppers = [await a_shopper(program) for _ in range(10)]
    answers = await asyncio.gather(
        *(
            split(shopper, *([line(one), line(two)] if index % 2 else [line(two), line(one)]))
            for index, shopper in enumerate(shoppers)
        )
    )
    assert {answer["__typename"] for answer in answers} == {"Basket"}
    assert await books.violations(but="marketplace.payments") == []


async def test_why_a_line_was_refused_is_said_in_the_language_of_the_rest() -> None:
    refusal = LineRefused(line=0, reason_code="OFFER_SOLD_OUT", reason=OfferSoldOut())
    for languages in (("en",), ("sv",), ("ru",)):
        assert OfferSoldOut().said(languages) in refusal.said(languages)
    assert NotRefundable(current="PENDING").said(("sv",)) != NotRefundable(current="SHIPPED").said(("sv",))
    assert "SHIPPED" not in NotRefundable(current="SHIPPED").said(("nl",))
