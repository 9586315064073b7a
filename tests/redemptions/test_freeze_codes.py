"""Codes that may have leaked are stopped: not handed out, not shown, and those who hold one are told."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from marketplace.catalog.models import Item, Stock, WithheldCode
from marketplace.kit import clock, ids, jobs
from marketplace.redemptions.models import Redemption
from tests import builders
from tests.books import violations
from tests.client import Caller
from tests.redemptions.test_redemption_events import story
from tests.redemptions.world import a_shopper, forbidden, nothing_happens, partner_of, support

pytestmark = pytest.mark.usefixtures("db")
FREEZE = "... on CodeFreeze { id codes reason frozenAt releasedAt item { id unitsLeft } }"
STOPPED = "... on CodeStopped { stoppedAt } ... on RevealedCode { code }"


async def freeze(caller: Caller, item: Item, **more: object) -> Any:
    """Stop an item's codes."""
    return await caller.do("freezeCodes", FREEZE, itemId=ids.public("item", item.id), reason="leaked", **more)


async def test_a_leak_is_stopped_told_and_let_go_again() -> None:
    shopper, voucher = await a_shopper(points=9000), await builders.a_voucher(["A", "B", "C"])
    mine = await shopper.redeem(voucher)
    partner = await partner_of(voucher)
    stopped = await freeze(partner, voucher)
    assert (stopped["codes"], stopped["item"]["unitsLeft"]) == (3, 0)
    assert (await shopper.redeem(voucher))["__typename"] == "OfferSoldOut"
    async with nothing_happens():
        seen = await shopper.phone.do("revealCode", STOPPED, redemptionId=mine["id"])
    assert seen["__typename"] == "CodeStopped"
    assert seen["stoppedAt"] is not None
    await jobs.drain()
    assert await story(shopper.phone, mine["id"]) == ["TAKEN", "FULFILLED", "CODE_FROZEN"]
    assert await violations() == []

    assert (await partner.do("releaseCodes", FREEZE, freezeId=stopped["id"]))["item"]["unitsLeft"] == 2
    again = await partner.do("releaseCodes", "... on AlreadyReleased { since }", freezeId=stopped["id"])
    assert again["__typename"] == "AlreadyReleased"
    await jobs.drain()
    await jobs.drain()
    assert (await story(shopper.phone, mine["id"]))[2:] == ["CODE_FROZEN", "CODE_RELEASED"]
    shown = await shopper.phone.do("revealCode", STOPPED, redemptionId=mine["id"])
    assert shown["code"] == "A"
    assert [(await shopper.redeem(voucher))["state"] for _ in range(2)] == ["FULFILLED", "FULFILLED"]
    assert await violations() == []


async def test_a_member_with_a_stopped_code_gets_another_and_the_stopped_ones_stay() -> None:
    shopper, desk = await a_shopper(points=9000), await support()
    voucher = await builders.a_voucher(["A", "B"])
    mine = await shopper.redeem(voucher)
    await freeze(desk, voucher, loadedUntil=clock.now().isoformat())
    fresh = await builders.more_codes(voucher, ["C", "D"])
    assert fresh == 2
    assert (await desk.do("reissueCode", "", redemptionId=mine["id"], reason="leak"))["__typename"] == "Redemption"
    assert (await shopper.phone.do("revealCode", STOPPED, redemptionId=mine["id"]))["code"] == "C"
    other = await shopper.redeem(voucher)
    assert (await shopper.phone.do("revealCode", STOPPED, redemptionId=other["id"]))["code"] == "D"
    assert (await shopper.redeem(voucher))["__typename"] == "OfferSoldOut"
    assert await violations() == []


async def test_what_was_passed_by_while_stopped_comes_back() -> None:
    shopper, desk = await a_shopper(points=9000), await support()
    voucher = await builders.a_voucher(["A", "B"])
    stopped = await freeze(desk, voucher)
    await builders.more_codes(voucher, ["C"])
    mine = await shopper.redeem(voucher)
    assert (await shopper.phone.do("revealCode", STOPPED, redemptionId=mine["id"]))["code"] == "C"
    await desk.do("releaseCodes", "", freezeId=stopped["id"])
    codes = {
        (await shopper.phone.do("revealCode", STOPPED, redemptionId=(await shopper.redeem(voucher))["id"]))["code"]
        for _ in range(2)
    }
    assert codes == {"A", "B"}
    assert (await shopper.redeem(voucher))["__typename"] == "OfferSoldOut"
    assert await violations() == []


async def test_freezes_are_for_the_own_partner_and_operators() -> None:
    shopper, stranger = await a_shopper(), await builders.a_voucher()
    voucher, plain = await builders.a_voucher(), await builders.a_session()
    await forbidden(shopper.phone, "freezeCodes", itemId=ids.public("item", voucher.id), reason="x")
    foreign = await freeze(await partner_of(stranger), voucher)
    none = await freeze(await partner_of(plain), plain)
    assert (foreign["__typename"], none["__typename"]) == ("NotFound", "NoCode")
    silent = await (await support()).do("freezeCodes", "", itemId=ids.public("item", voucher.id), reason=" ")
    assert silent["problems"][0]["path"] == "reason"
    mine = await freeze(await partner_of(voucher), voucher)
    assert (await (await partner_of(stranger)).do("releaseCodes", "", freezeId=mine["id"]))[
        "__typename"
    ] == "NotFound"
    query = "query { codeFreezes(open: true) { nodes { reason } totalCount } }"
    assert (await (await partner_of(voucher)).get(query))["codeFreezes"]["totalCount"] == 1
    assert (await (await partner_of(stranger)).get(query))["codeFreezes"]["nodes"] == []


async def test_expired_codes_are_passed_by_and_counted_out_of_stock() -> None:
    shopper, soon = await a_shopper(points=9000), clock.now() + timedelta(days=1)
    voucher = await builders.a_voucher([])
    await builders.more_codes(voucher, ["LATE"], expires_at=soon + timedelta(days=9))
    await builders.more_codes(voucher, ["X1", "X2"], expires_at=soon)
    await builders.more_codes(voucher, ["GOOD"])
    first = await shopper.redeem(voucher)
    with clock.at(soon + timedelta(days=1)):
        assert (await shopper.phone.do("revealCode", STOPPED, redemptionId=first["id"]))["code"] == "LATE"
        await jobs.periodics()["catalog.withhold_expired"].handler()
        assert (await Stock.get(item_id=voucher.id)).withheld == 2
        query = "query($id: ID!) { node(id: $id) { ... on Item { unitsLeft } } }"
        answer = await shopper.phone.get(query, id=ids.public("item", voucher.id))
        assert answer["node"]["unitsLeft"] == 1
        mine = await shopper.redeem(voucher)
        assert (await shopper.phone.do("revealCode", STOPPED, redemptionId=mine["id"]))["code"] == "GOOD"
        assert (await shopper.redeem(voucher))["__typename"] == "OfferSoldOut"
    assert await violations() == []


async def test_a_code_that_expired_a_moment_ago_is_passed_by_before_any_job_has_run() -> None:
    shopper, soon = await a_shopper(points=9000), clock.now() + timedelta(days=1)
    voucher = await builders.a_voucher([])
    await builders.more_codes(voucher, [f"X{n}" for n in range(50)], expires_at=soon)
    await builders.more_codes(voucher, ["GOOD"])
    with clock.at(soon):
        mine = await shopper.redeem(voucher)
        assert (await Redemption.get(id=ids.parse("redemption", mine["id"]))).code_position == 51
        assert (await shopper.redeem(voucher))["__typename"] == "OfferSoldOut"
        assert await WithheldCode.all().count() == 50
    assert await violations() == []


async def test_a_returned_code_that_has_expired_is_not_handed_out_again() -> None:
    shopper, desk, soon = await a_shopper(points=9000), await support(), clock.now() + timedelta(days=1)
    voucher = await builders.a_voucher([])
    await builders.more_codes(voucher, ["ONLY"], expires_at=soon)
    mine = await shopper.redeem(voucher)
    await desk.do("refundRedemption", "", redemptionId=mine["id"], reason="x")
    with clock.at(soon):
        assert (await shopper.redeem(voucher))["__typename"] == "OfferSoldOut"
    assert (await shopper.redeem(voucher))["__typename"] == "Redemption"
    assert await violations() == []


async def test_taking_and_showing_codes_while_they_are_stopped() -> None:
    shopper, desk = await a_shopper(points=30_000), await support()
    voucher = await builders.a_voucher([f"C{n}" for n in range(20)])
    mine = [await shopper.redeem(voucher) for _ in range(5)]
    reveals = [shopper.phone.do("revealCode", STOPPED, redemptionId=each["id"]) for each in mine]
    takes = [shopper.redeem(voucher) for _ in range(8)]
    *answers, stopped = await asyncio.gather(*reveals, *takes, freeze(desk, voucher))
    assert stopped["codes"] == 20
    kinds = {answer["__typename"] for answer in answers}
    assert kinds <= {"RevealedCode", "CodeStopped", "Redemption", "OfferSoldOut"}
    async with nothing_happens():
        late = [await shopper.phone.do("revealCode", STOPPED, redemptionId=each["id"]) for each in mine]
        assert {answer["__typename"] for answer in late} == {"CodeStopped"}
        assert (await shopper.redeem(voucher))["__typename"] == "OfferSoldOut"
    assert await violations() == []
