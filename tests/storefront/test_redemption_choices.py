"""Cash and non-cash side by side, for an amount of points."""

from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.catalog.models import OfferKind
from marketplace.kit.ids import new_id
from marketplace.members.models import Member
from tests.builders import a_market, a_member, a_program, a_rate, a_session, an_item, an_offer
from tests.client import Caller, as_member, as_operator, as_program

pytestmark = pytest.mark.usefixtures("db")

CHOICES = """query($points: BigInt!) { redemptionChoices(points: $points) { points worth { amount currency }
    kinds { kind choices { times pointsLeft pointsPrice { points worthPerThousand { amount } price { amount } }
        item { label offer { sku } } } }
    cash { amount { amount currency } worthPerThousand { amount } rateBp leastPoints mostPointsPerMonth countries
        whyNot { code message pointsToGo } } } }"""


def phone_of(member: Member) -> Caller:
    return as_member(member.id, member.program_id)


async def asked(caller: Caller, points: int) -> dict[str, Any]:
    return (await caller.get(CHOICES, points=points))["redemptionChoices"]


def of_kind(found: dict[str, Any], kind: str) -> list[Any]:
    return next(each["choices"] for each in found["kinds"] if each["kind"] == kind)


async def test_each_kind_stands_beside_cash_with_its_worth() -> None:
    for kind in OfferKind:
        await an_item(await an_offer(kind, sku=kind.value))

    found = await asked(phone_of(await a_member(tier="gold")), 1000)

    assert found["worth"] == {"amount": "10.00", "currency": "EUR"}
    assert [each["kind"] for each in found["kinds"]] == [kind.value for kind in OfferKind]
    for kind in OfferKind:
        assert of_kind(found, kind.value) == [
            IsPartialDict(
                times=1,
                pointsLeft=90,
                pointsPrice=IsPartialDict(points=910, worthPerThousand={"amount": "10.99"}),
                item=IsPartialDict(offer={"sku": kind.value}),
            )
        ]
    assert found["cash"] == {
        "amount": {"amount": "8.00", "currency": "EUR"},
        "worthPerThousand": {"amount": "8.00"},
        "rateBp": 8000,
        "leastPoints": 500,
        "mostPointsPerMonth": 100_000,
        "countries": ["NL"],
        "whyNot": None,
    }


async def test_the_dearest_item_that_the_points_buy_is_chosen() -> None:
    offer = await an_offer()
    for price in (500, 1000, 2500):
        await an_item(offer, price_minor=price, label={"en": f"{price}"})

    (choice,) = of_kind(await asked(phone_of(await a_member()), 2400), "VOUCHER")

    assert choice == IsPartialDict(times=2, pointsLeft=400, item=IsPartialDict(label="1000"))


async def test_of_a_range_the_most_that_the_points_buy_is_chosen() -> None:
    await an_item(await an_offer(), price_minor=500, max_price_minor=10_000, step_minor=250)

    (choice,) = of_kind(await asked(phone_of(await a_member()), 1400), "VOUCHER")

    assert choice == IsPartialDict(times=1, pointsLeft=150)
    assert choice["pointsPrice"] == IsPartialDict(points=1250, price={"amount": "12.50"})


async def test_only_a_few_are_shown_and_none_that_is_free_or_cannot_be_taken() -> None:
    for _ in range(5):
        await an_item(await an_offer())
    await an_item(await an_offer(OfferKind.MERCHANDISE), stock=0)
    await an_item(await an_offer(OfferKind.DONATION, min_tier_rank=1))
    await an_item(await an_offer(OfferKind.BRAND_CURRENCY), country="DE")
    await a_session(price_minor=100_000)
    await an_item(await an_offer(OfferKind.EXPERIENCE), price_minor=0)

    found = await asked(phone_of(await a_member()), 1000)

    counts = {each["kind"]: len(each["choices"]) for each in found["kinds"]}
    assert counts == {"VOUCHER": 3, "MERCHANDISE": 0, "DONATION": 0, "BRAND_CURRENCY": 0, "EXPERIENCE": 0}


async def test_the_members_limit_and_the_stock_bound_how_many() -> None:
    await an_item(await an_offer(), stock=3)
    await an_item(await an_offer(OfferKind.MERCHANDISE), stock=9, max_per_member=2)

    found = await asked(phone_of(await a_member()), 10_000)

    assert of_kind(found, "VOUCHER")[0]["times"] == 3
    assert of_kind(found, "MERCHANDISE")[0]["times"] == 2


@pytest.mark.parametrize(
    ("facts", "country", "points", "why_not"),
    [
        ({"cash_rate_bp": 0}, "NL", 1000, {"code": "CASH_NOT_OFFERED", "pointsToGo": None}),
        ({}, "DE", 1000, {"code": "CASH_NOT_OFFERED", "pointsToGo": None}),
        ({}, "NL", 499, {"code": "CASH_BELOW_MINIMUM", "pointsToGo": 1}),
        ({}, "NL", 100_001, {"code": "CASH_ABOVE_MAXIMUM", "pointsToGo": None}),
    ],
)
async def test_cash_that_is_not_paid_says_why(
    facts: dict[str, Any], country: str, points: int, why_not: dict[str, Any]
) -> None:
    member = await a_member(await a_program(**facts), country=country)

    cash = (await asked(phone_of(member), points))["cash"]

    assert cash == IsPartialDict(amount=None, worthPerThousand=None, whyNot=IsPartialDict(why_not))


async def test_a_market_of_another_currency_is_compared_in_the_home_currency() -> None:
    member = await a_member(await a_program(countries=["SE"], cash_countries=["SE"]), country="SE")
    await a_rate("SEK", "EUR", "0.1")
    await a_market("SE", "SEK", ("sv",))
    await an_item(await an_offer(), country="SE", currency="SEK", price_minor=10_000)

    found = await asked(phone_of(member), 1000)

    assert of_kind(found, "VOUCHER")[0]["pointsPrice"]["worthPerThousand"] == {"amount": "10.00"}
    assert found["cash"]["amount"] == {"amount": "8.00", "currency": "EUR"}


async def test_only_members_have_choices_and_only_of_some_points() -> None:
    for caller in (as_program((await a_program()).id), as_operator(new_id())):
        answer = await caller.ask(CHOICES, points=1000)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    answer = await phone_of(await a_member()).ask(CHOICES, points=0)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
