"""Redeeming a voucher: points become a code at once, whole or not at all."""

from datetime import timedelta
from decimal import Decimal

import pytest

from marketplace.catalog.models import Stock
from marketplace.kit import clock, ids
from marketplace.kit.models import AuditEntry
from marketplace.ledger import accounts, queries
from marketplace.ledger.models import Purpose
from marketplace.redemptions.models import Redemption
from tests import builders
from tests.client import as_partner
from tests.redemptions.world import a_shopper, forbidden, key, money_of, nothing_happens, pay_in, payable

pytestmark = pytest.mark.usefixtures("db")


async def test_a_voucher_is_paid_for_and_ready_at_once() -> None:
    shopper, voucher = await a_shopper(), await builders.a_voucher()
    answer = await shopper.redeem(
        voucher,
        "... on Redemption { id state points fulfilledAt fulfilment { ... on VoucherFulfilment "
        "{ hasCode revealedAt expiresAt } } }",
    )
    assert answer["state"] == "FULFILLED"
    assert answer["points"] == 1000
    assert answer["fulfilledAt"] is not None
    assert answer["fulfilment"] == {"hasCode": True, "revealedAt": None, "expiresAt": None}
    assert (await shopper.wallet(), await shopper.wallet(Purpose.HELD)) == (2000, 0)
    assert await shopper.lots() == [1500, 500]
    assert await money_of(shopper.program) == (490_00, 0)
    assert await payable(voucher) == 9_03
    assert await queries.balance(accounts.house(Purpose.COMMISSION, "EUR")) == 80
    assert (await Stock.get(item_id=voucher.id)).taken == 1
    row = await Redemption.get(id=key(answer))
    assert row.code_position == 1
    assert await AuditEntry.filter(operation="redeem_offer", subject_id=row.id).count() == 1


async def test_the_price_is_kept_with_everything_it_was_made_of() -> None:
    program = await builders.a_program(home_currency="SEK")
    await builders.a_rate("EUR", "SEK", "11.5")
    shopper = await a_shopper(program, tier="gold", points=20_000)
    await pay_in(program, 500_00)
    answer = await shopper.redeem(
        await builders.a_voucher(),
        "... on Redemption { price { points listPoints tierDiscountBp price { amount currency } "
        "homePrice { amount currency } pointValue fxRate fxAsOf } }",
        expectedPoints=10465,
    )
    price = answer["price"]
    assert (price["points"], price["listPoints"], price["tierDiscountBp"]) == (10465, 11500, 900)
    assert price["price"] == {"amount": "10.00", "currency": "EUR"}
    assert price["homePrice"] == {"amount": "115.00", "currency": "SEK"}
    assert (Decimal(price["pointValue"]), Decimal(price["fxRate"])) == (Decimal("0.01"), Decimal("11.5"))
    assert price["fxAsOf"] is not None
    borne = accounts.program(program.id, Purpose.TIER_DISCOUNT, program.unit)
    assert await queries.balance(borne) == -1035


async def test_a_free_voucher_needs_no_points_and_no_money() -> None:
    shopper = await a_shopper(points=0, funding=0)
    gift = await builders.a_voucher(price_minor=0)
    answer = await shopper.redeem(gift, expectedPoints=0)
    assert (answer["state"], answer["points"]) == ("FULFILLED", 0)
    row = await Redemption.get(id=key(answer))
    assert (row.hold_id, row.code_position) == (None, 1)
    assert await payable(gift) == 0


async def test_an_entitlement_comes_without_a_code() -> None:
    shopper = await a_shopper()
    item = await builders.an_item(await builders.an_offer(delivery="ENTITLEMENT"))
    answer = await shopper.redeem(
        item, "... on Redemption { state fulfilment { ... on VoucherFulfilment { hasCode } } }"
    )
    assert answer["state"] == "FULFILLED"
    assert answer["fulfilment"] == {"hasCode": False}


async def test_a_cheaper_price_than_seen_is_taken() -> None:
    shopper = await a_shopper()
    answer = await shopper.redeem(await builders.a_voucher(), expectedPoints=1500)
    assert answer["points"] == 1000


async def test_a_dearer_price_than_seen_is_refused() -> None:
    shopper, voucher = await a_shopper(), await builders.a_voucher()
    async with nothing_happens():
        answer = await shopper.redeem(voucher, "... on PriceChanged { seen now }", expectedPoints=999)
    assert answer["__typename"] == "PriceChanged"
    assert (answer["seen"], answer["now"]) == (999, 1000)
    assert "999" in answer["message"]


async def test_too_few_points_are_refused_with_the_points_to_go() -> None:
    shopper, voucher = await a_shopper(points=400), await builders.a_voucher()
    async with nothing_happens():
        answer = await shopper.redeem(voucher, "... on InsufficientPoints { required available missing }")
    assert answer["__typename"] == "InsufficientPoints"
    assert (answer["required"], answer["available"], answer["missing"]) == (1000, 400, 600)


async def test_a_program_that_cannot_cover_it_is_refused() -> None:
    shopper, voucher = await a_shopper(funding=9_99), await builders.a_voucher()
    async with nothing_happens():
        answer = await shopper.redeem(voucher)
    assert answer["__typename"] == "ProgramUnfunded"


async def test_what_is_sold_out_is_refused() -> None:
    shopper, voucher = await a_shopper(), await builders.a_voucher(["ONLY-ONE"])
    await shopper.redeem(voucher)
    async with nothing_happens():
        answer = await shopper.redeem(voucher)
    assert answer["__typename"] == "OfferSoldOut"


async def test_what_is_sold_in_another_country_is_refused() -> None:
    shopper = await a_shopper(country="DE")
    voucher = await builders.a_voucher()
    async with nothing_happens():
        answer = await shopper.redeem(voucher, "... on NotAvailable { reason }")
    assert (answer["__typename"], answer["reason"]) == ("NotAvailable", "NOT_IN_YOUR_MARKET")


async def test_more_than_one_member_may_have_is_refused() -> None:
    shopper, voucher = await a_shopper(), await builders.a_voucher(max_per_member=1)
    await shopper.redeem(voucher)
    async with nothing_happens():
        answer = await shopper.redeem(voucher, "... on NotAvailable { reason }")
    assert (answer["__typename"], answer["reason"]) == ("NotAvailable", "LIMIT_REACHED")


@pytest.mark.parametrize("id", ["item_00", "item_" + "0" * 32, "offer_0"])
async def test_an_item_that_does_not_exist_is_not_found(id: str) -> None:
    shopper = await a_shopper()
    async with nothing_happens():
        answer = await shopper.phone.do("redeemOffer", "... on NotFound { what }", itemId=id, expectedPoints=1)
    assert (answer["__typename"], answer["what"]) == ("NotFound", "reward")


async def test_all_that_a_voucher_does_not_need_is_named_at_once() -> None:
    shopper, voucher = await a_shopper(), await builders.a_voucher()
    async with nothing_happens():
        answer = await shopper.redeem(
            voucher, lots=2, membershipNumber="1", message="hello", amount={"amount": "10", "currency": "SEK"}
        )
    assert answer["__typename"] == "InvalidInput"
    paths = {problem["path"] for problem in answer["problems"]}
    assert paths == {"lots", "membershipNumber", "message", "amount.currency"}


async def test_another_wish_under_the_same_key_is_refused() -> None:
    shopper, voucher = await a_shopper(), await builders.a_voucher()
    first = await shopper.redeem(voucher, idempotencyKey="same")
    async with nothing_happens():
        again = await shopper.redeem(voucher, idempotencyKey="same")
        other = await shopper.redeem(voucher, idempotencyKey="same", expectedPoints=2000)
    assert again == first
    assert other["__typename"] == "IdempotencyKeyReused"


async def test_after_a_refusal_the_same_key_may_be_used_again() -> None:
    shopper, voucher = await a_shopper(), await builders.a_voucher()
    for _ in range(2):
        refused = await shopper.redeem(voucher, idempotencyKey="again", expectedPoints=1)
        assert refused["__typename"] == "PriceChanged"
    assert (await shopper.redeem(voucher, idempotencyKey="again"))["__typename"] == "Redemption"


async def test_a_partner_cannot_redeem() -> None:
    item = ids.public("item", ids.new_id())
    async with nothing_happens():
        await forbidden(as_partner(ids.new_id()), "redeemOffer", itemId=item, expectedPoints=1)


async def test_expired_points_cannot_be_spent() -> None:
    shopper, voucher = await a_shopper(points=1999), await builders.a_voucher()
    with clock.travel(timedelta(days=11)):
        answer = await shopper.redeem(voucher)
        assert answer["__typename"] == "Redemption"
        again = await shopper.redeem(voucher)
        assert again["__typename"] == "InsufficientPoints"
