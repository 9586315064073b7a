"""Drops: closed until an instant, open to everybody then, and told to whoever asked."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from marketplace.catalog import drops
from marketplace.catalog.facts import DropOpensSoon
from marketplace.catalog.models import Drop, DropReminder, Offer
from marketplace.kit import clock, facts, ids, jobs
from marketplace.kit.actor import SYSTEM
from marketplace.kit.ids import new_id
from tests import builders
from tests.client import Caller, as_operator, as_partner
from tests.redemptions.world import a_shopper, forbidden, nothing_happens, server_of
from tests.webhooks.receiver import a_receiver
from tests.webhooks.test_webhooks import announce, register

pytestmark = pytest.mark.usefixtures("db")
NOON = datetime(2031, 3, 7, 12, tzinfo=UTC)
DROP = "... on Drop { id opensAt endsAt serverTime everyDays state willRemindMe offer { id } }"
BEFORE, AT, LATER = NOON - timedelta(hours=1), NOON, NOON + timedelta(minutes=5)


def desk() -> Caller:
    return as_operator(new_id(), "admin")


async def plan(offer: Offer, **fields: object) -> Any:
    given = {"offerId": ids.public("offer", offer.id), "opensAt": NOON.isoformat()}
    given["endsAt"] = (NOON + timedelta(hours=1)).isoformat()
    return await desk().do("planDrop", DROP, **(given | fields))


async def state(phone: Caller) -> str:
    (drop,) = (await phone.get("{ drops { state } }"))["drops"]
    return drop["state"]


async def test_a_drop_opens_at_its_instant_sells_out_and_ends() -> None:
    with clock.at(BEFORE):
        shopper, voucher = await a_shopper(points=9000), await builders.a_voucher(["A", "B"])
        drop = await plan(await voucher.offer)
        assert (drop["state"], drop["serverTime"]) == ("ANNOUNCED", BEFORE.isoformat())
        assert await state(shopper.phone) == "ANNOUNCED"
        early = await shopper.redeem(voucher, "... on NotAvailable { reason opensAt }")
        assert (early["reason"], early["opensAt"]) == ("NOT_YET_OPEN", NOON.isoformat())
    with clock.at(AT):
        assert await state(shopper.phone) == "OPEN"
        assert [(await shopper.redeem(voucher))["__typename"] for _ in range(2)] == ["Redemption"] * 2
        assert await state(shopper.phone) == "SOLD_OUT"
        async with nothing_happens():
            for _ in range(3):
                assert (await shopper.redeem(voucher))["__typename"] == "OfferSoldOut"
    with clock.at(NOON + timedelta(hours=1)):
        assert await state(shopper.phone) == "ENDED"
        late = await shopper.redeem(voucher, "... on NotAvailable { reason }")
        assert late["__typename"] in ("NotAvailable", "OfferSoldOut")


async def test_what_comes_back_is_taken_although_it_was_sold_out() -> None:
    shopper, seat = await a_shopper(points=9000), await builders.a_session(seats=1)
    first = await shopper.redeem(seat)
    assert (await shopper.redeem(seat))["__typename"] == "OfferSoldOut"
    await shopper.phone.do("cancelRedemption", "", redemptionId=first["id"])
    assert (await shopper.redeem(seat))["__typename"] == "Redemption"


async def test_whoever_asked_is_told_once_before_it_opens() -> None:
    told: list[DropOpensSoon] = []

    async def hear(fact: DropOpensSoon) -> None:
        told.append(fact)

    facts.on(DropOpensSoon, hear)
    with clock.at(BEFORE):
        shopper, voucher = await a_shopper(), await builders.a_voucher(["A"])
        drop = await plan(await voucher.offer)
        for _ in range(2):
            answer = await shopper.phone.do("remindMeOfDrop", DROP, dropId=drop["id"])
            assert answer["willRemindMe"]
        assert await DropReminder.all().count() == 1
        await jobs.drain()
        assert told == []
    with clock.at(NOON - timedelta(minutes=9)):
        await jobs.drain()
        await jobs.drain()
        assert [fact.member_ids for fact in told] == [(shopper.member.id,)]
        facts.off(DropOpensSoon, hear)
    with clock.at(LATER):
        late = await shopper.phone.do("remindMeOfDrop", "", dropId=drop["id"])
        assert (late["__typename"], late["code"]) == ("DropHasOpened", "DROP_HAS_OPENED")


async def test_who_asked_and_who_waits_are_told_once_each_by_their_programs(database_url: str) -> None:
    opens = clock.now() + timedelta(minutes=9)
    shopper, voucher = await a_shopper(), await builders.a_voucher(["A"])
    both, waits, neither = [await a_shopper(shopper.program) for _ in range(3)]
    await shopper.redeem(voucher)
    for who in (both, waits):
        place = await who.phone.do("waitForItem", "", itemId=ids.public("item", voucher.id))
        assert place["__typename"] == "WaitingPlace"
    async with a_receiver() as receiver:
        await register(server_of(shopper.program), receiver, types=["DROP_OPENING"])
        drop = await plan(
            await voucher.offer, opensAt=opens.isoformat(), endsAt=(opens + timedelta(1)).isoformat()
        )
        for who in (shopper, both):
            await who.phone.do("remindMeOfDrop", DROP, dropId=drop["id"])
        command = drops.DropIsDue(idempotency_key="again", drop_id=ids.parse("drop", drop["id"]))
        await jobs.drain()
        for _ in range(2):
            await drops.remind_of_drop(SYSTEM, command)
            await announce(database_url)
        assert receiver.types == ["drop.opening"] * 3
        told = {message["data"]["member"] for _, message in receiver.got}
        assert {message["data"]["drop"] for _, message in receiver.got} == {drop["id"]}
    assert told == {ids.public("member", who.member.id) for who in (shopper, both, waits)}
    assert not await DropReminder.exists(member_id=neither.member.id)


async def test_a_weekly_drop_follows_itself_until_the_offer_is_retired() -> None:
    with clock.at(BEFORE):
        voucher = await builders.a_voucher(["A"])
        await plan(await voucher.offer, everyDays=7)
    with clock.at(NOON + timedelta(days=15)):
        await jobs.drain()
        await jobs.drain()
    rows = await Drop.all().order_by("opens_at")
    assert [row.opens_at for row in rows] == [NOON, NOON + timedelta(days=21)]
    await Offer.filter(id=voucher.offer_id).update(status="RETIRED")
    with clock.at(NOON + timedelta(days=22)):
        await jobs.drain()
    assert await Drop.all().count() == 2


async def test_what_makes_no_sense_is_said_and_nobody_else_may_plan() -> None:
    with clock.at(BEFORE):
        voucher = await builders.a_voucher(["A"])
        offer = await voucher.offer
        wrong = await plan(offer, opensAt=BEFORE.isoformat(), endsAt=BEFORE.isoformat(), everyDays=0)
        assert [problem["path"] for problem in wrong["problems"]] == ["opensAt", "endsAt", "everyDays"]
        short = await plan(offer, endsAt=(NOON + timedelta(days=3)).isoformat(), everyDays=2)
        assert [problem["path"] for problem in short["problems"]] == ["everyDays"]
        assert (await plan(offer, offerId=ids.public("offer", new_id())))["__typename"] == "NotFound"
        assert (await plan(offer, offerId="offer_x"))["__typename"] == "NotFound"
        assert (await plan(offer))["__typename"] == "Drop"
        assert [each["path"] for each in (await plan(offer))["problems"]] == ["opensAt"]
        drop = ids.public("drop", (await Drop.get()).id)
        shopper, stranger = await a_shopper(), as_partner(new_id())
        fields = {"offerId": ids.public("offer", offer.id), "opensAt": NOON.isoformat()}
        await forbidden(shopper.phone, "planDrop", **fields, endsAt=LATER.isoformat())
        await forbidden(stranger, "remindMeOfDrop", dropId=drop)
        missing = await shopper.phone.do("remindMeOfDrop", "", dropId=ids.public("drop", new_id()))
        assert missing["__typename"] == "NotFound"
        found = await shopper.phone.get(f'{{ node(id: "{drop}") {{ {DROP} }} }}')
        assert found["node"]["offer"]["id"] == ids.public("offer", offer.id)
