"""Money as whole minor units. Rounding happens once, by a named rule, and no remainder is lost."""

import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import cache, lru_cache

from babel.core import get_global
from babel.numbers import get_currency_precision

_CODE = re.compile(r"[A-Z]{3}")
BASIS_POINTS = 10_000
# CLDR counts what people use in shops, ISO 4217 what banks book. Where they differ the books follow ISO.
_TWO_DIGITS = "AFN ALL AMD COP CRC HUF IDR IRR KPW LAK LBP MGA MMK MNT MUR PKR RSD SLL SOS SYP TWD TZS UZS YER"
_ISO_DIGITS = dict.fromkeys(_TWO_DIGITS.split(), 2) | {"IQD": 3, "ISK": 0}


@lru_cache(maxsize=512)
def minor_digits(currency: str) -> int:
    """Decimals of a currency by ISO 4217 (EUR 2, JPY 0, KWD 3)."""
    return _ISO_DIGITS.get(currency, get_currency_precision(currency))


@lru_cache(maxsize=512)
def is_currency(code: str) -> bool:
    """Whether this is the code of a currency that people pay with somewhere today, by CLDR.

    ISO 4217 also has codes for gold, testing, funds and no currency at all: those are none.
    """
    return bool(_CODE.fullmatch(code)) and code in _legal_tender()


@cache
def _legal_tender() -> frozenset[str]:
    territories = get_global("territory_currencies").values()
    return frozenset(code for rows in territories for code, _, until, tender in rows if tender and until is None)


class BadAmount(ValueError):
    """The text is not an amount of this currency."""


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount of one currency in minor units: Money(1250, "EUR") is 12.50 EUR."""

    minor: int
    currency: str

    @property
    def amount(self) -> Decimal:
        """In major units, with exactly the currency's decimals."""
        digits = minor_digits(self.currency)
        return Decimal(self.minor).scaleb(-digits).quantize(Decimal(1).scaleb(-digits))

    @classmethod
    def of(cls, amount: Decimal | str, currency: str) -> "Money":
        """From major units; raises BadAmount for no number or more decimals than the currency has."""
        try:
            exact = Decimal(amount)
            minor = exact.scaleb(minor_digits(currency))
        except InvalidOperation as error:
            raise BadAmount(f"{amount!r} is not an amount.") from error
        if not exact.is_finite() or abs(minor) > Decimal(2**53):
            raise BadAmount(f"{amount!r} is not an amount.")
        if minor != minor.to_integral_value():
            raise BadAmount(f"{currency} has {minor_digits(currency)} decimals; {amount} has more.")
        return cls(int(minor), currency)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


def convert(minor: int, source: str, target: str, rate: Decimal, rounding: str = ROUND_HALF_EVEN) -> int:
    """Minor units of `source` as minor units of `target`; rate = units of target for one of source."""
    scale = minor_digits(target) - minor_digits(source)
    return int((Decimal(minor) * rate).scaleb(scale).to_integral_value(rounding))


def share_bp(minor: int, basis_points: int) -> int:
    """A share in basis points, half-even; the rest is `minor - share`, so nothing is lost."""
    return int((Decimal(minor) * basis_points / BASIS_POINTS).to_integral_value(ROUND_HALF_EVEN))


def points_for(minor: int, currency: str, point_value: Decimal) -> int:
    """Whole points worth at least this money; point_value = major units for one point. Rounds up."""
    return int((Money(minor, currency).amount / point_value).to_integral_value(ROUND_CEILING))


def worth_of(points: int, currency: str, point_value: Decimal) -> int:
    """What points are worth in minor units, half-even; point_value = major units for one point."""
    return int((points * point_value).scaleb(minor_digits(currency)).to_integral_value(ROUND_HALF_EVEN))


def ceiling_worth_of(points: int, currency: str, point_value: Decimal) -> int:
    """What must be paid in place of points, in minor units; point_value = major units for one point. Rounds up."""
    return int((points * point_value).scaleb(minor_digits(currency)).to_integral_value(ROUND_CEILING))


def split_evenly(total: int, parts: int) -> list[int]:
    """`total` as `parts` whole numbers that differ by at most one; the remainder goes to the first."""
    each, rest = divmod(total, parts)
    return [each + (1 if index < rest else 0) for index in range(parts)]
