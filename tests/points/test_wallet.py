"""A wallet as its member reads it: running balances, causes by name, what expires when, what is saved."""

from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any
from uuid import UUID

import pytest
from dirty_equals import IsPartialDict

from marketplace.kit import clock, facts, ids
from marketplace.kit.paging import encode_cursor
from marketplace.points.facts import PointsExpiring
from marketplace.points.jobs import announce_expiry, expire_lots
from marketplace.points.models import ExpiryNotice
from tests import builders
from tests.books import violations
from tests.client import as_member, as_program, new_key
from tests.redemptions.world import Shopper, a_shopper, give_points, support

pytestmark = pytest.mark.usefixtures("db")
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MOVEMENTS = """query($first: Int, $after: String) { me { wallet { available
    movements(first: $first, after: $after) {
    nodes { points balance reason cause { kind title node { id } } } pageInfo { hasNextPage endCursor } } } } }"""
WALLET = """{ me { wallet { available upcomingExpiries { points expiresAt }
    expiryNotices { nodes { points daysBefore expiresAt } }
    savedSoFar { redemptions rewards { amount currency } discounts { amount } } } } }"""


async def moved(shopper: Shopper, **page: Any) -> Any:
    return (await shopper.phone.get(MOVEMENTS, **page))["me"]["wallet"]["movements"]


async def pages(shopper: Shopper, size: int) -> list[Any]:
    found: list[Any] = []
    after = None
    while True:
        page = await moved(shopper, first=size, after=after)
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found


async def test_each_movement_says_what_the_wallet_held_after_it_on_every_page() -> None:
    shopper = await a_shopper(points=0)
    for n in range(7):
        await give_points(shopper.member, shopper.program, 100 + n)
        await shopper.phone.do("givePoints", "... on Gift { id }", points=30 + n)
    one = await pages(shopper, 100)
    assert [each["balance"] for each in reversed(one)] == list(
        accumulate(each["points"] for each in reversed(one))
    )
    assert one[0]["balance"] == (await shopper.phone.get(MOVEMENTS))["me"]["wallet"]["available"]
    assert await pages(shopper, 3) == one


async def test_a_movement_that_comes_between_two_pages_leaves_the_balances_exact() -> None:
    shopper = await a_shopper(points=3000)
    for _ in range(3):
        await shopper.phone.do("givePoints", "... on Gift { id }", points=100)
    first = await moved(shopper, first=2)
    await give_points(shopper.member, shopper.program, 5000)
    second = await moved(shopper, first=9, after=first["pageInfo"]["endCursor"])
    balances = [each["balance"] for each in (*first["nodes"], *second["nodes"])]
    assert balances == [2700, 2800, 2900, 3000, 1500]


async def test_an_old_page_goes_on_from_the_balance_that_its_cursor_carries() -> None:
    shopper = await a_shopper(points=3000)
    [newest, older] = (await moved(shopper, first=2))["nodes"]
    assert (newest["balance"], older["balance"]) == (3000, 1500)
    carried = encode_cursor(UUID(int=2**128 - 1), 3000)
    assert [each["balance"] for each in (await moved(shopper, first=9, after=carried))["nodes"]] == [3000, 1500]
    for bad in (encode_cursor("x", 1), encode_cursor(UUID(int=1), "1"), encode_cursor(UUID(int=1), -1), "bogus"):
        answer = await shopper.phone.ask(MOVEMENTS, after=bad)
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_every_cause_has_a_title_in_the_readers_language_and_can_be_followed() -> None:
    shopper = await a_shopper(points=0)
    await as_program(shopper.program.id).do(
        "awardPoints", "... on Award { id }", memberId=ids.public("member", shopper.member.id),
        reference=new_key(), points=5000, reason="Your order",
    )  # fmt: skip
    charity = await builders.a_charity(name="Sea Watch")
    redeemed = await shopper.redeem(await builders.a_voucher())
    gift = await shopper.phone.do("givePoints", "... on Gift { id claimToken }", points=100)
    pledge = await shopper.phone.do(
        "donatePoints", "... on Pledge { id }", charityId=ids.public("charity", charity.id), points=500
    )
    reader = as_member(shopper.member.id, shopper.program.id, "nl")
    nodes = (await reader.get(MOVEMENTS))["me"]["wallet"]["movements"]["nodes"]
    causes = {node["cause"]["kind"]: node["cause"] for node in nodes}
    assert causes["redemption"] == IsPartialDict(node={"id": redeemed["id"]})
    assert causes["redemption"]["title"].startswith("Aanbod")
    assert causes["gift"]["node"] == {"id": gift["id"]}
    assert causes["pledge"] == IsPartialDict(node={"id": pledge["id"]})
    assert "Sea Watch" in causes["pledge"]["title"]
    assert causes["award"]["title"] == "Your order"
    friend = await a_shopper(shopper.program, points=0)
    await friend.phone.do("claimGift", "... on Gift { id }", gift={"token": gift["claimToken"]})
    [received] = (await moved(friend))["nodes"]
    assert received["cause"] == {"kind": "gift", "title": "A gift you received", "node": {"id": gift["id"]}}


async def test_points_that_expired_say_so() -> None:
    shopper = await a_shopper(points=100)
    with clock.travel(11 * DAY):
        await expire_lots()
        node = (await moved(shopper, first=1))["nodes"][0]
    assert node == IsPartialDict(points=-50, balance=50, cause=IsPartialDict(kind="lot_expiry"))
    assert node["cause"]["title"] == "Points that expired"


async def test_upcoming_expiries_stand_in_order_and_what_never_expires_is_not_among_them() -> None:
    with clock.at(START):
        shopper = await a_shopper(points=1000)
        for days in (20, 20, 5):
            await give_points(shopper.member, shopper.program, 100, days=days)
        upcoming = (await shopper.phone.get(WALLET))["me"]["wallet"]["upcomingExpiries"]
    assert [each["points"] for each in upcoming] == [100, 500, 200]
    assert upcoming[0]["expiresAt"] == (START + 5 * DAY).isoformat()


async def test_what_was_saved_is_what_was_taken_and_kept_with_its_discounts() -> None:
    shopper = await a_shopper(points=5000, tier="gold")
    kept, returned = await builders.a_voucher(), await builders.a_voucher()
    await shopper.redeem(kept)
    back = await shopper.redeem(returned)
    desk = await support()
    await desk.do("refundRedemption", "... on Redemption { state }", redemptionId=back["id"], reason="x")
    saved = (await shopper.phone.get(WALLET))["me"]["wallet"]["savedSoFar"]
    assert saved == {
        "redemptions": 1,
        "rewards": {"amount": "10.00", "currency": "EUR"},
        "discounts": {"amount": "0.90"},
    }


async def test_expiry_announces_itself_once_for_each_number_of_days() -> None:
    told: list[PointsExpiring] = []

    async def listen(fact: PointsExpiring) -> None:
        told.append(fact)

    facts.on(PointsExpiring, listen)
    with clock.at(START):
        shopper = await a_shopper(points=0)
        await give_points(shopper.member, shopper.program, 100, days=40)
        await give_points(shopper.member, shopper.program, 10, days=40)
        await announce_expiry()
        assert await ExpiryNotice.all().count() == 0
    for days in (11, 12, 30, 34, 39):
        with clock.at(START + days * DAY):
            await announce_expiry()
            await announce_expiry()
    with clock.at(START + 39 * DAY):
        notices = (await shopper.phone.get(WALLET))["me"]["wallet"]["expiryNotices"]["nodes"]
    assert [(each["points"], each["daysBefore"]) for each in notices] == [(110, 1), (110, 7), (110, 30)]
    assert [fact.days_before for fact in told if fact.member_id == shopper.member.id] == [30, 7, 1]
    assert await violations() == []


async def test_after_a_pause_only_the_nearest_notice_is_told_and_what_moved_on_is_told_anew() -> None:
    with clock.at(START):
        shopper = await a_shopper(points=0)
        server = as_program(shopper.program.id)
        id = ids.public("program", shopper.program.id)
        await server.do("setExpiryPolicy", "... on ExpiryPolicy { kind }", programId=id, kind="ROLLING", months=1)
        event = {"memberId": ids.public("member", shopper.member.id), "points": 100, "reason": "x"}
        await server.do("awardPoints", "... on Award { id }", reference=new_key(), **event)
    with clock.at(START + 28 * DAY):
        await announce_expiry()
        assert [row.days_before for row in await ExpiryNotice.all()] == [7]
        await server.do("awardPoints", "... on Award { id }", reference=new_key(), **event)
        await announce_expiry()
    with clock.at(START + 30 * DAY):
        await announce_expiry()
        assert [(row.days_before, row.points) for row in await ExpiryNotice.all().order_by("id")] == [
            (7, 100),
            (30, 200),
        ]
