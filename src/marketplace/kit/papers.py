"""What is set on paper: PDF by Typst from data alone, and how its reader writes words, figures and days.

A template (`*.typ`) gets everything as JSON, so nothing that somebody wrote can be markup.
"""

import json
import re
from collections.abc import Sequence
from datetime import date
from typing import Any, Final, Literal

import typst
from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.languages import get_official_languages
from babel.numbers import format_decimal

from marketplace.kit.messages import language_of, say
from marketplace.kit.money import Money, minor_digits

_LONG: Final = re.compile(r"\S{24,}")
_PIECES: Final = re.compile(r".{1,8}")
_SOFT_HYPHEN, _NO_SPACE = "\u00ad", "\u200b"
_ONE_LINE: Final = "\u00a0"
_MINUS: Final = "\u2212"


class Reader:
    """How one reader writes: words of a catalogue, figures and days of a locale."""

    def __init__(self, languages: Sequence[str]) -> None:
        self.languages = languages
        self.lang = language_of(languages)
        self.locale = _locale(languages, self.lang)

    def say(self, text: str, **facts: object) -> str:
        """A template in the reader's language."""
        return say(text, facts, self.languages)

    def amount(self, minor: int, currency: str) -> str:
        """An amount with exactly the currency's decimals."""
        digits = minor_digits(currency)
        pattern = "#,##0." + "0" * digits if digits else "#,##0"
        written = format_decimal(Money(minor, currency).amount, format=pattern, locale=self.locale)
        return written.replace("-", _MINUS)

    def whole(self, number: int) -> str:
        """A number of things."""
        return format_decimal(number, locale=self.locale)

    def day(self, day: date) -> str:
        """A day in full, which stays on one line."""
        return format_date(day, format="long", locale=self.locale).replace(" ", _ONE_LINE)

    def country(self, code: str) -> str:
        """A country's name."""
        names: Any = self.locale.territories  # pyright: ignore[reportUnknownMemberType]
        return str(names.get(code, code))


def narrow(text: str) -> str:
    """The same text, with places where words that are longer than a column may break."""
    return _LONG.sub(lambda word: _breaks(word[0]), text)


def _breaks(word: str) -> str:
    """A word that is longer than its column may break: with a hyphen, if it is all letters."""
    return (_SOFT_HYPHEN if word.isalpha() else _NO_SPACE).join(_PIECES.findall(word))


def spoken_in(country: str) -> list[str]:
    """The official languages of a country, those of most people first."""
    return [f"{language}-{country}" for language in get_official_languages(country, de_facto=True)]


def _locale(languages: Sequence[str], lang: str) -> Locale:
    """The reader's own locale when its language is one that we speak, so that words and figures agree."""
    for tag in languages:
        try:
            locale = Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
        if language_of([tag]) == lang and (locale.language == "en") == (lang == "en"):
            return locale
    return Locale.parse(lang)


def pdf(template: bytes, said: dict[str, Any]) -> bytes:
    """The pages of a template with its data. It takes a processor for a moment: call it beside the event loop."""
    return _compiled(template, said, "pdf")


def pictures(template: bytes, said: dict[str, Any]) -> list[bytes]:
    """The same pages as PNG, for whoever looks at them."""
    made: bytes | list[bytes] = _compiled(template, said, "png")
    return made if isinstance(made, list) else [made]


def _compiled(template: bytes, said: dict[str, Any], format: Literal["pdf", "png"]) -> Any:
    inputs = {"data": json.dumps(said, ensure_ascii=False)}
    return typst.compile(template, format=format, sys_inputs=inputs)  # pyright: ignore
