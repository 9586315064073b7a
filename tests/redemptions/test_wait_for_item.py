"""The line for what is sold out: a unit that comes back goes to who asked first, and never past them."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from dirty_equals import IsInt, IsPartialDict
from psycopg import AsyncConnection

from marketplace.catalog.models import Item, Offer, OfferKind, Stock
from marketplace.kit import clock, ids, jobs
from marketplace.kit.actor import SYSTEM
from marketplace.redemptions.jobs import lapse_left, serve_lines
from marketplace.redemptions.models import Reservation, WaitingPlace
from marketplace.redemptions.operations import LapseReservation, ServeLine, lapse_reservation, serve_line
from tests import builders
from tests.books import violations
from tests.client import as_partner
from tests.redemptions.world import ADDRESS, Shopper, a_shopper, forbidden, nothing_happens, server_of, support
from tests.webhooks.receiver import a_receiver
from tests.webhooks.test_webhooks import announce, register

pytestmark = pytest.mark.usefixtures("db")
PLACE = "... on WaitingPlace { id state position item { id } reservation { id state isSecondChance } }"
LINES = """{ me {
    waitingPlaces { id state position reservation { id secondsLeft } }
    reservations { id isSecondChance secondsLeft item { id } }
} }"""
HALF_AN_HOUR = timedelta(minutes=31)


async def a_mug() -> Item:
    """The only mug."""
    return await builders.an_item(await builders.an_offer(OfferKind.MERCHANDISE), stock=1)


async def wait(shopper: Shopper, item: Item, selection: str = PLACE) -> Any:
    """Ask for a place in the line."""
    return await shopper.phone.do("waitForItem", selection, itemId=ids.public("item", item.id))


async def reserve(shopper: Shopper, item: Item) -> Any:
    """Set one aside."""
    return await shopper.phone.do("reserveItem", "... on Reservation { id }", itemId=ids.public("item", item.id))


async def lines(shopper: Shopper) -> Any:
    """What a member waits for, and what is set aside for them."""
    return (await shopper.phone.get(LINES))["me"]


async def a_crowd(shopper: Shopper, many: int) -> list[Shopper]:
    """More members of the same program."""
    return [await a_shopper(shopper.program) for _ in range(many)]


async def offered_to() -> list[UUID]:
    """Whom something is set aside for because they waited."""
    return [row.member_id for row in await Reservation.filter(state="OPEN", place_id__isnull=False).order_by("id")]


async def test_what_lapses_goes_to_who_waits_in_the_order_of_asking(database_url: str) -> None:
    holder, item = await a_shopper(), await a_mug()
    first, second, rival = await a_crowd(holder, 3)
    await reserve(holder, item)
    asked = [await wait(each, item) for each in (first, second)]
    assert asked[0] == await wait(first, item)
    assert [(each["state"], each["position"]) for each in asked] == [("WAITING", 1), ("WAITING", 2)]
    async with a_receiver() as receiver:
        await register(server_of(holder.program), receiver, types=["WAITING_OFFERED", "WAITING_PASSED"])
        with clock.travel(timedelta(minutes=16)):
            await jobs.drain()
            assert (await rival.redeem(item, address=ADDRESS))["__typename"] == "OfferSoldOut"
            mine = await lines(first)
            assert mine["waitingPlaces"][0] == IsPartialDict(state="OFFERED", position=None)
            assert mine["reservations"][0] == IsPartialDict(
                isSecondChance=True, secondsLeft=IsInt(gt=1700, le=1800)
            )
            assert (await lines(second))["waitingPlaces"][0] == IsPartialDict(state="WAITING", position=1)
        with clock.travel(timedelta(minutes=16) + HALF_AN_HOUR):
            await jobs.drain()
            assert await lines(first) == {"waitingPlaces": [], "reservations": []}
            (held,) = (await lines(second))["reservations"]
            stolen = await rival.redeem(item, address=ADDRESS, reservationId=held["id"])
            assert stolen["__typename"] == "NotFound"
            got = await second.redeem(item, address=ADDRESS, reservationId=held["id"])
            assert got["__typename"] == "Redemption"
        await announce(database_url)
        person = {who.member.id: ids.public("member", who.member.id) for who in (first, second)}
        told = [(message["type"], message["data"]["member"]) for _, message in receiver.got]
        assert sorted(told) == sorted(
            [
                ("waiting.offered", person[first.member.id]),
                ("waiting.passed", person[first.member.id]),
                ("waiting.offered", person[second.member.id]),
            ]
        )
    states = [row.state for row in await WaitingPlace.all().order_by("asked_at")]
    assert (states, (await Stock.get(item_id=item.id)).taken) == (["PASSED", "TAKEN"], 1)
    assert await violations() == []


async def test_a_code_that_nobody_saw_goes_from_a_refund_to_who_waits() -> None:
    winner, voucher = await a_shopper(points=9000), await builders.a_voucher(["ONLY-1"])
    (waiting,) = await a_crowd(winner, 1)
    won = await winner.redeem(voucher)
    await wait(waiting, voucher)
    refund: dict[str, Any] = {"redemptionId": won["id"], "reason": "A mistake."}
    assert (await (await support()).do("refundRedemption", "", **refund))["__typename"] == "Redemption"
    assert await offered_to() == [waiting.member.id]
    assert (await winner.redeem(voucher))["__typename"] == "OfferSoldOut"
    assert await violations() == []
    (held,) = (await lines(waiting))["reservations"]
    got = await waiting.redeem(voucher, reservationId=held["id"])
    code = await waiting.phone.do("revealCode", "... on RevealedCode { code }", redemptionId=got["id"])
    assert code["code"] == "ONLY-1"
    assert await violations() == []


async def test_what_is_let_go_passes_on_and_who_left_is_passed_by() -> None:
    holder, seat = await a_shopper(points=9000), await builders.a_session(seats=1)
    first, second, third = await a_crowd(holder, 3)
    booked = await holder.redeem(seat)
    places = [await wait(each, seat) for each in (first, second, third)]
    stopped = await second.phone.do("stopWaiting", PLACE, waitingPlaceId=places[1]["id"])
    assert (stopped["state"], stopped["position"]) == ("LEFT", None)
    await holder.phone.do("cancelRedemption", "", redemptionId=booked["id"])
    assert await offered_to() == [first.member.id]
    late = await first.phone.do("stopWaiting", "", waitingPlaceId=places[0]["id"])
    assert (late["__typename"], late["code"]) == ("NotWaiting", "NOT_WAITING")
    (held,) = (await lines(first))["reservations"]
    await first.phone.do("releaseReservation", "", reservationId=held["id"])
    assert await offered_to() == [third.member.id]
    assert await violations() == []


async def test_many_at_once_are_served_once_each_and_in_order() -> None:
    holder = await a_shopper(points=9000)
    item = await builders.an_item(await builders.an_offer(OfferKind.MERCHANDISE), stock=3)
    crowd = await a_crowd(holder, 5)
    held = [await reserve(holder, item) for _ in range(3)]
    for each in crowd[:4]:
        await wait(each, item)

    async def lapse(id: str) -> None:
        key = ids.parse("reservation", id)
        await lapse_reservation(SYSTEM, LapseReservation(idempotency_key=f"lapse:{id}", reservation_id=key))

    async def join() -> str:
        return (await wait(crowd[4], item, ""))["__typename"]

    *_, joined = await asyncio.gather(*(lapse(each["id"]) for each in held), *(lapse(held[0]["id"]),), join())
    assert joined == "WaitingPlace"
    assert set(await offered_to()) == {each.member.id for each in crowd[:3]}
    assert (await Stock.get(item_id=item.id)).taken == 3
    assert await violations() == []


async def test_a_connection_that_dies_while_handing_on_loses_nothing(database_url: str) -> None:
    holder, item = await a_shopper(), await a_mug()
    (waiting,) = await a_crowd(holder, 1)
    held = await reserve(holder, item)
    await wait(waiting, item)
    key = ids.parse("reservation", held["id"])
    command = LapseReservation(idempotency_key="dies", reservation_id=key)
    killed = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    async with (
        asyncio.timeout(20),
        await AsyncConnection.connect(database_url) as other,
        await AsyncConnection.connect(database_url, autocommit=True) as killer,
    ):
        await other.execute("SELECT FROM stock WHERE item_id = %s FOR UPDATE", (item.id,))
        with clock.travel(timedelta(minutes=16)):
            lapsing = asyncio.ensure_future(lapse_reservation(SYSTEM, command))
            while await (await killer.execute(killed)).fetchone() == (0,):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            with pytest.raises(Exception, match=r"terminating|closed"):
                await lapsing
    assert [row.state for row in await Reservation.all()] == ["OPEN"]
    with clock.travel(timedelta(minutes=16)):
        for _ in range(2):
            await lapse_left()
    assert await offered_to() == [waiting.member.id]
    assert await violations() == []


async def test_new_stock_goes_to_who_waits_and_a_line_for_nothing_ends() -> None:
    holder, item = await a_shopper(points=9000), await builders.a_voucher(["A"])
    first, second, third = await a_crowd(holder, 3)
    await holder.redeem(item)
    for each in (first, second, third):
        await wait(each, item)
    await serve_lines()
    assert await offered_to() == []
    await builders.more_codes(item, ["B", "C"])
    with clock.travel(timedelta(seconds=1)):
        assert (await second.redeem(item))["__typename"] == "Redemption"
        await serve_lines()
    assert await offered_to() == [first.member.id]
    places = {row.member_id: row.state for row in await WaitingPlace.all()}
    assert places[second.member.id] == "TAKEN"
    assert places[third.member.id] == "WAITING"
    await Offer.filter(id=item.offer_id).update(status="RETIRED")
    for _ in range(2):
        command = ServeLine(idempotency_key="again", item_id=item.id)
        await serve_line(SYSTEM, command)
    assert (await WaitingPlace.get(member_id=third.member.id)).state == "CLOSED"
    assert (await WaitingPlace.get(member_id=first.member.id)).state == "OFFERED"
    assert [each.check for each in await violations() if each.check.startswith("who waits")] == []


async def test_what_is_given_back_is_not_offered_to_who_gives_it_back() -> None:
    giver, item = await a_shopper(points=9000), await a_mug()
    [other] = await a_crowd(giver, 1)
    aside = await reserve(giver, item)
    for each in (giver, other):
        assert (await wait(each, item))["state"] == "WAITING"
    taken = await giver.redeem(item, address=ADDRESS, reservationId=aside["id"])

    await giver.phone.do("cancelRedemption", "... on Redemption { state }", redemptionId=taken["id"])

    assert await offered_to() == [other.member.id]
    assert (await WaitingPlace.get(member_id=giver.member.id)).state == "TAKEN"
    assert await violations() == []


async def test_one_waits_only_for_what_is_sold_out_and_what_one_could_take() -> None:
    shopper, item = await a_shopper(points=9000), await a_mug()
    (rival,) = await a_crowd(shopper, 1)
    async with nothing_happens():
        there = await wait(shopper, item)
        assert (there["__typename"], there["code"]) == ("StillAvailable", "STILL_AVAILABLE")
        endless = await builders.an_item(await builders.an_offer())
        assert (await wait(shopper, endless))["problems"][0]["path"] == "itemId"
        assert (await shopper.phone.do("waitForItem", "", itemId="item_x"))["__typename"] == "NotFound"
        foreign = await rival.phone.do("stopWaiting", "", waitingPlaceId="nonsense")
        assert foreign["__typename"] == "NotFound"
        await forbidden(as_partner(item.id), "waitForItem", itemId=ids.public("item", item.id))
    offer = await builders.an_offer(OfferKind.EXPERIENCE, limits={"DAY": 1})
    start = clock.now() + timedelta(days=9)
    limited = await builders.an_item(offer, stock=1, starts_at=start, ends_at=start + timedelta(hours=1))
    await shopper.redeem(limited)
    assert (await wait(shopper, limited, "... on NotAvailable { reason }"))["reason"] == "LIMIT_REACHED"
    mine = await wait(rival, limited)
    assert (await shopper.phone.do("stopWaiting", "", waitingPlaceId=mine["id"]))["__typename"] == "NotFound"
    for _ in range(9):
        await WaitingPlace.create(
            member_id=rival.member.id, item=await builders.an_item(offer), state="WAITING", asked_at=clock.now()
        )
    await reserve(shopper, item)
    full = await wait(rival, item, "... on TooManyPlaces { most }")
    assert (full["__typename"], full["most"]) == ("TooManyPlaces", 10)


async def test_the_check_sees_an_offer_that_nothing_is_set_aside_for() -> None:
    shopper, item = await a_shopper(), await a_mug()
    moment = clock.now()
    await WaitingPlace.create(
        member_id=shopper.member.id, item_id=item.id, state="OFFERED", asked_at=moment, offered_at=moment
    )
    assert {each.check for each in await violations()} == {"who waits is offered what is set aside"}
