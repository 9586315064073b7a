"""Support exchanges a code that does not work; the old one is never handed out again."""

import pytest

from marketplace.redemptions.models import CodeReissue, Redemption
from tests import builders
from tests.redemptions.world import REDEMPTION, a_shopper, forbidden, key, nothing_happens, support

pytestmark = pytest.mark.usefixtures("db")


async def test_the_member_gets_another_code_for_the_same_price() -> None:
    shopper, voucher = await a_shopper(), await builders.a_voucher(["BROKEN", "WORKING", "OTHER"])
    mine, desk = await shopper.redeem(voucher), await support()
    await shopper.phone.do("revealCode", "", redemptionId=mine["id"])
    answer = await desk.do("reissueCode", REDEMPTION, redemptionId=mine["id"], reason="the till refuses it")
    assert answer["state"] == "FULFILLED"
    seen = await shopper.phone.do("revealCode", "... on RevealedCode { code }", redemptionId=mine["id"])
    assert seen["code"] == "WORKING"
    assert await shopper.wallet() == 2000
    noted = await CodeReissue.get(redemption_id=key(mine))
    assert (noted.old_position, noted.new_position, noted.reason) == (1, 2, "the till refuses it")
    other = await shopper.redeem(voucher)
    assert (await Redemption.get(id=key(other))).code_position == 3
    assert (await shopper.redeem(voucher))["__typename"] == "OfferSoldOut"


async def test_without_another_code_it_is_sold_out() -> None:
    shopper, voucher = await a_shopper(), await builders.a_voucher(["ONLY"])
    mine = await shopper.redeem(voucher)
    async with nothing_happens():
        answer = await (await support()).do("reissueCode", "", redemptionId=mine["id"], reason="x")
    assert answer["__typename"] == "OfferSoldOut"


async def test_a_reason_is_needed() -> None:
    shopper, voucher = await a_shopper(), await builders.a_voucher()
    mine = await shopper.redeem(voucher)
    async with nothing_happens():
        answer = await (await support()).do("reissueCode", "", redemptionId=mine["id"], reason="  ")
    assert answer["__typename"] == "InvalidInput"
    assert [problem["path"] for problem in answer["problems"]] == ["reason"]


async def test_a_refunded_one_and_one_without_a_code_are_refused() -> None:
    shopper, desk = await a_shopper(), await support()
    mine = await shopper.redeem(await builders.a_voucher())
    bare = await shopper.redeem(await builders.an_item(await builders.an_offer(delivery="ENTITLEMENT")))
    await desk.do("refundRedemption", "", redemptionId=mine["id"], reason="x")
    async with nothing_happens():
        frozen = await desk.do("reissueCode", "", redemptionId=mine["id"], reason="x")
        none = await desk.do("reissueCode", "", redemptionId=bare["id"], reason="x")
        unknown = await desk.do("reissueCode", "", redemptionId="redemption_0", reason="x")
    assert [answer["__typename"] for answer in (frozen, none, unknown)] == ["CodeFrozen", "NoCode", "NotFound"]


async def test_a_member_cannot_exchange_a_code() -> None:
    shopper = await a_shopper()
    mine = await shopper.redeem(await builders.a_voucher())
    await forbidden(shopper.phone, "reissueCode", redemptionId=mine["id"], reason="x")
