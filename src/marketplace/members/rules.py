"""What makes facts about a member or a program sound. Pure decisions."""

import re
from functools import lru_cache
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from marketplace.kit.refusals import Problem

COUNTRY = re.compile(r"[A-Z]{2}")
PROGRAM_CODE = re.compile(r"[A-Z][A-Z0-9]{1,19}")


@lru_cache(maxsize=1)
def _territories() -> frozenset[str]:
    codes = (str(code) for code in Locale("en").territories)
    return frozenset(code for code in codes if COUNTRY.fullmatch(code)) - {"EU", "UN", "EZ", "ZZ"}


def is_country(code: str) -> bool:
    """Whether this is an ISO 3166-1 alpha-2 code of a territory that CLDR knows."""
    return code in _territories()


def is_timezone(name: str) -> bool:
    """Whether this is an IANA time zone."""
    return name in available_timezones()


@lru_cache(maxsize=1024)
def is_language(tag: str) -> bool:
    """Whether this is a BCP 47 tag of a language that CLDR knows."""
    try:
        language = Locale.parse(tag, sep="-").language
    except (ValueError, UnknownLocaleError):
        return False
    return language in Locale("en").languages or language in get_global("language_aliases")


def problems_of_member(country: str, languages: list[str], countries: list[str]) -> list[Problem]:
    """What is wrong with where a member lives and what the member reads."""
    problems: list[Problem] = []
    if country not in countries:
        known = ", ".join(countries)
        problems.append(Problem("country", f"The program has no market {country}. It has: {known}."))
    if not 1 <= len(languages) <= 10:
        problems.append(Problem("languages", "Give 1 to 10 languages, the best first."))
    wrong = [tag for tag in languages if not is_language(tag)]
    problems += [Problem("languages", f"{tag} is not a BCP 47 language tag.") for tag in wrong]
    return problems
