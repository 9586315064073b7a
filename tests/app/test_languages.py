"""The languages a caller reads, from `Accept-Language`."""

import pytest

from marketplace.app.context import accepted_languages


@pytest.mark.parametrize(
    ("header", "languages"),
    [
        (None, ()),
        ("", ()),
        ("*", ()),
        ("nb-no", ("nb-NO",)),
        ("en;q=0.5, sv, zh-hant-tw;q=0.7, fr;q=0", ("sv", "zh-Hant-TW", "en")),
        ("<script>, " + "x" * 500, ()),
    ],
)
def test_languages_are_read_best_first(header: str | None, languages: tuple[str, ...]):
    assert accepted_languages(header) == languages
