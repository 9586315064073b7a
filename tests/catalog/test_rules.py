"""Languages, folding and windows, by example and by property."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from marketplace.catalog import rules

TEXTS = {"nb": "Krus", "en": "Mug", "sr-Latn": "Šolja", "zh-Hant": "杯"}
DAY = datetime(2026, 11, 21, tzinfo=UTC)


def test_a_language_falls_back_to_its_parent_and_then_to_english() -> None:
    assert rules.lookup("nb-Latn-NO") == ["nb-Latn-NO", "nb-Latn", "nb"]
    assert rules.lookup("zh-Hant-x-private") == ["zh-Hant-x-private", "zh-Hant", "zh"]
    assert rules.localised(TEXTS, ["nb-NO"]) == "Krus"
    assert rules.localised(TEXTS, ["NB-no"]) == "Krus"
    assert rules.localised(TEXTS, ["sr-Latn-RS", "nb"]) == "Šolja"
    assert rules.localised(TEXTS, ["fr", "zh-Hant-TW"]) == "杯"
    assert rules.localised(TEXTS, ["fr-CA"]) == "Mug"
    assert rules.localised({"sv": "Mugg", "ms": ""}, ["ms"]) == "Mugg"
    assert rules.localised({}, ["en"]) == ""


def test_folding_strips_what_fingers_leave_out() -> None:
    assert rules.fold("  Café-Ångström & Søn ") == "cafe angstrom son"
    assert rules.fold("STRASSE straße") == "strasse strasse"
    assert rules.fold("Łódź") == "lodz"
    assert rules.fold("Кофе") == rules.fold("кофе")


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert rules.fold(rules.fold(text)) == rules.fold(text)


@given(st.text())
def test_search_words_hold_nothing_that_a_pattern_could_mean(text: str) -> None:
    words = rules.search_words(text)
    assert len(words) <= rules.MAX_SEARCH_WORDS
    assert all(word.isalnum() for word in words)


@given(
    st.dictionaries(st.sampled_from(["en", "nb", "sv", "zh-Hant"]), st.text()),
    st.lists(st.text("abn-", min_size=1)),
)
def test_some_text_is_always_found_if_there_is_any(texts: dict[str, str], languages: list[str]) -> None:
    assert bool(rules.localised(texts, languages)) == any(texts.values())


def test_a_window_begins_with_its_first_moment_and_ends_before_its_last() -> None:
    assert rules.is_open(DAY, DAY, None)
    assert not rules.is_open(DAY - timedelta(microseconds=1), DAY, None)
    assert not rules.is_open(DAY, DAY - timedelta(days=1), DAY)
