"""A cause from the catalogue: points become a pledge with an acknowledgement at once."""

import pytest

from marketplace.catalog.models import Item, OfferKind
from marketplace.donations.models import Pledge, PledgeState
from marketplace.ledger import accounts, queries
from marketplace.ledger.models import Purpose
from marketplace.partners.models import Contract
from tests import builders
from tests.redemptions.world import (
    REDEMPTION,
    a_shopper,
    forbidden,
    key,
    money_of,
    nothing_happens,
    partner_of,
    payable,
    support,
)

pytestmark = pytest.mark.usefixtures("db")
PLEDGE = (
    "... on Redemption { id state points fulfilment { ... on DonationFulfilment { acknowledgementNumber "
    "pledge { number state points message amount { amount currency } charity { registryId } } } } }"
)


async def a_cause() -> Item:
    """Any amount from 1 EUR to 100 EUR, in whole euros."""
    offer = await builders.an_offer(OfferKind.DONATION)
    return await builders.an_item(offer, price_minor=1_00, max_price_minor=100_00, step_minor=1_00)


async def test_points_become_a_pledge_with_an_acknowledgement() -> None:
    shopper, cause = await a_shopper(), await a_cause()
    answer = await shopper.redeem(
        cause, PLEDGE, amount={"amount": "12.00", "currency": "EUR"}, message="For the sea", expectedPoints=1200
    )
    assert (answer["state"], answer["points"]) == ("FULFILLED", 1200)
    pledge = answer["fulfilment"]["pledge"]
    assert answer["fulfilment"]["acknowledgementNumber"] == pledge["number"]
    assert (pledge["state"], pledge["points"], pledge["message"]) == ("PLEDGED", 1200, "For the sea")
    assert pledge["amount"] == {"amount": "12.00", "currency": "EUR"}
    assert pledge["charity"]["registryId"].startswith("GB-CHC-")
    assert await payable(cause) == 12_00
    assert await money_of(shopper.program) == (488_00, 0)
    charity = await partner_of(cause)
    seen = await charity.get("{ redemptions { nodes { id kind } } }")
    assert seen["redemptions"]["nodes"] == [{"id": answer["id"], "kind": "DONATION"}]


async def test_a_refund_takes_the_pledge_back() -> None:
    shopper, cause = await a_shopper(tier="gold"), await a_cause()
    mine = await shopper.redeem(cause, amount={"amount": "10.00", "currency": "EUR"})
    assert mine["points"] == 910
    answer = await (await support()).do("refundRedemption", REDEMPTION, redemptionId=mine["id"], reason="mistake")
    assert answer["state"] == "REFUNDED"
    assert await shopper.lots() == [1500, 1500]
    assert await money_of(shopper.program) == (500_00, 0)
    assert await payable(cause) == 0
    assert (await Pledge.get(redemption_id=key(mine))).state == PledgeState.CANCELLED
    borne = accounts.program(shopper.program.id, Purpose.TIER_DISCOUNT, shopper.program.unit)
    assert await queries.balance(borne) == 0


async def test_what_has_reached_the_charity_is_not_taken_back() -> None:
    shopper, cause = await a_shopper(), await a_cause()
    mine = await shopper.redeem(cause, amount={"amount": "10.00", "currency": "EUR"})
    await Pledge.all().update(state=PledgeState.REMITTED.value)
    async with nothing_happens():
        answer = await (await support()).do(
            "refundRedemption", "... on PledgeNotCancellable { current }", redemptionId=mine["id"], reason="x"
        )
    assert (answer["__typename"], answer["current"]) == ("PledgeNotCancellable", "REMITTED")


@pytest.mark.parametrize("amount", [None, "0.50", "1.50", "101.00", "12.345"])
async def test_an_amount_outside_the_range_or_off_its_steps_is_refused(amount: str | None) -> None:
    shopper, cause = await a_shopper(), await a_cause()
    given = {"amount": {"amount": amount, "currency": "EUR"}} if amount else {}
    async with nothing_happens():
        answer = await shopper.redeem(cause, REDEMPTION, **given)
    assert answer["__typename"] == "InvalidInput"
    assert answer["problems"][0]["path"].startswith("amount")


async def test_a_long_message_and_nothing_at_all_are_refused() -> None:
    shopper, cause = await a_shopper(), await a_cause()
    nothing = await builders.an_item(await cause.offer, price_minor=0)
    async with nothing_happens():
        long = await shopper.redeem(cause, amount={"amount": "10.00", "currency": "EUR"}, message="x" * 301)
        free = await shopper.redeem(nothing)
    assert [problem["path"] for problem in long["problems"]] == ["message"]
    assert [problem["path"] for problem in free["problems"]] == ["amount"]


async def test_a_member_cannot_refund() -> None:
    shopper, cause = await a_shopper(), await a_cause()
    mine = await shopper.redeem(cause, amount={"amount": "10.00", "currency": "EUR"})
    async with nothing_happens():
        await forbidden(shopper.phone, "refundRedemption", redemptionId=mine["id"], reason="x")
        late = await shopper.phone.do("cancelRedemption", "", redemptionId=mine["id"])
    assert late["__typename"] == "RedemptionClosed"


async def test_a_charity_in_a_currency_without_a_rate_is_not_open() -> None:
    shopper, cause = await a_shopper(), await a_cause()
    await Contract.all().update(currency="GBP")
    async with nothing_happens():
        answer = await shopper.redeem(cause, amount={"amount": "10.00", "currency": "EUR"})
    assert answer["__typename"] == "NotAvailable"
    assert await Pledge.all().count() == 0
