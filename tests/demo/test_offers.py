"""The generated catalogue: enough of everything, the same every time, sellable everywhere it says."""

from collections import Counter

import pytest
from stdnum import luhn

from marketplace.app.demo import data, offers
from marketplace.app.demo.membership import number_for
from marketplace.app.demo.seeds import OfferSeed


@pytest.fixture(scope="module")
def catalogue() -> list[OfferSeed]:
    return list(offers.generate())


def test_there_are_offers_of_every_kind_in_the_promised_spread(catalogue: list[OfferSeed]):
    kinds = Counter(offer.kind for offer in catalogue)

    assert len(catalogue) >= 5000
    assert set(kinds) == {"VOUCHER", "MERCHANDISE", "EXPERIENCE", "BRAND_CURRENCY", "DONATION"}
    assert kinds["VOUCHER"] / len(catalogue) == pytest.approx(0.57, abs=0.05)
    assert all(count >= 200 for count in kinds.values())


def test_they_span_markets_and_currencies(catalogue: list[OfferSeed]):
    items = [item for offer in catalogue for item in offer.items]

    assert len({item.country for item in items}) >= 40
    assert len({item.currency for item in items}) >= 20
    assert all(data.markets()[item.country].currency == item.currency for item in items)


def test_every_text_is_there_in_every_language(catalogue: list[OfferSeed]):
    for offer in catalogue:
        for text in (offer.title, offer.description, *(item.label for item in offer.items)):
            assert tuple(text) == data.LANGUAGES
            assert all(part.strip() and "{" not in part for part in text.values())


def test_no_sku_is_used_twice_by_one_brand(catalogue: list[OfferSeed]):
    offer_skus = Counter((offer.brand_slug, offer.sku) for offer in catalogue)
    item_skus = Counter((offer.brand_slug, item.sku) for offer in catalogue for item in offer.items)

    assert max(offer_skus.values()) == 1
    assert not [sku for sku, count in item_skus.items() if count > 1]


def test_brands_sell_only_where_they_are_known(catalogue: list[OfferSeed]):
    for offer in catalogue:
        if offer.kind != "DONATION":
            known = data.brands()[offer.brand_slug].countries
            assert {item.country for item in offer.items} <= known


def test_what_a_kind_needs_is_there(catalogue: list[OfferSeed]):
    for offer in catalogue:
        assert (offer.delivery is not None) == (offer.kind == "VOUCHER")
        assert (offer.brand_currency is not None) == (offer.kind == "BRAND_CURRENCY")
        assert (offer.cancel_until_hours is not None) == (offer.kind == "EXPERIENCE")
        assert (offer.charity is not None) == (offer.kind == "DONATION")
        for item in offer.items:
            assert item.price_minor >= 0
            assert (item.starts_in_days is not None) == (offer.kind == "EXPERIENCE")
            assert item.stock is not None or not item.coded


def test_the_same_catalogue_comes_out_every_time(catalogue: list[OfferSeed]):
    assert list(offers.generate()) == catalogue


@pytest.mark.parametrize("slug", offers.FLAGSHIPS)
def test_a_flagship_brand_carries_every_kind(catalogue: list[OfferSeed], slug: str):
    kinds = {offer.kind for offer in catalogue if offer.brand_slug == slug}

    assert kinds == {"VOUCHER", "MERCHANDISE", "EXPERIENCE", "BRAND_CURRENCY"}


def test_a_membership_number_can_be_made_for_each_pattern(catalogue: list[OfferSeed]):
    for offer in catalogue:
        if offer.brand_currency:
            rule = (offer.brand_currency.number_pattern, offer.brand_currency.check_digit)
            number = number_for(*rule, "member-1")
            if rule[1] == "luhn":
                assert luhn.is_valid(number)
            assert number == number_for(*rule, "member-1")
