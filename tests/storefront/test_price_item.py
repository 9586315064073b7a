"""What an item costs a member: priced once, by the rules that lists show it by."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from marketplace.catalog.models import Item, Offer, OfferKind, Stock
from marketplace.catalog.refusals import ClosedReason, NotAvailable, OfferSoldOut
from marketplace.catalog.steps import count_for_member, uncount_for_member
from marketplace.kit import clock, database
from marketplace.kit.ids import new_id
from marketplace.kit.refusals import InvalidInput, NotFound
from marketplace.members.models import Member
from marketplace.partners.models import Brand, Contract, Partner
from marketplace.storefront.queries import price_item
from tests.builders import a_brand, a_member, a_partner, a_program, a_rate, a_session, a_voucher, an_item, an_offer

pytestmark = pytest.mark.usefixtures("db")


async def reason_for(member: Member, item: Item) -> ClosedReason:
    with pytest.raises(NotAvailable) as refused:
        await price_item(member.id, item.id)
    return refused.value.reason


async def test_ten_euros_are_a_thousand_points_of_one_cent() -> None:
    member, item = await a_member(), await a_voucher()

    priced = await price_item(member.id, item.id)

    assert (priced.list_points, priced.points, priced.discount_bp) == (1000, 1000, 0)
    assert (priced.home_minor, priced.home_currency, priced.fx_rate, priced.fx_as_of) == (1000, "EUR", 1, None)
    assert priced.item.id == item.id
    assert priced.partner_id == (await Brand.get(id=priced.offer.brand_id)).partner_id


async def test_gold_pays_nine_percent_less() -> None:
    member, item = await a_member(tier="gold"), await a_voucher()

    priced = await price_item(member.id, item.id)

    assert (priced.list_points, priced.points, priced.discount_bp) == (1000, 910, 900)
    assert priced.home_minor == 1000


async def test_a_market_of_another_currency_is_priced_at_the_newest_rate() -> None:
    member = await a_member(await a_program(countries=["NL", "SE"]), country="SE")
    item = await an_item(await an_offer(), country="SE", currency="SEK", price_minor=10_000)
    await a_rate("EUR", "SEK", "10")
    newest = await a_rate("EUR", "SEK", "11", as_of=clock.now() - timedelta(hours=1))

    priced = await price_item(member.id, item.id)

    assert (priced.home_minor, priced.points) == (910, 910)
    assert priced.fx_as_of == newest.as_of
    assert priced.fx_rate == Decimal("0.0909090909")


async def test_without_a_rate_the_reward_is_closed() -> None:
    member = await a_member(await a_program(countries=["NL", "SE"]), country="SE")
    item = await an_item(await an_offer(), country="SE", currency="SEK", price_minor=10_000)

    assert await reason_for(member, item) == "NO_RATE"


async def test_without_a_rate_to_pay_the_partner_the_reward_is_closed() -> None:
    item = await a_voucher(brand=await a_brand(await a_partner(currency="USD")))

    assert await reason_for(await a_member(), item) == "NO_RATE"


async def test_a_program_without_a_point_value_has_no_prices_yet() -> None:
    member, item = await a_member(), await a_voucher()

    with clock.at(clock.now() - timedelta(days=365 * 9)):
        await Offer.all().update(published_from=clock.now())
        await Contract.all().update(valid_from=clock.today())
        assert await reason_for(member, item) == "NO_RATE"


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"status": "RETIRED"}, "CLOSED"),
        ({"published_until": clock.now() - timedelta(days=1)}, "ENDED"),
        ({"published_from": clock.now() + timedelta(days=1)}, "NOT_YET_OPEN"),
        ({"min_tier_rank": 1}, "TIER_TOO_LOW"),
        ({"segment": "students"}, "NOT_FOR_YOU"),
    ],
)
async def test_what_closes_an_offer(facts: dict[str, Any], reason: str) -> None:
    item = await an_item(await an_offer(**facts))

    assert await reason_for(await a_member(), item) == reason


@pytest.mark.parametrize(
    ("facts", "reason"),
    [({"active": False}, "CLOSED"), ({"country": "DE"}, "NOT_IN_YOUR_MARKET")],
)
async def test_what_closes_an_item(facts: dict[str, Any], reason: str) -> None:
    item = await an_item(await an_offer(), **facts)

    assert await reason_for(await a_member(), item) == reason


async def test_a_suspended_partner_sells_nothing() -> None:
    member, item = await a_member(), await a_voucher()

    await Partner.all().update(status="SUSPENDED")

    assert await reason_for(member, item) == "CLOSED"


async def test_a_partner_without_a_contract_sells_nothing() -> None:
    member, item = await a_member(), await a_voucher()

    await Contract.all().update(valid_until=clock.today())

    assert await reason_for(member, item) == "CLOSED"


async def test_a_session_that_has_begun_cannot_be_booked() -> None:
    item = await a_session(in_days=0)

    assert await reason_for(await a_member(), item) == "STARTED"


async def test_the_segment_and_the_tier_open_it() -> None:
    item = await an_item(await an_offer(segment="students", min_tier_rank=1))

    priced = await price_item((await a_member(tier="gold", segments=["students"])).id, item.id)

    assert priced.points == 910


async def test_the_last_one_gone_is_sold_out() -> None:
    member, item = await a_member(), await a_voucher(["ONE-1"])
    await Stock.all().update(taken=1)

    with pytest.raises(OfferSoldOut):
        await price_item(member.id, item.id)


async def test_a_limit_for_each_member_closes_it_to_who_reached_it() -> None:
    member, other = await a_member(), await a_member()
    item = await a_voucher(max_per_member=1)

    async with database.transaction():
        await count_for_member(item, member.id)

    assert await reason_for(member, item) == "LIMIT_REACHED"
    with pytest.raises(NotAvailable):
        await count_for_member(item, member.id)
    assert (await price_item(other.id, item.id)).points == 1000

    await uncount_for_member(item, member.id)
    assert (await price_item(member.id, item.id)).points == 1000


async def test_a_ranged_item_is_priced_by_the_amount_chosen() -> None:
    member = await a_member()
    item = await an_item(await an_offer(), price_minor=500, max_price_minor=10_000, step_minor=250)

    assert (await price_item(member.id, item.id, 1250)).points == 1250
    for amount in (None, 250, 10_250, 1300):
        with pytest.raises(InvalidInput):
            await price_item(member.id, item.id, amount)


async def test_a_free_reward_costs_no_points() -> None:
    item = await an_item(await an_offer(OfferKind.VOUCHER, delivery="ENTITLEMENT"), price_minor=0)

    assert (await price_item((await a_member()).id, item.id)).points == 0


async def test_a_draft_and_a_stranger_are_not_found() -> None:
    member = await a_member()
    draft = await an_item(await an_offer(status="DRAFT"))

    for member_id, item_id in ((member.id, draft.id), (member.id, new_id()), (new_id(), draft.id)):
        with pytest.raises(NotFound):
            await price_item(member_id, item_id)
