"""Tickets and rights: shown as QR codes, read back, used once, and bookings that move."""

import asyncio
from base64 import b64decode
from datetime import timedelta
from typing import Any

import pytest
import segno
import zxingcpp

from marketplace.catalog.models import Item, OfferKind, Stock
from marketplace.kit import clock, jobs, vault
from marketplace.kit.ids import public
from tests import builders
from tests.books import violations
from tests.redemptions.test_redemption_events import story
from tests.redemptions.world import (
    Shopper,
    a_shopper,
    forbidden,
    money_of,
    nothing_happens,
    partner_of,
    payable,
    support,
)

pytestmark = pytest.mark.usefixtures("db")
PROOF = "... on Proof { number text svg png redemption { id } }"
RIGHT = """... on Redemption { id state fulfilment { ... on VoucherFulfilment {
    hasCode entitlement { right state startsAt endsAt usedAt number } } } }"""
SEAT = (
    "... on Redemption { id state points fulfilment { ... on BookingFulfilment { seats movedFrom checkedInAt } } }"
)


def read_back(text: str) -> str:
    """What a scanner reads from the QR code of a text."""
    matrix = segno.make_qr(text, error="m").matrix_iter(scale=4, border=4)
    rows = [bytes(0 if dark else 255 for dark in row) for row in matrix]
    (found,) = zxingcpp.read_barcodes(memoryview(b"".join(rows)).cast("B", (len(rows), len(rows[0]))))
    return found.text


async def proof_of(shopper: Shopper, id: str) -> Any:
    """What the member shows."""
    return await shopper.phone.do("showProof", PROOF, redemptionId=id)


async def an_entitlement(**attributes: object) -> Item:
    """A free right, unlimited."""
    offer = await builders.an_offer(OfferKind.VOUCHER, delivery="ENTITLEMENT")
    return await builders.an_item(offer, price_minor=0, attributes=attributes)


async def test_a_ticket_is_scanned_at_its_door_once() -> None:
    shopper, session = await a_shopper(), await builders.a_session(in_days=10)
    mine = await shopper.redeem(session, SEAT, quantity=2, expectedPoints=2000)
    assert mine["fulfilment"]["seats"] == 2
    shown = await proof_of(shopper, mine["id"])
    assert read_back(shown["text"]) == shown["text"]
    assert shown["svg"].startswith("<?xml")
    assert b64decode(shown["png"]).startswith(b"\x89PNG")
    door, other = await partner_of(session), await partner_of(await builders.a_session())
    scan = SEAT + "... on ProofUsed { usedAt } ... on NotValidNow { validFrom validUntil }"
    async with nothing_happens():
        early = await door.do("checkInTicket", scan, proof=shown["text"])
        foreign = await other.do("checkInTicket", "", proof=shown["text"])
        forged = await door.do("checkInTicket", "", proof=shown["text"][:-1] + "?")
        guessed = await door.do("checkInTicket", "", proof=shown["number"])
        wrong = await door.do("useEntitlement", "", proof=shown["text"])
    assert early["__typename"] == "NotValidNow"
    assert {answer["__typename"] for answer in (foreign, forged, guessed, wrong)} == {"ProofInvalid"}
    with clock.travel(timedelta(days=10)):
        answers = await asyncio.gather(*(door.do("checkInTicket", scan, proof=shown["text"]) for _ in range(4)))
        kinds = sorted(answer["__typename"] for answer in answers)
        assert kinds == ["ProofUsed", "ProofUsed", "ProofUsed", "Redemption"]
        late = await shopper.phone.do("cancelRedemption", "", redemptionId=mine["id"])
        assert late["__typename"] == "CancellationClosed"
    assert await story(shopper.phone, mine["id"]) == ["TAKEN", "FULFILLED", "CHECKED_IN"]
    await forbidden(shopper.phone, "checkInTicket", proof=shown["text"])
    assert await violations() == []


async def test_a_right_is_used_once_and_a_membership_until_it_ends() -> None:
    shopper = await a_shopper()
    sample, club = await an_entitlement(valid_days=30), await an_entitlement(right="MEMBERSHIP", valid_days=365)
    mine = await shopper.redeem(sample, RIGHT, expectedPoints=0)
    assert mine["fulfilment"]["entitlement"]["right"] == "SAMPLE"
    member = await shopper.redeem(club, RIGHT, expectedPoints=0)
    text = {id: (await proof_of(shopper, id))["text"] for id in (mine["id"], member["id"])}
    till, desk = await partner_of(sample), await partner_of(club)
    used = await till.do("useEntitlement", RIGHT, proof=text[mine["id"]])
    assert used["fulfilment"]["entitlement"]["state"] == "USED"
    assert (await till.do("useEntitlement", "", proof=text[mine["id"]]))["__typename"] == "ProofUsed"
    for _ in range(2):
        again = await desk.do("useEntitlement", RIGHT, proof=text[member["id"]])
        assert again["fulfilment"]["entitlement"]["state"] == "ACTIVE"
    with clock.travel(timedelta(days=366)):
        over = await desk.do("useEntitlement", "... on NotValidNow { validUntil }", proof=text[member["id"]])
        assert over["__typename"] == "NotValidNow"
        await jobs.periodics()["redemptions.expire_rights"].handler()
        query = "query($id: ID!) { redemption(id: $id) { " + RIGHT.removeprefix("... on Redemption {") + " }"
        seen = await shopper.phone.get(query, id=member["id"])
        assert seen["redemption"]["fulfilment"]["entitlement"]["state"] == "EXPIRED"
    voucher = await shopper.redeem(await builders.a_voucher())
    assert (await proof_of(shopper, voucher["id"]))["__typename"] == "NotFound"
    assert await violations() == []


async def test_a_right_that_ends_unused_is_told_and_a_refunded_one_is_worth_nothing() -> None:
    shopper, sample = await a_shopper(), await an_entitlement(right="UPGRADE", valid_days=30)
    mine, other = [await shopper.redeem(sample, RIGHT, expectedPoints=0) for _ in range(2)]
    text = (await proof_of(shopper, other["id"]))["text"]
    await (await support()).do("refundRedemption", "", redemptionId=other["id"], reason="x")
    closed = await (await partner_of(sample)).do(
        "useEntitlement", "... on RedemptionClosed { current }", proof=text
    )
    assert closed["current"] == "REFUNDED"
    assert (await proof_of(shopper, other["id"]))["__typename"] == "RedemptionClosed"
    with clock.travel(timedelta(days=31)):
        await jobs.periodics()["redemptions.expire_rights"].handler()
    assert (await story(shopper.phone, mine["id"]))[-1] == "ENTITLEMENT_EXPIRED"
    assert (await story(shopper.phone, other["id"]))[-1] == "REFUNDED"
    assert await violations() == []


async def test_one_code_for_all_is_handed_out_so_many_times() -> None:
    shopper = await a_shopper()
    offer = await builders.an_offer(OfferKind.VOUCHER, delivery="GENERIC_CODE")
    sealed = {"generic_code": vault.seal("SUMMER-26")}
    item = await builders.an_item(offer, stock=2, attributes=sealed)
    mine = [await shopper.redeem(item, RIGHT) for _ in range(2)]
    assert [each["fulfilment"]["hasCode"] for each in mine] == [True, True]
    for each in mine:
        shown = await shopper.phone.do("revealCode", "... on RevealedCode { code }", redemptionId=each["id"])
        assert shown["code"] == "SUMMER-26"
    assert (await shopper.redeem(item))["__typename"] == "OfferSoldOut"
    assert await violations() == []


async def another_session(session: Item, *, seats: int, price_minor: int) -> Item:
    """Another session of the same offer, a day later."""
    start = clock.now() + timedelta(days=11)
    return await builders.an_item(
        await session.offer, stock=seats, price_minor=price_minor, starts_at=start,
        ends_at=start + timedelta(hours=2),
    )  # fmt: skip


async def test_a_booking_moves_and_the_difference_is_the_members() -> None:
    shopper, session = await a_shopper(), await builders.a_session()
    dearer = await another_session(session, seats=1, price_minor=12_00)
    mine = await shopper.redeem(session)
    move = {"redemptionId": mine["id"], "itemId": public("item", dearer.id)}
    stranger = await a_shopper(shopper.program, points=0)
    async with nothing_happens():
        unseen = await shopper.phone.do("rescheduleBooking", "", **move, expectedPoints=1000)
        same = await shopper.phone.do(
            "rescheduleBooking",
            "",
            redemptionId=mine["id"],
            itemId=public("item", session.id),
            expectedPoints=1000,
        )
        foreign = await stranger.phone.do("rescheduleBooking", "", **move, expectedPoints=1)
    assert (unseen["__typename"], same["problems"][0]["path"]) == ("PriceChanged", "itemId")
    assert foreign["__typename"] == "NotFound"
    moved = await shopper.phone.do("rescheduleBooking", SEAT, **move, expectedPoints=1200)
    assert (moved["points"], moved["fulfilment"]["movedFrom"]) == (1200, mine["id"])
    assert await shopper.wallet() == 1800
    assert await money_of(shopper.program) == (488_00, 0)
    assert [(await Stock.get(item_id=item.id)).taken for item in (session, dearer)] == [0, 1]
    assert (await story(shopper.phone, mine["id"]))[-2:] == ["CANCELLED", "RESCHEDULED"]
    again = await shopper.phone.do(
        "rescheduleBooking", "... on RedemptionClosed { current }", **move, expectedPoints=1
    )
    assert again["current"] == "CANCELLED"
    assert await violations() == []


async def test_moving_to_the_last_seat_races_a_booking_of_it() -> None:
    shopper, session = await a_shopper(points=9000), await builders.a_session()
    last = await another_session(session, seats=1, price_minor=10_00)
    mine, rival = await shopper.redeem(session), await a_shopper(shopper.program)
    moved, booked = await asyncio.gather(
        shopper.phone.do(
            "rescheduleBooking", "", redemptionId=mine["id"], itemId=public("item", last.id), expectedPoints=1000
        ),
        rival.redeem(last),
    )
    assert sorted([moved["__typename"], booked["__typename"]]) == ["OfferSoldOut", "Redemption"]
    assert await payable(last) == 18_06 if booked["__typename"] == "Redemption" else 9_03
    assert await violations() == []


async def test_a_booking_moves_only_as_long_as_it_could_be_cancelled() -> None:
    shopper, session = await a_shopper(), await builders.a_session(in_days=2)
    other = await another_session(session, seats=1, price_minor=10_00)
    mine = await shopper.redeem(session)
    with clock.travel(timedelta(days=1, hours=1)):
        late = await shopper.phone.do(
            "rescheduleBooking", "", redemptionId=mine["id"], itemId=public("item", other.id), expectedPoints=1000
        )
    assert late["__typename"] == "CancellationClosed"
