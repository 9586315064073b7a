"""What the house itself says on a line of what a partner is owed, and the same in a reader's language.

Descriptions stand in the books in English, because a statement is frozen as it was issued. On paper a reader gets
the same sentence from a catalogue: the template is found again by its own shape, for the kinds of lines that only
the house writes. What people wrote (titles, reasons) stays as it is.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Final

from babel.dates import format_date

from marketplace.kit.messages import language_of, noted, say
from marketplace.kit.money import Money

_SHAPES: Final = {
    "first": r"\d{4}-\d\d-\d\d", "last": r"\d{4}-\d\d-\d\d", "day": r"\d{4}-\d\d-\d\d", "month": r"\d{4}-\d\d",
    "points": r"\d+", "amount": r"-?\d+(?:\.\d+)? [A-Z]{3}",
}  # fmt: skip
_NAMED: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Wording:
    """A template with named facts: days in ISO 8601, months as 2026-03, whole numbers, and anything else."""

    template: str

    def written(self, **facts: object) -> str:
        """As it stands in the books."""
        return self.template.format(**facts)

    @cached_property
    def _shape(self) -> re.Pattern[str]:
        parts = _NAMED.split(self.template)
        return re.compile("".join(
            f"(?P<{part}>{_SHAPES.get(part, '.+')})" if n % 2 else re.escape(part) for n, part in enumerate(parts)
        ), re.DOTALL)  # fmt: skip

    def facts_of(self, text: str) -> dict[str, str] | None:
        """The facts that a text was written with; None when it was not written by this template."""
        found = self._shape.fullmatch(text)
        return found.groupdict() if found else None


FEE: Final = Wording(noted("Fixed fee, {first} to {last}"))
REBATE: Final = Wording(noted("Volume rebate, {first} to {last}"))
ABOVE_CAP: Final = Wording(noted("Tier discounts above the cap, {month}"))
RESERVE_HELD: Final = Wording(noted("Reserve held until {day}"))
RESERVE_RELEASED: Final = Wording(noted("Reserve of {day} released"))
LESS_DISCOUNT: Final = Wording(noted("{what} (less {amount}, your part of a tier discount)"))
REFUND: Final = Wording(noted("Refund: {what}"))
DONATION: Final = Wording(noted("Donation {number}"))
COALITION: Final = Wording(noted("{points} {currency_name} of {program} to give"))
COALITION_BACK: Final = Wording(noted("Back: {what}"))
ALL: Final = (
    LESS_DISCOUNT,
    FEE, REBATE, ABOVE_CAP, RESERVE_HELD, RESERVE_RELEASED, REFUND, DONATION, COALITION_BACK, COALITION,
)  # fmt: skip


def spoken(text: str, among: Sequence[Wording], languages: Iterable[str]) -> str:
    """What a description says in the reader's language; as it is, when none of these wordings wrote it."""
    tags = tuple(languages)
    for wording in among:
        facts = wording.facts_of(text)
        if facts is not None:
            said = {name: _spoken(name, value, tags) for name, value in facts.items()}
            return say(wording.template, said, tags)
    return text


def _spoken(name: str, value: str, languages: Sequence[str]) -> object:
    match name:
        case "first" | "last" | "day":
            return _whole(format_date(date.fromisoformat(value), "d MMMM y", locale=language_of(languages)))
        case "month":
            return _whole(format_date(date.fromisoformat(f"{value}-01"), "LLLL y", locale=language_of(languages)))
        case "points":
            return int(value)
        case "amount":
            figure, currency = value.split(" ")
            return Money.of(Decimal(figure), currency)
        case "what":
            return spoken(value, ALL, languages)
        case _:
            return value


def _whole(day: str) -> str:
    """A day that is not broken over two lines."""
    return day.replace(" ", "\u00a0")
