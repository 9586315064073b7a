"""A code is shown to its owner alone, and each time is noted before it leaves."""

import pytest

from marketplace.kit.models import AuditEntry
from marketplace.redemptions.models import CodeReveal, Redemption
from tests import builders
from tests.redemptions.world import a_shopper, forbidden, key, nothing_happens, partner_of, support

pytestmark = pytest.mark.usefixtures("db")
CODE = "... on RevealedCode { code redemption { id fulfilment { ... on VoucherFulfilment { revealedAt } } } }"

REDEEMED = "... on Redemption { id fulfilment { ... on VoucherFulfilment { hasCode revealedAt } } }"


async def test_the_owner_sees_the_code_and_each_time_is_noted() -> None:
    shopper, voucher = await a_shopper(), await builders.a_voucher(["ABCD-1234", "EFGH-5678"])
    mine = await shopper.redeem(voucher)
    assert await CodeReveal.all().count() == 0
    first = await shopper.phone.do("revealCode", CODE, redemptionId=mine["id"])
    assert first["code"] == "ABCD-1234"
    seen = first["redemption"]["fulfilment"]["revealedAt"]
    assert seen is not None
    again = await shopper.phone.do("revealCode", CODE, redemptionId=mine["id"])
    assert again["code"] == "ABCD-1234"
    assert again["redemption"]["fulfilment"]["revealedAt"] == seen
    assert await CodeReveal.filter(redemption_id=key(mine)).count() == 2
    assert await AuditEntry.filter(operation="reveal_code").count() == 2


async def test_a_repeat_of_the_key_is_the_same_reveal() -> None:
    shopper, voucher = await a_shopper(), await builders.a_voucher()
    mine = await shopper.redeem(voucher)
    answers = [
        await shopper.phone.do("revealCode", CODE, redemptionId=mine["id"], idempotencyKey="k") for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert await CodeReveal.all().count() == 1


async def test_nobody_else_sees_the_code() -> None:
    shopper, voucher = await a_shopper(), await builders.a_voucher()
    mine, neighbour = await shopper.redeem(voucher), await a_shopper(shopper.program)
    async with nothing_happens():
        answer = await neighbour.phone.do("revealCode", CODE, redemptionId=mine["id"])
        assert answer["__typename"] == "NotFound"
        for other in (await partner_of(voucher), await support()):
            await forbidden(other, "revealCode", redemptionId=mine["id"])
    assert (await Redemption.get(id=key(mine))).revealed_at is None


async def test_a_code_is_frozen_once_it_was_refunded_also_for_a_repeat_of_the_key() -> None:
    shopper, voucher = await a_shopper(), await builders.a_voucher()
    mine = await shopper.redeem(voucher)
    await shopper.phone.do("revealCode", CODE, redemptionId=mine["id"], idempotencyKey="k")
    await (await support()).do("refundRedemption", "", redemptionId=mine["id"], reason="does not work")
    async with nothing_happens():
        for idempotency_key in ("k", "another"):
            answer = await shopper.phone.do(
                "revealCode",
                "... on CodeFrozen { current }",
                redemptionId=mine["id"],
                idempotencyKey=idempotency_key,
            )
            assert answer["__typename"] == "CodeFrozen"
            assert answer["current"] == "REFUNDED"


async def test_an_entitlement_has_no_code_to_show() -> None:
    shopper = await a_shopper()
    mine = await shopper.redeem(await builders.an_item(await builders.an_offer(delivery="ENTITLEMENT")))
    async with nothing_happens():
        answer = await shopper.phone.do("revealCode", CODE, redemptionId=mine["id"])
    assert answer["__typename"] == "NoCode"


async def test_a_link_is_shown_in_the_same_way_and_not_before() -> None:
    shopper, link = await a_shopper(), "https://shop.example/welcome?with=10"
    offer = await builders.an_offer(delivery="LINK")
    item = await builders.an_item(offer, attributes={"link": link})
    mine = await shopper.redeem(item, REDEEMED)
    assert mine["fulfilment"] == {"hasCode": True, "revealedAt": None}
    answer = await shopper.phone.do("revealCode", CODE, redemptionId=mine["id"])
    assert answer["code"] == link
    assert (await CodeReveal.get(redemption_id=key(mine))).position is None
    desk = await support()
    async with nothing_happens():
        exchanged = await desk.do("reissueCode", "", redemptionId=mine["id"], reason="x")
    assert exchanged["__typename"] == "NoCode"
    await desk.do("refundRedemption", "", redemptionId=mine["id"], reason="x")
    async with nothing_happens():
        frozen = await shopper.phone.do("revealCode", CODE, redemptionId=mine["id"])
    assert frozen["__typename"] == "CodeFrozen"
