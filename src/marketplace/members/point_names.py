"""What a program calls its points: one of them and several, in as many forms as each language has.

Forms are named as by CLDR (https://cldr.unicode.org/index/cldr-spec/plural-rules): Russian says 1 звезда, 2 звезды
and 5 звёзд. A program that names none is read in its own word in every language; plain "points" we know.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from babel import Locale

from marketplace.kit.messages import LANGUAGES, counted, language_of, noted, say, written
from marketplace.kit.refusals import Problem

FORMS: Final = ("one", "few", "many", "other")
LONGEST: Final = 60
_PLAIN: Final = frozenset({"point", "points"})
_POINTS: Final = counted("{points} point", "{points} points")
_ENOUGH: Final = 200
"""No language that we speak says a whole number in a form that none below this takes."""


@dataclass(frozen=True, slots=True)
class PointName:
    """What a program calls its points: its own word, and forms of it by language."""

    plain: str
    forms: Mapping[str, Mapping[str, str]]

    def of(self, points: int) -> "SoMany":
        """So many of them."""
        return SoMany(points, self)


@dataclass(frozen=True, slots=True)
class SoMany:
    """A number of points as its program calls them: a fact of a sentence, or one itself."""

    points: int
    name: PointName

    def said(self, languages: Iterable[str]) -> str:
        """The number with the word, in the form that goes with it."""
        language = language_of(languages)
        own = self.name.forms.get(language)
        if own is None and self.name.plain.lower() in _PLAIN:
            return say(_POINTS, {"points": self.points}, (language,))
        word = own[form_of(self.points, language)] if own else self.name.plain
        return f"{written(self.points, language)} {word}"


def form_of(points: int, language: str) -> str:
    """The form of a word that goes with a whole number in a language that we speak."""
    return Locale.parse(language).plural_form(abs(points))


@cache
def forms_taken(language: str) -> Mapping[str, int]:
    """The forms that whole numbers take in a language that we speak, each with the least number that takes it."""
    found: dict[str, int] = {}
    for number in range(1, _ENOUGH):
        found.setdefault(form_of(number, language), number)
    return found


def problems(named: Sequence[tuple[str, Mapping[str, str]]]) -> list[Problem]:
    """What is wrong with the forms that a program gives, by language, in the order given."""
    found: list[Problem] = []
    for at, (language, forms) in enumerate(named):
        path = f"forms[{at}]"
        if language not in LANGUAGES:
            spoken = {"languages": ", ".join(LANGUAGES)}
            found.append(Problem(f"{path}.language", "We speak these languages: {languages}.", spoken))
            continue
        if language in [before for before, _ in named[:at]]:
            found.append(Problem(f"{path}.language", "Name each language once."))
        missing = [(form, number) for form, number in forms_taken(language).items() if form not in forms]
        text = noted("This language counts with a form of its own for {number}: give it.")
        found += [Problem(f"{path}.{form}", text, {"number": number}) for form, number in missing]
        text, most = noted("Give 1 to {most} characters."), {"most": LONGEST}
        wrong = [form for form, word in forms.items() if not 0 < len(word.strip()) <= LONGEST]
        found += [Problem(f"{path}.{form}", text, most) for form in wrong]
    return found
