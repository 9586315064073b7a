"""Who bears a discount, by property: nothing is lost, and the floor holds after the partner's own part."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit import money
from marketplace.partners.rules import shares
from marketplace.storefront import bearers, rules
from marketplace.storefront.bearers import Listed, Terms
from tests.storefront.test_rules import a_shopper, currencies, point_values, rates

basis_points = st.integers(0, 10_000)
terms = st.builds(Terms, basis_points, st.integers(0, 3000), basis_points)


def test_a_discount_is_worth_what_its_points_are_of_the_price_half_even() -> None:
    assert bearers.discount_minor(1000, 1000, 910) == 90
    assert bearers.discount_minor(5, 10, 9) == 0
    assert bearers.discount_minor(15, 10, 9) == 2
    assert bearers.discount_minor(0, 0, 0) == 0
    assert bearers.part_of_partner(91, 5000) == 45


@given(st.integers(0, 10**9), currencies, currencies, rates, point_values, basis_points, terms)
def test_what_is_charged_and_what_each_bears_add_up_to_the_price(
    minor: int, market: str, home: str, rate: rules.Rate, value: Decimal, discount_bp: int, agreed: Terms
) -> None:
    shopper = a_shopper(discount_bp, value, home)
    text = f"{agreed.commission_bp} {agreed.vat_bp} {agreed.share_bp}"
    price = rules.price(shopper, minor, market, rate, contract_shares=text)
    part = price.partner_discount_minor
    assert 0 <= part <= price.discount_minor <= price.home_minor
    exact = Decimal(price.discount_minor) * price.partner_share_bp / money.BASIS_POINTS
    assert 0 <= exact - part < 1
    found = bearers.bearers(price.discount_minor, part, price.partner_share_bp)
    assert sum([each.minor for each in found]) == price.discount_minor
    assert sum([each.share_bp for each in found]) == money.BASIS_POINTS
    assert price.points < price.list_points or price.discount_minor == 0


@given(st.integers(1, 10**7), point_values, terms, st.integers(0, 3000))
def test_the_floor_holds_after_the_partners_own_part_and_not_a_point_lower(
    home: int, value: Decimal, agreed: Terms, margin_bp: int
) -> None:
    listed = Listed(home, "EUR", money.points_for(home, "EUR", value), value)
    floor = bearers.floor_points(listed, agreed, margin_bp)

    def is_covered(points: int) -> bool:
        part = bearers.part_of_partner(bearers.discount_minor(home, listed.points, points), agreed.share_bp)
        owed = shares(home - part, agreed.commission_bp, agreed.vat_bp).net
        worth = points * value * 100
        return worth >= -(-owed * (money.BASIS_POINTS + margin_bp) // money.BASIS_POINTS)

    assert 0 <= floor <= listed.points
    assert floor == listed.points or is_covered(floor)
    assert floor == 0 or not is_covered(floor - 1)
    alone = bearers.floor_points(listed, Terms(agreed.commission_bp, agreed.vat_bp, 0), margin_bp)
    assert floor <= alone
