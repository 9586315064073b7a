"""Uploads by the multipart request specification, and what a foreign site's form cannot do."""

from typing import Any

import httpx
import orjson
import pytest

from marketplace.app.limits import Caps
from tests.app import tiny
from tests.app.tiny import client, code_of

ONE = {"query": "mutation ($file: Upload!) { upload(file: $file) }", "variables": {"file": None}}
MANY = {
    "query": "mutation ($files: [Upload!]!) { uploadMany(files: $files) }",
    "variables": {"files": [None, None]},
}
PREFLIGHT = {"x-graphql-preflight": "1"}


async def send(
    http: httpx.AsyncClient, operations: Any, places: Any, headers: dict[str, str] = PREFLIGHT, **files: bytes
) -> httpx.Response:
    """A form with `operations`, `map` and the files, in that order."""
    fields = {"operations": orjson.dumps(operations).decode(), "map": orjson.dumps(places).decode()}
    uploads = {name: (f"{name}.csv", content) for name, content in files.items()}
    return await http.post("", data=fields, files=uploads, headers=headers)


@pytest.mark.parametrize("header", ["apollo-require-preflight", "x-graphql-preflight"])
async def test_a_file_arrives_where_the_map_says(header: str):
    async with client() as http:
        response = await send(http, ONE, {"a": ["variables.file"]}, {header: "true"}, a=b"sku,title")

    assert response.json() == {"data": {"upload": "a.csv: sku,title"}}


async def test_several_files_keep_their_places():
    async with client() as http:
        response = await send(http, MANY, {"a": ["variables.files.1"], "b": ["variables.files.0"]}, a=b"1", b=b"2")

    assert response.json() == {"data": {"uploadMany": ["b.csv: 2", "a.csv: 1"]}}


async def test_a_form_without_a_preflight_header_does_nothing():
    before = len(tiny.pushed)
    async with client() as http:
        response = await send(http, {"query": 'mutation { push(text: "x") }'}, {}, {}, a=b"1")

    assert (response.status_code, code_of(response)) == (400, "PREFLIGHT_REQUIRED")
    assert len(tiny.pushed) == before


@pytest.mark.parametrize(
    ("operations", "places"),
    [
        (ONE, {}),
        (ONE, []),
        (ONE, 5),
        (ONE, None),
        (ONE, {"a": "variables.file"}),
        (ONE, {"a": [1]}),
        (ONE, {"a": ["variables.file", "variables.file"]}),
        (ONE, {"b": ["variables.file"]}),
        (ONE, {"a": ["variables.other"]}),
        (ONE, {"a": ["variables.file.x"]}),
        (ONE, {"a": ["variables"]}),
        (ONE, {"a": ["query"]}),
        (ONE, {"a": [""]}),
        (ONE, {"operations": ["variables.file"]}),
        (MANY, {"a": ["variables.files.2"]}),
        (MANY, {"a": ["variables.files.-1"]}),
        (MANY, {"a": ["variables.files.x"]}),
        ([ONE], {"a": ["0.variables.file"]}),
        (5, {}),
        (None, {}),
        ({"query": ONE["query"], "variables": {"file": "taken"}}, {"a": ["variables.file"]}),
        ({"query": ONE["query"]}, {"a": ["variables.file"]}),
        ({"query": ONE["query"], "variables": 5}, {"a": ["variables.file"]}),
        ({"variables": {"file": None}}, {"a": ["variables.file"]}),
    ],
)
async def test_a_form_that_does_not_fit_together_is_400(operations: Any, places: Any):
    async with client() as http:
        response = await send(http, operations, places, a=b"1")

    assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"--x\r\n",
        b"--x\r\n\r\n\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{\r\n--x--\r\n',
        b'--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n\xff\r\n--x--\r\n',
        b'--x\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n1\r\n--x--\r\n',
        b'--x\r\nContent-Disposition: form-data; name="operations"; filename="o"\r\n\r\n{}\r\n--x--\r\n',
        b"--x\r\nContent-Disposition: form-data\r\n\r\n{}\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n' + b"[" * 5000 + b"\r\n--x--\r\n",
    ],
)
@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data; boundary=x", "multipart/form-data", "multipart/form-data; boundary="],
)
async def test_a_malformed_form_is_400(body: bytes, content_type: str):
    async with client() as http:
        response = await http.post("", content=body, headers={"Content-Type": content_type, **PREFLIGHT})

    assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")


async def test_too_many_files_are_refused():
    async with client(Caps(upload_files=2)) as http:
        response = await send(http, MANY, {"a": ["variables.files.0"]}, a=b"", b=b"", c=b"")

    assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")


async def test_an_upload_over_its_cap_is_413():
    async with client() as http:
        response = await send(http, ONE, {"a": ["variables.file"]}, a=b"x" * 10_000_001)

    assert (response.status_code, code_of(response)) == (413, "PAYLOAD_TOO_LARGE")


async def test_an_upload_may_be_larger_than_an_operation():
    async with client() as http:
        response = await send(http, ONE, {"a": ["variables.file"]}, a=b"x" * 9_000_000)

    assert response.status_code == 200
