"""The catalogue as one list: filtered, searched, sorted, paged, and priced for whoever looks."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.catalog.models import Category, Item, Offer, OfferKind, Stock
from marketplace.catalog.publishing import refresh_listings
from marketplace.kit import clock, ids
from marketplace.kit.ids import new_id
from marketplace.partners.models import Brand, Partner
from tests.builders import (
    a_brand,
    a_member,
    a_partner,
    a_program,
    a_rate,
    a_session,
    an_item,
    an_offer,
)
from tests.client import ANYBODY, Caller, as_member, as_operator, as_partner, as_program

pytestmark = pytest.mark.usefixtures("db")

LIST = """query($filter: OfferFilter, $market: CountryCode, $sort: OfferSort! = POPULAR,
              $first: Int, $after: String, $last: Int, $before: String) {
    offers(filter: $filter, market: $market, sort: $sort,
           first: $first, after: $after, last: $last, before: $before) {
        nodes { sku } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


async def a_caller(**facts: Any) -> Caller:
    member = await a_member(**facts)
    return as_member(member.id, member.program_id)


async def an_entry(sku: str, *, price: int = 1000, kind: OfferKind = OfferKind.VOUCHER, **facts: Any) -> Item:
    return await an_item(await an_offer(kind, sku=sku, **facts), price_minor=price)


async def skus(caller: Caller, **asked: Any) -> list[str]:
    return [node["sku"] for node in (await caller.get(LIST, **asked))["offers"]["nodes"]]


async def test_the_list_shows_what_is_sold_in_the_members_market_most_popular_first() -> None:
    await an_entry("SECOND", popularity=5)
    await an_entry("FIRST", popularity=9)
    await an_item(await an_offer(sku="ABROAD"), country="DE")
    await an_entry("DRAFT", status="DRAFT")
    await an_entry("ENDED", published_until=clock.now() - timedelta(days=1))
    await an_offer(sku="EMPTY")

    assert await skus(await a_caller()) == ["FIRST", "SECOND"]
    assert await skus(await a_caller(), market="DE") == ["ABROAD"]


async def test_a_suspended_partner_empties_its_own_shelf_only() -> None:
    await an_entry("GOOD")
    gone = await an_entry("GONE")
    brand = await Brand.get(id=(await gone.offer).brand_id)
    await Partner.filter(id=brand.partner_id).update(status="SUSPENDED")

    assert await skus(await a_caller()) == ["GOOD"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("POPULAR", ["B", "C", "A"]),
        ("PRICE_ASC", ["A", "B", "C"]),
        ("PRICE_DESC", ["C", "B", "A"]),
        ("NEWEST", ["C", "A", "B"]),
    ],
)
async def test_each_order_and_its_pages_forth_and_back(sort: str, expected: list[str]) -> None:
    now = clock.now()
    await an_entry("A", price=100, popularity=1, created_at=now - timedelta(hours=2))
    await an_entry("B", price=200, popularity=3, created_at=now - timedelta(hours=3))
    await an_entry("C", price=300, popularity=2, created_at=now - timedelta(hours=1))
    caller = await a_caller()

    assert await skus(caller, sort=sort) == expected
    first = (await caller.get(LIST, sort=sort, first=2))["offers"]
    assert [node["sku"] for node in first["nodes"]] == expected[:2]
    assert first["pageInfo"] == IsPartialDict(hasNextPage=True, hasPreviousPage=False)
    second = (await caller.get(LIST, sort=sort, first=2, after=first["pageInfo"]["endCursor"]))["offers"]
    assert [node["sku"] for node in second["nodes"]] == expected[2:]
    assert second["pageInfo"] == IsPartialDict(hasNextPage=False, hasPreviousPage=True)
    back = (await caller.get(LIST, sort=sort, last=1, before=second["pageInfo"]["startCursor"]))["offers"]
    assert [node["sku"] for node in back["nodes"]] == [expected[1]]
    assert back["pageInfo"] == IsPartialDict(hasNextPage=True, hasPreviousPage=True)


async def test_offers_that_tie_are_still_each_shown_once() -> None:
    for number in range(5):
        await an_entry(f"TIE{number}", popularity=7)
    caller, seen, after = await a_caller(), list[str](), None
    for _ in range(3):
        page = (await caller.get(LIST, first=2, after=after))["offers"]
        seen += [node["sku"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]

    assert sorted(seen) == [f"TIE{number}" for number in range(5)]


async def test_filters_narrow_by_kind_category_and_brand_at_once() -> None:
    await Category.create(code="travel", names={"en": "Travel"})
    brand = await a_brand()
    await an_entry("TRIP", kind=OfferKind.EXPERIENCE, category_id="travel", brand=brand)
    await an_entry("BAG", kind=OfferKind.MERCHANDISE, category_id="travel", brand=brand)
    await an_entry("MEAL", kind=OfferKind.EXPERIENCE)
    caller = await a_caller()

    assert set(await skus(caller, filter={"categories": ["travel"]})) == {"TRIP", "BAG"}
    assert set(await skus(caller, filter={"kinds": ["EXPERIENCE"]})) == {"TRIP", "MEAL"}
    assert set(await skus(caller, filter={"brands": [ids.public("brand", brand.id)]})) == {"TRIP", "BAG"}
    both = {"kinds": ["EXPERIENCE"], "brands": [ids.public("brand", brand.id)], "categories": ["travel"]}
    assert await skus(caller, filter=both) == ["TRIP"]


async def test_a_range_of_points_is_meant_as_the_member_pays_them() -> None:
    for price in (0, 500, 1000, 1001, 1100):
        await an_entry(f"P{price}", price=price)
    plain, gold = await a_caller(), await a_caller(tier="gold")

    assert set(await skus(plain, filter={"maxPoints": 1000})) == {"P0", "P500", "P1000"}
    assert set(await skus(plain, filter={"minPoints": 500, "maxPoints": 1001})) == {"P500", "P1000", "P1001"}
    assert set(await skus(gold, filter={"minPoints": 456, "maxPoints": 1001})) == {"P1000", "P1001", "P1100"}
    assert await skus(plain, filter={"maxPoints": 0}) == ["P0"]


async def test_available_only_leaves_out_what_the_member_could_not_take() -> None:
    await an_entry("OPEN")
    await an_entry("SOON", published_from=clock.now() + timedelta(days=1))
    await an_entry("GOLD", min_tier_rank=1)
    await an_entry("STUDENTS", segment="students")
    await an_item(await an_offer(sku="GONE"), stock=0)
    await an_item(await an_offer(sku="PAST"), starts_at=clock.now() - timedelta(hours=1))
    caller = await a_caller()

    assert len(await skus(caller)) == 6
    assert await skus(caller, filter={"availableOnly": True}) == ["OPEN"]
    golden = await a_caller(tier="gold", segments=["students"])
    assert set(await skus(golden, filter={"availableOnly": True})) == {"OPEN", "GOLD", "STUDENTS"}


@pytest.mark.parametrize(
    "text",
    ["Café Zürich", "cafe", "CAFE zurich", "zurch", "caffe zurich", "coffe zurich", "zürih"],
)
async def test_words_are_found_with_or_without_accents_and_with_typos(text: str) -> None:
    await an_entry("FOUND", search_text="cafe zurich coffee mug", title={"en": "Coffee mug"})
    await an_entry("OTHER", search_text="garden hose pipe")

    assert await skus(await a_caller(), filter={"text": text}) == ["FOUND"]


async def test_what_is_spelt_right_is_not_mixed_with_what_is_alike() -> None:
    await an_entry("EXACT", search_text="puma shoe")
    await an_entry("ALIKE", search_text="pumas shop")
    await an_entry("OTHER", search_text="pumpkin soup")

    assert await skus(await a_caller(), filter={"text": "puma shoe"}) == ["EXACT"]


async def test_a_typo_stands_for_the_nearest_words_only() -> None:
    await an_entry("NEAR", search_text="starbucks coffee")
    await an_entry("FAR", search_text="golden stars")

    assert await skus(await a_caller(), filter={"text": "starbuks"}) == ["NEAR"]


async def test_a_number_is_forgiven_nothing() -> None:
    await an_entry("OTHER", search_text="room 7123")

    assert await skus(await a_caller(), filter={"text": "7124"}) == []


async def test_a_text_without_a_word_narrows_nothing() -> None:
    await an_entry("ANY")

    assert await skus(await a_caller(), filter={"text": " !%_ "}) == ["ANY"]


async def test_facets_count_what_each_choice_would_leave() -> None:
    await Category.create(code="travel", names={"en": "Travel"})
    await an_entry("A", kind=OfferKind.EXPERIENCE, category_id="travel")
    await an_entry("B", kind=OfferKind.MERCHANDISE, category_id="travel")
    await an_entry("C", kind=OfferKind.EXPERIENCE)
    facets = """query($filter: OfferFilter) { offerFacets(filter: $filter) {
        kinds { kind count } categories { category { name } count } } }"""

    found = (await (await a_caller()).get(facets, filter={"kinds": ["EXPERIENCE"]}))["offerFacets"]

    assert found["kinds"] == [{"kind": "EXPERIENCE", "count": 2}, {"kind": "MERCHANDISE", "count": 1}]
    assert sorted(found["categories"], key=str) == [
        {"category": {"name": "Dining"}, "count": 1},
        {"category": {"name": "Travel"}, "count": 1},
    ]


async def test_the_whole_list_is_counted_when_asked_for() -> None:
    for number in range(3):
        await an_entry(f"N{number}")

    found = await (await a_caller()).get("{ offers(first: 1) { totalCount nodes { sku } } }")

    assert (found["offers"]["totalCount"], len(found["offers"]["nodes"])) == (3, 1)


async def test_programs_partners_and_operators_name_a_market() -> None:
    await an_entry("ANY")
    partner = await a_partner()
    for caller in (as_program((await a_program()).id), as_partner(partner.id), as_operator(new_id())):
        assert await skus(caller, market="NL") == ["ANY"]
        answer = await caller.ask(LIST)
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "asked",
    [
        {"after": "nonsense"},
        {"first": 1, "last": 1},
        {"filter": {"brands": ["nonsense"]}},
        {"filter": {"text": "x" * 201}},
    ],
)
async def test_what_cannot_be_understood_is_said_so(asked: dict[str, Any]) -> None:
    answer = await (await a_caller()).ask(LIST, **asked)

    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_cursor_of_another_order_is_refused() -> None:
    await an_entry("ANY")
    caller = await a_caller()
    cursor = (await caller.get(LIST))["offers"]["pageInfo"]["endCursor"]

    answer = await caller.ask(LIST, sort="PRICE_ASC", after=cursor)

    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_range_of_points_without_anybodys_points_is_bad_input() -> None:
    answer = await as_operator(new_id()).ask(LIST, market="NL", filter={"maxPoints": 5})

    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_nobody_reads_without_a_token() -> None:
    for query in (
        "{ offers { nodes { id } } }",
        "{ offerFacets { kinds { count } } }",
        '{ offer(id: "x") { id } }',
    ):
        answer = await ANYBODY.ask(query)
        assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_one_offer_by_its_id() -> None:
    await an_entry("ONE")
    id = ids.public("offer", (await Offer.get()).id)
    caller = await a_caller()
    query = "query($id: ID!) { offer(id: $id) { sku } }"

    assert (await caller.get(query, id=id))["offer"] == {"sku": "ONE"}
    assert (await caller.get(query, id=ids.public("brand", new_id())))["offer"] is None


async def test_a_page_of_twenty_priced_offers_takes_a_handful_of_statements(
    caplog: pytest.LogCaptureFixture,
) -> None:
    member = await a_member(await a_program(countries=["SE"]), country="SE")
    await a_rate("EUR", "SEK", "11")
    for number in range(20):
        offer = await an_offer(sku=f"S{number}")
        for price in (1000, 2000):
            await an_item(offer, country="SE", currency="SEK", price_minor=price, stock=5)
    query = """{ offers(first: 20) { nodes { id title imageUrl brand { name imageUrl } category { name }
        pointsPrice { points worth { amount } exchange { rate } } whyNot { code } availability { inStock }
        items { label pointsPrice { points } whyNot { code } } } } }"""
    caller = as_member(member.id, member.program_id)

    with caplog.at_level(logging.DEBUG, logger="tortoise.db_client"):
        found = await caller.get(query)

    assert len(found["offers"]["nodes"]) == 20
    assert all(len(node["items"]) == 2 and node["pointsPrice"] for node in found["offers"]["nodes"])
    statements = [record.getMessage() for record in caplog.records if record.name == "tortoise.db_client"]
    assert 4 <= len(statements) <= 8, statements


async def test_a_session_that_sold_out_is_still_listed_and_says_so() -> None:
    await a_session()
    await Stock.all().update(taken=2)
    await refresh_listings([(await Offer.get()).id])

    found = await (await a_caller()).get("{ offers { nodes { whyNot { code message } } } }")

    assert found["offers"]["nodes"] == [
        {"whyNot": {"code": "OFFER_SOLD_OUT", "message": "This is sold out. Your points are untouched."}}
    ]
