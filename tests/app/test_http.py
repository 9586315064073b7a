"""GraphQL over HTTP to the letter: media types, methods, statuses, and one operation per request."""

from typing import Any

import httpx
import orjson
import pytest
from dirty_equals import IsPartialDict, IsStr

from tests.app import tiny
from tests.app.tiny import GRAPHQL_RESPONSE, ask, client, code_of

JSON = "application/json"
HELLO = {"query": "{ hello }"}


async def test_a_query_is_answered_by_post_and_by_get():
    async with client() as http:
        by_post = await ask(http, "{ hello }")
        by_get = await http.get("", params=HELLO, headers={"Accept": JSON})

    assert by_post.status_code == by_get.status_code == 200
    assert by_post.json() == by_get.json() == {"data": {"hello": "hello world"}}


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, JSON),
        ("*/*", JSON),
        (",", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL_RESPONSE, GRAPHQL_RESPONSE),
        (f"{GRAPHQL_RESPONSE}, {JSON}", GRAPHQL_RESPONSE),
        (f"{JSON}, {GRAPHQL_RESPONSE}", GRAPHQL_RESPONSE),
        (f"{GRAPHQL_RESPONSE};q=0.5, {JSON}", JSON),
        (f"{GRAPHQL_RESPONSE};q=0, */*", JSON),
        (f"{GRAPHQL_RESPONSE}; charset=utf-8", GRAPHQL_RESPONSE),
        ("text/html, application/xml;q=0.9, */*;q=0.8", JSON),
        (f"{JSON};q=nonsense", JSON),
    ],
)
async def test_the_answer_has_the_media_type_that_was_asked_for(accept: str | None, media: str):
    async with client() as http:
        del http.headers["accept"]
        response = await http.post("", json=HELLO, headers={"Accept": accept} if accept else {})

    assert response.headers["content-type"] == f"{media}; charset=utf-8"
    assert response.status_code == 200


@pytest.mark.parametrize("accept", ["image/png", f"{JSON};q=0"])
async def test_a_client_that_takes_neither_media_type_gets_406(accept: str):
    async with client() as http:
        response = await http.post("", json=HELLO, headers={"Accept": accept})

    assert (response.status_code, code_of(response)) == (406, "NOT_ACCEPTABLE")


@pytest.mark.parametrize(
    "query",
    [
        "{",
        "{ nothing }",
        "query A { hello } query B { hello }",
        "query ($n: Int!) { things(first: $n) { name } }",
    ],
)
async def test_a_request_error_is_400_and_only_old_clients_see_200(query: str):
    async with client() as http:
        proper = await ask(http, query)
        old = await http.post("", json={"query": query}, headers={"Accept": JSON})

    assert (proper.status_code, old.status_code) == (400, 200)
    assert "data" not in proper.json()
    assert proper.json() == old.json() == {"errors": [IsPartialDict(message=IsStr())]}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD"])
async def test_other_methods_are_405_and_say_what_is_allowed(method: str):
    async with client() as http:
        response = await http.request(method, "", json=HELLO)

    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize("accept", [JSON, GRAPHQL_RESPONSE])
async def test_a_mutation_by_get_is_405_and_does_nothing(accept: str):
    before = len(tiny.pushed)
    async with client() as http:
        response = await http.get("", params={"query": 'mutation { push(text: "x") }'}, headers={"Accept": accept})

    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert len(tiny.pushed) == before


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/graphql",
        "application/json; charset=latin-1",
    ],
)
async def test_a_wrong_media_type_is_415(content_type: str | None):
    before = len(tiny.pushed)
    body = orjson.dumps({"query": 'mutation { push(text: "x") }'})
    async with client() as http:
        response = await http.post(
            "", content=body, headers={"Content-Type": content_type} if content_type else {}
        )

    assert (response.status_code, code_of(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert len(tiny.pushed) == before


async def test_a_compressed_body_is_415():
    async with client() as http:
        response = await http.post(
            "", content=b"\x1f\x8b", headers={"Content-Type": JSON, "Content-Encoding": "gzip"}
        )

    assert (response.status_code, response.headers["accept-encoding"]) == (415, "identity")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"5",
        b"null",
        b'"{ hello }"',
        b"[]",
        b'[{"query": "{ hello }"}]',
        b"{}",
        b'{"query": 5}',
        b'{"query": null}',
        b'{"query": " "}',
        b'{"query": "{ hello }"',
        b'{"query": "{ hello }", "variables": []}',
        b'{"query": "{ hello }", "variables": "x"}',
        b'{"query": "{ hello }", "extensions": 1}',
        b'{"query": "{ hello }", "operationName": 1}',
        b'{"query": "\xff"}',
        b'{"query": "query ($n: String!) { hello(name: $n) }", "variables": {"n": "a\\u0000b"}}',
        b'{"query": "{ hello(name: \\"\\\\u0000\\") }"}',
        b'{"query": "\xed\xa0\x80"}',
        b'{"query": "{ hello }", "variables": {"a": ' + b"[" * 100 + b"]" * 100 + b"}}",
        b"[" * 200_000 + b"]" * 200_000,
        b'{"a":' * 150_000 + b"1" + b"}" * 150_000,
    ],
)
@pytest.mark.parametrize("accept", [JSON, GRAPHQL_RESPONSE])
async def test_a_body_that_is_no_request_is_400(body: bytes, accept: str):
    async with client() as http:
        response = await http.post("", content=body, headers={"Content-Type": JSON, "Accept": accept})

    assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("escape", ["\\u0000", "\\u{0}", "\\u{000000}"])
async def test_a_nul_in_a_document_is_refused(escape: str):
    async with client() as http:
        by_get = await http.get("", params={"query": f'{{ hello(name: "{escape}") }}'}, headers={"Accept": JSON})
        by_post = await ask(http, f'{{ hello(name: "{escape}") }}')

    assert code_of(by_get) == "BAD_USER_INPUT"
    assert by_post.status_code == 400


@pytest.mark.parametrize("variables", ["{", "5", "[]", '"x"', "\xff"])
async def test_variables_in_a_url_must_be_a_json_object(variables: str):
    async with client() as http:
        response = await http.get(
            "", params={"query": "{ hello }", "variables": variables}, headers={"Accept": JSON}
        )

    assert response.status_code == 400


async def test_get_takes_variables_and_an_operation_name():
    query = "query A($n: String!) { hello(name: $n) } query B { thing { name } }"
    async with client() as http:
        response = await http.get(
            "",
            params={"query": query, "operationName": "A", "variables": '{"n": "Ada"}', "extensions": "{}"},
            headers={"Accept": JSON},
        )

    assert response.json() == {"data": {"hello": "hello Ada"}}


async def test_several_operations_need_a_name_that_exists():
    query = 'query A { hello } mutation B { push(text: "x") }'
    before = len(tiny.pushed)
    async with client() as http:
        unnamed = await ask(http, query)
        unknown = await ask(http, query, operationName="C")
        named = await ask(http, query, operationName="A")

    assert (code_of(unnamed), code_of(unknown)) == ("OPERATION_NOT_CHOSEN", "OPERATION_NOT_FOUND")
    assert named.json() == {"data": {"hello": "hello world"}}
    assert len(tiny.pushed) == before


async def test_a_subscription_by_post_is_told_so():
    async with client() as http:
        response = await ask(http, "subscription { ticks }")

    assert (response.status_code, code_of(response)) == (400, "SUBSCRIPTION_NOT_SERVED")


async def test_one_of_inputs_hold_for_literals_and_variables():
    by_variable = "query ($by: Either!) { either(by: $by) }"
    async with client() as http:
        literal = await ask(http, '{ either(by: {this: "a", that: "b"}) }')
        variable = await ask(http, by_variable, variables={"by": {"this": "a", "that": "b"}})
        empty = await ask(http, by_variable, variables={"by": {}})

    assert [each.status_code for each in (literal, variable, empty)] == [400, 400, 400]


async def test_the_answer_to_a_post_is_kept_nowhere():
    async with client() as http:
        response = await ask(http, "{ hello }")

    assert response.headers["cache-control"] == "no-store"
    assert response.headers["vary"] == "Accept, Authorization"
    assert "etag" not in response.headers


async def test_the_answer_to_a_get_is_kept_by_whom_it_is_for_and_asked_about_each_time():
    async with client() as http:
        http.headers["Accept"] = GRAPHQL_RESPONSE
        first = await http.get("", params=HELLO)
        tag = first.headers["etag"]
        again = await http.get("", params=HELLO, headers={"If-None-Match": f'"other", {tag}'})
        strong = await http.get("", params=HELLO, headers={"If-None-Match": tag.removeprefix("W/")})
        other = await http.get("", params={"query": "{ thing { name } }"}, headers={"If-None-Match": tag})

    assert first.headers["cache-control"] == "private, no-cache"
    assert first.headers["vary"] == "Accept, Accept-Language, Authorization"
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert again.headers["cache-control"] == "private, no-cache"
    assert strong.status_code == 304
    assert (other.status_code, other.headers["etag"] == tag) == (200, False)


async def test_what_went_wrong_has_no_tag():
    async with client() as http:
        http.headers["Accept"] = GRAPHQL_RESPONSE
        unsound = await http.get("", params={"query": "{ nonsense }"})
        failed = await http.get("", params={"query": "{ broken }"})

    assert unsound.status_code == 400
    assert failed.json()["errors"]
    assert "etag" not in unsound.headers
    assert "etag" not in failed.headers


async def test_a_repeated_document_is_answered_from_the_store_alike():
    query = "query ($n: String!) { hello(name: $n) }"
    async with client() as http:
        answers: list[Any] = [(await ask(http, query, variables={"n": name})).json() for name in "ab"]

    assert answers == [{"data": {"hello": "hello a"}}, {"data": {"hello": "hello b"}}]


async def test_what_is_not_http_about_a_query_string_is_400():
    async with client() as http:
        response = await http.get(
            "", params=httpx.QueryParams([("query", "{ hello }"), ("variables", '{"a":' * 5000)])
        )

    assert response.status_code == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Accept": "*/*"}, 400),
        ({"Accept": "*/*", "Sec-Fetch-Mode": "no-cors"}, 400),
        ({"Accept": "*/*", "Sec-Fetch-Mode": "cors"}, 200),
        ({"Accept": "*/*", "x-graphql-preflight": "1"}, 200),
        ({"Accept": "application/json;q=0.9, */*;q=0.1"}, 200),
        ({"Accept": GRAPHQL_RESPONSE}, 200),
    ],
)
async def test_a_get_that_a_link_or_an_image_could_send_is_refused(headers: dict[str, str], status: int):
    async with client() as http:
        response = await http.get("", params=HELLO, headers=headers)

    assert response.status_code == status
    assert ("PREFLIGHT_REQUIRED" in response.text) is (status == 400)
