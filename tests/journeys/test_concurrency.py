"""Many things at once over all rooms: a wallet and a fund are spent once, a reference counts once."""

import asyncio

import pytest

from marketplace.kit import ids
from marketplace.points.models import Award
from tests import builders
from tests.books import violations
from tests.redemptions.world import a_shopper, money_of, pay_in, server_of

pytestmark = pytest.mark.usefixtures("db")


async def test_one_wallet_spent_in_three_ways_at_once_is_never_overspent() -> None:
    shopper, voucher = await a_shopper(points=3000), await builders.a_voucher([f"C{n}" for n in range(9)])
    charity = ids.public("charity", (await builders.a_charity()).id)
    phone = shopper.phone
    answers = await asyncio.gather(
        *(shopper.redeem(voucher) for _ in range(5)),
        *(phone.do("givePoints", "... on Gift { points }", points=700) for _ in range(5)),
        *(phone.do("donatePoints", "... on Pledge { points }", charityId=charity, points=500) for _ in range(5)),
    )
    spent = sum(int(answer["points"]) for answer in answers if "points" in answer)
    refused = {answer["__typename"] for answer in answers if "points" not in answer}
    assert 2500 < spent <= 3000
    assert refused == {"InsufficientPoints"}
    assert await shopper.wallet() == sum(await shopper.lots()) == 3000 - spent
    assert await violations() == []


async def test_a_fund_that_is_nearly_empty_is_spent_to_its_last_cent_and_not_further() -> None:
    first = await a_shopper(funding=0)
    await pay_in(first.program, 50_00)
    shoppers = [first, *[await a_shopper(first.program, points=1200) for _ in range(14)]]
    voucher = await builders.a_voucher([f"C{n}" for n in range(20)])
    answers = await asyncio.gather(*(shopper.redeem(voucher) for shopper in shoppers))
    kinds = [answer["__typename"] for answer in answers]
    assert (kinds.count("Redemption"), kinds.count("ProgramUnfunded")) == (5, 10)
    assert await money_of(first.program) == (0, 0)
    assert await violations() == []


async def test_twins_of_one_reference_award_once_whatever_their_keys() -> None:
    shopper = await a_shopper(points=0)
    facts = {
        "memberId": ids.public("member", shopper.member.id),
        "reference": "flight-1",
        "points": 500,
        "reason": "x",
    }
    server = server_of(shopper.program)
    answers = await asyncio.gather(*(server.do("awardPoints", "... on Award { id }", **facts) for _ in range(12)))
    assert len({answer["id"] for answer in answers}) == 1
    assert await Award.all().count() == 1
    assert await shopper.wallet() == 500
    assert await violations() == []
