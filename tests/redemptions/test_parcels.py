"""An order in several parcels, one of them lost, and what is sent back."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from marketplace.catalog.models import Item, OfferKind
from marketplace.kit import clock
from tests import builders
from tests.books import violations
from tests.client import Caller
from tests.redemptions.test_redemption_events import story
from tests.redemptions.world import (
    ADDRESS,
    REDEMPTION,
    Shopper,
    a_shopper,
    forbidden,
    nothing_happens,
    partner_of,
    payable,
    support,
)

pytestmark = pytest.mark.usefixtures("db")
PARCEL = "... on Parcel { id number units state tracking trackingUrl redemption { id state } }"
RETURN = "... on Return { id state quantity refusedReason redemption { id state } }"
WAY = {"carrier": "PostNL", "tracking": "3S1", "trackingUrl": "https://postnl.example/3S1"}
ORDER = """query($id: ID!) { redemption(id: $id) { state fulfilment { ... on ShipmentFulfilment {
    shipmentState tracking returnableUntil parcels { number units state } returns { state quantity } } } } }"""


async def mugs(*, window: int = 14) -> Item:
    """Nine mugs of a partner whose contract lets them be sent back for so many days."""
    brand = await builders.a_brand(await builders.a_partner(return_window_days=window))
    return await builders.an_item(await builders.an_offer(OfferKind.MERCHANDISE, brand=brand), stock=9)


async def three(shopper: Shopper, mug: Item) -> str:
    """Three mugs, taken at once; the redemption's id."""
    return (await shopper.redeem(mug, address=ADDRESS, quantity=3, expectedPoints=3000))["id"]


async def order(caller: Caller, id: str) -> Any:
    """The redemption's state and where its parcels are."""
    found = (await caller.get(ORDER, id=id))["redemption"]
    return found["state"], found["fulfilment"]


async def test_an_order_leaves_in_parts_and_what_is_lost_is_sent_again() -> None:
    shopper, desk, mug = await a_shopper(points=9000), await support(), await mugs()
    partner, id = await partner_of(mug), await three(shopper, mug)
    first = await partner.do("packParcel", PARCEL, redemptionId=id, units=2)
    assert (first["number"], first["units"], first["state"]) == (1, 2, "PACKED")
    assert (await order(partner, id))[1]["shipmentState"] == "PACKED"
    assert await payable(mug) == 0
    many = await partner.do("packParcel", "... on UnitsSpokenFor { unitsLeft }", redemptionId=id, units=2)
    assert (many["__typename"], many["unitsLeft"]) == ("UnitsSpokenFor", 1)
    sent = await partner.do("shipParcel", PARCEL, parcelId=first["id"], **WAY)
    assert (sent["redemption"]["state"], sent["trackingUrl"]) == ("FULFILLED", WAY["trackingUrl"])
    assert await payable(mug) == 27_10
    second = await partner.do("packParcel", PARCEL, redemptionId=id)
    await partner.do("shipParcel", "", parcelId=second["id"], **WAY)
    await partner.do("moveParcel", "", parcelId=first["id"], state="DELIVERED")
    lost = await partner.do("moveParcel", PARCEL, parcelId=second["id"], state="LOST")
    assert lost["state"] == "LOST"
    async with nothing_happens():
        gone = await partner.do(
            "moveParcel", "... on ParcelMoved { current }", parcelId=second["id"], state="DELIVERED"
        )
        back = await partner.do("moveParcel", "", parcelId=first["id"], state="PACKED")
        twice = await partner.do("shipParcel", "... on ParcelMoved { current }", parcelId=first["id"], **WAY)
    assert gone["__typename"] == "ParcelMoved"
    assert (gone["current"], back["__typename"], twice["current"]) == ("LOST", "InvalidInput", "DELIVERED")
    third = await partner.do("packParcel", PARCEL, redemptionId=id)
    assert (third["number"], third["units"]) == (3, 1)
    assert (await order(shopper.phone, id))[1]["shipmentState"] == "SHIPPED"
    await partner.do("shipParcel", "", parcelId=third["id"], **(WAY | {"tracking": "3S9"}))
    await partner.do("markDelivered", "", redemptionId=id)
    state, arrived = await order(shopper.phone, id)
    assert (state, arrived["shipmentState"], arrived["tracking"]) == ("FULFILLED", "DELIVERED", "3S9")
    assert [(each["units"], each["state"]) for each in arrived["parcels"]] == [
        (2, "DELIVERED"), (1, "LOST"), (1, "DELIVERED"),
    ]  # fmt: skip
    assert (await story(desk, id))[:5] == [
        "TAKEN",
        "PARCEL_PACKED",
        "PARCEL_SHIPPED",
        "FULFILLED",
        "PARCEL_PACKED",
    ]
    assert await violations() == []


async def test_a_part_is_sent_back_and_refunded_when_the_partner_has_it() -> None:
    shopper, mug = await a_shopper(points=9000), await mugs()
    partner, id = await partner_of(mug), await three(shopper, mug)
    early = await shopper.phone.do(
        "requestReturn", "... on RedemptionClosed { current }", redemptionId=id, reason="x"
    )
    assert early["current"] == "PENDING"
    await partner.do("shipRedemption", "", redemptionId=id, **WAY)
    await partner.do("markDelivered", "", redemptionId=id)
    wanted = await shopper.phone.do("requestReturn", RETURN, redemptionId=id, reason="too blue", quantity=2)
    assert (wanted["state"], wanted["quantity"]) == ("REQUESTED", 2)
    assert (await shopper.wallet(), await payable(mug)) == (6000, 27_10)
    again = await shopper.phone.do("requestReturn", "", redemptionId=id, reason="x", quantity=1)
    assert again["__typename"] == "ReturnUnderWay"
    query = "query { returns(state: REQUESTED) { nodes { id } totalCount } }"
    assert (await partner.get(query))["returns"]["nodes"] == [{"id": wanted["id"]}]
    assert (await (await partner_of(await mugs())).get(query))["returns"]["totalCount"] == 0
    await forbidden(shopper.phone, "confirmReturn", returnId=wanted["id"])
    done = await partner.do("confirmReturn", RETURN, returnId=wanted["id"])
    assert (done["state"], done["redemption"]["state"]) == ("RECEIVED", "FULFILLED")
    assert await shopper.wallet() == 8000
    assert await payable(mug) == 9_03
    answered = await partner.do(
        "refuseReturn", "... on ReturnAnswered { current }", returnId=wanted["id"], reason="x"
    )
    assert (answered["__typename"], answered["current"]) == ("ReturnAnswered", "RECEIVED")
    rest = await shopper.phone.do("requestReturn", RETURN, redemptionId=id, reason="the last too")
    refused = await partner.do("refuseReturn", RETURN, returnId=rest["id"], reason="It was used.")
    assert (refused["state"], refused["refusedReason"]) == ("REFUSED", "It was used.")
    assert await shopper.wallet() == 8000
    foreign = await (await partner_of(await mugs())).do("confirmReturn", "", returnId=rest["id"])
    assert foreign["__typename"] == "NotFound"
    assert (await story(shopper.phone, id))[-5:] == [
        "RETURN_REQUESTED", "RETURN_RECEIVED", "PARTLY_REFUNDED", "RETURN_REQUESTED", "RETURN_REFUSED",
    ]  # fmt: skip
    assert await violations() == []


async def test_after_the_window_nothing_is_sent_back() -> None:
    shopper, mug = await a_shopper(points=9000), await mugs(window=14)
    partner, id = await partner_of(mug), await three(shopper, mug)
    await partner.do("shipRedemption", "", redemptionId=id, **WAY)
    with clock.travel(timedelta(days=3)):
        await partner.do("markDelivered", "", redemptionId=id)
    late = "... on ReturnClosed { until }"
    with clock.travel(timedelta(days=17, hours=1)):
        answer = await shopper.phone.do("requestReturn", late, redemptionId=id, reason="x")
        assert answer["__typename"] == "ReturnClosed"
        assert answer["until"] == (await order(shopper.phone, id))[1]["returnableUntil"]
    with clock.travel(timedelta(days=16, hours=23)):
        many = await shopper.phone.do("requestReturn", "", redemptionId=id, reason="x", quantity=4)
        assert many["problems"][0]["path"] == "quantity"
        whole = await shopper.phone.do("requestReturn", RETURN, redemptionId=id, reason="x")
        done = await partner.do("confirmReturn", RETURN, returnId=whole["id"])
    assert done["redemption"]["state"] == "REFUNDED"
    assert await payable(mug) == 0
    voucher = await shopper.redeem(await builders.a_voucher())
    none = await shopper.phone.do("requestReturn", "", redemptionId=voucher["id"], reason="x")
    assert none["__typename"] == "NotFound"
    assert await violations() == []


async def test_a_refund_racing_a_confirmed_return_gives_back_no_more_than_was_paid() -> None:
    shopper, desk, mug = await a_shopper(points=9000), await support(), await mugs()
    partner, id = await partner_of(mug), await three(shopper, mug)
    await partner.do("shipRedemption", "", redemptionId=id, **WAY)
    wanted = await shopper.phone.do("requestReturn", RETURN, redemptionId=id, reason="x", quantity=2)
    two = {"quantity": 2}
    await asyncio.gather(
        partner.do("confirmReturn", "", returnId=wanted["id"]),
        partner.do("confirmReturn", "", returnId=wanted["id"]),
        desk.do("refundRedemption", REDEMPTION, redemptionId=id, reason="x", part=two),
    )
    assert await shopper.wallet() in (8000, 9000)
    assert await violations() == []


async def test_parcels_are_seen_by_those_concerned() -> None:
    shopper, stranger, mug = await a_shopper(points=9000), await a_shopper(), await mugs()
    partner, id = await partner_of(mug), await three(shopper, mug)
    parcel = await partner.do("packParcel", PARCEL, redemptionId=id)
    query = "query { parcels(state: PACKED) { nodes { id } totalCount } }"
    assert (await partner.get(query))["parcels"]["totalCount"] == 1
    assert (await stranger.phone.get(query))["parcels"]["nodes"] == []
    foreign = await partner_of(await mugs())
    kinds = [
        (await foreign.do("shipParcel", "", parcelId=parcel["id"], **WAY))["__typename"],
        (await foreign.do("packParcel", "", redemptionId=id))["__typename"],
        (await partner.do("shipParcel", "", parcelId=parcel["id"], **(WAY | {"trackingUrl": "http://x"})))[
            "__typename"
        ],
    ]
    assert kinds == ["NotFound", "NotFound", "InvalidInput"]
    await shopper.phone.do("cancelRedemption", "", redemptionId=id)
    closed = await partner.do("shipParcel", "", parcelId=parcel["id"], **WAY)
    assert closed["__typename"] == "RedemptionClosed"
    assert await violations() == []
