"""Things in a parcel: a variant's stock, an address, a carrier, and a door it arrives at."""

import asyncio
from datetime import date

import pytest

from marketplace.catalog.models import Item, OfferKind, Stock
from marketplace.ledger.models import Purpose
from marketplace.partners.models import Accrual, Contract
from tests import builders
from tests.books import violations
from tests.redemptions.world import (
    ADDRESS,
    REDEMPTION,
    a_shopper,
    forbidden,
    money_of,
    nothing_happens,
    partner_of,
    payable,
    server_of,
    support,
)

pytestmark = pytest.mark.usefixtures("db")
PARCEL = (
    "... on Redemption { id state fulfilment { ... on ShipmentFulfilment { shipmentState carrier tracking "
    "shippedAt deliveredAt address { name line1 line2 city postalCode region country } } } }"
)
BY_POST = {"carrier": "PostNL", "tracking": "3SABCD1234567"}


async def a_mug(stock: int = 3) -> Item:
    """A mug in stock."""
    offer = await builders.an_offer(OfferKind.MERCHANDISE)
    return await builders.an_item(offer, stock=stock, attributes={"colour": "blue"})


async def test_a_parcel_is_ordered_sent_and_arrives() -> None:
    shopper, mug = await a_shopper(), await a_mug()
    ordered = await shopper.redeem(mug, PARCEL, address=ADDRESS)
    assert (ordered["state"], ordered["fulfilment"]["shipmentState"]) == ("PENDING", "ORDERED")
    assert ordered["fulfilment"]["address"] == ADDRESS | {"line2": "", "region": ""}
    assert (await Stock.get(item_id=mug.id)).taken == 1
    assert (await shopper.wallet(), await shopper.wallet(Purpose.HELD)) == (2000, 1000)
    assert await payable(mug) == 0

    partner = await partner_of(mug)
    sent = await partner.do("shipRedemption", PARCEL, redemptionId=ordered["id"], **BY_POST)
    assert (sent["state"], sent["fulfilment"]["shipmentState"]) == ("FULFILLED", "SHIPPED")
    assert (sent["fulfilment"]["carrier"], sent["fulfilment"]["tracking"]) == ("PostNL", "3SABCD1234567")
    assert await shopper.wallet(Purpose.HELD) == 0
    assert await money_of(shopper.program) == (490_00, 0)
    assert await payable(mug) == 9_03

    arrived = await partner.do("markDelivered", PARCEL, redemptionId=ordered["id"])
    assert (arrived["state"], arrived["fulfilment"]["shipmentState"]) == ("FULFILLED", "DELIVERED")
    assert arrived["fulfilment"]["deliveredAt"] is not None
    assert await Accrual.all().count() == 1


async def test_an_address_is_needed_and_every_problem_with_it_is_named() -> None:
    shopper, mug = await a_shopper(), await a_mug()
    bad = {"name": " ", "line1": "Damrak 1", "city": "", "postalCode": "99", "country": "DE"}
    async with nothing_happens():
        none = await shopper.redeem(mug, "... on InvalidAddress { problems { path message } }")
        answer = await shopper.redeem(mug, "... on InvalidAddress { problems { path message } }", address=bad)
    assert [problem["path"] for problem in none["problems"]] == ["address"]
    assert answer["__typename"] == "InvalidAddress"
    paths = {problem["path"] for problem in answer["problems"]}
    assert paths == {"address.name", "address.city", "address.country", "address.postalCode"}


async def test_the_last_one_is_sold_once() -> None:
    shopper, mug = await a_shopper(), await a_mug(stock=1)
    await shopper.redeem(mug, address=ADDRESS)
    async with nothing_happens():
        assert (await shopper.redeem(mug, address=ADDRESS))["__typename"] == "OfferSoldOut"


async def test_a_member_cancels_what_is_not_sent_yet() -> None:
    shopper, mug = await a_shopper(), await a_mug()
    ordered = await shopper.redeem(mug, address=ADDRESS)
    answer = await shopper.phone.do("cancelRedemption", REDEMPTION, redemptionId=ordered["id"])
    assert answer["state"] == "CANCELLED"
    assert (await shopper.wallet(), await shopper.wallet(Purpose.HELD)) == (3000, 0)
    assert await shopper.lots() == [1500, 1500]
    assert await money_of(shopper.program) == (500_00, 0)
    assert (await Stock.get(item_id=mug.id)).taken == 0
    async with nothing_happens():
        partner = await partner_of(mug)
        refused = await partner.do(
            "shipRedemption", "... on RedemptionClosed { current }", redemptionId=ordered["id"], **BY_POST
        )
        assert (refused["__typename"], refused["current"]) == ("RedemptionClosed", "CANCELLED")
        again = await shopper.phone.do("cancelRedemption", "", redemptionId=ordered["id"])
        assert again["__typename"] == "RedemptionClosed"


async def test_what_was_sent_cannot_be_cancelled_but_refunded_and_the_thing_is_not_for_sale_again() -> None:
    shopper, mug = await a_shopper(), await a_mug()
    ordered = await shopper.redeem(mug, address=ADDRESS)
    await (await partner_of(mug)).do("shipRedemption", "", redemptionId=ordered["id"], **BY_POST)
    async with nothing_happens():
        late = await shopper.phone.do(
            "cancelRedemption", "... on RedemptionClosed { current }", redemptionId=ordered["id"]
        )
    assert (late["__typename"], late["current"]) == ("RedemptionClosed", "FULFILLED")
    answer = await (await support()).do(
        "refundRedemption", REDEMPTION, redemptionId=ordered["id"], reason="broken"
    )
    assert answer["state"] == "REFUNDED"
    assert await shopper.lots() == [1500, 1500]
    assert await money_of(shopper.program) == (500_00, 0)
    assert await payable(mug) == 0
    assert (await Stock.get(item_id=mug.id)).taken == 1


async def test_what_is_pending_is_cancelled_not_refunded() -> None:
    shopper, mug = await a_shopper(), await a_mug()
    ordered = await shopper.redeem(mug, address=ADDRESS)
    async with nothing_happens():
        answer = await server_of(shopper.program).do(
            "refundRedemption", "... on NotRefundable { current }", redemptionId=ordered["id"], reason="x"
        )
    assert (answer["__typename"], answer["current"]) == ("NotRefundable", "PENDING")


async def test_a_partner_that_cannot_deliver_gives_everything_back() -> None:
    shopper, mug = await a_shopper(), await a_mug()
    ordered = await shopper.redeem(mug, address=ADDRESS)
    partner = await partner_of(mug)
    answer = await partner.do("failRedemption", REDEMPTION, redemptionId=ordered["id"], reason="broken in store")
    assert answer["state"] == "FAILED"
    assert await shopper.lots() == [1500, 1500]
    assert await money_of(shopper.program) == (500_00, 0)
    async with nothing_happens():
        again = await partner.do("failRedemption", "", redemptionId=ordered["id"], reason="x")
        silent = await partner.do("failRedemption", "", redemptionId=ordered["id"], reason="")
        unknown = await partner.do("failRedemption", "", redemptionId="x", reason="x")
        await forbidden(shopper.phone, "failRedemption", redemptionId=ordered["id"], reason="x")
    kinds = [each["__typename"] for each in (again, silent, unknown)]
    assert kinds == ["RedemptionClosed", "InvalidInput", "NotFound"]


async def test_a_parcel_arrives_after_it_was_sent_and_once() -> None:
    shopper, mug = await a_shopper(), await a_mug()
    ordered, partner = await shopper.redeem(mug, address=ADDRESS), await partner_of(mug)
    voucher = await shopper.redeem(await builders.a_voucher(brand=await (await mug.offer).brand))
    async with nothing_happens():
        early = await partner.do("markDelivered", "... on NotOnItsWay { current }", redemptionId=ordered["id"])
        wrong = await partner.do("markDelivered", "", redemptionId=voucher["id"])
        nothing = await partner.do("shipRedemption", "", redemptionId=ordered["id"], carrier=" ", tracking="")
    assert (early["__typename"], early["current"]) == ("NotOnItsWay", "ORDERED")
    assert wrong["__typename"] == "NotFound"
    assert [problem["path"] for problem in nothing["problems"]] == ["carrier", "tracking"]
    await partner.do("shipRedemption", "", redemptionId=ordered["id"], **BY_POST)
    await partner.do("markDelivered", "", redemptionId=ordered["id"])
    async with nothing_happens():
        twice = await partner.do("markDelivered", "... on NotOnItsWay { current }", redemptionId=ordered["id"])
    assert twice["current"] == "DELIVERED"


async def test_the_address_is_not_for_the_program() -> None:
    shopper, mug = await a_shopper(), await a_mug()
    ordered = await shopper.redeem(mug, address=ADDRESS)
    selection = "... on ShipmentFulfilment { address { city } }"
    text = f"query($id: ID!) {{ redemption(id: $id) {{ fulfilment {{ {selection} }} }} }}"
    for caller, city in ((server_of(shopper.program), None), (await partner_of(mug), {"city": "Amsterdam"})):
        seen = await caller.get(text, id=ordered["id"])
        assert seen["redemption"]["fulfilment"]["address"] == city


async def test_a_cancel_racing_its_shipment_has_one_winner() -> None:
    shopper, mug = await a_shopper(points=20_000), await a_mug(stock=20)
    partner = await partner_of(mug)
    ordered = [await shopper.redeem(mug, address=ADDRESS) for _ in range(12)]
    races = await asyncio.gather(
        *(
            asyncio.gather(
                shopper.phone.do("cancelRedemption", REDEMPTION, redemptionId=each["id"]),
                partner.do("shipRedemption", REDEMPTION, redemptionId=each["id"], **BY_POST),
            )
            for each in ordered
        )
    )
    winners = [[answer["__typename"] for answer in race] for race in races]
    assert all(sorted(pair) == ["Redemption", "RedemptionClosed"] for pair in winners)
    sent = sum(1 for _, shipped in races if shipped["__typename"] == "Redemption")
    assert await shopper.wallet() == 20_000 - 1000 * sent
    assert await shopper.wallet(Purpose.HELD) == 0
    assert await money_of(shopper.program) == (500_00 - 10_00 * sent, 0)
    assert await payable(mug) == 9_03 * sent
    assert (await Stock.get(item_id=mug.id)).taken == sent


async def test_without_a_contract_in_force_nothing_is_sent() -> None:
    shopper, mug = await a_shopper(), await a_mug()
    ordered = await shopper.redeem(mug, address=ADDRESS)
    await Contract.all().update(valid_until=date(2021, 1, 1))
    async with nothing_happens():
        answer = await (await partner_of(mug)).do("shipRedemption", "", redemptionId=ordered["id"], **BY_POST)
    assert answer["__typename"] == "NoContractInForce"


async def test_what_was_ordered_before_stock_was_counted_can_still_be_cancelled() -> None:
    shopper = await a_shopper()
    mug = await builders.an_item(await builders.an_offer(OfferKind.MERCHANDISE))
    ordered = await shopper.redeem(mug, address=ADDRESS)
    await Item.filter(id=mug.id).update(stock_mode="COUNTED")
    await Stock.create(item=mug, loaded=5, taken=0)

    cancelled = await shopper.phone.do("cancelRedemption", REDEMPTION, redemptionId=ordered["id"])

    assert cancelled["state"] == "CANCELLED"
    assert (await Stock.get(item_id=mug.id)).taken == 0
    assert await violations() == []
