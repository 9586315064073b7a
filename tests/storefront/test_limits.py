"""Limits per member and period, early access by tier, and what every refusal says to do next."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.catalog.models import Item
from marketplace.earning.queries import shortest_action_said
from marketplace.kit import clock, ids, next_steps
from marketplace.kit.ids import new_id
from tests import builders
from tests.books import violations
from tests.client import as_operator, as_program
from tests.redemptions.world import Shopper, a_shopper, forbidden, give_points, nothing_happens, support

pytestmark = pytest.mark.usefixtures("db")
NOON = datetime(2026, 3, 29, 10, tzinfo=UTC)
"""The day on which the clocks of Amsterdam go forward: it ends at 22:00 UTC."""
NEXT = "nextStep { kind text points opensAt action }"
ITEM = f"""query($id: ID!) {{ node(id: $id) {{ ... on Item {{ whyNot {{ code message opensAt {NEXT} }}
    offer {{ opensForYouAt limits {{ period units }} whyNot {{ code }} }} }} }} }}"""
ACCESS = "... on OfferChanged { offer { id limits { period units } } }"
REFUSED = f"... on UserError {{ {NEXT} }} ... on NotAvailable {{ reason opensAt }} ... on Redemption {{ id }}"


async def access(item: Item, **fields: Any) -> Any:
    operator = as_operator(new_id(), "catalogue")
    return await operator.do("setOfferAccess", ACCESS, offerId=ids.public("offer", item.offer_id), **fields)


async def look(shopper: Shopper, item: Item) -> Any:
    return (await shopper.phone.get(ITEM, id=ids.public("item", item.id)))["node"]


async def limit(shopper: Shopper, *limits: dict[str, Any]) -> Any:
    return await as_program(shopper.program.id).do(
        "setProgramLimits",
        "... on Program { limits { period redemptions points } }",
        programId=ids.public("program", shopper.program.id),
        limits=list(limits),
    )


async def test_a_limit_a_day_says_when_it_resets_and_resets_then() -> None:
    with clock.at(NOON):
        shopper, item = await a_shopper(points=9000), await builders.a_voucher(["A", "B", "C", "D"])
        changed = await access(item, limits=[{"period": "DAY", "units": 1}, {"period": "MONTH", "units": 2}])
        assert {each["period"] for each in changed["offer"]["limits"]} == {"DAY", "MONTH"}
        assert (await shopper.redeem(item))["__typename"] == "Redemption"
        async with nothing_happens():
            refused = await shopper.redeem(item, REFUSED)
        resets = "2026-03-29T22:00:00+00:00"
        assert refused == IsPartialDict(__typename="NotAvailable", reason="LIMIT_REACHED", opensAt=resets)
        assert refused["nextStep"] == IsPartialDict(kind="WAIT", opensAt=resets)
        seen = (await look(shopper, item))["whyNot"]
        assert seen == IsPartialDict(code="LIMIT_REACHED", nextStep=refused["nextStep"], opensAt=resets)
        shelf = "{ offers(filter: {availableOnly: true}) { nodes { id whyNot { code } } } }"
        assert (await shopper.phone.get(shelf))["offers"]["nodes"] == []
    with clock.at(datetime(2026, 3, 29, 22, tzinfo=UTC)):
        assert (await look(shopper, item))["whyNot"] is None
        assert (await shopper.redeem(item))["__typename"] == "Redemption"
        refused = await shopper.redeem(item, REFUSED)
        assert refused["opensAt"] == "2026-03-31T22:00:00+00:00"
    assert await violations() == []


async def test_what_came_back_does_not_count_and_twins_take_no_more_than_the_limit() -> None:
    shopper, item = await a_shopper(points=9000), await builders.a_voucher([f"C{n}" for n in range(9)])
    await access(item, limits=[{"period": "LIFETIME", "units": 2}])
    answers = await asyncio.gather(*(shopper.redeem(item, REFUSED) for _ in range(4)))
    kinds = [answer["__typename"] for answer in answers]
    assert (kinds.count("Redemption"), kinds.count("NotAvailable")) == (2, 2)
    refused = next(answer for answer in answers if answer["__typename"] == "NotAvailable")
    assert refused == IsPartialDict(opensAt=None, nextStep=IsPartialDict(kind="CHOOSE_ANOTHER"))
    taken = next(answer for answer in answers if answer["__typename"] == "Redemption")
    desk = await support()
    await desk.do("refundRedemption", "... on Redemption { state }", redemptionId=taken["id"], reason="x")
    assert (await shopper.redeem(item))["__typename"] == "Redemption"
    assert (await shopper.redeem(item))["__typename"] == "NotAvailable"
    assert await violations() == []


async def test_an_offer_opens_earlier_for_a_tier_and_tells_each_their_own_moment() -> None:
    with clock.at(NOON):
        gold = await a_shopper(points=3000, tier="gold")
        blue = await a_shopper(gold.program, points=3000, tier="blue")
        item = await builders.a_voucher(["A", "B"])
        offer = await item.offer
        offer.published_from = NOON + timedelta(hours=30)
        await offer.save(update_fields=["published_from"])
        await access(item, earlyAccess=[{"tierRank": 1, "hours": 24}])
        seen = [await look(each, item) for each in (gold, blue)]
        assert [each["offer"]["opensForYouAt"] for each in seen] == [
            (NOON + timedelta(hours=hours)).isoformat() for hours in (6, 30)
        ]
        assert seen[0]["whyNot"]["nextStep"] == IsPartialDict(kind="WAIT", opensAt=seen[0]["whyNot"]["opensAt"])
    with clock.at(NOON + timedelta(hours=6)):
        assert (await look(gold, item))["whyNot"] is None
        assert (await look(blue, item))["whyNot"]["code"] == "NOT_YET_OPEN"
        shelf = "{ offers(filter: {availableOnly: true}) { nodes { id } } }"
        counts = [len((await each.phone.get(shelf))["offers"]["nodes"]) for each in (gold, blue)]
        assert counts == [1, 0]
        assert (await gold.redeem(item))["__typename"] == "Redemption"
        async with nothing_happens():
            refused = await blue.redeem(item, REFUSED)
        assert refused == IsPartialDict(reason="NOT_YET_OPEN", opensAt=(NOON + timedelta(hours=30)).isoformat())


async def test_a_program_limits_redemptions_and_points_of_each_member() -> None:
    with clock.at(NOON):
        shopper, item = await a_shopper(points=9000), await builders.a_voucher([f"C{n}" for n in range(9)])
        other = await a_shopper(shopper.program, points=3000)
        set_to = await limit(shopper, {"period": "WEEK", "redemptions": 2}, {"period": "DAY", "points": 1500})
        assert set_to["limits"] == [
            {"period": "WEEK", "redemptions": 2, "points": None},
            {"period": "DAY", "redemptions": None, "points": 1500},
        ]
        redeemed = await shopper.redeem(item)
        resets = "2026-03-29T22:00:00+00:00"
        async with nothing_happens():
            refused = await shopper.redeem(item, REFUSED + " ... on ProgramLimitReached { period resetsAt }")
        assert refused == IsPartialDict(__typename="ProgramLimitReached", period="DAY", resetsAt=resets)
        assert (await look(shopper, item))["whyNot"] == IsPartialDict(
            code="PROGRAM_LIMIT_REACHED", nextStep=refused["nextStep"], opensAt=resets
        )
        assert refused["nextStep"] == IsPartialDict(kind="WAIT", opensAt=resets)
        assert (await other.redeem(item))["__typename"] == "Redemption"
        desk = await support()
        id = redeemed["id"]
        await desk.do("refundRedemption", "... on Redemption { state }", redemptionId=id, reason="x")
        assert (await shopper.redeem(item))["__typename"] == "Redemption"
    with clock.at(NOON + timedelta(days=1)):  # Monday: a new week
        for _ in range(2):
            with clock.travel(timedelta(days=1)):
                await limit(shopper, {"period": "WEEK", "redemptions": 2})
                assert (await shopper.redeem(item))["__typename"] == "Redemption"
        refused = await shopper.redeem(item, REFUSED + " ... on ProgramLimitReached { period resetsAt }")
        assert refused == IsPartialDict(period="WEEK", resetsAt="2026-04-05T22:00:00+00:00")
    assert await violations() == []


async def test_points_to_go_come_with_the_shortest_way_to_earn_them() -> None:
    shopper, item = await a_shopper(points=0), await builders.a_voucher()
    await give_points(shopper.member, shopper.program, 400)
    asked: list[int] = []

    async def shortest(member_id: Any, points: int, languages: Any) -> str:
        asked.append(points)
        return "Write one review."

    refused = await shopper.redeem(item, REFUSED)
    assert refused["nextStep"] == {
        "kind": "EARN_POINTS", "text": "Earn 600 more points.", "points": 600, "opensAt": None, "action": None,
    }  # fmt: skip
    next_steps.shortest_action_from(shortest)
    try:
        assert (await look(shopper, item))["whyNot"]["nextStep"]["action"] == "Write one review."
    finally:
        next_steps.shortest_action_from(shortest_action_said)
    assert asked == [600]


async def test_a_price_that_rose_says_to_look_again_and_a_sold_out_reward_to_choose_another() -> None:
    shopper, item = await a_shopper(points=9000), await builders.a_voucher(["A"])
    dearer = await shopper.redeem(item, REFUSED, expectedPoints=900)
    assert dearer == IsPartialDict(__typename="PriceChanged", nextStep=IsPartialDict(kind="LOOK_AGAIN"))
    await shopper.redeem(item)
    gone = await shopper.redeem(item, REFUSED)
    assert gone == IsPartialDict(__typename="OfferSoldOut", nextStep=IsPartialDict(kind="CHOOSE_ANOTHER"))
    wrong = await shopper.redeem(await builders.a_voucher(), REFUSED, message="hello")
    assert wrong == IsPartialDict(__typename="InvalidInput", nextStep=IsPartialDict(kind="MEND_INPUT"))


async def test_limits_that_make_no_sense_are_refused_and_only_operators_and_programs_set_them() -> None:
    shopper, item = await a_shopper(points=0), await builders.a_voucher()
    wrong = await access(
        item,
        limits=[{"period": "DAY", "units": 0}, {"period": "DAY", "units": 1}],
        earlyAccess=[{"tierRank": 0, "hours": 0}],
    )
    assert [each["path"] for each in wrong["problems"]] == ["limits", "limits", "earlyAccess", "earlyAccess"]
    offer = ids.public("offer", item.offer_id)
    await forbidden(shopper.phone, "setOfferAccess", offerId=offer)
    for bad in ([{"period": "DAY"}], [{"period": "DAY", "points": -1}], [{"period": "DAY", "points": 1}] * 2):
        assert (await limit(shopper, *bad))["problems"][0]["path"] == "limits"
    other = as_program((await builders.a_program()).id)
    id = ids.public("program", shopper.program.id)
    assert await other.do("setProgramLimits", "... on Program { id }", programId=id, limits=[]) == IsPartialDict(
        __typename="NotFound"
    )
