"""What makes facts about a member or a program sound. Pure decisions."""

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from marketplace.kit.messages import noted
from marketplace.kit.money import BASIS_POINTS
from marketplace.kit.refusals import Problem

COUNTRY = re.compile(r"[A-Z]{2}")
LONGEST_REFERENCE = 120
MOST_TIERS = 20
LARGEST_POINT_VALUE = 1_000_000
POINT_VALUE_DECIMALS = 10
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


def problems_of_texts(texts: Iterable[tuple[str, str, int, int]]) -> Iterator[Problem]:
    """Which of these (path, text, least, most) are too short, too long or not to be printed in a line."""
    for path, text, least, most in texts:
        if not (least <= len(text.strip()) and len(text) <= most and (text or " ").isprintable()):
            yield Problem(path, "Give {least} to {most} printable characters.", {"least": least, "most": most})


def problems_of_tiers(tiers: Sequence[tuple[str, str, int]]) -> Iterator[Problem]:
    """What is wrong with levels given as (code, name, discount in basis points)."""
    if len({code for code, _, _ in tiers}) != len(tiers):
        yield Problem("tiers", "Give each tier a code of its own.")
    if len(tiers) > MOST_TIERS:
        yield Problem("tiers", "Give at most {most} tiers.", {"most": MOST_TIERS})
    for index, (code, name, discount_bp) in enumerate(tiers[:MOST_TIERS]):
        at = f"tiers.{index}"
        yield from problems_of_texts([(f"{at}.code", code, 1, 40), (f"{at}.name", name, 1, 60)])
        if not 0 <= discount_bp <= BASIS_POINTS:
            yield Problem(f"{at}.discountBp", "Give 0 to {most} basis points.", {"most": BASIS_POINTS})


def problems_of_point_value(path: str, value: Decimal) -> Iterator[Problem]:
    """What is wrong with the worth of a point, in major units: it is kept with ten decimals."""
    exponent = value.normalize().as_tuple().exponent
    if not 0 < value <= LARGEST_POINT_VALUE:
        text = noted("A point is worth more than nothing, and at most {most}.")
        yield Problem(path, text, {"most": LARGEST_POINT_VALUE})
    elif isinstance(exponent, int) and -exponent > POINT_VALUE_DECIMALS:
        yield Problem(path, "Give at most {most} decimals.", {"most": POINT_VALUE_DECIMALS})


def problems_of_member(country: str, languages: list[str], countries: list[str]) -> list[Problem]:
    """What is wrong with where a member lives and what the member reads."""
    problems: list[Problem] = []
    if country not in countries:
        known = ", ".join(countries)
        text = noted("The program has no market {country}. It has: {known}.")
        problems.append(Problem("country", text, {"country": country, "known": known}))
    if not 1 <= len(languages) <= 10:
        problems.append(Problem("languages", "Give 1 to 10 languages, the best first."))
    wrong = [tag for tag in languages if not is_language(tag)]
    problems += [Problem("languages", "{tag} is not a BCP 47 language tag.", {"tag": tag}) for tag in wrong]
    return problems
