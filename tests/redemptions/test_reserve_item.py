"""Units set aside for some minutes: used by who set them aside, let go, or lapsed for others."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.catalog.models import Item, OfferKind, Stock
from marketplace.kit import clock, ids, jobs
from marketplace.kit.actor import SYSTEM
from marketplace.kit.ids import public
from marketplace.kit.models import OutboxMessage
from marketplace.redemptions.jobs import lapse_left
from marketplace.redemptions.models import Reservation
from marketplace.redemptions.operations import LapseReservation, lapse_reservation
from marketplace.redemptions.operations.reserving import LAPSE
from tests import builders
from tests.books import violations
from tests.redemptions.world import ADDRESS, Shopper, a_shopper, nothing_happens

pytestmark = pytest.mark.usefixtures("db")
SOLD_OUT = "... on OfferSoldOut { backAt nextStep { kind opensAt } }"
RESERVED = "... on Reservation { id state quantity expiresAt }"


async def mugs(stock: int = 2, **facts: Any) -> Item:
    """Some mugs."""
    return await builders.an_item(await builders.an_offer(OfferKind.MERCHANDISE), stock=stock, **facts)


async def reserve(shopper: Shopper, item: Item, quantity: int = 1, selection: str = RESERVED) -> Any:
    """Set units aside."""
    return await shopper.phone.do("reserveItem", selection, itemId=public("item", item.id), quantity=quantity)


async def taken(item: Item) -> int:
    """How many units are off the shelf."""
    return (await Stock.get(item_id=item.id)).taken


async def test_the_last_ones_are_set_aside_and_then_redeemed_by_the_same_member() -> None:
    shopper, item = await a_shopper(points=9000), await mugs(2, max_per_member=2)
    rival = await a_shopper(shopper.program)
    held = await reserve(shopper, item, 2)
    assert (held["state"], await taken(item)) == ("OPEN", 2)
    async with nothing_happens():
        for refused in (
            await rival.redeem(item, SOLD_OUT, address=ADDRESS),
            await reserve(rival, item, 1, SOLD_OUT),
        ):
            assert refused == IsPartialDict(__typename="OfferSoldOut", backAt=held["expiresAt"])
            assert refused["message"].startswith("This is sold out for now.")
            assert refused["nextStep"] == IsPartialDict(kind="WAIT", opensAt=held["expiresAt"])
    order: dict[str, Any] = {
        "address": ADDRESS,
        "quantity": 2,
        "expectedPoints": 2000,
        "reservationId": held["id"],
    }
    assert (await rival.redeem(item, **order))["__typename"] == "NotFound"
    fewer: dict[str, Any] = order | {"quantity": 1}
    assert (await shopper.redeem(item, **fewer))["problems"][0]["path"] == "reservationId"
    assert (await shopper.redeem(item, **order))["state"] == "PENDING"
    assert (await shopper.redeem(item, **order))["__typename"] == "ReservationOver"
    gone = await rival.redeem(item, SOLD_OUT, address=ADDRESS)
    assert gone == IsPartialDict(__typename="OfferSoldOut", backAt=None)
    assert await taken(item) == 2
    assert await violations() == []


async def test_what_lapses_is_there_for_others_and_what_is_let_go_too() -> None:
    shopper, item = await a_shopper(), await mugs(1)
    rival = await a_shopper(shopper.program)
    first = await reserve(shopper, item)
    async with nothing_happens():
        for caller, id in ((rival, first["id"]), (shopper, "nonsense")):
            foreign = await caller.phone.do("releaseReservation", "", reservationId=id)
            assert foreign["__typename"] == "NotFound"
    assert (await shopper.phone.do("releaseReservation", RESERVED, reservationId=first["id"]))[
        "state"
    ] == "RELEASED"
    second = await reserve(shopper, item)
    with clock.travel(timedelta(minutes=16)):
        late = await shopper.redeem(item, address=ADDRESS, reservationId=second["id"])
        assert late["__typename"] == "ReservationOver"
        await jobs.drain()
        assert await taken(item) == 0
        assert (await rival.redeem(item, address=ADDRESS))["__typename"] == "Redemption"
        over = await shopper.phone.do("releaseReservation", "", reservationId=second["id"])
    assert over["__typename"] == "ReservationOver"
    assert await violations() == []


async def test_a_lapse_racing_its_redemption_leaves_one_unit_with_one_of_them() -> None:
    shopper, item = await a_shopper(points=9000), await mugs(3)
    held = [await reserve(shopper, item) for _ in range(3)]

    async def redeem(id: str) -> str:
        return (await shopper.redeem(item, address=ADDRESS, reservationId=id))["__typename"]

    async def lapse(id: str) -> str:
        key = ids.parse("reservation", id)
        row = await lapse_reservation(SYSTEM, LapseReservation(idempotency_key=f"race:{id}", reservation_id=key))
        return row.state

    first = await asyncio.gather(*(redeem(held[0]["id"]) for _ in range(2)))
    races = [await asyncio.gather(redeem(each["id"]), lapse(each["id"])) for each in held[1:]]
    assert sorted(first) == ["Redemption", "ReservationOver"]
    assert {tuple(race) for race in races} <= {("Redemption", "USED"), ("ReservationOver", "LAPSED")}
    with clock.travel(timedelta(minutes=16)):
        await jobs.drain()
        await lapse_left()
    assert await taken(item) == 1 + sum(race[0] == "Redemption" for race in races)
    assert await violations() == []


async def test_many_at_once_get_exactly_the_stock_and_who_set_aside_gets_theirs() -> None:
    first, item = await a_shopper(funding=5000_00), await mugs(6)
    crowd = [first, *[await a_shopper(first.program) for _ in range(11)]]
    held = await asyncio.gather(*(reserve(shopper, item) for shopper in crowd[:4]))

    async def redeem(shopper: Shopper, **fields: Any) -> str:
        return (await shopper.redeem(item, address=ADDRESS, **fields))["__typename"]

    answers = await asyncio.gather(
        *(redeem(shopper) for shopper in crowd[4:]),
        *(redeem(shopper, reservationId=each["id"]) for shopper, each in zip(crowd, held, strict=False)),
    )
    assert answers[-4:] == ["Redemption"] * 4
    assert (answers.count("Redemption"), answers.count("OfferSoldOut")) == (6, 6)
    assert await taken(item) == 6
    assert await violations() == []


async def test_limits_count_what_is_set_aside_once() -> None:
    shopper = await a_shopper(points=9000)
    offer = await builders.an_offer(OfferKind.MERCHANDISE, limits={"DAY": 1})
    item = await builders.an_item(offer, stock=5, max_per_member=1)
    held = await reserve(shopper, item)
    assert (await shopper.redeem(item, address=ADDRESS))["__typename"] == "NotAvailable"
    assert (await reserve(shopper, item))["__typename"] == "NotAvailable"
    await shopper.phone.do("releaseReservation", "", reservationId=held["id"])
    held = await reserve(shopper, item)
    mine = await shopper.redeem(item, address=ADDRESS, reservationId=held["id"])
    assert mine["__typename"] == "Redemption"
    assert (await shopper.redeem(item, address=ADDRESS))["__typename"] == "NotAvailable"
    await shopper.phone.do("cancelRedemption", "", redemptionId=mine["id"])
    assert (await reserve(shopper, item))["__typename"] == "Reservation"
    assert await taken(item) == 1
    assert await violations() == []


async def test_who_cannot_pay_keeps_what_is_set_aside_until_it_lapses_by_itself() -> None:
    shopper, item = await a_shopper(points=10), await mugs(1)
    held = await reserve(shopper, item)
    async with nothing_happens():
        poor = await shopper.redeem(item, address=ADDRESS, reservationId=held["id"])
    assert (poor["__typename"], (await Reservation.get()).state) == ("InsufficientPoints", "OPEN")
    await OutboxMessage.filter(task=LAPSE).delete()
    with clock.travel(timedelta(minutes=16)):
        rival = await a_shopper(shopper.program)
        assert (await rival.redeem(item, SOLD_OUT, address=ADDRESS))["nextStep"]["kind"] == "WAIT"
        await lapse_left()
        assert (await rival.redeem(item, address=ADDRESS))["__typename"] == "Redemption"
    assert await violations() == []


async def test_the_check_sees_a_reservation_whose_units_are_not_off_the_shelf() -> None:
    shopper, item = await a_shopper(), await mugs(3)
    await reserve(shopper, item, 2)
    await Reservation.all().update(quantity=3)
    assert [each.check for each in await violations()] == ["reservations hold their units"]
    await Reservation.all().update(quantity=2, state="LAPSED")
    assert {each.check for each in await violations()} == {"reservations hold their units"}


async def test_a_few_things_are_set_aside_at_a_time_and_only_what_is_counted() -> None:
    shopper, item, voucher = await a_shopper(), await mugs(9), await builders.a_voucher()
    for _ in range(3):
        assert (await reserve(shopper, item))["__typename"] == "Reservation"
    async with nothing_happens():
        assert (await reserve(shopper, item))["__typename"] == "TooManyReservations"
        assert (await reserve(shopper, voucher))["problems"][0]["path"] == "itemId"
        assert (await reserve(shopper, item, 0))["problems"][0]["path"] == "quantity"
    sold_out = await reserve(await a_shopper(shopper.program), await mugs(1), 2)
    assert sold_out["__typename"] == "OfferSoldOut"
