"""Prices of the demo world: an amount in euros becomes an amount that a shop of that country would print."""

from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel.numbers import format_currency

from marketplace.app.demo import data
from marketplace.kit.money import Money, minor_digits

_LADDER = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
_GIFT_EUROS = (10, 25, 50, 100, 250)


@lru_cache(maxsize=4096)
def round_amount(euros: Decimal, currency: str) -> int:
    """Minor units of the nearest 1, 2, 2.5 or 5 times a power of ten: 25 EUR -> 250 SEK, 5000 JPY."""
    exact = euros * data.rates()[currency]
    power = Decimal(10) ** exact.adjusted()
    nearest = min(_LADDER, key=lambda step: abs(step * power / exact - 1))
    return _minor(nearest * power, currency)


@lru_cache(maxsize=4096)
def shop_price(euros: Decimal, currency: str) -> int:
    """Minor units of a shop's price: 24.95 EUR, 279 SEK, 4290 JPY, 478000 IDR."""
    exact = euros * data.rates()[currency]
    if exact >= 1000:
        step = Decimal(10) ** (exact.adjusted() - 1)
        price = _nearest(exact, step) - step / 10
    elif exact >= 100:
        price = _nearest(exact, Decimal(10)) - 1
    elif minor_digits(currency):
        price = max(Decimal(1), _nearest(exact, Decimal(1))) - Decimal("0.05")
    else:
        price = max(Decimal(1), _nearest(exact, Decimal(1)))
    return _minor(price, currency)


def gift_card_amounts(currency: str, how_many: int) -> list[int]:
    """Denominations in minor units, ascending and all different."""
    amounts = {round_amount(Decimal(euros), currency) for euros in _GIFT_EUROS}
    return sorted(amounts)[:how_many]


def donation_amounts(currency: str) -> list[int]:
    """A small, a middle and a larger gift, in minor units."""
    return sorted({round_amount(Decimal(euros), currency) for euros in (5, 10, 25)})


@lru_cache(maxsize=8192)
def label(minor: int, currency: str) -> dict[str, str]:
    """The amount as people of each language write it."""
    amount = Money(minor, currency).amount
    whole = amount == amount.to_integral_value()
    pattern = "#,##0 ¤¤" if whole else "#,##0.00 ¤¤"
    return {
        language: format_currency(amount, currency, pattern, locale=language, currency_digits=not whole)
        for language in data.LANGUAGES
    }


def _nearest(exact: Decimal, step: Decimal) -> Decimal:
    return (exact / step).to_integral_value(ROUND_HALF_UP) * step


def _minor(amount: Decimal, currency: str) -> int:
    return int(amount.scaleb(minor_digits(currency)).to_integral_value(ROUND_HALF_UP))
