"""The checked-in facts of the demo world, read once: brands, charities, markets, rates and categories."""

import json
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
LANGUAGES = ("en", "sv", "nb", "nl", "ms", "ru")
"""Every text of the demo is in these, in this order of fallback after the member's own."""
HOME = ("SE", "NO", "DK", "FI", "NL", "MY", "SG", "ID", "GB", "US", "DE", "KZ")
"""Countries in which the demo's programs have members; they get the fullest catalogue."""
_WORLD = "001"


@dataclass(frozen=True, slots=True)
class Market:
    """A country, its currency and languages; vat_percent is None where no general rate exists."""

    country: str
    name: str
    currency: str
    languages: tuple[str, ...]
    vat_percent: Decimal | None


@dataclass(frozen=True, slots=True)
class Brand:
    """A real brand, in the countries of ours in which name-suggestion-index lists it.

    `fame` is the builder's rank: the logarithm of how many places are mapped, weighted by its spread.
    """

    slug: str
    name: str
    category: str
    fame: int
    wikidata: str
    website: str | None
    countries: frozenset[str]
    worldwide: bool


@dataclass(frozen=True, slots=True)
class Charity:
    """A real charity; `registry_id` follows org-id.guide."""

    slug: str
    registry_id: str
    name: str
    country: str
    website: str
    causes: tuple[str, ...]
    line: str


@cache
def read(name: str) -> Any:
    """One data file by its path under data/, parsed."""
    return json.loads((DATA / name).read_text("utf-8"))


@cache
def markets() -> dict[str, Market]:
    """Markets by country."""
    found: dict[str, Market] = {}
    for row in read("markets.json")["markets"]:
        vat = None if row["vat_percent"] is None else Decimal(row["vat_percent"])
        languages = tuple(row["languages"])
        found[row["country"]] = Market(row["country"], row["name"], row["currency"], languages, vat)
    return found


@cache
def brands() -> dict[str, Brand]:
    """Brands by slug; "001" in the data means every market of ours but the excepted ones."""
    found: dict[str, Brand] = {}
    for row in read("brands.json")["brands"]:
        worldwide = row["countries"] == [_WORLD]
        listed = set(markets()) if worldwide else set(row["countries"])
        countries = frozenset(listed - set(row.get("except", ())))
        found[row["slug"]] = Brand(
            row["slug"],
            row["name"],
            row["category"],
            row["fame"],
            row["wikidata"],
            row.get("website"),
            countries,
            worldwide,
        )
    return found


@cache
def charities() -> dict[str, Charity]:
    """Charities by slug."""
    found: dict[str, Charity] = {}
    for row in read("charities.json")["charities"]:
        slug = slug_of(row["name"])
        found[slug] = Charity(
            slug,
            row["registry_id"],
            row["name"],
            row["country"],
            row["website"],
            tuple(row["causes"]),
            row["line"],
        )
    return found


@cache
def categories() -> dict[str, dict[str, str]]:
    """Names by language, by category code."""
    return {row["code"]: row["names"] for row in read("categories.json")["categories"]}


@cache
def rates() -> dict[str, Decimal]:
    """Units of each currency for one euro. Illustrative: see the note in rates.json."""
    return {"EUR": Decimal(1)} | {code: Decimal(rate) for code, rate in read("rates.json")["rates"].items()}


def slug_of(name: str) -> str:
    """A readable ASCII slug: "Médecins Sans Frontières UK" -> "medecins-sans-frontieres-uk"."""
    plain = name.replace("ß", "ss").replace("ø", "o").replace("Ø", "O").replace("æ", "ae").replace("'", "")
    ascii_only = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only.lower()).strip("-")
