"""The scalars of the API: each takes what it says, and nothing that would take forever to compute with."""

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NewType

import strawberry
from strawberry.file_uploads import Upload
from strawberry.file_uploads.scalars import UploadDefinition
from strawberry.schema.config import StrawberryConfig

MAX_SAFE_INTEGER = 2**53 - 1
MAX_DECIMAL_DIGITS = 30
FIRST_YEAR, LAST_YEAR = 1900, 9998

BigInt = NewType("BigInt", int)
CurrencyCode = NewType("CurrencyCode", str)
CountryCode = NewType("CountryCode", str)
LanguageTag = NewType("LanguageTag", str)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_SAFE_INTEGER:
        raise ValueError("BigInt is a whole number within ±(2^53-1)")
    return value


def _exact(value: object) -> Decimal:
    """A decimal of a sane size: one written with a huge exponent would take forever to compute with."""
    try:
        number = Decimal(str(value)) if isinstance(value, str | int | float) else None
    except InvalidOperation:
        number = None
    if number is None or isinstance(value, bool) or not number.is_finite():
        raise ValueError("Decimal is a number such as 12.50, as a string")
    if len(number.as_tuple().digits) > MAX_DECIMAL_DIGITS or abs(number.adjusted()) > MAX_DECIMAL_DIGITS:
        raise ValueError(f"Decimal has at most {MAX_DECIMAL_DIGITS} digits")
    return number


def _moment(value: object) -> datetime:
    """A moment in UTC. Without its offset it would be any of many; near the ends of the calendar none at all."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError("DateTime is a moment with its offset, such as 2026-01-31T12:00:00Z")
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"DateTime lies in the years {FIRST_YEAR} to {LAST_YEAR}")
    return moment.astimezone(UTC)


def _day(value: object) -> date:
    """A day with others before and after it."""
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"Date is a day in the years {FIRST_YEAR} to {LAST_YEAR}, such as 2026-01-31")
    return day


SCALARS: dict[object, Any] = {
    Upload: UploadDefinition,
    date: strawberry.scalar(
        name="Date",
        description="A day by ISO 8601, such as `2026-01-31`.",
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc3339#section-5.6",
        serialize=date.isoformat,
        parse_value=_day,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment by RFC 3339, with its offset, such as `2026-01-31T12:00:00Z`.",
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc3339",
        serialize=datetime.isoformat,
        parse_value=_moment,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description="A decimal number as a string, such as `12.50`.",
        serialize=lambda value: format(Decimal(str(value)), "f"),
        parse_value=_exact,
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        description="A whole number within ±(2^53-1), as a JSON number.",
        serialize=_whole,
        parse_value=_whole,
    ),
    CurrencyCode: strawberry.scalar(
        name="CurrencyCode",
        description="An ISO 4217 currency code, such as `EUR`.",
        serialize=str,
        parse_value=str,
    ),
    CountryCode: strawberry.scalar(
        name="CountryCode",
        description="An ISO 3166-1 alpha-2 country, such as `NO`.",
        serialize=str,
        parse_value=str,
    ),
    LanguageTag: strawberry.scalar(
        name="LanguageTag",
        description="A BCP 47 language tag, such as `nb-NO`.",
        serialize=str,
        parse_value=str,
    ),
}
CONFIG = StrawberryConfig(scalar_map=SCALARS)
