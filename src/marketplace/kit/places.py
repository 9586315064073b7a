"""Countries, time zones, and names as they stand in addresses: what the world calls places."""

import re
import unicodedata
from functools import cache
from zoneinfo import available_timezones

from babel import Locale

_NOT_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"})
"""Two-letter codes that CLDR has and ISO 3166-1 has not given to a country."""
_LETTERS = str.maketrans({"ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "ß": "ss", "đ": "d", "ł": "l", "Ł": "L"})


@cache
def countries() -> frozenset[str]:
    """Every ISO 3166-1 alpha-2 code, and Kosovo's XK."""
    codes = map(str, Locale("en").territories)
    return frozenset(code for code in codes if re.fullmatch("[A-Z]{2}", code)) - _NOT_COUNTRIES


@cache
def timezones() -> frozenset[str]:
    """Every IANA time zone that this machine knows."""
    return frozenset(available_timezones())


def slug(name: str) -> str:
    """A name as it stands in an address: `Café & Bar Ø` becomes `cafe-bar-o`; letters of no Latin script stay."""
    plain = unicodedata.normalize("NFKD", name.translate(_LETTERS))
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return "-".join(re.findall(r"[^\W_]+", kept.casefold()))
