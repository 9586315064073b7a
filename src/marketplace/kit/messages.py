"""Sentences in the reader's language, from catalogues that a translator can edit.

The English sentence in the code is the key, a template with named facts: `This needs {required} points.` A
catalogue (`catalogues/<language>.po`) has the same sentence in another language, and where it counts something
(`counted`: the first of its facts that is a whole number) as many forms of it as the language has. Numbers, money,
dates and the words for states are written as that language writes them. What a catalogue lacks is said in English.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from functools import cache, lru_cache
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar, cast, runtime_checkable

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal

from marketplace.kit.money import Money, minor_digits

FOLDER = Path(__file__).parent / "catalogues"
LANGUAGES = ("en", "sv", "nb", "nl", "ms", "ru")
DAY, MOMENT = "d MMMM y", "d MMMM y, HH:mm"
WORD = "word"  # the context of what is not a sentence: states and names of things
_FACT = re.compile(r"\{(\w+)\}")
_DECIMALS = re.compile(r"\.0+")
_SPOKEN_AS = {"no": "nb", "nn": "nb"}
E = TypeVar("E", bound=type[StrEnum])
_spoken: set[type[StrEnum]] = set()


@runtime_checkable
class Said(Protocol):
    """What is a sentence itself, such as why one of several things was refused."""

    def said(self, languages: Iterable[str]) -> str:
        """The sentence in the first of a reader's languages that we speak."""
        ...


def speak(kind: E) -> E:
    """Have catalogues carry a word for every value of an enum. A decorator."""
    _spoken.add(kind)
    return kind


def spoken() -> frozenset[type[StrEnum]]:
    """The enums that catalogues have words for."""
    return frozenset(_spoken)


def noted(text: str) -> str:
    """The same text; it says that a template stands here, so that catalogues carry it."""
    return text


def counted(one: str, other: str) -> str:
    """A template that counts something, as English says it of one and of others: `other` is the key.

    What it counts is the first of its facts that is a whole number; what counts by itself (`Said`) may come first.
    Catalogues carry as many forms as their language has, such as three in Russian.
    """
    return other


def language_of(languages: Iterable[str]) -> str:
    """The first of a reader's BCP 47 tags that we speak, by its primary subtag; English when there is none."""
    for tag in languages:
        primary = tag.partition("-")[0].lower()
        primary = _SPOKEN_AS.get(primary, primary)
        if primary in LANGUAGES:
            return primary
    return LANGUAGES[0]


def say(text: str, facts: Mapping[str, object], languages: Iterable[str] = ()) -> str:
    """A template with its facts, in the first language of the reader that we speak."""
    language = language_of(languages)
    template = _template(text, facts, language)
    return template.format_map(_Facts(facts, language)) if facts else template


def word(value: StrEnum | str, languages: Iterable[str] = ()) -> str:
    """What a value is called: its word in the catalogue, else its name in lower case."""
    return _word(value, language_of(languages))


def _template(text: str, facts: Mapping[str, object], language: str) -> str:
    """The sentence in a language; of one that counts something, the form for so many."""
    catalogue = _catalogue(language)
    one = catalogue.counted.get(text)
    if one is None:
        return catalogue.sentences.get(text, text)
    given = (facts.get(name) for name in _FACT.findall(text))
    many = next((abs(fact) for fact in given if isinstance(fact, int)), 0)
    return _forms(language).ngettext(one, text, many)


class _Facts(dict[str, object]):
    """Facts as a language writes them, each only when a template takes it."""

    def __init__(self, facts: Mapping[str, object], language: str) -> None:
        super().__init__(facts)
        self._language = language

    def __getitem__(self, name: str) -> str:
        return written(super().__getitem__(name), self._language)


def written(value: object, language: str) -> str:
    """A fact as a language writes it; moments in UTC."""
    match value:
        case Enum() if isinstance(value, StrEnum):
            return _word(value, language)
        case bool() | None:
            return str(value)
        case int() | Decimal():
            return _number(value, language)
        case Money():
            return _money(value, language)
        case datetime():
            return f"{format_datetime(value, MOMENT, locale=_locale(language))} UTC"
        case date():
            return format_date(value, DAY, locale=_locale(language))
        case str():
            return _word(value, language)
        case Said():
            return value.said((language,))
        case list() | tuple():
            members = cast(Sequence[object], value)
            return ", ".join([written(member, language) for member in members])
        case _:
            return str(value)


def _word(value: str, language: str) -> str:
    catalogue = _catalogue(language)
    known = catalogue.words.get(value) or catalogue.sentences.get(value)
    if known is None and isinstance(value, StrEnum):
        return value.value.replace("_", " ").lower()
    return value if known is None else known


@lru_cache(maxsize=4096)
def _number(value: int | Decimal, language: str) -> str:
    return format_decimal(value, locale=_locale(language), decimal_quantization=False)


@lru_cache(maxsize=1024)
def _money(value: Money, language: str) -> str:
    """With the decimals that the books have, which are not always those of CLDR."""
    digits = minor_digits(value.currency)
    decimals = f".{'0' * digits}" if digits else ""
    pattern = _DECIMALS.sub(decimals, _locale(language).currency_formats["standard"].pattern)
    return format_currency(value.amount, value.currency, pattern, locale=_locale(language), currency_digits=False)


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language)


def read(language: str) -> Catalog:
    """The catalogue of a language as it lies in its file."""
    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


class _Catalogue(NamedTuple):
    """What a language says: sentences and words by their keys, and of sentences that count the form for one."""

    sentences: dict[str, str]
    words: dict[str, str]
    counted: dict[str, str]


@cache
def _catalogue(language: str) -> _Catalogue:
    found = _Catalogue({}, {}, {})
    for message in read(language):
        if not message.id or not message.string or message.fuzzy:
            continue
        if isinstance(message.id, str):
            (found.words if message.context == WORD else found.sentences)[message.id] = str(message.string)
        else:
            one, other = message.id
            found.counted[other] = one
    return found


@cache
def _forms(language: str) -> GNUTranslations:
    """The catalogue as gettext reads it, which knows the form for a number."""
    file = BytesIO()
    write_mo(file, read(language))
    file.seek(0)
    return GNUTranslations(file)
