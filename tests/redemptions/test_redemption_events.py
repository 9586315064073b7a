"""Each step of a redemption is told: in its timeline, and as a fact to whoever waits for it."""

from collections.abc import AsyncGenerator

import pytest

from marketplace.catalog.models import OfferKind
from marketplace.kit import facts
from marketplace.redemptions.facts import Change, RedemptionChanged
from marketplace.redemptions.models import RedemptionEvent
from tests import builders
from tests.client import Caller
from tests.redemptions.world import ADDRESS, Shopper, a_shopper, partner_of, support

pytestmark = pytest.mark.usefixtures("db")
EVENTS = "query($id: ID!) { redemption(id: $id) { events { change at } } }"


async def story(caller: Caller, id: str) -> list[str]:
    """The changes of a redemption's timeline, as somebody sees it."""
    answer = await caller.get(EVENTS, id=id)
    return [event["change"] for event in answer["redemption"]["events"]]


@pytest.fixture
async def told() -> AsyncGenerator[list[RedemptionChanged]]:
    """Every change that is told while the test runs."""
    heard: list[RedemptionChanged] = []

    async def hear(fact: RedemptionChanged) -> None:
        heard.append(fact)

    facts.on(RedemptionChanged, hear)
    yield heard
    facts.off(RedemptionChanged, hear)


async def test_a_voucher_is_told_once_as_fulfilled_and_shows_both_moments(told: list[RedemptionChanged]) -> None:
    shopper, desk = await a_shopper(), await support()
    mine = await shopper.redeem(await builders.a_voucher())
    assert await RedemptionEvent.all().count() == 0
    await shopper.phone.do("revealCode", "", redemptionId=mine["id"])
    await shopper.phone.do("revealCode", "", redemptionId=mine["id"])
    await desk.do("reissueCode", "", redemptionId=mine["id"], reason="broken")
    await desk.do("refundRedemption", "", redemptionId=mine["id"], reason="sorry")
    steps = ["FULFILLED", "CODE_REVEALED", "CODE_REISSUED", "REFUNDED"]
    assert [fact.change.value for fact in told] == steps
    assert {fact.member_id for fact in told} == {shopper.member.id}
    assert await story(shopper.phone, mine["id"]) == ["TAKEN", *steps]


async def test_a_parcel_tells_its_way_and_nobody_else_sees_it(told: list[RedemptionChanged]) -> None:
    shopper, stranger = await a_shopper(), await a_shopper()
    mug = await builders.an_item(await builders.an_offer(OfferKind.MERCHANDISE), stock=3)
    mine = await shopper.redeem(mug, address=ADDRESS)
    partner = await partner_of(mug)
    await partner.do("shipRedemption", "", redemptionId=mine["id"], carrier="PostNL", tracking="1")
    await partner.do("markDelivered", "", redemptionId=mine["id"])
    assert [(fact.change, fact.state.value) for fact in told] == [
        (Change.TAKEN, "PENDING"), (Change.PARCEL_PACKED, "PENDING"), (Change.PARCEL_SHIPPED, "PENDING"),
        (Change.FULFILLED, "FULFILLED"), (Change.PARCEL_DELIVERED, "FULFILLED"),
    ]  # fmt: skip
    assert await story(partner, mine["id"]) == [fact.change.value for fact in told]
    assert (await stranger.phone.get(EVENTS, id=mine["id"]))["redemption"] is None


async def test_each_step_is_a_sentence() -> None:
    shopper, desk = await a_shopper(), await support()
    mine = await shopper.redeem(await builders.a_voucher())
    part = {"amount": {"amount": "2.50", "currency": "EUR"}}
    await desk.do("refundRedemption", "", redemptionId=mine["id"], reason="sorry", part=part)
    query = "query($id: ID!) { redemption(id: $id) { events { text } } }"
    answer = await shopper.phone.get(query, id=mine["id"])
    assert [event["text"] for event in answer["redemption"]["events"]] == [
        "You took this reward.", "Your reward is yours.", "A part of it was refunded: 250 points are back.",
    ]  # fmt: skip


async def test_what_is_refused_is_not_told(told: list[RedemptionChanged]) -> None:
    shopper: Shopper = await a_shopper(points=0)
    assert (await shopper.redeem(await builders.a_voucher()))["__typename"] == "InsufficientPoints"
    assert told == []
