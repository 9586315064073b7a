"""Queries that hypothesis-graphql generates over planned root fields: each planned answer is the plain one.

A few in the suite; a long run by `PLANNED_EXAMPLES=2000 python -m pytest tests/kit/test_plans_generated.py`.
"""

import os
from typing import Any

import pytest
from graphql import parse, print_schema, validate
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import nodes, queries

from marketplace.app.schema import schema
from tests.kit.planned_world import World, a_world, ask

GRAPH = schema()._schema  # pyright: ignore[reportPrivateUsage]  # strawberry has no public way
EXAMPLES = settings(
    max_examples=int(os.environ.get("PLANNED_EXAMPLES", "4")),
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.data_too_large,
    ],
)


def _texts(*values: str) -> Any:
    return st.sampled_from(values).map(nodes.String)


SCALARS: dict[str, Any] = {
    "BigInt": st.integers(0, 5000).map(nodes.Int),
    "CountryCode": _texts("NL", "SE", "XX"),
    "CurrencyCode": _texts("EUR", "SEK"),
    "DateTime": _texts("2026-03-01T12:00:00Z", "2026-03-20T00:00:00+01:00"),
    "Date": _texts("2026-03-01"),
    "Decimal": _texts("15.00", "20", "1.234567"),
    "LanguageTag": _texts("nb-NO", "en"),
}


@pytest.fixture
async def world(db: None) -> World:
    return await a_world()


@EXAMPLES
@given(
    query=queries(
        print_schema(GRAPH), fields=["offers", "offer", "node", "nodes"], custom_scalars=SCALARS, allow_null=False
    )
)
async def test_what_is_generated_is_answered_alike(world: World, query: str) -> None:
    assume(len(query) < 20_000 and not validate(GRAPH, parse(query)))
    for actor in world.actors[:4]:
        assert await ask(actor, query, planned=True) == await ask(actor, query, planned=False)
