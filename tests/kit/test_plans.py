"""Planned answers are the plain ones, in fewer steps."""

import json
import logging

import pytest
from graphql import parse, validate
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from marketplace.app.schema import schema
from marketplace.kit import plans
from tests.kit.planned_world import World, a_world, ask
from tests.kit.selections import documents

GRAPH = schema()._schema  # pyright: ignore[reportPrivateUsage]  # strawberry has no public way
# What no plan has: with one of these among a thousand fields, the whole answer would be a plain one.
NOT_PLANNED = frozenset({"Brand.partner", "Brand.offers"}) | {
    f"{item}.offer" for item in ("Item", "Denomination", "CurrencyLot", "Variant", "Session", "DonationAmount")
}
EXAMPLES = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.data_too_large,
    ],
)
PAGE = """query($skip: Boolean! = false, $market: CountryCode) { offers(first: 20, market: "NL") {
    totalCount pageInfo { hasNextPage endCursor } edges { cursor node { id } }
    nodes { __typename id kind title imageUrl brand { id name imageUrl } category { code name @skip(if: $skip) }
        pointsPrice { points worth { amount currency } exchange { rate asOf } } whyNot { code message }
        availability { inStock open } here: items { id sku pointsPrice { points } ...Item }
        there: items(market: $market) { id country price { amount } whyNot { code } }
        ... on VoucherOffer { delivery } ... on DonationOffer { cause charity { name } } } } }
    fragment Item on Item { label inStock unitsLeft amounts { least { amount } }
        ... on Variant { attributes { name } } }"""


@pytest.fixture
async def world(db: None) -> World:
    plans.answered.clear()
    return await a_world()


async def same(world: World, query: str, **variables: object) -> list[str]:
    """Ask as everybody, planned and plainly; the planned answers, which are the plain ones to the letter."""
    abandoned = plans.answered["abandoned"]
    answers = [await ask(actor, query, planned=True, **variables) for actor in world.actors]
    refused = sum('"errors"' in answer for answer in answers)
    assert plans.answered["abandoned"] - abandoned <= refused, "a plan was abandoned without a reason"
    plainly = [await ask(actor, query, planned=False, **variables) for actor in world.actors]
    assert answers == plainly
    return answers


async def test_a_page_that_takes_everything_is_planned_for_everybody(world: World) -> None:
    answers = [json.loads(answer) for answer in await same(world, PAGE, market="SE", skip=True)]

    assert plans.answered["planned"] == 5
    assert plans.answered["abandoned"] == 0
    assert all(len(answer["data"]["offers"]["nodes"]) == 7 for answer in answers[:-1])
    assert answers[-1]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_plan_goes_by_the_conditions_of_each_request(world: World) -> None:
    for skip in (True, False, True):
        [answer, *_] = await same(world, PAGE, skip=skip)
        first = json.loads(answer)["data"]["offers"]["nodes"][0]
        assert ("name" in first["category"]) is not skip


async def test_what_is_not_declared_makes_the_whole_answer_plain(world: World) -> None:
    for selection in ("brand { name partner { id } }", "items { offer { sku } }"):
        await same(world, f'{{ offers(market: "NL") {{ nodes {{ sku {selection} }} }} }}')

    assert plans.answered["planned"] == 0


async def test_a_selection_may_take_no_column_at_all(world: World) -> None:
    await same(
        world, '{ offers(market: "NL") { nodes { __typename brand { __typename } category { __typename } } } }'
    )

    assert plans.answered == {"planned": 5, "plain": 5}


async def test_one_market_beside_all_of_them_shows_each_item_once(world: World) -> None:
    query = (
        '{ offers(market: "NL") { nodes { here: items(market: "NL") { id } all: items(market: null) { id } } } }'
    )

    [*_, operator, _] = await same(world, query)

    for node in json.loads(operator)["data"]["offers"]["nodes"]:
        everywhere = [item["id"] for item in node["all"]]
        assert len(everywhere) == len(set(everywhere))
        assert [item["id"] for item in node["here"]] == [
            each for each in everywhere if {"id": each} in node["here"]
        ]


async def test_a_cursor_that_is_none_is_refused_as_ever(world: World) -> None:
    [answer, *_] = await same(world, '{ offers(market: "NL", after: "x") { nodes { sku } } }')

    assert json.loads(answer)["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_an_error_in_one_place_leaves_the_nulls_and_paths_it_leaves_plainly(world: World) -> None:
    query = '{ offers(market: "NL") { nodes { sku items { sku pointsPrice(amount: "15.00") { points } } } } }'

    [answer, *_] = await same(world, query)

    assert plans.answered["abandoned"] > 0
    told = json.loads(answer)
    assert {error["extensions"]["code"] for error in told["errors"]} == {"BAD_USER_INPUT"}
    assert all(error["path"][:2] == ["offers", "nodes"] for error in told["errors"])


async def test_one_offer_is_planned_and_an_unknown_one_is_null(world: World) -> None:
    query = "query($id: ID!) { offer(id: $id) { __typename sku brand { slug } items { sku whyNot { code } } } }"

    await same(world, query, id=world.offer)
    assert plans.answered["planned"] == 5
    [unknown, *_] = await same(world, query, id="offer_" + "0" * 32)
    assert json.loads(unknown) == {"data": {"offer": None}}


OF_AN_OFFER = """__typename ... on Offer { id sku title brand { id name } pointsPrice { points }
    items { sku whyNot { code } } availability { inStock } }
    ... on VoucherOffer { delivery } ... on DonationOffer { charity { name } }"""


async def test_an_offer_by_its_global_id_is_planned(world: World) -> None:
    query = f"query($id: ID!) {{ node(id: $id) {{ {OF_AN_OFFER} }} }}"

    [found, *_] = await same(world, query, id=world.offer)
    assert plans.answered["planned"] == 6
    assert json.loads(found)["data"]["node"]["__typename"] == "VoucherOffer"
    [unknown, *_] = await same(world, query, id="offer_" + "0" * 32)
    assert json.loads(unknown) == {"data": {"node": None}}


async def test_a_list_of_offers_by_id_is_planned_in_order_and_keeps_its_gaps(world: World) -> None:
    query = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ {OF_AN_OFFER} }} }}"
    [listed, *_] = await same(world, '{ offers(market: "NL") { nodes { id } } }')
    keys = [node["id"] for node in json.loads(listed)["data"]["offers"]["nodes"]]
    plans.answered.clear()
    asked = [keys[1], "offer_" + "0" * 32, keys[0], "nonsense", keys[1]]

    [answer, *_] = await same(world, query, ids=asked)

    assert plans.answered["planned"] == 6
    found = [node and node["id"] for node in json.loads(answer)["data"]["nodes"]]
    assert found == [keys[1], None, keys[0], None, keys[1]]


async def test_things_of_several_kinds_are_answered_plainly(world: World) -> None:
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id __typename ... on Brand { name } } }"
    [one, *_] = await same(
        world, "query($id: ID!) { node(id: $id) { ... on Offer { brand { id } } } }", id=world.offer
    )
    brand = json.loads(one)["data"]["node"]["brand"]["id"]
    plans.answered.clear()

    [answer, *_] = await same(world, query, ids=[brand, world.offer])

    assert not plans.answered["planned"]
    assert [node["id"] for node in json.loads(answer)["data"]["nodes"]] == [brand, world.offer]


async def test_entities_that_are_offers_are_planned_as_the_type_that_they_are(world: World) -> None:
    query = f"query($of: [_Any!]!) {{ _entities(representations: $of) {{ {OF_AN_OFFER} }} }}"
    named = [
        {"__typename": name, "id": key}
        for name, key in [
            ("VoucherOffer", world.offer),
            ("MerchandiseOffer", world.offer),
            ("Brand", world.offer),
            ("VoucherOffer", "offer_" + "0" * 32),
        ]
    ]

    [answer, *_] = await same(world, query, of=named)

    assert plans.answered["planned"] == 6
    found = json.loads(answer)["data"]["_entities"]
    assert [entity and entity["id"] for entity in found] == [world.offer, None, None, None]


@pytest.mark.parametrize(
    ("selection", "statements"),
    [
        ("sku brand { name } category { name }", 1),
        ("sku items { sku inStock }", 1),
        ('items { sku } a: items(market: "SE") { sku }', 2),
    ],
)
async def test_a_page_is_one_statement_unless_aliases_ask_for_other_rows(
    world: World, caplog: pytest.LogCaptureFixture, selection: str, statements: int
) -> None:
    program = world.actors[2]
    with caplog.at_level(logging.DEBUG, logger="tortoise.db_client"):
        await ask(program, f'{{ offers(market: "NL") {{ nodes {{ {selection} }} }} }}', planned=True)

    asked = [record.getMessage() for record in caplog.records if record.name == "tortoise.db_client"]
    assert len(asked) == statements, asked


async def test_a_page_takes_the_selected_columns_and_no_others(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="tortoise.db_client"):
        await ask(world.actors[0], "{ offers { nodes { sku brand { name } } } }", planned=True)

    [page] = [text for text in map(str, (r.getMessage() for r in caplog.records)) if "listing" in text]
    assert page.startswith('SELECT o.id AS "id", o.brand_id AS "brand_id", o.sku AS "sku", o.kind AS "kind", b.id')
    assert "description" not in page
    assert "category c" not in page


@EXAMPLES
@given(
    query=st.one_of(
        documents(GRAPH, 'offers(market: "NL", first: 5)', NOT_PLANNED),
        documents(GRAPH, 'offers(market: "SE", sort: PRICE_ASC, last: 5)'),
    )
)
async def test_any_page_is_the_plain_one(world: World, query: str) -> None:
    assume(not validate(GRAPH, parse(query)))
    await same(world, query)


@EXAMPLES
@given(query=documents(GRAPH, 'offer(id: "AN_OFFER")', NOT_PLANNED))
async def test_any_offer_is_the_plain_one(world: World, query: str) -> None:
    assume(not validate(GRAPH, parse(query)))
    await same(world, query.replace("AN_OFFER", world.offer))
