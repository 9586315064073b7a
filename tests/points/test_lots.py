"""Lots under a program's policy: rolling, calendar, for ever, and what becomes of dates that pass meanwhile."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.gifts.jobs import expire_gifts
from marketplace.kit import clock, ids
from marketplace.members.models import Program
from marketplace.points.jobs import expire_lots
from marketplace.points.models import ActivityClock, ExpiryPolicy, Lot, LotExtension
from tests import builders
from tests.books import violations
from tests.client import as_operator, as_program, new_key
from tests.redemptions.world import Shopper, a_shopper, forbidden, give_points, support

pytestmark = pytest.mark.usefixtures("db")
POLICY = "... on ExpiryPolicy { kind months period returned graceDays noticeDays validFrom }"
TERMS = """query($id: ID!) { item: node(id: $id) { ... on Item {
    pointsPrice { ifReturned { rule text firstExpiresAt } } } } }"""
START = datetime(2026, 1, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)


async def state(program: Program, **policy: Any) -> Any:
    return await as_program(program.id).do(
        "setExpiryPolicy", POLICY, programId=ids.public("program", program.id), **policy
    )


async def award(shopper: Shopper, points: int = 100, **facts: Any) -> Any:
    event = {"memberId": ids.public("member", shopper.member.id), "reference": new_key(), "reason": "bought"}
    return await as_program(shopper.program.id).do(
        "awardPoints", "... on Award { points expiresAt }", points=points, **event, **facts
    )


async def wallet(shopper: Shopper) -> Any:
    return (await shopper.phone.get("{ me { wallet { available held nextExpiry } } }"))["me"]["wallet"]


async def test_any_activity_lets_all_rolling_points_live_on_and_one_row_says_so() -> None:
    with clock.at(START):
        shopper = await a_shopper(points=0)
        assert await state(shopper.program, kind="ROLLING", months=2) == IsPartialDict(kind="ROLLING", months=2)
        assert (await award(shopper))["expiresAt"] == "2026-03-15T23:00:00+00:00"
        await award(shopper, 200)
    with clock.at(START + 40 * DAY):
        await award(shopper, 1)
        assert await wallet(shopper) == IsPartialDict(available=301, nextExpiry="2026-04-24T22:00:00+00:00")
    with clock.at(START + 80 * DAY):
        await shopper.phone.do("givePoints", "... on Gift { id }", points=250)
        assert await wallet(shopper) == IsPartialDict(
            available=51, held=250, nextExpiry="2026-06-05T22:00:00+00:00"
        )
    assert await ActivityClock.all().count() == 1
    assert await violations() == []


async def test_what_expired_while_nothing_happened_does_not_come_back_to_life() -> None:
    with clock.at(START):
        shopper = await a_shopper(points=0)
        await state(shopper.program, kind="ROLLING", months=1)
        await award(shopper)
    with clock.at(START + 60 * DAY):
        assert (await wallet(shopper))["available"] == 0
        await award(shopper, 30)
        assert (await wallet(shopper))["available"] == 30
        await expire_lots()
        assert (await wallet(shopper))["available"] == 30
    assert sorted([row.swept for row in await ActivityClock.all()]) == [False, True]
    assert sum(await shopper.lots()) == 30
    assert await violations() == []


async def test_a_new_policy_never_shortens_what_was_earned_before() -> None:
    with clock.at(START):
        shopper = await a_shopper(points=0)
        await award(shopper)
        await state(shopper.program, kind="ROLLING", months=12)
        await award(shopper)
    with clock.at(START + DAY):
        later = await state(shopper.program, kind="CALENDAR", period="MONTH", validFrom="2026-02-01")
        assert later["validFrom"] == "2026-01-31T23:00:00+00:00"
        assert (await award(shopper))["expiresAt"] == "2027-01-16T23:00:00+00:00"
    with clock.at(START + 20 * DAY):
        assert (await award(shopper))["expiresAt"] == "2026-02-28T23:00:00+00:00"
        dates = [row.expires_at for row in await Lot.all().order_by("id")]
        assert dates[0] is not None
        assert dates[0].isoformat() == "2028-01-15T23:00:00+00:00"
        rolling = await ActivityClock.get()
        assert rolling.expires_at.isoformat() == "2027-02-04T23:00:00+00:00"
        asked = "{ program { expiryPolicy { kind period returned noticeDays } } }"
        program = (await as_program(shopper.program.id).get(asked))["program"]
        assert program["expiryPolicy"] == IsPartialDict(kind="CALENDAR", period="MONTH", noticeDays=[30, 7, 1])


async def test_points_that_never_expire_are_spent_last() -> None:
    shopper = await a_shopper(points=0)
    await state(shopper.program, kind="NEVER")
    assert (await award(shopper, 600))["expiresAt"] is None
    await give_points(shopper.member, shopper.program, 600, days=5)
    await shopper.phone.do("givePoints", "... on Gift { id }", points=700)
    assert await shopper.lots() == [500, 0]


@pytest.mark.parametrize(
    ("policy", "back", "extended"),
    [
        ({"returned": "KEEP"}, 0, None),
        ({"returned": "GRACE", "graceDays": 3}, 100, "2026-03-09T23:00:00+00:00"),
        ({"returned": "RENEW"}, 100, "2026-05-06T22:00:00+00:00"),
    ],
)
async def test_points_whose_date_passed_with_a_gift_follow_the_rule_of_the_day_it_was_given(
    policy: dict[str, Any], back: int, extended: str | None
) -> None:
    with clock.at(START):
        shopper = await a_shopper(points=0)
        await state(shopper.program, kind="FIXED", months=2, **policy)
        await give_points(shopper.member, shopper.program, 150, days=40)
        preview = await shopper.phone.get("{ giftPreview(points: 100) { rule text points { points } } }")
        told = preview["giftPreview"]
        assert told == IsPartialDict(rule=policy["returned"], points=[{"points": 100}])
    with clock.at(START + 30 * DAY):
        gift = await shopper.phone.do("givePoints", "... on Gift { id onTheWay { rule text } }", points=100)
        assert gift["onTheWay"] == {"rule": told["rule"], "text": told["text"]}
    with clock.at(START + 50 * DAY):
        await state(shopper.program, kind="NEVER")
        lost = (await shopper.phone.get("{ gifts { nodes { pointsLostOnClaim } } }"))["gifts"]["nodes"]
        assert lost == [{"pointsLostOnClaim": 100 - back}]
        await shopper.phone.do("recallGift", "... on Gift { state }", giftId=gift["id"])
        assert await wallet(shopper) == IsPartialDict(available=back, held=0, nextExpiry=extended)
        await expire_lots()
        assert (await wallet(shopper))["available"] == back
    assert sum(await shopper.lots()) == back
    assert await LotExtension.all().count() == (1 if back else 0)
    assert await violations() == []


async def test_a_gift_claimed_after_its_date_follows_the_same_rule() -> None:
    for policy, kept in (({"returned": "KEEP"}, 0), ({"returned": "GRACE", "graceDays": 7}, 100)):
        with clock.at(START):
            giver = await a_shopper(points=0)
            friend = await a_shopper(giver.program, points=0)
            await state(giver.program, kind="FIXED", months=2, **policy)
            await give_points(giver.member, giver.program, 100, days=10)
            gift = await giver.phone.do("givePoints", "... on Gift { claimToken }", points=100)
        with clock.at(START + 12 * DAY):
            await friend.phone.do("claimGift", "... on Gift { id }", gift={"token": gift["claimToken"]})
            assert (await wallet(friend))["available"] == kept
            await expire_gifts()
        assert await violations() == []


async def test_a_rolling_gift_keeps_the_date_it_had_and_the_receivers_activity_does_not_move_it() -> None:
    with clock.at(START):
        giver = await a_shopper(points=0)
        friend = await a_shopper(giver.program, points=0)
        await state(giver.program, kind="ROLLING", months=1)
        await award(giver)
        gift = await giver.phone.do("givePoints", "... on Gift { claimToken }", points=100)
    with clock.at(START + 10 * DAY):
        await friend.phone.do("claimGift", "... on Gift { id }", gift={"token": gift["claimToken"]})
        await award(friend)
        assert await wallet(friend) == IsPartialDict(available=200, nextExpiry="2026-02-15T23:00:00+00:00")
    assert await violations() == []


async def test_a_refund_of_expired_points_is_lost_with_it_by_the_rule_the_price_stated() -> None:
    with clock.at(START):
        shopper = await a_shopper(points=1500)
        item = await builders.a_voucher()
        price = (await shopper.phone.get(TERMS, id=ids.public("item", item.id)))["item"]["pointsPrice"]
        terms = price["ifReturned"]
        assert terms == IsPartialDict(rule="KEEP", firstExpiresAt=(START + 10 * DAY).isoformat())
        redeemed = await shopper.redeem(item)
    with clock.at(START + 20 * DAY):
        desk = await support()
        await desk.do("refundRedemption", "... on Redemption { state }", redemptionId=redeemed["id"], reason="x")
        assert (await wallet(shopper))["available"] == 750
    assert await shopper.lots() == [750, 0]
    assert await violations() == []


async def test_only_the_program_itself_or_the_operator_sets_a_policy_and_not_for_the_past() -> None:
    program, other = await builders.a_program(), await builders.a_program()
    id = ids.public("program", program.id)
    answer = await as_program(other.id).do("setExpiryPolicy", POLICY, programId=id, kind="NEVER")
    assert answer == IsPartialDict(__typename="NotFound")
    past = await state(program, kind="NEVER", validFrom="2020-01-01")
    assert past["problems"][0]["path"] == "validFrom"
    wrong = await state(program, kind="FIXED", returned="GRACE")
    assert [problem["path"] for problem in wrong["problems"]] == ["months", "graceDays"]
    shopper = await a_shopper(program, points=0)
    await forbidden(shopper.phone, "setExpiryPolicy", programId=id, kind="NEVER")
    assert await ExpiryPolicy.all().count() == 0
    admin = as_operator(shopper.member.id)
    assert await admin.do("setExpiryPolicy", POLICY, programId=id, kind="NEVER") == IsPartialDict(kind="NEVER")
