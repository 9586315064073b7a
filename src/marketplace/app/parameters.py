"""Reading a GraphQL request's parameters from a URL, a JSON body or a multipart form.

GraphQL over HTTP, sections "Request parameters", "GET" and "POST". Everything that cannot be
read is refused here with the status that says why, before any GraphQL is looked at.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import Any, cast

import orjson
from starlette.requests import ClientDisconnect, Request

from marketplace.app import multipart
from marketplace.app.errors import HttpRefusal, bad_request
from marketplace.app.floods import too_large
from marketplace.app.limits import Caps, depth_of_json
from marketplace.app.negotiation import JSON, MediaType, names_json
from marketplace.kit.waiting import TookTooLong, within

NUL = b"\\u0000"
MULTIPART = "multipart/form-data"
PREFLIGHT_HEADERS = ("apollo-require-preflight", "x-graphql-preflight")


@dataclass(frozen=True, slots=True)
class Parameters:
    """The four parameters of a request; `variables` and `extensions` are empty when absent or null.

    Without a `query` the extensions name a persisted one.
    """

    query: str | None
    operation_name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict[str, Any])
    extensions: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @classmethod
    def of(cls, decoded: object, caps: Caps) -> "Parameters":
        """Check a decoded JSON value; raises HttpRefusal (400) naming the parameter that is wrong."""
        if isinstance(decoded, list):
            raise bad_request("The body is a list: send one operation per request, as a JSON object.")
        if not isinstance(decoded, dict):
            raise bad_request("The body must be a JSON object with a `query`.")
        if not depth_of_json(cast("object", decoded), caps.json_depth):
            raise bad_request(f"The JSON is nested deeper than {caps.json_depth} levels.")
        given = cast("dict[str, object]", decoded)
        query = given.get("query")
        extensions = _object(given, "extensions")
        is_named = query in (None, "") and extensions.get("persistedQuery") is not None
        if not is_named and (not isinstance(query, str) or not query.strip()):
            raise bad_request("`query` is required and must be a string.")
        name = given.get("operationName")
        if not isinstance(name, str | None):
            raise bad_request("`operationName` must be a string.")
        text = query if isinstance(query, str) and query else None
        return cls(text, name or None, _object(given, "variables"), extensions)


def _object(given: Mapping[str, object], name: str) -> Mapping[str, Any]:
    value = given.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad_request(f"`{name}` must be a JSON object.")
    return cast("dict[str, Any]", value)


def must_be_meant(request: Request) -> None:
    """Raise HttpRefusal (400) for a GET that any page could cause, as by a link or an image."""
    if not (_is_by_a_script(request) or names_json(request.headers.get("accept")) or _has_preflight(request)):
        raise bad_request(
            f"Name {JSON} in the header `Accept` of a GET, so that no link or image can send it.",
            "PREFLIGHT_REQUIRED",
        )


def from_url(request: Request, caps: Caps) -> Parameters:
    """The parameters of a GET; `variables` and `extensions` are JSON in the URL."""
    try:
        given: dict[str, object] = dict(request.query_params)
    except ValueError as error:
        raise bad_request("The query string cannot be read.") from error
    for name in ("variables", "extensions"):
        text = given.get(name)
        if isinstance(text, str):
            given[name] = decode(text.encode(errors="surrogatepass"), what=f"`{name}`") if text else None
    return Parameters.of(given, caps)


async def json_body(request: Request, caps: Caps) -> bytes | None:
    """The body of a POST that is said to be JSON; None for anything else."""
    media = _media_of(request.headers.get("content-type", ""))
    _must_be_plain_utf8(request, media)
    return await _read(request, caps.body_bytes, caps.body_timeout_s) if media.name == JSON else None


@lru_cache(maxsize=1024)
def _media_of(content_type: str) -> MediaType:
    return MediaType.parse(content_type)


@asynccontextmanager
async def from_body(request: Request, caps: Caps, body: bytes | None) -> AsyncGenerator[Parameters]:
    """The parameters of a POST with this JSON body, or with a form; uploaded files stay open until the end."""
    if body is not None:
        yield Parameters.of(decode(body, what="The body"), caps)
        return
    media = _media_of(request.headers.get("content-type", ""))
    if media.name != MULTIPART:
        raise _unsupported(f"Send the operation as {JSON}; got {media.name or 'no Content-Type'}.")
    if not _has_preflight(request):
        raise bad_request(
            f"A form needs the header `{PREFLIGHT_HEADERS[1]}: 1`, so that no other site can send it.",
            "PREFLIGHT_REQUIRED",
        )
    chunks = _chunks(request, caps.upload_bytes, caps.body_timeout_s)
    async with multipart.operations(request.headers, chunks, caps) as operations:
        yield Parameters.of(operations, caps)


def _is_by_a_script(request: Request) -> bool:
    """Whether a browser says that a script sends this, which is held to CORS; links, images and forms are not.

    https://www.w3.org/TR/fetch-metadata/#sec-fetch-mode-header
    """
    return request.headers.get("sec-fetch-mode") in ("cors", "same-origin")


def _has_preflight(request: Request) -> bool:
    return any(request.headers.get(name) for name in PREFLIGHT_HEADERS)


def decode(body: bytes, *, what: str) -> object:
    """Decode JSON; malformed, deeply nested or non-UTF-8 text is refused with 400, and NUL anywhere in it."""
    if NUL in body:
        raise bad_request(f"{what} has a NUL character, which no text here can hold.")
    try:
        return cast("object", orjson.loads(body))
    except orjson.JSONDecodeError as error:
        raise bad_request(f"{what} is not JSON in UTF-8: {error.msg}.") from error


def _must_be_plain_utf8(request: Request, media: MediaType) -> None:
    charset = media.parameters.get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8"):
        raise _unsupported(f"The charset must be utf-8; got {charset}.")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        raise _unsupported(f"The body must not be encoded; got {encoding}.", {"Accept-Encoding": "identity"})


def _unsupported(message: str, headers: Mapping[str, str] | None = None) -> HttpRefusal:
    told = headers or {"Accept-Post": f"{JSON}, {MULTIPART}"}
    return HttpRefusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", message, told)


async def _read(request: Request, limit_bytes: int, timeout_s: float) -> bytes:
    """The body, whole; raises HttpRefusal once it is too large (413) or too slow (408)."""
    _must_not_announce_more(request, limit_bytes)
    try:
        return await within(timeout_s, _all_of(request, limit_bytes))
    except TookTooLong as error:
        raise _too_slow(timeout_s) from error


async def _all_of(request: Request, limit_bytes: int) -> bytes:
    parts: list[bytes] = []
    received = 0
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        received += len(parts[-1])
        if received > limit_bytes:
            raise too_large(limit_bytes)
        more = message.get("more_body", False)
    return b"".join(parts)


async def _chunks(request: Request, limit_bytes: int, timeout_s: float) -> AsyncIterator[bytes]:
    """The body as it arrives; raises HttpRefusal once it is too large (413) or too slow (408)."""
    _must_not_announce_more(request, limit_bytes)
    deadline = asyncio.get_running_loop().time() + timeout_s
    stream = aiter(request.stream())
    received = 0
    while True:
        try:
            async with asyncio.timeout_at(deadline):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise _too_slow(timeout_s) from error
        received += len(chunk)
        if received > limit_bytes:
            raise too_large(limit_bytes)
        yield chunk


def _must_not_announce_more(request: Request, limit_bytes: int) -> None:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > limit_bytes:
        raise too_large(limit_bytes, int(length[:20]))


def _too_slow(timeout_s: float) -> HttpRefusal:
    return HttpRefusal(
        HTTPStatus.REQUEST_TIMEOUT,
        "REQUEST_TIMEOUT",
        f"The body did not arrive within {timeout_s:g} seconds.",
        {"Connection": "close"},
    )
