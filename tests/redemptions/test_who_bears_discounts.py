"""A partner bears its agreed share of a tier's discount: charged, owed, refunded and explained accordingly."""

from datetime import timedelta
from typing import Any

import pytest

from marketplace.catalog.models import Item, OfferKind
from marketplace.catalog.publishing import refresh_listings
from marketplace.kit import clock, database, ids
from marketplace.kit.ids import new_id
from marketplace.partners.models import Accrual, Contract
from marketplace.redemptions.bearing import wrongly_borne
from marketplace.redemptions.models import Redemption
from tests import builders
from tests.books import violations
from tests.client import as_operator
from tests.redemptions.world import (
    ADDRESS,
    Shopper,
    a_shopper,
    key,
    money_of,
    nothing_happens,
    partner_of,
    payable,
    support,
)

db = pytest.mark.usefixtures("db")
BORNE = "discountBearers { bearer shareBp amount { amount currency } }"
REDEEMED = f"... on Redemption {{ id state points price {{ listPoints homePrice {{ amount }} {BORNE} }} }}"
PASSPORT = f"pointsPrice {{ points worth {{ amount }} {BORNE} }}"
PRICE = f"query($id: ID!) {{ node(id: $id) {{ ... on Item {{ {PASSPORT} }} }} }}"


async def sold_at_half_the_discount(share_bp: int = 5000, **facts: Any) -> Item:
    """A voucher of 10.00 EUR whose partner bears half of tier discounts, at 8 % and 21 % VAT on it."""
    partner = await builders.a_partner(tier_discount_share_bp=share_bp)
    return await builders.a_voucher(brand=await builders.a_brand(partner), **facts)


def borne(price: Any) -> dict[str, tuple[int, str]]:
    """Who bears how much of a price's discount."""
    return {each["bearer"]: (each["shareBp"], each["amount"]["amount"]) for each in price["discountBearers"]}


async def price_of(shopper: Shopper, item: Item) -> Any:
    """The price passport that a member sees."""
    return (await shopper.phone.get(PRICE, id=ids.public("item", item.id)))["node"]["pointsPrice"]


async def refund(shopper: Shopper, id: str, amount: str | None = None) -> Any:
    part = {"amount": {"amount": amount, "currency": "EUR"}} if amount else None
    desk = await support()
    return await desk.do("refundRedemption", "... on Redemption { state }", redemptionId=id, reason="x", part=part)


@db
async def test_a_gold_member_pays_less_and_the_partner_bears_half_of_it() -> None:
    shopper, voucher = await a_shopper(tier="gold"), await sold_at_half_the_discount()
    seen = await price_of(shopper, voucher)
    both = {"PROGRAM": (5000, "0.45"), "PARTNER": (5000, "0.45")}
    assert (seen["points"], seen["worth"]["amount"], borne(seen)) == (910, "10.00", both)
    mine = await shopper.redeem(voucher, REDEEMED)
    assert (mine["points"], mine["price"]["homePrice"]["amount"], borne(mine["price"])) == (910, "10.00", both)
    sale = await Accrual.get()
    assert (sale.gross_minor, sale.commission_minor, sale.vat_minor, sale.net_minor) == (9_55, 76, 16, 8_63)
    assert sale.description.endswith("(less 0.45 EUR, your part of a tier discount)")
    assert (await payable(voucher), await money_of(shopper.program)) == (8_63, (500_00 - 9_55, 0))
    saved = "{ me { wallet { savedSoFar { rewards { amount } discounts { amount } } } } }"
    found = (await shopper.phone.get(saved))["me"]["wallet"]["savedSoFar"]
    assert (found["rewards"]["amount"], found["discounts"]["amount"]) == ("10.00", "0.90")
    assert (await refund(shopper, mine["id"], "5.00"))["state"] == "FULFILLED"
    assert (await shopper.phone.get(saved))["me"]["wallet"]["savedSoFar"]["rewards"]["amount"] == "5.01"
    assert await violations() == []


@db
@pytest.mark.parametrize("parts", [[None], ["0.01", "3.33", "6.64", None]], ids=["whole", "in parts"])
async def test_a_refund_gives_back_exactly_what_was_charged(parts: list[str | None]) -> None:
    shopper, voucher = await a_shopper(tier="gold"), await sold_at_half_the_discount(3333, price_minor=9_99)
    mine = await shopper.redeem(voucher, REDEEMED)
    for part in parts:
        answer = await refund(shopper, mine["id"], part)
        assert answer["state"] == ("FULFILLED" if part else "REFUNDED")
        assert await violations() == []
    assert (await shopper.wallet(), await payable(voucher)) == (3000, 0)
    assert await money_of(shopper.program) == (500_00, 0)
    old = await Redemption.get(id=key(mine))
    assert (old.discount_minor, old.partner_discount_minor, old.partner_share_bp) == (89, 29, 3333)


@db
async def test_nobody_bears_what_no_tier_takes_off_and_a_charity_never_does() -> None:
    plain, gold, voucher = await a_shopper(), await a_shopper(tier="gold"), await sold_at_half_the_discount()
    assert borne(await price_of(plain, voucher)) == {}
    assert borne((await plain.redeem(voucher, REDEEMED))["price"]) == {}
    assert await payable(voucher) == 9_03
    cause = await builders.an_item(await builders.an_offer(OfferKind.DONATION))
    assert borne((await gold.redeem(cause, REDEEMED))["price"]) == {"PROGRAM": (10_000, "0.90")}
    assert await payable(cause) == 10_00
    free = await sold_at_half_the_discount(price_minor=0)
    assert borne((await gold.redeem(free, REDEEMED, expectedPoints=0))["price"]) == {}
    assert await violations() == []


@db
async def test_the_share_is_that_of_the_contract_in_force_when_it_is_redeemed() -> None:
    shopper, voucher = await a_shopper(tier="gold"), await sold_at_half_the_discount()
    assert borne(await price_of(shopper, voucher))["PARTNER"] == (5000, "0.45")
    contract = await Contract.get()
    terms = {
        "partnerId": ids.public("partner", contract.partner_id), "commissionBp": 800, "vatBp": 2100,
        "currency": "EUR", "timezone": "Europe/Amsterdam", "tierDiscountShareBp": 10_000,
        "validFrom": (clock.today("Europe/Amsterdam") + timedelta(days=1)).isoformat(),
    }  # fmt: skip
    operator = as_operator(new_id())
    agreed = await operator.do("agreeContract", "... on Contract { tierDiscountShareBp }", **terms)
    assert agreed["tierDiscountShareBp"] == 10_000
    before = await shopper.redeem(voucher, REDEEMED)
    with clock.at(clock.now() + timedelta(days=2)):
        after = await shopper.redeem(voucher, REDEEMED)
        assert borne(after["price"]) == {"PARTNER": (10_000, "0.90")}
        assert (await refund(shopper, before["id"]))["state"] == "REFUNDED"
    assert borne(before["price"])["PARTNER"] == (5000, "0.45")
    assert await money_of(shopper.program) == (500_00 - 9_10, 0)
    assert await violations() == []


@db
async def test_what_waits_keeps_its_share_and_a_twin_bears_it_once() -> None:
    shopper = await a_shopper(tier="gold", points=9000)
    partner = await builders.a_partner(tier_discount_share_bp=5000)
    offer = await builders.an_offer(OfferKind.MERCHANDISE, brand=await builders.a_brand(partner))
    mug = await builders.an_item(offer, stock=9)
    order: dict[str, Any] = {"address": ADDRESS, "quantity": 3, "expectedPoints": 3000, "idempotencyKey": "once"}
    mine = await shopper.redeem(mug, REDEEMED, **order)
    assert mine == await shopper.redeem(mug, REDEEMED, **order)
    assert borne(mine["price"]) == {"PROGRAM": (5000, "1.35"), "PARTNER": (5000, "1.35")}
    assert await money_of(shopper.program) == (500_00 - 28_65, 28_65)
    await Contract.filter(partner_id=partner.id).update(tier_discount_share_bp=0)
    desk = await partner_of(mug)
    await desk.do("shipRedemption", "", redemptionId=mine["id"], carrier="PostNL", tracking="1")
    assert (await Accrual.get()).gross_minor == 28_65
    assert await money_of(shopper.program) == (500_00 - 28_65, 0)
    dropped = await shopper.redeem(mug, REDEEMED, address=ADDRESS)
    await shopper.phone.do("cancelRedemption", "", redemptionId=dropped["id"])
    assert await money_of(shopper.program) == (500_00 - 28_65, 0)
    assert await violations() == []


@db
async def test_a_quote_holds_the_share_as_well_as_the_price() -> None:
    shopper = await a_shopper(tier="gold")
    partner = await builders.a_partner(tier_discount_share_bp=5000)
    offer = await builders.an_offer(OfferKind.BRAND_CURRENCY, brand=await builders.a_brand(partner))
    miles = await builders.an_item(offer, units=100, stock=9)
    held = await shopper.phone.do(
        "quoteExchange", "... on ExchangeQuote { id points }", itemId=ids.public("item", miles.id)
    )
    await Contract.filter(partner_id=partner.id).update(tier_discount_share_bp=0)
    await Item.filter(id=miles.id).update(price_minor=11_00)
    await refresh_listings([offer.id])
    mine = await shopper.redeem(
        miles, REDEEMED, quoteId=held["id"], expectedPoints=held["points"], membershipNumber="12345678"
    )
    assert (mine["points"], borne(mine["price"])["PARTNER"]) == (910, (5000, "0.45"))
    assert await money_of(shopper.program) == (500_00 - 9_55, 9_55)
    assert await violations() == []


@db
async def test_a_share_that_is_none_is_refused_and_so_is_one_of_a_charity() -> None:
    charity, partner = await builders.a_charity(), await builders.a_partner()
    terms = {"validFrom": "2030-01-01", "commissionBp": 0, "currency": "EUR", "timezone": "Europe/Oslo"}
    for who, share in ((charity, 1), (partner, -1), (partner, 10_001)):
        async with nothing_happens():
            answer = await as_operator(new_id()).do(
                "agreeContract", "... on InvalidInput { problems { path } }",
                partnerId=ids.public("partner", who.id), tierDiscountShareBp=share, **terms,
            )  # fmt: skip
        assert [each["path"] for each in answer["problems"]] == ["tierDiscountShareBp"]
    assert await Contract.all().count() == 2


def test_the_check_sees_each_figure_that_does_not_go_with_the_others() -> None:
    good: dict[str, Any] = {
        "quantity": 2, "price_minor": 20_00, "currency": "EUR", "home_currency": "EUR", "fx_rate": 1,
        "discount_minor": 1_80, "partner_discount_minor": 90, "partner_share_bp": 5000, "home_minor": 19_10,
        "accrued": 19_10,
    }  # fmt: skip
    assert wrongly_borne(good) is wrongly_borne(good | {"accrued": None}) is None
    for name in ("partner_discount_minor", "home_minor", "accrued"):
        assert wrongly_borne(good | {name: good[name] - 1}), name


@db
async def test_the_books_tell_of_a_share_that_was_changed_afterwards() -> None:
    shopper, voucher = await a_shopper(tier="gold"), await sold_at_half_the_discount()
    await shopper.redeem(voucher)
    await database.execute("UPDATE redemption SET partner_share_bp = 4000")
    assert "partners bear what they agreed" in str(await violations())
    await database.execute("UPDATE redemption SET partner_share_bp = 5000")
    charity = await builders.a_charity()
    await Contract.filter(partner_id=charity.id).update(tier_discount_share_bp=1)
    assert "partners.charities_bear_no_discounts" in str(await violations())
