"""Our part of a federated graph: entities and the schema for a gateway."""

from typing import Any
from uuid import uuid4

import pytest

from marketplace.kit import ids
from tests.app.tiny import ask as ask_tiny
from tests.app.tiny import client as tiny_client
from tests.builders import a_partner
from tests.client import Caller, as_operator, as_partner

pytestmark = pytest.mark.usefixtures("db")
ENTITIES = """
query ($of: [_Any!]!) { _entities(representations: $of) { __typename ... on Partner { id name } } }"""


async def entities(caller: Caller, *of: Any) -> Any:
    """What the representations stand for."""
    return (await caller.get(ENTITIES, of=list(of)))["_entities"]


async def test_one_unknown_reference_spares_the_rest():
    partner = await a_partner()
    key = ids.public("partner", partner.id)
    known = {"__typename": "Partner", "id": key, "name": "said elsewhere"}

    answers = await entities(
        as_operator(uuid4()),
        {"__typename": "Nothing", "id": key},
        known,
        {"__typename": "Brand", "id": key},
        {"__typename": "Partner", "id": ids.public("partner", uuid4())},
        {"__typename": "Partner", "id": "nonsense"},
        {"__typename": "Partner", "id": 5},
        {"__typename": 5, "id": key},
        {"id": key},
        {},
        known,
    )

    there = {"__typename": "Partner", "id": key, "name": partner.name}
    assert answers == [None, there, *[None] * 7, there]


async def test_what_is_no_entity_is_null():
    charity = await a_partner(kind="CHARITY", registry_id="GB-CHC-1")

    reference = {"__typename": "Charity", "id": ids.public("charity", charity.id)}

    assert await entities(as_operator(uuid4()), reference) == [None]


async def test_a_foreign_entity_is_as_good_as_none():
    one, other = await a_partner(), await a_partner()
    reference = {"__typename": "Partner", "id": ids.public("partner", other.id)}

    assert await entities(as_partner(one.id), reference) == [None]
    assert (await entities(as_partner(other.id), reference))[0]["id"] == reference["id"]


async def test_representations_that_are_no_objects_are_null_and_too_many_refused():
    caller = as_operator(uuid4())

    assert await entities(caller, "x", 5, ["y"]) == [None, None, None]
    answer = await caller.ask(ENTITIES, of=[{"__typename": "Partner"}] * 101)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_the_gateway_reads_our_schema():
    told = await Caller().get("{ _service { sdl } }")

    assert "@key" in told["_service"]["sdl"]


async def test_service_is_refused_where_introspection_is():
    async with tiny_client(introspection=False) as http:
        response = await ask_tiny(http, "{ ... on Query { a: _service { sdl } } }")

    assert "The schema is not told here." in response.text
    assert response.status_code == 400
