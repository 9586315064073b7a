"""Whatever arrives, the answer is a clear one: never a 5xx, never a bug's incident."""

import asyncio
import json
from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.app.tiny import client

MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
WORDS = [
    *"{}()[]:!$@=|&#\"',",
    *(
        "...",
        "query",
        "mutation",
        "subscription",
        "fragment",
        "on",
        "null",
        "true",
        "@skip(if: true)",
        "hello",
        "thing",
    ),
    *(
        "things(first: 5)",
        "name",
        "inner",
        'push(text: "x")',
        'either(by: {this: "a"})',
        "$n",
        "Int",
        "Query",
        "\ufeff",
    ),
    *(
        "F",
        "...F",
        "fragment F on Thing { name }",
        "1",
        "1e999",
        "-0",
        '"""x"""',
        "__typename",
        "__schema",
        "\x00",
    ),
    *("thing { name }", "thing { things(first: $n) { name } }", "query Q($n: Int = 1)"),
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=15,
)
QUERIES = st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join)
REQUESTS = st.fixed_dictionaries(
    {"query": QUERIES | st.sampled_from(["query ($n: Int) { things(first: $n) { name } }", "{ hello }"])},
    optional={"variables": JSON | st.fixed_dictionaries({"n": JSON}), "operationName": JSON, "extensions": JSON},
)
TYPES = st.sampled_from(
    ["application/json", "multipart/form-data; boundary=x", "text/plain", "", "application/json;;=;"]
)
HEADERS = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), max_size=30)


def answered(**request: Any) -> httpx.Response:
    """The answer to one request, which must not be our fault."""

    async def send() -> httpx.Response:
        async with client() as http:
            facts: dict[str, Any] = {"url": ""} | request
            return await http.request(**facts)

    response = asyncio.run(send())
    assert response.status_code < 500, response.text
    body = response.json()
    assert ("data" in body) or body["errors"]
    assert "INTERNAL" not in response.text
    return response


@MANY
@given(REQUESTS)
def test_any_operation(request: Any):
    answered(method="POST", json=request)


@MANY
@given(JSON | st.binary(max_size=200), TYPES, HEADERS, HEADERS)
def test_any_body_under_any_headers(body: Any, content_type: str, accept: str, encoding: str):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {
        "Content-Type": content_type,
        "Accept": accept,
        "Content-Encoding": encoding,
        "x-graphql-preflight": "1",
    }
    answered(method="POST", content=content, headers=headers)


@MANY
@given(
    st.dictionaries(st.sampled_from(["query", "variables", "operationName", "extensions", "x"]), QUERIES | HEADERS)
)
def test_any_url(parameters: dict[str, str]):
    answered(method="GET", params=parameters, headers={"Accept": "application/json"})


@MANY
@given(JSON | REQUESTS, JSON, st.lists(st.sampled_from(["0", "a", "map", "operations"]), max_size=4))
def test_any_form(operations: Any, places: Any, names: list[str]):
    fields = {"operations": json.dumps(operations), "map": json.dumps(places)}
    files = [(name, ("f.csv", b"x")) for name in names] or [("0", ("f.csv", b"x"))]
    answered(method="POST", data=fields, files=files, headers={"x-graphql-preflight": "1"})
