"""Many at once: never oversold, never doubled, and of two that exclude each other one wins."""

import asyncio

import pytest

from marketplace.catalog.models import Stock
from marketplace.redemptions.models import Redemption
from tests import builders
from tests.redemptions.world import a_shopper, money_of, nothing_happens, support

pytestmark = pytest.mark.usefixtures("db")


async def test_two_hundred_members_for_fifty_codes() -> None:
    voucher = await builders.a_voucher([f"CODE-{number:04}" for number in range(50)])
    first = await a_shopper(funding=5000_00)
    shoppers = [first, *[await a_shopper(first.program, points=1200) for _ in range(199)]]
    answers = await asyncio.gather(*(shopper.redeem(voucher) for shopper in shoppers))
    kinds = [answer["__typename"] for answer in answers]
    assert (kinds.count("Redemption"), kinds.count("OfferSoldOut")) == (50, 150)
    rows = await Redemption.all()
    assert sorted(row.code_position or 0 for row in rows) == list(range(1, 51))
    assert len({row.member_id for row in rows}) == 50
    assert (await Stock.get(item_id=voucher.id)).taken == 50
    assert await money_of(first.program) == (4500_00, 0)
    wallets = [await shopper.wallet() for shopper in shoppers[1:]]
    assert wallets.count(200) + wallets.count(1200) == 199


async def test_fifty_twins_of_one_key_make_one_redemption() -> None:
    shopper, voucher = await a_shopper(points=100_000), await builders.a_voucher([f"C{n}" for n in range(60)])
    answers = await asyncio.gather(*(shopper.redeem(voucher, idempotencyKey="twin") for _ in range(50)))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["__typename"] == "Redemption"
    assert await Redemption.all().count() == 1
    assert await shopper.wallet() == 99_000


async def test_one_member_at_once_never_passes_the_limit() -> None:
    shopper = await a_shopper(points=100_000)
    free = await builders.a_voucher([f"C{n}" for n in range(20)], price_minor=0, max_per_member=2)
    answers = await asyncio.gather(*(shopper.redeem(free) for _ in range(12)))
    kinds = [answer["__typename"] for answer in answers]
    assert (kinds.count("Redemption"), kinds.count("NotAvailable")) == (2, 10)


async def test_a_reveal_racing_a_refund_leaves_no_seen_code_on_the_shelf() -> None:
    shopper, desk = await a_shopper(points=20_000), await support()
    voucher = await builders.a_voucher([f"C{n}" for n in range(10)])
    mine = [await shopper.redeem(voucher) for _ in range(10)]
    races = [
        asyncio.gather(
            shopper.phone.do("revealCode", "... on RevealedCode { code }", redemptionId=each["id"]),
            desk.do("refundRedemption", "", redemptionId=each["id"], reason="race"),
        )
        for each in mine
    ]
    for seen, refunded in await asyncio.gather(*races):
        assert refunded["__typename"] == "Redemption"
        assert seen["__typename"] in ("RevealedCode", "CodeFrozen")
    for row in await Redemption.all():
        assert (row.code_position is None) == (row.revealed_at is None)


async def test_many_refunds_of_one_redemption_give_back_once() -> None:
    shopper, desk = await a_shopper(), await support()
    mine = await shopper.redeem(await builders.a_voucher())
    answers = await asyncio.gather(
        *(desk.do("refundRedemption", "", redemptionId=mine["id"], reason="x") for _ in range(8))
    )
    kinds = [answer["__typename"] for answer in answers]
    assert (kinds.count("Redemption"), kinds.count("AlreadyRefunded")) == (1, 7)
    async with nothing_happens():
        assert await shopper.wallet() == 3000
