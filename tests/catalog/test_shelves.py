"""Markets, categories, and a brand's own shelf."""

import pytest

from marketplace.catalog.models import Category
from marketplace.kit import ids
from marketplace.kit.ids import new_id
from tests.builders import a_brand, a_market, a_member, a_partner, a_voucher, an_item, an_offer
from tests.client import ANYBODY, Caller, as_member, as_operator, as_partner

pytestmark = pytest.mark.usefixtures("db")

SHELF = """query($id: ID!, $first: Int, $after: String) { node(id: $id) { ... on Brand {
    offers(first: $first, after: $after) {
        totalCount nodes { sku } pageInfo { hasNextPage hasPreviousPage endCursor } } } } }"""


async def a_caller(*languages: str) -> Caller:
    member = await a_member()
    return as_member(member.id, member.program_id, *languages)


async def test_markets_say_their_currency_and_languages() -> None:
    await a_market("SE", "SEK", ("sv", "en"))

    answer = await (await a_caller()).get("{ markets { country currency languages } }")

    assert answer["markets"] == [{"country": "SE", "currency": "SEK", "languages": ["sv", "en"]}]


async def test_categories_come_in_their_order_and_in_the_callers_language() -> None:
    await Category.create(code="travel", names={"en": "Travel", "sv": "Resor"}, position=2)
    await Category.create(code="books", names={"en": "Books", "sv": "Böcker"}, position=1)

    answer = await (await a_caller("sv-SE")).get("{ categories { code name } }")

    assert answer["categories"] == [{"code": "books", "name": "Böcker"}, {"code": "travel", "name": "Resor"}]


@pytest.mark.parametrize("query", ["{ markets { country } }", "{ categories { code } }"])
async def test_nobody_reads_without_a_token(query: str) -> None:
    answer = await ANYBODY.ask(query)

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"]


async def test_a_brand_shows_its_offers_newest_first_page_by_page() -> None:
    brand = await a_brand()
    items = [await a_voucher(brand=brand) for _ in range(3)]
    skus = [(await item.offer).sku for item in reversed(items)]
    await a_voucher()
    caller, id = await a_caller(), ids.public("brand", brand.id)

    first = (await caller.get(SHELF, id=id, first=2))["node"]["offers"]
    second = (await caller.get(SHELF, id=id, first=2, after=first["pageInfo"]["endCursor"]))["node"]["offers"]

    assert [node["sku"] for node in first["nodes"]] == skus[:2]
    assert [node["sku"] for node in second["nodes"]] == skus[2:]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (3, True)
    assert (second["pageInfo"]["hasNextPage"], second["pageInfo"]["hasPreviousPage"]) == (False, True)


async def test_a_brands_shelf_shows_each_what_they_may_see() -> None:
    partner = await a_partner()
    brand = await a_brand(partner)
    await an_item(await an_offer(brand=brand, sku="OPEN"))
    await an_item(await an_offer(brand=brand, sku="DRAFT", status="DRAFT"))
    await an_item(await an_offer(brand=brand, sku="ABROAD"), country="DE")

    async def sees(caller: Caller) -> set[str]:
        found = await caller.get(SHELF, id=ids.public("brand", brand.id))
        return {node["sku"] for node in found["node"]["offers"]["nodes"]}

    assert await sees(await a_caller()) == {"OPEN"}
    assert await sees(as_partner(partner.id)) == {"OPEN", "DRAFT", "ABROAD"}
    assert await sees(as_partner((await a_partner()).id)) == {"OPEN", "ABROAD"}
    assert await sees(as_operator(new_id())) == {"OPEN", "DRAFT", "ABROAD"}


async def test_a_cursor_of_nothing_is_bad_input() -> None:
    brand = await a_brand()

    answer = await (await a_caller()).ask(SHELF, id=ids.public("brand", brand.id), after="nonsense")

    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
