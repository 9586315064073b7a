"""A refund puts everything back: points into their very lots, money, and the code if nobody saw it."""

import pytest

from marketplace.ledger.models import Purpose
from marketplace.partners.models import Accrual
from marketplace.redemptions.models import Redemption
from tests import builders
from tests.redemptions.world import (
    REDEMPTION,
    a_shopper,
    key,
    money_of,
    nothing_happens,
    payable,
    server_of,
    support,
)

pytestmark = pytest.mark.usefixtures("db")


async def test_everything_goes_back_and_the_code_nobody_saw_is_taken_again() -> None:
    shopper, voucher = await a_shopper(), await builders.a_voucher(["ONLY"])
    mine = await shopper.redeem(voucher)
    answer = await (await support()).do(
        "refundRedemption", REDEMPTION + "... on Redemption { closedAt closedReason }",
        redemptionId=mine["id"], reason="taken by mistake",
    )  # fmt: skip
    assert (answer["state"], answer["closedReason"]) == ("REFUNDED", "taken by mistake")
    assert answer["closedAt"] is not None
    assert (await shopper.wallet(), await shopper.wallet(Purpose.HELD)) == (3000, 0)
    assert await shopper.lots() == [1500, 1500]
    assert await money_of(shopper.program) == (500_00, 0)
    assert await payable(voucher) == 0
    assert [row.net_minor for row in await Accrual.all().order_by("id")] == [9_03, -9_03]
    again = await shopper.redeem(voucher)
    assert again["state"] == "FULFILLED"
    assert (await Redemption.get(id=key(again))).code_position == 1


async def test_the_program_refunds_its_own_members_and_a_seen_code_stays_frozen() -> None:
    shopper, voucher = await a_shopper(tier="gold"), await builders.a_voucher(["SEEN"])
    mine = await shopper.redeem(voucher)
    assert mine["points"] == 910
    await shopper.phone.do("revealCode", "", redemptionId=mine["id"])
    answer = await server_of(shopper.program).do(
        "refundRedemption", REDEMPTION, redemptionId=mine["id"], reason="goodwill"
    )
    assert answer["state"] == "REFUNDED"
    assert await shopper.wallet() == 3000
    assert (await shopper.redeem(voucher))["__typename"] == "OfferSoldOut"


async def test_a_second_refund_is_refused_by_name() -> None:
    shopper, desk = await a_shopper(), await support()
    mine = await shopper.redeem(await builders.a_voucher())
    await desk.do("refundRedemption", "", redemptionId=mine["id"], reason="x")
    async with nothing_happens():
        answer = await desk.do(
            "refundRedemption", "... on AlreadyRefunded { refundedAt }", redemptionId=mine["id"], reason="x"
        )
    assert answer["__typename"] == "AlreadyRefunded"
    assert answer["refundedAt"] is not None


async def test_a_free_voucher_is_refunded_too() -> None:
    shopper, gift = await a_shopper(points=0, funding=0), await builders.a_voucher(price_minor=0)
    mine = await shopper.redeem(gift, expectedPoints=0)
    answer = await (await support()).do("refundRedemption", REDEMPTION, redemptionId=mine["id"], reason="x")
    assert answer["state"] == "REFUNDED"


async def test_another_programs_redemption_is_not_found_and_a_reason_is_needed() -> None:
    shopper, stranger = await a_shopper(), await builders.a_program()
    mine = await shopper.redeem(await builders.a_voucher())
    async with nothing_happens():
        foreign = await server_of(stranger).do("refundRedemption", "", redemptionId=mine["id"], reason="x")
        silent = await (await support()).do("refundRedemption", "", redemptionId=mine["id"], reason="")
    assert (foreign["__typename"], silent["__typename"]) == ("NotFound", "InvalidInput")
