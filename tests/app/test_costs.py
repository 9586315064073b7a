"""The cost of an operation: counted before it runs, told in the answer, refused over the budget."""

import json
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, parse

from marketplace.app import examples
from marketplace.app.costs import costs
from marketplace.app.limits import Caps
from marketplace.app.schema import schema as whole_schema
from marketplace.kit.settings import Settings
from tests.app.application import caller, make_app
from tests.app.tiny import ask, client, code_of

SCHEMA = build_schema(
    """
    interface Offer { id: ID! brand: Brand }
    type Voucher implements Offer { id: ID! brand: Brand values: [Value!]! }
    type Trip implements Offer { id: ID! brand: Brand offers(first: Int, after: String): OfferConnection! }
    type Brand { name: String! }
    type Value { amount: String! }
    type PageInfo { hasNextPage: Boolean! }
    type OfferEdge { cursor: String! node: Offer! }
    type OfferConnection { edges: [OfferEdge!]! nodes: [Offer!]! totalCount: Int! pageInfo: PageInfo! }
    type Query {
        offer: Offer
        offers(first: Int, last: Int): OfferConnection!
        nodes(ids: [ID!]!): [Offer]!
        few(first: Int): [Value!]!
        tags: [String!]!
    }
    type Mutation { redeem: Offer }
    """
)


def cost(document: str, *, of: GraphQLSchema = SCHEMA, name: str | None = None, **variables: Any) -> int:
    """The cost of a document's operation with these variables."""
    return costs(of, parse(document))[name].of(variables)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("{ __typename tags }", 0),
        ("{ offer { id } }", 1),
        ("{ offer { id brand { name } } }", 2),
        ("{ a: offer { id } b: offer { id } }", 2),
        ("{ offers(first: 3) { nodes { id } } }", 1 + 3),
        ("{ offers(last: 3) { edges { cursor node { id } } } }", 1 + 3),
        ("{ offers(first: 3) { nodes { brand { name } } pageInfo { hasNextPage } } }", 1 + 3 * 2),
        ("{ offers { nodes { id } } }", 1 + 20),
        ("{ offers(first: null) { nodes { id } } }", 1 + 20),
        ("{ offers(first: 2) { totalCount } }", 1 + 20),
        ("{ offers(first: 2) { nodes { id } edges { node { id } } } }", 1 + 2 + 2),
        ("{ few { amount } }", 20),
        ("{ few(first: 2) { amount } }", 2),
        ('{ nodes(ids: ["a", "b", "c"]) { id } }', 3),
        ("{ offer { ... on Voucher { values { amount } } } }", 1 + 10),
        ("mutation { redeem { brand { name } } }", 10 + 1),
        ("{ offers(first: 10) { nodes { ... on Trip { offers(first: 10) { nodes { id } } } } } }", 1 + 10 * 12),
        ("{ offers(first: 2) { ...page } } fragment page on OfferConnection { nodes { id } }", 1 + 2),
        ("{ offers(first: 0) { nodes { brand { name } } } }", 1),
    ],
)
def test_a_document_costs_the_objects_it_may_answer(document: str, expected: int):
    assert cost(document) == expected


def test_kinds_that_exclude_each_other_cost_as_the_dearest():
    fragments = "... on Voucher { values { amount } } ... on Trip { brand { name } }"

    assert cost(f"{{ offer {{ {fragments} }} }}") == 1 + 10


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, 1 + 7),
        ({"n": 3}, 1 + 3),
        ({"n": None}, 1 + 20),
        ({"n": -5}, 1),
        ({"n": "three"}, 1 + 20),
        ({"n": True}, 1 + 20),
    ],
)
def test_a_length_that_is_a_variable_counts_with_each_request(variables: dict[str, Any], expected: int):
    assert cost("query ($n: Int = 7) { offers(first: $n) { nodes { id } } }", **variables) == expected


def test_variables_multiply_through_nested_lists_and_alternatives():
    document = (
        "query ($n: Int, $m: Int) { offers(first: $n) { nodes { ... on Trip { offers(first: $m) { nodes { id } } "
        "} ... on Voucher { brand { name } } } } }"
    )

    assert cost(document, n=2, m=3) == 1 + 2 * (1 + max(1 + 3, 1))
    assert cost(document, n=2, m=0) == 1 + 2 * (1 + 1)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [({}, 20), ({"n": None, "m": 50}, 50), ({"n": 50, "m": None}, 50), ({"n": 3, "m": 50}, 50)],
)
def test_neither_end_of_a_list_hides_the_other(variables: dict[str, Any], expected: int):
    document = "query ($n: Int, $m: Int) { offers(first: $n, last: $m) { nodes { id } } }"

    assert cost(document, **variables) == 1 + expected
    assert cost(document.replace("$n,", "4,"), m=50) == 1 + 50


def test_ids_in_a_variable_are_counted():
    assert cost("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=["a", "b"]) == 2


def test_fragments_that_unfold_are_counted_as_often_as_they_are_spread():
    fragments = " ".join(f"fragment f{n} on Trip {{ ...f{n + 1} ...f{n + 1} }}" for n in range(8))
    document = f"{{ offer {{ ...f0 }} }} {fragments} fragment f8 on Trip {{ brand {{ name }} }}"

    assert cost(document) == 1 + 2**8


async def test_an_answer_tells_what_was_asked_and_allowed():
    async with client(Caps(cost=50)) as http:
        answer = (await ask(http, "{ things(first: 3) { name } }")).json()

    assert answer["extensions"] == {"cost": {"requested": 3, "allowed": 50}}


async def test_what_is_too_dear_is_not_run_and_says_by_how_much():
    document = "query ($n: Int!) { things(first: $n) { things(first: 9) { name } } }"
    async with client(Caps(cost=50)) as http:
        refused = await ask(http, document, variables={"n": 6})
        served = await ask(http, document, variables={"n": 5})

    assert (refused.status_code, code_of(refused)) == (400, "LIMIT_EXCEEDED")
    (error,) = refused.json()["errors"]
    assert error["message"] == "This operation is over the cap on cost: 60 asked, 50 allowed."
    assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": "cost", "asked": 60, "allowed": 50}
    assert refused.json()["extensions"] == {"cost": {"requested": 60, "allowed": 50}}
    assert "data" not in refused.json()
    assert served.json()["extensions"] == {"cost": {"requested": 50, "allowed": 50}}


async def test_the_application_has_a_budget_by_its_settings(tmp_path: Path):
    async with caller(make_app(tmp_path)) as http:
        answer = (await http.post("/graphql", json={"query": "{ __typename }"})).json()

    assert answer["extensions"]["cost"] == {"requested": 0, "allowed": Settings(var_dir=tmp_path).max_query_cost}


@pytest.mark.parametrize("example", examples.load(), ids=lambda each: each.title)
def test_every_example_is_affordable(example: examples.Example, tmp_path: Path):
    graphql_schema = whole_schema()._schema  # pyright: ignore[reportPrivateUsage]
    (asked,) = costs(graphql_schema, parse(example.operation)).values()

    assert asked.of(json.loads(example.variables or "{}")) <= Settings(var_dir=tmp_path).max_query_cost


def test_pages_of_pages_of_pages_are_not_affordable(tmp_path: Path):
    page = "(first: 100) { nodes {"
    document = f"{{ partners{page} brands{page} offers{page} id }} }} }} }} }} }} }}"

    asked = cost(document, of=whole_schema()._schema)  # pyright: ignore[reportPrivateUsage]
    assert asked > 1_000_000 > Settings(var_dir=tmp_path).max_query_cost
