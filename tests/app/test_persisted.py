"""Persisted operations: named by SHA-256, learnt from clients, and registered from manifests."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from marketplace.access import registry
from marketplace.access.models import RegisteredOperation
from marketplace.access.registry import BadManifest, Entry, sha256_of
from marketplace.app import operations_cli
from marketplace.app.asgi import create_app
from marketplace.app.persisted import Kept, PersistedOperations
from marketplace.kit.settings import Settings
from tests.app import tiny
from tests.app.application import caller
from tests.app.tiny import GRAPHQL_RESPONSE, client, code_of

HELLO = "{ hello }"
NOTHING = 'query Nothing { node(id: "nothing") { id } }'
ACCEPT = {"Accept": GRAPHQL_RESPONSE}


def named(document: str, **parameters: Any) -> dict[str, Any]:
    """A request that names a document by its hash."""
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256_of(document)}}, **parameters}


def in_url(parameters: dict[str, Any]) -> dict[str, str]:
    """The same request for a GET."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}


async def test_an_unknown_hash_is_learnt_with_its_document_and_then_known():
    async with client() as http:
        unknown = await http.post("", json=named(HELLO), headers=ACCEPT)
        taught = await http.post("", json=named(HELLO, query=HELLO))
        known = await http.post("", json=named(HELLO))
        by_get = await http.get("", params=in_url(named(HELLO)), headers={"Accept": "application/json"})

    assert (unknown.status_code, code_of(unknown)) == (400, "PERSISTED_QUERY_NOT_FOUND")
    assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"
    assert taught.json() == known.json() == by_get.json() == {"data": {"hello": "hello world"}}


async def test_an_old_client_reads_not_found_from_a_200():
    async with client() as http:
        unknown = await http.post("", json=named(HELLO), headers={"Accept": "application/json"})

    assert (unknown.status_code, code_of(unknown)) == (200, "PERSISTED_QUERY_NOT_FOUND")


async def test_a_get_can_teach_a_query_and_never_runs_a_mutation():
    push = 'mutation { push(text: "by get") }'
    async with client() as http:
        taught = await http.get(
            "", params=in_url(named(HELLO, query=HELLO)), headers={"Accept": "application/json"}
        )
        refused = await http.get(
            "", params=in_url(named(push, query=push)), headers={"Accept": "application/json"}
        )

    assert taught.json() == {"data": {"hello": "hello world"}}
    assert refused.status_code == 405
    assert "by get" not in tiny.pushed


async def test_a_hash_of_another_document_is_refused_and_teaches_nothing():
    async with client() as http:
        refused = await http.post("", json=named("{ thing { name } }", query=HELLO), headers=ACCEPT)
        after = await http.post("", json=named("{ thing { name } }"), headers=ACCEPT)

    assert (refused.status_code, code_of(refused)) == (400, "PERSISTED_QUERY_HASH_MISMATCH")
    assert code_of(after) == "PERSISTED_QUERY_NOT_FOUND"


async def test_an_invalid_document_is_not_learnt():
    async with client() as http:
        refused = await http.post("", json=named("{ nothing }", query="{ nothing }"), headers=ACCEPT)
        after = await http.post("", json=named("{ nothing }"), headers=ACCEPT)

    assert code_of(refused) == "GRAPHQL_VALIDATION_FAILED"
    assert code_of(after) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    "given",
    [
        5,
        [],
        {},
        {"version": 2, "sha256Hash": sha256_of(HELLO)},
        {"version": 1},
        {"version": 1, "sha256Hash": 7},
        {"version": 1, "sha256Hash": ""},
        {"version": 1, "sha256Hash": "x" * 129},
        {"version": 1, "sha256Hash": "a\nb"},
    ],
)
async def test_what_is_not_written_by_the_protocol_is_a_bad_request(given: Any):
    async with client() as http:
        refused = await http.post("", json={"extensions": {"persistedQuery": given}}, headers=ACCEPT)

    assert (refused.status_code, code_of(refused)) == (400, "BAD_REQUEST")


async def test_documents_learnt_are_bounded_the_oldest_go_first():
    kept = Kept(max_characters=3 * 200)
    for number in range(5):
        kept.put(str(number), "x" * 50)

    assert [kept.get(str(number)) is not None for number in range(5)] == [False, False, True, True, True]


async def test_only_registered_operations_are_served_when_the_installation_says_so():
    async def register(operation_id: str) -> str | None:
        return HELLO if operation_id in ("hello-1", sha256_of(HELLO)) else None

    async with client(persisted=PersistedOperations(register, only_registered=True)) as http:
        by_hash = await http.post("", json=named(HELLO))
        by_id = await http.post(
            "", json={"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "hello-1"}}}
        )
        written_out = await http.post("", json={"query": HELLO})
        other = await http.post("", json={"query": "{ thing { name } }"}, headers=ACCEPT)
        taught = await http.post("", json=named("{ thing { name } }", query="{ thing { name } }"), headers=ACCEPT)
        unknown = await http.post("", json=named("{ thing { name } }"), headers=ACCEPT)

    assert by_hash.json() == by_id.json() == written_out.json() == {"data": {"hello": "hello world"}}
    assert code_of(other) == code_of(taught) == "QUERY_NOT_IN_SAFELIST"
    assert (unknown.status_code, code_of(unknown)) == (400, "PERSISTED_QUERY_NOT_IN_LIST")


def app(tmp_path: Path, *, only_registered: bool) -> Starlette:
    return create_app(Settings(var_dir=tmp_path, only_registered_operations=only_registered))


async def answer(http: httpx.AsyncClient, parameters: dict[str, Any]) -> Any:
    """The data or the error's code."""
    body = (await http.post("/graphql", json=parameters)).json()
    return body["data"] if "data" in body else body["errors"][0]["extensions"]["code"]


@pytest.mark.usefixtures("db")
async def test_what_a_manifest_registers_is_served_by_its_hash_and_withdrawn_again(tmp_path: Path):
    manifest = {
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": [{"id": sha256_of(NOTHING), "name": "Nothing", "type": "query", "body": NOTHING}],
    }
    entries = registry.read_manifest(json.dumps(manifest).encode())
    operations_cli.must_be_servable(entries)

    first = await registry.register(entries)
    again = await registry.register(entries)
    async with caller(app(tmp_path, only_registered=True)) as http:
        assert await answer(http, named(NOTHING)) == {"node": None}
        assert await answer(http, {"query": "{ __typename }"}) == "QUERY_NOT_IN_SAFELIST"
    assert await registry.withdraw([sha256_of(NOTHING)]) == 1
    async with caller(app(tmp_path, only_registered=True)) as http:
        gone = await answer(http, named(NOTHING))

    assert (first.added, first.known, again.added, again.known) == (1, 0, 0, 1)
    assert gone == "PERSISTED_QUERY_NOT_IN_LIST"


@pytest.mark.usefixtures("db")
async def test_an_id_never_changes_its_document():
    await registry.register([Entry("nothing-1", NOTHING)])

    with pytest.raises(BadManifest, match="already stands for another document"):
        await registry.register([Entry("fresh", HELLO), Entry("nothing-1", HELLO)])

    assert await RegisteredOperation.all().values_list("operation_id", flat=True) == ["nothing-1"]


@pytest.mark.usefixtures("db")
async def test_the_register_has_an_end():
    with pytest.raises(BadManifest, match="room for 1"):
        await registry.register([Entry("a", HELLO), Entry("b", NOTHING)], room_for=1)

    assert await RegisteredOperation.all().count() == 0


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", "not JSON"),
        (b"[]", "JSON object"),
        (b"{}", "no operation"),
        (b'{"a": 5}', "both text"),
        (b'{"a b": "{ hello }"}', "is not an id"),
        (b'{"format": "other", "version": 1}', "is known"),
        (b'{"format": "apollo-persisted-query-manifest", "version": 1, "operations": {}}', "a list"),
        (json.dumps({"0" * 64: HELLO}).encode(), "not that of its document"),
    ],
)
def test_a_manifest_says_what_is_wrong_with_it(content: bytes, problem: str):
    with pytest.raises(BadManifest, match=problem):
        registry.read_manifest(content)


def test_a_simple_object_of_ids_and_documents_is_a_manifest_too():
    assert registry.read_manifest(json.dumps({"hello-1": HELLO}).encode()) == [Entry("hello-1", HELLO)]


def test_a_document_that_the_schema_does_not_know_is_not_registered():
    with pytest.raises(BadManifest, match="Nope: Cannot query field 'nope'"):
        operations_cli.must_be_servable([Entry("a", "query Nope { nope }", "Nope")])
