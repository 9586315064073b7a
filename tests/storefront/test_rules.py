"""The arithmetic of prices, by property."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit.ids import new_id
from marketplace.ledger.queries import Rate
from marketplace.storefront import rules
from marketplace.storefront.rules import Shopper

amounts = st.integers(0, 10**9)
discounts = st.integers(0, 10_000)
point_values = st.decimals("0.0001", "10", places=4)
rates = st.decimals("0.0001", "20000", places=6).map(lambda rate: Rate(rate, None, "test"))
currencies = st.sampled_from(["EUR", "JPY", "KWD"])


def a_shopper(discount_bp: int = 0, point_value: str | Decimal = "0.01", home: str = "EUR") -> Shopper:
    return Shopper(
        program_id=new_id(),
        unit="PTS-TEST",
        home_currency=home,
        program_countries=("NL",),
        point_value=Decimal(point_value),
        point_value_from=date(2020, 1, 1),
        member_id=new_id(),
        country="NL",
        discount_bp=discount_bp,
    )


def test_discounts_round_up_for_the_program() -> None:
    assert rules.after_discount(1000, 900) == 910
    assert rules.after_discount(1001, 900) == 911
    assert rules.after_discount(1, 9999) == 1
    assert rules.after_discount(1, 10_000) == 0


@given(amounts, discounts)
def test_a_discount_is_never_more_than_it_says(points: int, discount_bp: int) -> None:
    after = rules.after_discount(points, discount_bp)
    exact = points * (10_000 - discount_bp) / Decimal(10_000)
    assert 0 <= after - exact < 1


@given(amounts, currencies, currencies, rates, point_values, discounts)
def test_a_price_covers_the_cost_and_no_whole_point_more(
    minor: int, market: str, home: str, rate: Rate, point_value: Decimal, discount_bp: int
) -> None:
    price = rules.price(a_shopper(discount_bp, point_value, home), minor, market, rate)
    exact = rules.money.Money(minor, market).amount * rate.rate
    home_amount = rules.money.Money(price.home_minor, home).amount
    assert 0 <= home_amount - exact < Decimal(1).scaleb(-rules.money.minor_digits(home))
    assert price.list_points * point_value >= home_amount
    assert (price.list_points - 1) * point_value < home_amount
    assert price.points <= price.list_points


@given(st.integers(0, 10**7), currencies, rates, point_values, st.integers(0, 9_900))
def test_the_dearest_price_within_some_points_is_within_and_the_next_is_not(
    points: int, market: str, rate: Rate, point_value: Decimal, discount_bp: int
) -> None:
    shopper = a_shopper(discount_bp, point_value)
    dearest = rules.dearest_within(shopper, points, market, rate)
    assert dearest >= 0
    assert rules.price(shopper, dearest, market, rate).points <= points
    assert rules.price(shopper, dearest + 1, market, rate).points > points


def test_worth_per_thousand_compares_what_points_buy() -> None:
    same = Rate(Decimal(1), None, "same currency")
    assert rules.price(a_shopper(), 1000, "EUR", same).worth_per_thousand_minor == 1000
    assert rules.price(a_shopper(900), 1000, "EUR", same).worth_per_thousand_minor == 1099
    assert rules.price(a_shopper(), 0, "EUR", same).worth_per_thousand_minor is None
