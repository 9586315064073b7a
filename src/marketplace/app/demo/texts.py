"""Sentences of the demo's offers in six languages, filled from the templates under data/texts."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from marketplace.app.demo.data import LANGUAGES, read

Texts = dict[str, str]
"""One text by BCP 47 language."""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that a brand of a category can offer: a product, an experience or an entitlement."""

    category: str
    key: str
    euros: int
    names: Texts
    options: str = "one"
    minutes: int = 0


@cache
def products() -> dict[str, tuple[Thing, ...]]:
    """Merchandise by category."""
    return _by_category("merchandise.json", "products")


@cache
def experiences() -> dict[str, tuple[Thing, ...]]:
    """Experiences by category."""
    return _by_category("experiences.json", "experiences")


@cache
def entitlements() -> dict[str, tuple[Thing, ...]]:
    """What a voucher of the ENTITLEMENT kind grants, by category."""
    return _by_category("entitlements.json", "entitlements")


@cache
def units() -> dict[str, tuple[Texts, Texts]]:
    """Names of brand-issued units: (standing alone, after a number), by key."""
    return {row["key"]: (row["names"], row["of"]) for row in read("texts/units.json")["units"]}


@cache
def causes() -> dict[str, tuple[Texts, Texts]]:
    """Donation causes: (name, sentence), by key."""
    return {row["key"]: (row["names"], row["lines"]) for row in read("texts/causes.json")["causes"]}


@cache
def lines() -> dict[str, Texts]:
    """What a gift card is good for, by category."""
    return {row["category"]: row["lines"] for row in read("texts/lines.json")["lines"]}


@cache
def words(group: str) -> dict[str, Texts]:
    """Variant, time and count words of one group (colour, size, shoe, one, time, count)."""
    return {row["key"]: row["names"] for row in read("texts/words.json")["words"] if row["group"] == group}


def duration(minutes: int) -> Texts:
    """ "90 minutes" or "4 hours" in every language; hours from three on."""
    key, number = ("h", minutes // 60) if minutes >= 180 else ("min", minutes)
    return fill(words("count")[key], n=number)


def fill(template: Texts, **facts: str | int | Mapping[str, str]) -> Texts:
    """The template in every language; a fact is one value for all, or one by language."""
    filled: Texts = {}
    for language in LANGUAGES:
        own = {key: fact[language] if isinstance(fact, Mapping) else fact for key, fact in facts.items()}
        filled[language] = template[language].format(**own)
    return filled


def written(kind: str, **facts: str | int | Mapping[str, str]) -> tuple[Texts, Texts]:
    """Title and description of one offer; `kind` is a key of templates.json."""
    titles, descriptions = _templates()[kind]
    title = fill(titles, **facts)
    opened = {language: text[:1].upper() + text[1:] for language, text in title.items()}
    return opened, fill(descriptions, **facts)


@cache
def _templates() -> dict[str, tuple[Texts, Texts]]:
    rows = read("texts/templates.json")["templates"]
    return {row["key"]: (row["titles"], row["descriptions"]) for row in rows}


def _by_category(name: str, key: str) -> dict[str, tuple[Thing, ...]]:
    found: dict[str, tuple[Thing, ...]] = {}
    rows: list[dict[str, Any]] = read(f"texts/{name}")[key]
    for row in rows:
        thing = Thing(**row)
        found[thing.category] = (*found.get(thing.category, ()), thing)
    return found
