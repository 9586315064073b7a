"""Generated pictures: well-formed, escaped, and the same for the same seed."""

import pytest
from defusedxml import ElementTree

from marketplace.app.demo import images, prices
from marketplace.kit.money import minor_digits

_TITLE = "{http://www.w3.org/2000/svg}title"


@pytest.mark.parametrize("kind", ["VOUCHER", "BRAND_CURRENCY", "MERCHANDISE", "EXPERIENCE", "DONATION", "CASH"])
def test_an_offer_picture_names_its_offer(kind: str):
    picture = images.offer_svg(kind, 'Gift <card> & "more"', "seed")

    assert ElementTree.fromstring(picture).findtext(_TITLE) == 'Gift <card> & "more"'
    assert picture == images.offer_svg(kind, 'Gift <card> & "more"', "seed")


def test_brands_of_different_seeds_look_different():
    assert images.brand_svg("Puma", "puma") != images.brand_svg("Puma", "other")
    assert ElementTree.fromstring(images.brand_svg("H&M", "h-m")).findtext(_TITLE) == "H&M"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Starbucks", "S"), ("The Body Shop", "BS"), ("H&M", "H&M"), ("New Balance", "NB"), ("7-Eleven", "7E")],
)
def test_a_monogram_is_one_to_three_letters(name: str, letters: str):
    assert images.monogram(name) == letters


def test_a_long_title_is_cut_with_an_ellipsis():
    lines = images.wrap("a very long title that goes on and on without any end in sight at all", 10, 3)

    assert len(lines) == 3
    assert lines[-1].endswith("…")


@pytest.mark.parametrize(
    ("currency", "amounts"),
    [("EUR", [1000, 2500, 5000]), ("SEK", [10000, 25000, 50000]), ("JPY", [2000, 5000, 10000]),
     ("KWD", [2500, 10000, 20000])],
)  # fmt: skip
def test_gift_cards_have_round_amounts(currency: str, amounts: list[int]):
    assert prices.gift_card_amounts(currency, 3) == amounts
    assert minor_digits(currency) in (0, 2, 3)
