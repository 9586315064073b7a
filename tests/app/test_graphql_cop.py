"""What graphql-cop looks for, one check each, where we run in earnest: it finds nothing.

The program itself runs outside of this project: see docs/guides/operator.md.
"""

from collections.abc import AsyncGenerator

import httpx
import pytest

from tests.app.tiny import client

ALIASES = " ".join(f"alias{n}: __typename" for n in range(101))


@pytest.fixture
async def http() -> AsyncGenerator[httpx.AsyncClient]:
    """The edge as it is in production."""
    async with client(introspection=False, suggestions=False) as production:
        yield production


async def ask(http: httpx.AsyncClient, query: str) -> httpx.Response:
    """As the program asks: any media type is welcome."""
    return await http.post("", json={"query": query, "operationName": "cop"})


async def test_alias_overloading(http: httpx.AsyncClient):
    assert "data" not in (await ask(http, f"query cop {{ {ALIASES} }}")).json()


async def test_array_based_batching(http: httpx.AsyncClient):
    response = await http.post("", json=[{"query": "query cop { __typename }"}] * 10)

    assert response.status_code == 400
    assert len(response.json()) == 1


async def test_circular_introspection(http: httpx.AsyncClient):
    deep = "query cop { __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }"
    assert "data" not in (await ask(http, deep)).json()


async def test_directive_overloading(http: httpx.AsyncClient):
    answer = (await ask(http, f"query cop {{ __typename {'@aa' * 10} }}")).json()

    assert [error["extensions"]["limit"] for error in answer["errors"]] == ["directives_in_one_place"]


async def test_field_duplication(http: httpx.AsyncClient):
    assert "data" not in (await ask(http, f"query cop {{ {'__typename ' * 500} }}")).json()


async def test_field_suggestions(http: httpx.AsyncClient):
    for query in ("query cop { __schema { directive } }", "query cop { helo }", "query cop { thing { nam } }"):
        assert "Did you mean" not in (await ask(http, query)).text


async def test_mutations_over_get(http: httpx.AsyncClient):
    response = await http.get(
        "", params={"query": "mutation cop {__typename}"}, headers={"Accept": "application/json"}
    )

    assert response.status_code == 405


async def test_queries_over_get_that_another_site_could_cause(http: httpx.AsyncClient):
    assert "data" not in (await http.get("", params={"query": "query cop {__typename}"})).json()


async def test_an_ide(http: httpx.AsyncClient):
    response = await http.get("", headers={"Accept": "text/html"})

    assert response.status_code == 406
    assert "GraphiQL" not in response.text


async def test_introspection(http: httpx.AsyncClient):
    assert "data" not in (await ask(http, "query cop { __schema { types { name fields { name } } } }")).json()


async def test_forms_without_a_preflight(http: httpx.AsyncClient):
    response = await http.post("", data={"query": "query cop { __typename }"})

    assert response.status_code == 415


async def test_traces_and_exceptions(http: httpx.AsyncClient):
    told = [(await ask(http, query)).json() for query in ("query cop { __typename }", "qwerty cop { abc }")]

    assert told[0] == {"data": {"__typename": "Query"}}
    assert set(told[1]["errors"][0]["extensions"]) == {"code"}
