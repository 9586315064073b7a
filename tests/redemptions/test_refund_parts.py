"""Refunds in parts: planned first, carried out as planned, and any sequence of them adds up to what was paid."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.catalog.models import OfferKind, Stock
from marketplace.kit import clock
from marketplace.ledger.models import Purpose
from marketplace.partners.models import Accrual
from marketplace.partners.rules import Shares
from marketplace.partners.rules import part_of as part_of_sale
from marketplace.redemptions.models import Refund
from marketplace.redemptions.refund_rules import MOST_REFUNDS, Ask, Share, fits, part_of
from tests import builders
from tests.books import violations
from tests.client import Caller
from tests.redemptions.test_redemption_events import story
from tests.redemptions.world import (
    ADDRESS,
    REDEMPTION,
    a_shopper,
    key,
    money_of,
    nothing_happens,
    partner_of,
    payable,
    server_of,
    support,
)

db = pytest.mark.usefixtures("db")
PLAN = """query($id: ID!, $part: RefundPartInput) { refundPlan(redemptionId: $id, part: $part) { __typename
    ... on RefundPlan { price { amount } quantity points closes leftPrice { amount } leftQuantity
        funding { amount } sources { source points lots { points expiresAt } }
        partner { gross { amount } commission { amount } commissionVat { amount } net { amount } payableOn } }
    ... on UserError { code message } } }"""


def eur(amount: str) -> dict[str, Any]:
    """A part of a price in EUR."""
    return {"amount": {"amount": amount, "currency": "EUR"}}


async def plan_of(caller: Caller, id: str, part: dict[str, Any] | None = None) -> Any:
    """What a refund would do."""
    return (await caller.get(PLAN, id=id, part=part))["refundPlan"]


async def refund(caller: Caller, id: str, part: dict[str, Any] | None = None, **more: object) -> Any:
    """Refund a part, or all that is left."""
    return await caller.do("refundRedemption", REDEMPTION, redemptionId=id, reason="x", part=part, **more)


@db
async def test_a_plan_is_shown_first_and_carried_out_to_the_letter() -> None:
    shopper, desk, voucher = await a_shopper(), await support(), await builders.a_voucher()
    mine = await shopper.redeem(voucher)
    async with nothing_happens():
        plan = await plan_of(desk, mine["id"], eur("4.00"))
    assert (plan["points"], plan["price"]["amount"], plan["leftPrice"]["amount"]) == (400, "4.00", "6.00")
    assert [(lot["points"], lot["expiresAt"] is None) for lot in plan["sources"][0]["lots"]] == [(400, False)]
    partner = {name: plan["partner"][name]["amount"] for name in ("gross", "commission", "commissionVat", "net")}
    assert partner == {"gross": "4.00", "commission": "0.32", "commissionVat": "0.07", "net": "3.61"}
    done = await refund(desk, mine["id"], eur("4.00"), expectedPoints=plan["points"])
    assert done["state"] == "FULFILLED"
    assert await shopper.wallet() == 2400
    assert await shopper.lots() == [1500, 900]
    assert await payable(voucher) == 9_03 - 3_61
    assert await money_of(shopper.program) == (494_00, 0)
    assert await story(shopper.phone, mine["id"]) == ["TAKEN", "FULFILLED", "PARTLY_REFUNDED"]
    assert (await refund(desk, mine["id"]))["state"] == "REFUNDED"
    assert await shopper.lots() == [1500, 1500]
    assert (await payable(voucher), await money_of(shopper.program)) == (0, (500_00, 0))
    seen = "query($id: ID!) { redemption(id: $id) { refunds { number points price { amount } reason } } }"
    rows = (await shopper.phone.get(seen, id=mine["id"]))["redemption"]["refunds"]
    assert [(row["number"], row["points"], row["price"]["amount"]) for row in rows] == [
        (1, 400, "4.00"), (2, 600, "6.00"),
    ]  # fmt: skip
    assert await violations() == []


@db
async def test_units_are_refunded_one_by_one_and_seats_are_sold_again() -> None:
    shopper, desk, session = await a_shopper(points=9000), await support(), await builders.a_session(seats=3)
    mine = await shopper.redeem(session, quantity=3, expectedPoints=3000)
    assert mine["points"] == 3000
    assert (await shopper.redeem(session))["__typename"] == "OfferSoldOut"
    assert (await refund(desk, mine["id"], {"quantity": 2}))["state"] == "FULFILLED"
    assert (await Stock.get(item_id=session.id)).taken == 1
    assert await shopper.wallet() == 8000
    too_many = await desk.do(
        "refundRedemption", "... on RefundTooLarge { left { amount } unitsLeft }",
        redemptionId=mine["id"], reason="x", part={"quantity": 2},
    )  # fmt: skip
    assert (too_many["__typename"], too_many["left"]["amount"], too_many["unitsLeft"]) == (
        "RefundTooLarge", "10.00", 1,
    )  # fmt: skip
    cancelled = await shopper.phone.do("cancelRedemption", REDEMPTION, redemptionId=mine["id"])
    assert cancelled["state"] == "CANCELLED"
    assert ((await Stock.get(item_id=session.id)).taken, await shopper.wallet()) == (0, 9000)
    assert await violations() == []


@db
async def test_several_of_a_thing_are_counted_towards_the_limit() -> None:
    shopper = await a_shopper(points=9000)
    offer = await builders.an_offer(OfferKind.MERCHANDISE)
    mug = await builders.an_item(offer, stock=9, max_per_member=3)
    mine = await shopper.redeem(mug, address=ADDRESS, quantity=2, expectedPoints=2000)
    more = await shopper.redeem(mug, address=ADDRESS, quantity=2, expectedPoints=2000)
    assert (more["__typename"], (await Stock.get(item_id=mug.id)).taken) == ("NotAvailable", 2)
    await shopper.phone.do("cancelRedemption", "", redemptionId=mine["id"])
    three = await shopper.redeem(mug, address=ADDRESS, quantity=3, expectedPoints=3000)
    assert three["__typename"] == "Redemption"
    voucher = await shopper.redeem(await builders.a_voucher(), quantity=2)
    cup = await builders.an_item(await builders.an_offer(OfferKind.MERCHANDISE), stock=1)
    none = await shopper.redeem(cup, address=ADDRESS, quantity=0)
    assert [voucher["problems"][0]["path"], none["problems"][0]["path"]] == ["quantity", "quantity"]


@db
async def test_a_discount_in_another_currency_goes_back_in_parts_to_the_last_unit() -> None:
    await builders.a_rate("SEK", "EUR", "0.0873")
    partner = await builders.a_partner(currency="SEK")
    voucher = await builders.a_voucher(brand=await builders.a_brand(partner), price_minor=9_99)
    shopper, desk = await a_shopper(tier="gold"), await support()
    mine = await shopper.redeem(voucher)
    for part in (eur("0.01"), eur("3.33"), eur("6.64")):
        assert (await refund(desk, mine["id"], part))["state"] == "FULFILLED"
        assert await violations() == []
    assert (await refund(desk, mine["id"], eur("0.01")))["state"] == "REFUNDED"
    assert (await shopper.wallet(), await money_of(shopper.program)) == (3000, (500_00, 0))
    assert sum([row.net_minor for row in await Accrual.all()]) == 0
    assert await violations() == []


@db
async def test_a_plan_that_changed_is_refused_and_so_is_nonsense() -> None:
    shopper, desk = await a_shopper(), await support()
    mine = await shopper.redeem(await builders.a_voucher())
    cause = await shopper.redeem(await builders.an_item(await builders.an_offer(OfferKind.DONATION)))
    async with nothing_happens():
        changed = await desk.do(
            "refundRedemption", "... on RefundChanged { expected now }",
            redemptionId=mine["id"], reason="x", part=eur("5.00"), expectedPoints=499,
        )  # fmt: skip
        crowns = {"amount": {"amount": "1.00", "currency": "SEK"}}
        wrong = [await refund(desk, mine["id"], part) for part in (eur("0.00"), {"quantity": 0}, crowns)]
        given_in_part = await refund(desk, cause["id"], eur("1.00"))
        dear = await plan_of(desk, mine["id"], eur("10.01"))
    assert (changed["__typename"], changed["expected"], changed["now"]) == ("RefundChanged", 499, 500)
    assert [answer["__typename"] for answer in [*wrong, given_in_part]] == ["InvalidInput"] * 4
    assert dear["__typename"] == "RefundTooLarge"
    assert (await refund(desk, cause["id"]))["state"] == "REFUNDED"
    assert (await plan_of(desk, cause["id"]))["__typename"] == "AlreadyRefunded"


@db
async def test_plans_are_shown_to_those_concerned_only_and_the_share_of_the_partner_to_fewer() -> None:
    shopper, stranger, voucher = await a_shopper(), await a_shopper(), await builders.a_voucher()
    mine = await shopper.redeem(voucher)
    assert (await plan_of(stranger.phone, mine["id"]))["__typename"] == "NotFound"
    assert (await plan_of(server_of(stranger.program), mine["id"]))["__typename"] == "NotFound"
    own = [await plan_of(caller, mine["id"]) for caller in (shopper.phone, server_of(shopper.program))]
    assert [(plan["points"], plan["partner"]) for plan in own] == [(1000, None)] * 2
    assert (await plan_of(await partner_of(voucher), mine["id"]))["partner"]["net"]["amount"] == "9.03"
    pending = await shopper.redeem(
        await builders.an_item(await builders.an_offer(OfferKind.MERCHANDISE), stock=1), address=ADDRESS
    )
    assert (await plan_of(await support(), pending["id"]))["__typename"] == "NotRefundable"


@db
async def test_many_parts_at_once_never_give_back_more_than_was_taken() -> None:
    shopper, desk = await a_shopper(), await support()
    mine = await shopper.redeem(await builders.a_voucher())
    answers = await asyncio.gather(*(refund(desk, mine["id"], eur("3.00")) for _ in range(6)))
    kinds = [answer["__typename"] for answer in answers]
    assert (kinds.count("Redemption"), kinds.count("RefundTooLarge")) == (3, 3)
    assert (await shopper.wallet(), await shopper.wallet(Purpose.HELD)) == (2900, 0)
    assert [row.number for row in await Refund.all().order_by("number")] == [1, 2, 3]
    assert await violations() == []


@db
async def test_the_last_of_a_hundred_refunds_takes_all() -> None:
    shopper, desk = await a_shopper(), await support()
    mine = await shopper.redeem(await builders.a_voucher())
    nothing: dict[str, Any] = {
        "price_minor": 0,
        "quantity": 0,
        "points": 0,
        "discount_points": 0,
        "home_minor": 0,
        "reason": "x",
    }
    for number in range(1, MOST_REFUNDS):
        await Refund.create(redemption_id=key(mine), number=number, refunded_at=clock.now(), **nothing)
    assert (await refund(desk, mine["id"], eur("0.01")))["__typename"] == "InvalidInput"
    assert (await refund(desk, mine["id"]))["state"] == "REFUNDED"


def _add(one: Share, other: Share) -> Share:
    return one - (Share() - other)


asks = st.one_of(
    st.builds(Ask, quantity=st.integers(1, 4)), st.builds(Ask, amount_minor=st.integers(1, 5000)), st.just(Ask())
)


@given(
    unit=st.integers(0, 3000), quantity=st.integers(1, 5), points=st.integers(0, 10**6),
    discount=st.integers(0, 10**5), home=st.integers(0, 10**6), sequence=st.lists(asks, max_size=12),
)  # fmt: skip
def test_any_sequence_of_parts_adds_up(
    unit: int, quantity: int, points: int, discount: int, home: int, sequence: list[Ask]
) -> None:
    paid = Share(unit * quantity, quantity, points, discount, home)
    back = [Share()]
    for ask in [*sequence, Ask()]:
        if not fits(ask, paid - back[-1]):
            continue
        back.append(_add(back[-1], part_of(paid, back[-1], ask)))
    for before, after in pairwise(back):
        step = after - before
        assert min(step.price_minor, step.quantity, step.points, step.discount_points, step.home_minor) >= 0
    assert back[-1] == paid


@given(
    net=st.integers(0, 10**6), commission=st.integers(0, 10**5), vat=st.integers(0, 10**4),
    cuts=st.lists(st.integers(0, 10**5), max_size=12),
)  # fmt: skip
def test_any_parts_of_a_sale_add_up(net: int, commission: int, vat: int, cuts: list[int]) -> None:
    left = Shares(net + commission + vat, commission, vat)
    for cut in [*cuts, None]:
        gross = left.gross if cut is None else min(cut, left.gross)
        part = part_of_sale(left, gross)
        assert part.gross == gross
        assert 0 <= part.net <= left.net
        assert 0 <= part.commission <= left.commission
        assert 0 <= part.vat <= left.vat
        left = Shares(left.gross - part.gross, left.commission - part.commission, left.vat - part.vat)
    assert (left.net, left.commission, left.vat) == (0, 0, 0)
