"""A program's own word for its points goes with its numbers, in each language as it counts."""

from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.kit import ids
from marketplace.kit.ids import new_id
from marketplace.kit.messages import LANGUAGES, say
from marketplace.members.point_names import PointName, forms_taken
from tests import builders
from tests.client import as_member, as_operator, as_program
from tests.earning.world import World, a_world
from tests.redemptions.world import forbidden

STARS: list[dict[str, str]] = [
    {"language": "en", "one": "star", "other": "stars"},
    {"language": "sv", "one": "stjärna", "other": "stjärnor"},
    {"language": "nb", "one": "stjerne", "other": "stjerner"},
    {"language": "nl", "one": "ster", "other": "sterren"},
    {"language": "ms", "other": "bintang"},
    {"language": "ru", "one": "звезда", "few": "звезды", "many": "звёзд"},
]
FORMS = {each["language"]: {form: word for form, word in each.items() if form != "language"} for each in STARS}
NAMED = PointName("stars", FORMS)
SELECTION = "... on Program { pointForms { language one few many other } }"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", {0: "0 stars", 1: "1 star", 2: "2 stars", 1200: "1,200 stars"}),
        ("sv", {0: "0 stjärnor", 1: "1 stjärna", 2: "2 stjärnor", 1200: "1\xa0200 stjärnor"}),
        ("nb", {0: "0 stjerner", 1: "1 stjerne", 21: "21 stjerner"}),
        ("nl", {0: "0 sterren", 1: "1 ster", 101: "101 sterren"}),
        ("ms", {0: "0 bintang", 1: "1 bintang", 2: "2 bintang"}),
        (
            "ru",
            {0: "0 звёзд", 1: "1 звезда", 2: "2 звезды", 5: "5 звёзд", 11: "11 звёзд", 21: "21 звезда",
             22: "22 звезды", 112: "112 звёзд", -1: "-1 звезда"},
        ),
    ],
)  # fmt: skip
def test_a_word_goes_with_its_number(language: str, said: dict[int, str]) -> None:
    assert {many: NAMED.of(many).said((language,)) for many in said} == said


def test_without_forms_points_are_counted_and_other_words_are_left_alone() -> None:
    plain, odd = PointName("Points", {}), PointName("lights", {"nl": {"one": "lichtje", "other": "lichtjes"}})

    assert [plain.of(many).said(("ru",)) for many in (1, 3, 5)] == ["1 балл", "3 балла", "5 баллов"]
    assert [plain.of(1).said((language,)) for language in LANGUAGES] == [
        "1 point", "1 poäng", "1 poeng", "1 punt", "1 mata", "1 балл"
    ]  # fmt: skip
    assert [odd.of(1).said((language,)) for language in ("sv", "nl", "fr")] == [
        "1 lights",
        "1 lichtje",
        "1 lights",
    ]


def test_which_forms_a_language_has() -> None:
    taken = {language: list(forms_taken(language)) for language in LANGUAGES}

    assert taken == {
        "en": ["one", "other"], "sv": ["one", "other"], "nb": ["one", "other"], "nl": ["one", "other"],
        "ms": ["other"], "ru": ["one", "few", "many"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("language", "once", "thrice"),
    [
        ("en", "1 star after 1 time a review", "5 stars after 3 times a review"),
        ("sv", "1 stjärna efter 1 gång ett omdöme", "5 stjärnor efter 3 gånger ett omdöme"),
        ("nb", "1 stjerne etter 1 gang en omtale", "5 stjerner etter 3 ganger en omtale"),
        ("nl", "1 ster na 1 keer een beoordeling", "5 sterren na 3 keer een beoordeling"),
        ("ms", "1 bintang selepas 1 kali ulasan", "5 bintang selepas 3 kali ulasan"),
        ("ru", "1 звезда за отзыв (1 раз)", "5 звёзд за отзыв (3 раза)"),
    ],
)
def test_a_sentence_counts_two_things(language: str, once: str, thrice: str) -> None:
    event = say("a review", {}, (language,))

    def said(points: int, times: int) -> str:
        facts = {"points": NAMED.of(points), "times": times, "event": event}
        return say("{points} after {times} times {event}", facts, (language,))

    assert [said(1, 1), said(5, 3)] == [once, thrice]


async def named(world: World, *forms: dict[str, Any], program: Any = None) -> Any:
    id = program or ids.public("program", world.program.id)
    return await world.server.do("setPointForms", SELECTION, programId=id, forms=list(forms))


async def test_a_program_names_its_points_and_its_rules_say_so(db: None) -> None:
    world = await a_world(point_name="stars")
    await world.rule("review", kind="FIXED", events=["REVIEW"], points=2, capPoints=21, capPeriod="DAY")
    ways = "{ me { earningWays { sentence nextStep { sentence } } } }"
    [before] = (await as_member(world.member.id, world.program.id, "ru").get(ways))["me"]["earningWays"]
    assert before["sentence"] == "2 stars за отзыв, максимум 21 stars в день."

    told = await named(world, *STARS)

    assert IsPartialDict(language="ru", few="звезды", other=None) in told["pointForms"]
    assert len(told["pointForms"]) == 6
    said = {}
    for language in LANGUAGES:
        [way] = (await as_member(world.member.id, world.program.id, language).get(ways))["me"]["earningWays"]
        said[language] = (way["sentence"], way["nextStep"]["sentence"])
    assert said == {
        "en": ("2 stars for a review, at most 21 stars a day.", "Write a review and get 2 stars."),
        "sv": ("2 stjärnor för ett omdöme, högst 21 stjärnor per dag.", "Skriv ett omdöme och få 2 stjärnor."),
        "nb": ("2 stjerner for en omtale, høyst 21 stjerner per dag.", "Skriv en omtale og få 2 stjerner."),
        "nl": (
            "2 sterren voor een beoordeling, ten hoogste 21 sterren per dag.",
            "Schrijf een beoordeling en krijg 2 sterren.",
        ),
        "ms": ("2 bintang untuk ulasan, paling banyak 21 bintang sehari.", "Tulis ulasan dan dapatkan 2 bintang."),
        "ru": ("2 звезды за отзыв, максимум 21 звезда в день.", "Напишите отзыв: за это 2 звезды."),
    }
    asked = "query($id: ID!) { node(id: $id) { ... on Program { pointsText(points: 1001) } } }"
    text = await as_member(world.member.id, world.program.id, "nb").get(
        asked, id=ids.public("program", world.program.id)
    )
    assert text == {"node": {"pointsText": "1\xa0001 stjerner"}}


def test_what_is_missing_to_a_level_is_said_in_the_programs_word() -> None:
    def said(language: str) -> list[str]:
        text = "{to_go} to go to {name}."
        return [say(text, {"to_go": NAMED.of(many), "name": "Gold"}, (language,)) for many in (1, 22)]

    assert {language: said(language) for language in LANGUAGES} == {
        "en": ["1 star to go to Gold.", "22 stars to go to Gold."],
        "sv": ["1 stjärna kvar till Gold.", "22 stjärnor kvar till Gold."],
        "nb": ["1 stjerne igjen til Gold.", "22 stjerner igjen til Gold."],
        "nl": ["Nog 1 ster tot Gold.", "Nog 22 sterren tot Gold."],
        "ms": ["1 bintang lagi untuk mencapai Gold.", "22 bintang lagi untuk mencapai Gold."],
        "ru": ["До уровня Gold ещё 1 звезда.", "До уровня Gold ещё 22 звезды."],
    }


async def test_forms_that_a_language_lacks_are_asked_for_and_nothing_is_kept(db: None) -> None:
    world = await a_world()

    told = await named(
        world,
        {"language": "ru", "one": "звезда", "other": " "},
        {"language": "en", "one": "star", "other": "stars"},
        {"language": "en", "one": "s" * 61, "other": "stars"},
        {"language": "fr", "other": "étoiles"},
    )

    assert told["__typename"] == "InvalidInput"
    assert {problem["path"]: problem["message"] for problem in told["problems"]} == {
        "forms[0].few": "This language counts with a form of its own for 2: give it.",
        "forms[0].many": "This language counts with a form of its own for 5: give it.",
        "forms[0].other": "Give 1 to 60 characters.",
        "forms[2].language": "Name each language once.",
        "forms[2].one": "Give 1 to 60 characters.",
        "forms[3].language": "We speak these languages: en, sv, nb, nl, ms, ru.",
    }
    await world.program.refresh_from_db()
    assert world.program.point_forms == {}


async def test_nobody_else_names_a_programs_points(db: None) -> None:
    world, other = await a_world(), await builders.a_program()
    foreign = ids.public("program", other.id)
    for program in (foreign, ids.public("program", new_id())):
        assert (await named(world, STARS[0], program=program))["__typename"] == "NotFound"
    for caller in (world.phone, as_operator(new_id(), "finance"), as_operator(new_id(), "support")):
        await forbidden(caller, "setPointForms", programId=foreign, forms=STARS)
    await other.refresh_from_db()
    assert other.point_forms == {}
    named_by_itself = await as_program(other.id).do(
        "setPointForms", SELECTION, programId=foreign, forms=[STARS[1]]
    )
    assert named_by_itself["pointForms"] == [IsPartialDict(language="sv", one="stjärna", other="stjärnor")]
