"""The checked-in facts: brands, charities, markets and rates are what the notice says they are."""

import re

import pytest
from stdnum.au import abn
from stdnum.ca import bn
from stdnum.dk import cvr
from stdnum.no import orgnr as norwegian
from stdnum.se import orgnr as swedish
from stdnum.sg import uen

from marketplace.app.demo import DISCLAIMER, data
from marketplace.app.demo.brand_picks import MUST_HAVE
from marketplace.kit import money

CHECKS = {
    "SE-ON": swedish.is_valid,
    "NO-BRC": norwegian.is_valid,
    "DK-CVR": cvr.is_valid,
    "AU-ABN": abn.is_valid,
    "CA-CRA_ACR": bn.is_valid,
    "SG-ACRA": uen.is_valid,
    "GB-CHC": re.compile(r"\d{6,7}").fullmatch,
    "US-EIN": re.compile(r"\d{2}-\d{7}").fullmatch,
    "NL-KVK": re.compile(r"\d{8}").fullmatch,
}


def test_about_five_hundred_brands_in_at_least_sixty_countries():
    brands = data.brands().values()

    assert 450 <= len(brands) <= 550
    assert len({country for brand in brands for country in brand.countries if not brand.worldwide}) >= 60
    assert {brand.category for brand in brands} <= set(data.categories())
    assert all(re.fullmatch(r"Q\d+", brand.wikidata) for brand in brands)
    assert all(brand.website is None or brand.website.startswith("https://") for brand in brands)


def test_the_brands_that_must_be_there_are_there():
    assert set(MUST_HAVE) <= {brand.wikidata for brand in data.brands().values()}
    assert set(MUST_HAVE.values()) <= {brand.name for brand in data.brands().values()}


def test_the_brand_file_is_small_and_carries_its_licence():
    assert (data.DATA / "brands.json").stat().st_size < 300_000
    notice = (data.DATA / "NOTICE.md").read_text("utf-8")
    assert "BSD 3-Clause" in notice
    assert "Copyright 2026, name-suggestion-index contributors" in notice
    assert data.read("brands.json")["source"]["version"] in notice


@pytest.mark.parametrize("charity", data.charities().values(), ids=lambda charity: charity.registry_id)
def test_a_charity_has_a_well_formed_registry_identifier(charity: data.Charity):
    scheme, number = re.fullmatch(r"([A-Z]{2}-[A-Z_]+)-(.+)", charity.registry_id).groups()  # pyright: ignore[reportOptionalMemberAccess]

    assert CHECKS[scheme](number)
    assert charity.causes


def test_markets_have_currencies_rates_and_languages():
    markets = data.markets().values()

    assert len(markets) >= 40
    assert len({market.currency for market in markets}) >= 20
    assert all(money.is_currency(market.currency) for market in markets)
    assert {market.currency for market in markets} == set(data.rates())
    assert all(rate > 0 for rate in data.rates().values())
    assert data.read("rates.json")["source"] == "illustrative"


def test_the_categories_are_named_in_every_language():
    assert len(data.categories()) == 14
    assert all(tuple(names) == data.LANGUAGES for names in data.categories().values())


def test_the_demo_says_that_nothing_of_it_is_a_real_offer():
    assert "generated" in DISCLAIMER
    assert "partnership" in DISCLAIMER
