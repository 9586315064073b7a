"""Miles and stars: taken in lots for a number with the brand, credited or refused by the partner."""

from datetime import date, timedelta

import pytest

from marketplace.catalog.models import Item, OfferKind, Stock
from marketplace.kit import clock
from marketplace.ledger.models import Purpose
from marketplace.partners.models import Contract
from marketplace.redemptions.jobs import fail
from marketplace.redemptions.models import Credit
from tests import builders
from tests.client import as_partner
from tests.redemptions.world import (
    REDEMPTION,
    Shopper,
    a_shopper,
    forbidden,
    key,
    money_of,
    nothing_happens,
    partner_of,
    payable,
    server_of,
    support,
)

pytestmark = pytest.mark.usefixtures("db")
NUMBER = "4539 5787 6362 1486"
CREDIT = (
    "... on Redemption { id state points fulfilment { ... on CreditFulfilment "
    "{ creditState membershipNumber lots units refusedReason answeredAt } } }"
)


async def miles(stock: int | None = None) -> Item:
    """Lots of 500 miles at 10 EUR for numbers of 16 digits with a Luhn check digit."""
    offer = await builders.an_offer(OfferKind.BRAND_CURRENCY, number_pattern=r"\d{16}", check_digit="luhn")
    return await builders.an_item(offer, units=500, stock=stock)


async def three_lots(shopper: Shopper, item: Item) -> str:
    answer = await shopper.redeem(item, lots=3, membershipNumber=NUMBER, expectedPoints=3000)
    assert answer["state"] == "PENDING", answer
    return answer["id"]


async def test_lots_are_held_until_the_partner_credits_them() -> None:
    shopper, item = await a_shopper(), await miles()
    id = await three_lots(shopper, item)
    assert (await shopper.wallet(), await shopper.wallet(Purpose.HELD)) == (0, 3000)
    assert await money_of(shopper.program) == (470_00, 30_00)
    partner = await partner_of(item)
    waiting = await partner.get(
        "{ redemptions(state: PENDING, kind: BRAND_CURRENCY) { nodes { id fulfilment "
        "{ ... on CreditFulfilment { creditState membershipNumber lots units } } } } }"
    )
    assert waiting["redemptions"]["nodes"] == [
        {
            "id": id,
            "fulfilment": {
                "creditState": "REQUESTED",
                "membershipNumber": "4539578763621486",
                "lots": 3,
                "units": 1500,
            },
        }
    ]
    answer = await partner.do("confirmCredit", CREDIT, redemptionId=id)
    assert (answer["state"], answer["fulfilment"]["creditState"]) == ("FULFILLED", "CREDITED")
    assert answer["fulfilment"]["answeredAt"] is not None
    assert (await shopper.wallet(), await shopper.wallet(Purpose.HELD)) == (0, 0)
    assert await money_of(shopper.program) == (470_00, 0)
    assert await payable(item) == 30_00 - 2_40 - 50


async def test_refused_lots_give_everything_back() -> None:
    shopper, item = await a_shopper(), await miles(stock=5)
    id = await three_lots(shopper, item)
    assert (await Stock.get(item_id=item.id)).taken == 3
    answer = await (await partner_of(item)).do(
        "refuseCredit", CREDIT + "... on Redemption { closedReason }", redemptionId=id, reason="no such account"
    )
    assert (answer["state"], answer["fulfilment"]["creditState"]) == ("FAILED", "REFUSED")
    assert answer["closedReason"] == answer["fulfilment"]["refusedReason"] == "no such account"
    assert (await shopper.wallet(), await shopper.wallet(Purpose.HELD)) == (3000, 0)
    assert await shopper.lots() == [1500, 1500]
    assert await money_of(shopper.program) == (500_00, 0)
    assert (await Stock.get(item_id=item.id)).taken == 0


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (None, "needed"),
        ("  ", "needed"),
        ("12345", "form"),
        ("4539578763621487", "check digit"),
        ("4" * 61, "too long"),
        ("٤٥٣٩٥٧٨٧٦٣٦٢١٤٨٦", "form"),
    ],
)
async def test_a_number_that_cannot_be_right_is_refused(number: str | None, says: str) -> None:
    shopper, item = await a_shopper(), await miles()
    async with nothing_happens():
        answer = await shopper.redeem(item, "... on InvalidMembershipNumber { problem }", membershipNumber=number)
    assert answer["__typename"] == "InvalidMembershipNumber"
    assert says in answer["problem"]


@pytest.mark.parametrize("lots", [0, -1, 101])
async def test_too_many_or_too_few_lots_are_refused(lots: int) -> None:
    shopper, item = await a_shopper(), await miles()
    async with nothing_happens():
        answer = await shopper.redeem(item, lots=lots, membershipNumber=NUMBER)
    assert [problem["path"] for problem in answer["problems"]] == ["lots"]


async def test_the_price_that_was_seen_is_that_of_all_lots() -> None:
    shopper, item = await a_shopper(), await miles()
    async with nothing_happens():
        answer = await shopper.redeem(
            item, "... on PriceChanged { seen now }", lots=2, membershipNumber=NUMBER, expectedPoints=1000
        )
    assert (answer["seen"], answer["now"]) == (1000, 2000)


async def test_more_lots_than_there_are_take_none() -> None:
    shopper, item = await a_shopper(), await miles(stock=2)
    async with nothing_happens():
        answer = await shopper.redeem(item, lots=3, membershipNumber=NUMBER, expectedPoints=3000)
    assert answer["__typename"] == "OfferSoldOut"


async def test_what_was_answered_cannot_be_answered_again() -> None:
    shopper, item = await a_shopper(), await miles()
    id, partner = await three_lots(shopper, item), await partner_of(item)
    await partner.do("confirmCredit", "", redemptionId=id)
    async with nothing_happens():
        for mutation, more in (("confirmCredit", {}), ("refuseCredit", {"reason": "x"})):
            answer = await partner.do(mutation, "... on RedemptionClosed { current }", redemptionId=id, **more)
            assert (answer["__typename"], answer["current"]) == ("RedemptionClosed", "FULFILLED")


async def test_another_partner_and_another_kind_are_not_found() -> None:
    shopper, item = await a_shopper(), await miles()
    id, stranger = await three_lots(shopper, item), as_partner((await builders.a_partner()).id)
    voucher = await builders.a_voucher()
    await a_shopper(shopper.program)
    other = await (await a_shopper(shopper.program)).redeem(voucher)
    async with nothing_happens():
        for caller, wanted in ((stranger, id), (await partner_of(voucher), other["id"]), (stranger, "x")):
            for mutation, more in (("confirmCredit", {}), ("refuseCredit", {"reason": "x"})):
                answer = await caller.do(mutation, "", redemptionId=wanted, **more)
                assert answer["__typename"] == "NotFound"
        await forbidden(shopper.phone, "confirmCredit", redemptionId=id)
        await forbidden(shopper.phone, "refuseCredit", redemptionId=id, reason="x")


async def test_a_reason_is_needed_to_refuse() -> None:
    shopper, item = await a_shopper(), await miles()
    id = await three_lots(shopper, item)
    async with nothing_happens():
        answer = await (await partner_of(item)).do("refuseCredit", "", redemptionId=id, reason="x" * 301)
    assert answer["__typename"] == "InvalidInput"


async def test_without_a_contract_in_force_nobody_can_be_owed() -> None:
    shopper, item = await a_shopper(), await miles()
    id = await three_lots(shopper, item)
    await Contract.all().update(valid_until=date(2021, 1, 1))
    async with nothing_happens():
        answer = await (await partner_of(item)).do("confirmCredit", "", redemptionId=id)
    assert answer["__typename"] == "NoContractInForce"


async def test_the_number_is_shown_to_those_who_need_it() -> None:
    shopper, item = await a_shopper(), await miles()
    id = await three_lots(shopper, item)
    selection = "... on CreditFulfilment { membershipNumber }"
    text = f"query($id: ID!) {{ redemption(id: $id) {{ fulfilment {{ {selection} }} }} }}"
    seen = {
        name: (await caller.get(text, id=id))["redemption"]["fulfilment"]["membershipNumber"]
        for name, caller in {
            "member": shopper.phone,
            "partner": await partner_of(item),
            "support": await support(),
            "program": server_of(shopper.program),
        }.items()
    }
    number = "4539578763621486"
    assert seen == {"member": number, "partner": number, "support": number, "program": None}


async def test_a_member_takes_pending_lots_back() -> None:
    shopper, item = await a_shopper(), await miles()
    id = await three_lots(shopper, item)
    answer = await shopper.phone.do("cancelRedemption", REDEMPTION, redemptionId=id)
    assert answer["state"] == "CANCELLED"
    assert await shopper.lots() == [1500, 1500]
    refused = await (await partner_of(item)).do(
        "confirmCredit", "... on RedemptionClosed { current }", redemptionId=id
    )
    assert refused["current"] == "CANCELLED"


async def test_what_nobody_answers_within_thirty_days_is_given_back() -> None:
    shopper, item = await a_shopper(), await miles()
    id = await three_lots(shopper, item)
    with clock.travel(timedelta(days=29)):
        async with nothing_happens():
            await fail()
    with clock.travel(timedelta(days=31)):
        await fail()
        async with nothing_happens():
            await fail()
    assert (await shopper.phone.get("query($id: ID!) { redemption(id: $id) { state closedReason } }", id=id)) == {
        "redemption": {"state": "FAILED", "closedReason": "not answered within 30 days"}
    }
    assert await shopper.wallet() == 1500  # the others had ten days to live, and expired with coming back
    assert (await Credit.get(redemption_id=key({"id": id}))).state == "REFUSED"
