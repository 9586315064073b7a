"""What people read is in their language, and catalogues are what a translator edits."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

import pytest

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
