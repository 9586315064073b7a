"""What people read is in their language, and catalogues are what a translator edits."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

import pytest
from babel.messages.catalog import Catalog

from marketplace.app import messages_cli
from marketplace.kit import messages
from marketplace.kit.money import Money
from marketplace.kit.refusals import InvalidInput, NotFound
from marketplace.points.refusals import InsufficientPoints


class Weather(StrEnum):
    FINE = "FINE"
    VERY_WET = "VERY_WET"


@pytest.mark.parametrize(
    ("tags", "spoken"),
    [
        (("sv-SE", "en"), "sv"),
        (("no",), "nb"),
        (("nn-NO",), "nb"),
        (("fr-CA", "ms-MY"), "ms"),
        (("fr",), "en"),
        (("en-GB", "sv"), "en"),
        ((), "en"),
    ],
)
def test_the_first_language_that_we_speak_is_taken(tags: tuple[str, ...], spoken: str) -> None:
    assert messages.language_of(tags) == spoken


def test_a_refusal_is_said_in_the_language_of_its_reader() -> None:
    refusal = InsufficientPoints(required=12500, available=40, missing=12460)

    assert refusal.message == "This needs 12,500 points and you have 40: 12,460 to go."
    assert refusal.said(("sv",)) == "Det här kräver 12\xa0500 poäng och du har 40: 12\xa0460 kvar."
    assert refusal.said(("nl-BE",)).startswith("Hiervoor zijn 12.500 punten nodig")
    assert refusal.said(("fr",)) == refusal.message


def test_problems_are_translated_with_their_facts() -> None:
    problem = InvalidInput.at("reference", "Give 1 to {most} printable characters.", most=1000).problems[0]

    assert problem.said(("nb",)) == "Oppgi 1 til 1\xa0000 skrivbare tegn."


def test_a_fact_is_written_as_a_language_writes_it() -> None:
    moment = datetime(2026, 3, 4, 17, 5, tzinfo=UTC)

    assert messages.written(Money(123450, "EUR"), "nl") == "€\xa01.234,50"
    assert messages.written(Money(1200, "JPY"), "en") == "¥1,200"
    assert messages.written(date(2026, 3, 4), "ru") == "4 марта 2026"
    assert messages.written(moment, "en") == "4 March 2026, 17:05 UTC"
    assert messages.written(Decimal("0.125"), "sv") == "0,125"
    assert messages.written(["blue", "gold"], "en") == "blue, gold"
    assert messages.written(Weather.VERY_WET, "en") == "very wet"


def test_braces_in_a_sentence_without_facts_are_left_alone() -> None:
    assert messages.say("Write {name}.", {}) == "Write {name}."


def test_what_a_catalogue_lacks_is_said_in_english() -> None:
    assert messages.say("Nobody translated {this}.", {"this": 1}, ("ru",)) == "Nobody translated 1."
    assert NotFound(what="zeppelin").said(("en",)) == "There is no such zeppelin."


def test_every_template_takes_facts_that_translations_keep() -> None:
    wrong = [line for each in messages.LANGUAGES for line in messages_cli.problems(each)]

    assert [line for line in wrong if "takes other facts" in line] == []


def test_the_catalogues_carry_refusals_problems_and_the_names_of_things() -> None:
    wanted = messages_cli.wanted()

    assert (InsufficientPoints.text, None) in wanted
    assert ("Give 1 to {most} printable characters.", None) in wanted
    assert ("offer", messages.WORD) in wanted


TIMES = "{to_go} more times to reach {name}."
GOLD = {
    "en": {
        0: "0 more times to reach Gold.", 1: "1 more time to reach Gold.", 21: "21 more times to reach Gold."
    },
    "sv": {0: "0 gånger till, så når du Gold.", 1: "1 gång till, så når du Gold."},
    "nb": {0: "0 ganger til, så når du Gold.", 1: "1 gang til, så når du Gold."},
    "nl": {0: "Nog 0 keer tot Gold.", 1: "Nog 1 keer tot Gold."},
    "ms": {0: "0 kali lagi untuk mencapai Gold.", 1: "1 kali lagi untuk mencapai Gold."},
    "ru": {
        0: "До уровня Gold осталось ещё 0 раз.",
        1: "До уровня Gold остался ещё 1 раз.",
        2: "До уровня Gold осталось ещё 2 раза.",
        5: "До уровня Gold осталось ещё 5 раз.",
        11: "До уровня Gold осталось ещё 11 раз.",
        21: "До уровня Gold остался ещё 21 раз.",
    },
}  # fmt: skip


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_what_is_counted_is_said_as_a_language_counts(language: str) -> None:
    for many, wanted in GOLD[language].items():
        assert messages.say(TIMES, {"to_go": many, "name": "Gold"}, (language,)) == wanted


@pytest.mark.parametrize(
    ("language", "zero", "one"),
    [
        ("en", "there after 0 days", "there after 1 day"),
        ("sv", "på plats efter 0 dagar", "på plats efter 1 dag"),
        ("nb", "på plass etter 0 dager", "på plass etter 1 dag"),
        ("nl", "bijgeschreven na 0 dagen", "bijgeschreven na 1 dag"),
        ("ms", "masuk selepas 0 hari", "masuk selepas 1 hari"),
        ("ru", "начисляются через 0 дней", "начисляются через 1 день"),
    ],
)
def test_days_are_counted(language: str, zero: str, one: str) -> None:
    said = [messages.say("there after {days} days", {"days": many}, (language,)) for many in (0, 1)]

    assert said == [zero, one]


def test_a_translator_edits_every_form_of_what_is_counted() -> None:
    forms = {language: _forms(messages.read(language)) for language in messages.LANGUAGES}

    assert forms == {"en": 2, "sv": 2, "nb": 2, "nl": 2, "ms": 1, "ru": 3}


def _forms(catalogue: Catalog) -> int:
    """How many forms a catalogue has of the times that are missing."""
    (found,) = [each for each in catalogue if isinstance(each.id, tuple) and each.id[1] == TIMES]
    return len(found.string) if isinstance(found.string, tuple) else 1
