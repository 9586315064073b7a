"""Adding a brand to a partner."""

from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.kit import ids
from marketplace.kit.ids import new_id
from marketplace.partners.models import Brand, Partner
from tests.builders import a_brand, a_partner
from tests.client import as_operator

pytestmark = pytest.mark.usefixtures("db")

SHOWN = "... on Brand { name slug website imageUrl countries partner { id } } ... on BrandNameTaken { slug }"


async def create(partner: Partner, **fields: object) -> dict[str, Any]:
    asked: dict[str, object] = {
        "partnerId": ids.public("partner", partner.id), "name": "Smørrebrød & Co", "countries": ["DK", "NO", "DK"]
    }  # fmt: skip
    return await as_operator(new_id()).do("createBrand", SHOWN, **(asked | fields))


async def test_a_brand_has_a_picture_at_its_name() -> None:
    partner = await a_partner()

    answer = await create(partner, website="https://www.example.org")

    assert answer == IsPartialDict(
        __typename="Brand",
        slug="smorrebrod-co",
        imageUrl="/images/brands/smorrebrod-co.svg",
        countries=["DK", "NO"],
        partner={"id": ids.public("partner", partner.id)},
    )


async def test_a_brand_name_is_taken_once() -> None:
    brand = await a_brand(slug="smorrebrod-co")

    answer = await create(await a_partner())

    assert answer == IsPartialDict(__typename="BrandNameTaken", slug=brand.slug)
    assert await Brand.all().count() == 1


async def test_what_is_wrong_with_a_brand_is_told_at_once() -> None:
    answer = await create(
        await a_partner(),
        name="!!!",
        countries=["DK", "XX"],
        website="javascript:alert(1)",
        wikidataId="37158",
        category="Food & Drink",
    )

    assert answer["__typename"] == "InvalidInput"
    assert [problem["path"] for problem in answer["problems"]] == [
        "name",
        "website",
        "wikidataId",
        "category",
        "countries.1",
    ]
    assert await Brand.all().count() == 0


async def test_a_brand_needs_a_partner_that_is_there() -> None:
    partner = await a_partner()
    partner.id = new_id()

    assert (await create(partner))["__typename"] == "NotFound"
    assert await Brand.all().count() == 0
