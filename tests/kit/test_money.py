"""Which codes stand for money."""

import pytest

from marketplace.kit.money import is_currency


@pytest.mark.parametrize("code", ["SEK", "MYR", "JPY", "KWD", "EUR"])
def test_what_people_pay_with_is_a_currency(code: str) -> None:
    assert is_currency(code)


@pytest.mark.parametrize("code", ["XXX", "XTS", "XAU", "XDR", "CLF", "DEM", "sek", "SE", "KRONA", ""])
def test_codes_for_gold_tests_funds_and_the_past_are_not(code: str) -> None:
    assert not is_currency(code)
