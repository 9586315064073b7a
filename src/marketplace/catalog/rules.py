"""Pure decisions of the catalogue: which language is read, how text is found, when an offer is open."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from marketplace.catalog.models import DropState

FALLBACK_LANGUAGE = "en"
MAX_SEARCH_WORDS = 6
_ASCII_WORDS = re.compile("[a-z0-9]+")
# Letters that Unicode does not take apart into a base letter and a mark.
_UNMARKED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i"})


def lookup(tag: str) -> list[str]:
    """A BCP 47 tag and what it falls back to, by RFC 4647 section 3.4: nb-Latn-NO, nb-Latn, nb."""
    parts = tag.split("-")
    ranges: list[str] = []
    while parts:
        ranges.append("-".join(parts))
        parts.pop()
        if parts and len(parts[-1]) == 1:
            parts.pop()
    return ranges


def localised(texts: Mapping[str, str], languages: Sequence[str]) -> str:
    """The text in the first language that has one, then English, then any; empty when there is none."""
    by_tag = {tag.casefold(): text for tag, text in texts.items() if text}
    for language in (*languages, FALLBACK_LANGUAGE):
        for tag in lookup(language.casefold()):
            if tag in by_tag:
                return by_tag[tag]
    return next(iter(by_tag.values()), "")


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Text as it is searched: case folded, accents stripped, everything but letters and digits a space."""
    if text.isascii():
        return " ".join(_ASCII_WORDS.findall(text.lower()))
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_UNMARKED)
    bare = unicodedata.normalize("NFKD", plain).casefold()
    kept = (char if char.isalnum() else " " for char in bare if not unicodedata.combining(char))
    return " ".join("".join(kept).split())


def search_text(texts: Iterable[str]) -> str:
    """What an offer is found by: the different folded texts of all languages, each once."""
    return " ".join(dict.fromkeys(folded for text in texts if (folded := fold(text))))


def search_words(text: str) -> list[str]:
    """The folded words somebody looks for, the first few of them."""
    return list(dict.fromkeys(fold(text).split()))[:MAX_SEARCH_WORDS]


def is_open(moment: datetime, published_from: datetime, published_until: datetime | None) -> bool:
    """Whether a moment lies in the half-open window [from, until)."""
    return published_from <= moment and (published_until is None or moment < published_until)


def drop_state(
    moment: datetime, opens_at: datetime, ends_at: datetime, units_left: Iterable[int | None]
) -> DropState:
    """Where a drop stands at a moment: ended, still to come, open, or open with nothing left."""
    if moment >= ends_at:
        return DropState.ENDED
    if moment < opens_at:
        return DropState.ANNOUNCED
    return DropState.OPEN if any(units is None or units > 0 for units in units_left) else DropState.SOLD_OUT
