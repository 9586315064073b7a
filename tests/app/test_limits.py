"""Caps before execution: each refusal names the cap, what was asked and what is allowed."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import get_introspection_query

from marketplace.app.limits import Caps
from tests.app.tiny import ask, client, code_of

NESTED = "thing { inner { inner { inner { inner { name } } } } }"


def spread(levels: int) -> str:
    """Fragments that each spread the next one twice: 2^levels fields from a short text."""
    chain = " ".join(
        f"fragment F{n} on Thing {{ inner {{ ...F{n + 1} }} inner {{ ...F{n + 1} }} }}" for n in range(levels)
    )
    return f"{{ thing {{ ...F0 }} }} {chain} fragment F{levels} on Thing {{ name }}"


@pytest.mark.parametrize(
    ("limit", "caps", "query", "asked", "allowed"),
    [
        ("depth", Caps(depth=4), f"{{ {NESTED} }}", 6, 4),
        ("aliases", Caps(aliases=2), "{ a: hello b: hello c: hello }", 3, 2),
        ("root_fields", Caps(root_fields=2), "{ a: hello b: hello c: hello }", 3, 2),
        ("root_fields", Caps(root_fields=2), "{ ...A ...A } fragment A on Query { a: hello b: hello }", 4, 2),
        ("directives", Caps(directives=1), "{ hello @skip(if: false) @include(if: true) }", 2, 1),
        ("fields", Caps(fields=4), f"{{ {NESTED} }}", 6, 4),
        ("fields_in_one_set", Caps(fields_in_one_set=3), "{ thing { name name name name } }", 4, 3),
        ("page_size", Caps(), "{ things(first: 101) { name } }", 101, 100),
        ("page_size", Caps(), "query ($n: Int = 500) { things(first: $n) { name } }", 500, 100),
        (
            "page_size",
            Caps(),
            "{ thing { ...T } } fragment T on Thing { things(first: 900) { name } }",
            900,
            100,
        ),
        ("fields", Caps(depth=40), spread(14), 49151, 3000),
        ("nesting", Caps(nesting=5), "{ ... { ... { ... { ... { ... { hello } } } } } }", 6, 5),
        ("source_characters", Caps(source_characters=20), "{ hello hello hello hello }", 27, 20),
        ("brackets", Caps(brackets=4), "{ thing { inner { inner { inner { name } } } } }", 5, 4),
    ],
)
async def test_a_document_over_a_cap_is_told_which(limit: str, caps: Caps, query: str, asked: int, allowed: int):
    async with client(caps) as http:
        response = await ask(http, query)

    (error,) = response.json()["errors"]
    assert response.status_code == 400
    assert error["extensions"] == {
        "code": "LIMIT_EXCEEDED",
        "limit": limit,
        "asked": asked,
        "allowed": allowed,
    }


async def test_a_page_size_in_a_variable_is_held_to_the_cap():
    query = "query ($n: Int) { things(first: $n) { name } }"
    async with client() as http:
        much = await ask(http, query, variables={"n": 101})
        enough = await ask(http, query, variables={"n": 100})

    assert code_of(much) == "LIMIT_EXCEEDED"
    assert len(enough.json()["data"]["things"]) == 100


@pytest.mark.parametrize(
    "query",
    [
        "{ " + "hello " * 100_000 + "}",
        "{ " + " ".join(f"a{n}: hello" for n in range(5_000)) + " }",
        "{ thing " * 3_000 + "name" + " }" * 3_000,
        "#\n" * 50_000 + "{ hello }",
        '{ hello(name: "' + "x" * 200_000 + '") }',
        "{ either(by: " + "[" * 1_000 + "]" * 1_000 + ") }",
        " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(300)) + " { hello }",
        " ".join(f"fragment F{n} on Query {{ ...F{n - 1} }}" for n in range(300)) + " { hello }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        "{ hello " + "@skip(if: false) " * 2_000 + "}",
        "query (" + " ".join(f"$v{n}: Int" for n in range(1_000)) + ") { hello }",
        "{ " + "... { hello } " * 700 + "}",
        "{ thing { " + "name " * 299 + "} }",
        "fragment A on Thing { " + "name " * 200 + "} " + "{ thing { " + "...A " * 200 + "} }",
        " ".join(f"query Q{n} {{ hello }}" for n in range(700)),
    ],
)
async def test_a_hostile_document_is_dealt_with_quickly(query: str):
    async with client() as http:
        await ask(http, "{ hello }")
        began = time.process_time()
        response = await ask(http, query)
        took_s = time.process_time() - began

    assert response.status_code in (200, 400)
    assert took_s < 0.5


async def test_a_body_over_its_cap_is_413_whether_announced_or_not():
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 50_000

    async with client() as http:
        announced = await http.post("", content=b" " * 1_000_001, headers={"Content-Type": "application/json"})
        trickled = await http.post("", content=chunks(), headers={"Content-Type": "application/json"})

    assert [each.status_code for each in (announced, trickled)] == [413, 413]
    assert code_of(announced) == "PAYLOAD_TOO_LARGE"


async def test_ordinary_documents_pass():
    page = "{ things(first: 100) { name inner { name things(first: 20) { name } } } }"
    async with client() as http:
        assert (await ask(http, page)).status_code == 200
        assert "errors" not in (await ask(http, get_introspection_query())).json()


async def test_introspection_and_suggestions_can_be_switched_off():
    async with client(introspection=False, suggestions=False) as http:
        introspection = await ask(http, "{ __schema { types { name } } }")
        misspelt: dict[str, Any] = (await ask(http, "{ helo }")).json()

    assert introspection.status_code == 400
    assert "Did you mean" not in misspelt["errors"][0]["message"]


async def test_a_document_of_too_many_tokens_is_over_a_cap_too():
    async with client(Caps(tokens=5)) as http:
        response = await ask(http, "{ hello hello hello hello }")

    assert (response.status_code, code_of(response)) == (400, "LIMIT_EXCEEDED")
