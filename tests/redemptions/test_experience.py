"""A seat in a session: booked at once, cancelled by the session's own rule."""

import asyncio
from datetime import timedelta

import pytest

from marketplace.catalog.models import Stock
from marketplace.kit import clock
from marketplace.redemptions.models import Booking
from tests import builders
from tests.redemptions.world import (
    REDEMPTION,
    a_shopper,
    money_of,
    nothing_happens,
    payable,
    support,
)

pytestmark = pytest.mark.usefixtures("db")
SEAT = "... on Redemption { id state fulfilment { ... on BookingFulfilment { ticket startsAt cancelUntil } } }"
CLOSED = "... on CancellationClosed { until }"


async def test_a_seat_is_booked_with_a_ticket_at_once() -> None:
    shopper, session = await a_shopper(), await builders.a_session()
    answer = await shopper.redeem(session, SEAT)
    assert answer["state"] == "FULFILLED"
    seat = answer["fulfilment"]
    assert len(seat["ticket"]) == 14
    assert seat["startsAt"] > seat["cancelUntil"]
    assert (await Stock.get(item_id=session.id)).taken == 1
    assert await payable(session) == 9_03


async def test_a_booking_cancelled_in_time_gives_points_seat_and_money_back() -> None:
    shopper, session = await a_shopper(), await builders.a_session(seats=1)
    booked = await shopper.redeem(session)
    answer = await shopper.phone.do("cancelRedemption", SEAT, redemptionId=booked["id"])
    assert answer["state"] == "CANCELLED"
    assert await shopper.lots() == [1500, 1500]
    assert await money_of(shopper.program) == (500_00, 0)
    assert await payable(session) == 0
    assert (await Stock.get(item_id=session.id)).taken == 0
    again = await shopper.redeem(session)
    assert again["state"] == "FULFILLED"


async def test_after_the_rules_last_moment_it_is_refused_with_that_moment() -> None:
    shopper, session = await a_shopper(), await builders.a_session(in_days=2)
    booked = await shopper.redeem(session, SEAT)
    with clock.travel(timedelta(days=1, minutes=1)):
        async with nothing_happens():
            answer = await shopper.phone.do("cancelRedemption", CLOSED, redemptionId=booked["id"])
    assert answer["__typename"] == "CancellationClosed"
    assert answer["until"] == booked["fulfilment"]["cancelUntil"]
    assert "could be cancelled until" in answer["message"]


async def test_a_session_without_such_a_rule_is_never_cancelled() -> None:
    shopper, session = await a_shopper(), await builders.a_session()
    offer = await session.offer
    offer.cancel_until_hours = None
    await offer.save()
    booked = await shopper.redeem(session, SEAT)
    assert booked["fulfilment"]["cancelUntil"] is None
    async with nothing_happens():
        answer = await shopper.phone.do("cancelRedemption", CLOSED, redemptionId=booked["id"])
    assert (answer["__typename"], answer["until"]) == ("CancellationClosed", None)


async def test_a_session_that_has_begun_cannot_be_taken_and_its_seat_is_not_sold_again() -> None:
    shopper, session = await a_shopper(), await builders.a_session(in_days=1)
    booked = await shopper.redeem(session)
    with clock.travel(timedelta(days=2)):
        async with nothing_happens():
            answer = await shopper.redeem(session, "... on NotAvailable { reason }")
        assert (answer["__typename"], answer["reason"]) == ("NotAvailable", "STARTED")
        await (await support()).do("refundRedemption", "", redemptionId=booked["id"], reason="it was cancelled")
    assert (await Stock.get(item_id=session.id)).taken == 1
    assert await shopper.wallet() == 3000


async def test_a_booking_of_somebody_else_is_not_found() -> None:
    shopper, session = await a_shopper(), await builders.a_session()
    booked, neighbour = await shopper.redeem(session), await a_shopper(shopper.program)
    async with nothing_happens():
        answer = await neighbour.phone.do("cancelRedemption", "", redemptionId=booked["id"])
    assert answer["__typename"] == "NotFound"


async def test_the_last_seats_go_to_as_many_as_there_are() -> None:
    session, first = await builders.a_session(seats=3), await a_shopper()
    shoppers = [first, *[await a_shopper(first.program) for _ in range(9)]]
    answers = await asyncio.gather(*(shopper.redeem(session) for shopper in shoppers))
    assert sum(answer["__typename"] == "Redemption" for answer in answers) == 3
    tickets = [booking.ticket for booking in await Booking.all()]
    assert len(set(tickets)) == 3


async def test_a_cancel_racing_a_refund_gives_back_once() -> None:
    shopper, session = await a_shopper(), await builders.a_session()
    booked = await shopper.redeem(session)
    cancelled, refunded = await asyncio.gather(
        shopper.phone.do("cancelRedemption", REDEMPTION, redemptionId=booked["id"]),
        (await support()).do("refundRedemption", REDEMPTION, redemptionId=booked["id"], reason="x"),
    )
    kinds = {cancelled["__typename"], refunded["__typename"]}
    assert kinds in ({"Redemption", "NotRefundable"}, {"Redemption", "RedemptionClosed"})
    assert await shopper.wallet() == 3000
    assert await money_of(shopper.program) == (500_00, 0)
