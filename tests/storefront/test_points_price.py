"""The price passport, and why not: what is shown is what will be charged."""

from datetime import timedelta
from typing import Any

import pytest
from dirty_equals import IsApprox, IsPartialDict

from marketplace.catalog.models import Item, Stock
from marketplace.kit import clock, ids
from marketplace.kit.ids import new_id
from marketplace.members.models import Member, Program
from marketplace.partners.models import Contract
from tests.builders import a_member, a_partner, a_program, a_rate, a_voucher, an_item, an_offer
from tests.client import Caller, as_member, as_operator, as_partner, as_program

pytestmark = pytest.mark.usefixtures("db")

PASSPORT = """points listPoints discountBp tier price { amount currency } worth { amount currency }
    worthPerThousand { amount currency } pointValue { value currency since }
    exchange { base quote rate source asOf ageSeconds }"""
ITEM = f"""query($id: ID!, $amount: Decimal) {{ node(id: $id) {{ ... on Item {{
    pointsPrice(amount: $amount) {{ {PASSPORT} }}
    whyNot(amount: $amount) {{ code message pointsToGo opensAt }}
    offer {{ pointsPrice {{ points }} whyNot {{ code pointsToGo opensAt }} }} }} }} }}"""


def phone_of(member: Member) -> Caller:
    return as_member(member.id, member.program_id)


async def asked(caller: Caller, item: Item, **variables: Any) -> dict[str, Any]:
    return (await caller.get(ITEM, id=ids.public("item", item.id), **variables))["node"]


async def test_the_passport_explains_a_price_in_the_home_currency() -> None:
    found = await asked(phone_of(await a_member(tier="gold")), await a_voucher())

    assert found["pointsPrice"] == {
        "points": 910,
        "listPoints": 1000,
        "discountBp": 900,
        "tier": "Gold",
        "price": {"amount": "10.00", "currency": "EUR"},
        "worth": {"amount": "10.00", "currency": "EUR"},
        "worthPerThousand": {"amount": "10.99", "currency": "EUR"},
        "pointValue": {"value": "0.01", "currency": "EUR", "since": "2020-01-01"},
        "exchange": None,
    }


async def test_the_passport_names_the_rate_its_source_and_its_age() -> None:
    member = await a_member(await a_program(countries=["JP"]), country="JP")
    item = await an_item(await an_offer(), country="JP", currency="JPY", price_minor=1600)
    await a_rate("JPY", "EUR", "0.00625", as_of=clock.now() - timedelta(hours=2))

    found = await asked(phone_of(member), item)

    assert found["pointsPrice"] == IsPartialDict(
        points=1000,
        price={"amount": "1600", "currency": "JPY"},
        worth={"amount": "10.00", "currency": "EUR"},
        exchange=IsPartialDict(
            base="JPY", quote="EUR", rate="0.00625", source="test", ageSeconds=IsApprox(7200, delta=60)
        ),
    )


async def test_a_free_reward_is_worth_no_rate_per_thousand() -> None:
    found = await asked(phone_of(await a_member()), await a_voucher(price_minor=0))

    assert found["pointsPrice"] == IsPartialDict(points=0, worthPerThousand=None)
    assert found["whyNot"] is None


async def test_a_member_with_too_few_points_sees_how_far_it_is() -> None:
    found = await asked(phone_of(await a_member()), await a_voucher())

    assert found["whyNot"] == {
        "code": "INSUFFICIENT_POINTS",
        "message": "This needs 1,000 points and you have 0: 1,000 to go.",
        "pointsToGo": 1000,
        "opensAt": None,
    }
    assert found["offer"]["whyNot"]["pointsToGo"] == 1000


async def test_what_opens_later_says_when() -> None:
    opens = (clock.now() + timedelta(days=3)).replace(microsecond=0)
    item = await an_item(await an_offer(published_from=opens))

    found = await asked(phone_of(await a_member()), item)

    assert found["whyNot"] == IsPartialDict(code="NOT_YET_OPEN", opensAt=opens.isoformat())
    assert found["offer"]["whyNot"] == IsPartialDict(code="NOT_YET_OPEN", opensAt=opens.isoformat())


async def test_a_reward_of_another_market_shows_its_price_and_why_not() -> None:
    item = await an_item(await an_offer(), country="DE")

    found = await asked(phone_of(await a_member()), item)

    assert found["whyNot"]["code"] == "NOT_IN_YOUR_MARKET"
    assert found["pointsPrice"]["points"] == 1000


async def test_without_a_rate_there_is_no_price() -> None:
    member = await a_member(await a_program(countries=["SE"]), country="SE")
    item = await an_item(await an_offer(), country="SE", currency="SEK")

    found = await asked(phone_of(member), item)

    assert found["pointsPrice"] is None
    assert found["whyNot"]["code"] == "NO_RATE"


async def test_an_offer_is_shown_by_the_cheapest_item_that_can_be_taken() -> None:
    offer = await an_offer()
    sold_out = await an_item(offer, price_minor=0, stock=1)
    await Stock.all().update(taken=1)
    await an_item(offer, price_minor=3000)
    await an_item(offer, price_minor=2000)

    found = await asked(phone_of(await a_member()), sold_out)

    assert found["whyNot"]["code"] == "OFFER_SOLD_OUT"
    assert found["offer"]["pointsPrice"] == {"points": 2000}
    assert found["offer"]["whyNot"]["code"] == "INSUFFICIENT_POINTS"


async def test_an_offer_without_anything_in_the_members_market_says_so() -> None:
    offer = await an_offer()
    await an_item(offer, country="DE")
    query = "query($id: ID!) { offer(id: $id) { pointsPrice { points } whyNot { code } items { id } } }"

    found = await phone_of(await a_member()).get(query, id=ids.public("offer", offer.id))

    assert found["offer"] == {"pointsPrice": None, "whyNot": {"code": "NOT_IN_YOUR_MARKET"}, "items": []}


async def test_a_range_is_priced_by_the_amount_that_is_chosen() -> None:
    item = await an_item(await an_offer(), price_minor=500, max_price_minor=10_000, step_minor=250)
    caller = phone_of(await a_member())

    assert (await asked(caller, item))["pointsPrice"]["points"] == 500
    assert (await asked(caller, item, amount="12.50"))["pointsPrice"]["points"] == 1250
    for amount in ("1.00", "12.60", "12.505"):
        answer = await caller.ask(ITEM, id=ids.public("item", item.id), amount=amount)
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_program_sees_list_prices_and_others_none() -> None:
    item = await a_voucher()

    program = await asked(as_program((await a_program()).id), item)
    assert program["pointsPrice"] == IsPartialDict(points=1000, discountBp=0, tier=None)
    assert program["whyNot"] is None
    for caller in (as_partner((await a_partner()).id), as_operator(new_id())):
        assert await asked(caller, item) == IsPartialDict(pointsPrice=None, whyNot=None)


async def test_a_points_value_and_a_contract_begin_with_the_day_where_they_apply() -> None:
    """At 23:30 UTC it is tomorrow in Amsterdam, where both the program and the partner are."""
    late = (clock.now() + timedelta(days=1)).replace(hour=23, minute=30)
    item = await a_voucher()
    await Contract.all().update(valid_from=late.date() + timedelta(days=1), timezone="Europe/Amsterdam")
    old = await a_member()

    with clock.at(late):
        opened = await as_operator(new_id()).do(
            "createProgram", "... on Program { pointValue }", code="LATE", name="Late", pointName="points",
            homeCurrency="EUR", pointValue="0.01", timezone="Europe/Amsterdam", countries=["NL"],
            issuer="https://late.test", audience="marketplace",
        )  # fmt: skip
        member = await a_member(await Program.get(code="LATE"))
        begun = await asked(phone_of(member), item)
    with clock.at(late - timedelta(hours=4)):
        early = await asked(phone_of(old), item)

    assert opened["pointValue"] == "0.01"
    assert begun["pointsPrice"] == IsPartialDict(listPoints=1000)
    assert begun["whyNot"]["code"] == "INSUFFICIENT_POINTS"
    assert early["whyNot"]["code"] == "CLOSED"
