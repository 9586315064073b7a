"""GraphQL over HTTP: our own thin view over a Strawberry schema, in the order of the specification.

https://graphql.github.io/graphql-over-http/draft/ . What the specification leaves open is decided
for safety: queries only by GET, one operation per request, no form without a preflight header,
everything bounded before it is executed, and no exception's text in any answer. Who accepts
`text/event-stream` is answered by a stream of events (`event_stream.py`); a subscription that is
sent otherwise is told how to subscribe.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson
import strawberry
from graphql import OperationType
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from marketplace.app import event_stream, floods, parameters
from marketplace.app.asking import Asking, Prepared, languages_of, refusal_of, refused
from marketplace.app.context import accepted_languages
from marketplace.app.errors import (
    UNAVAILABLE,
    HttpRefusal,
    RequestErrors,
    masked,
    request_error,
)
from marketplace.app.kept_pages import KeptPages
from marketplace.app.limits import Caps
from marketplace.app.live import Live
from marketplace.app.negotiation import EVENT_STREAM, GRAPHQL_RESPONSE, JSON, negotiate, takes_events
from marketplace.app.observing import name_operation
from marketplace.app.parameters import Parameters
from marketplace.app.persisted import PersistedOperations
from marketplace.app.quick import Known, Quick, Recall
from marketplace.app.rates import Rates
from marketplace.app.revalidation import revalidated
from marketplace.kit.actor import Actor
from marketplace.kit.graphql import Context

METHODS = "GET, POST"
_NOT_KEPT = [(b"cache-control", b"no-store"), (b"vary", b"Accept, Authorization")]
HOW_TO_SUBSCRIBE = (
    "A subscription is answered more than once: send it with `Accept: text/event-stream`, "
    "or over a WebSocket to this address with the protocol graphql-transport-ws."
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A response before it is encoded: whether the request was sound decides the status."""

    body: dict[str, Any]
    sound: bool
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class _Headers(Headers):
    """A request's headers, each found at once: we ask for several of them. Of a repeated one the first counts."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope=scope)
        self._first = {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(self.raw)}

    def __getitem__(self, key: str) -> str:
        return self._first[key.lower()]

    def get(self, key: str, default: Any = None) -> Any:
        return self._first.get(key.lower(), default)


class _Request(Request):
    """A request that looks its headers up once."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        super().__init__(scope, receive)
        self._known = _Headers(scope)

    @property
    def headers(self) -> Headers:
        """All of them."""
        return self._known


class GraphQLView:
    """An ASGI application that serves one schema.

    `context` builds the value resolvers see as `info.context`; it may raise HttpRefusal, for
    example for a token that is not valid. With `recall`, requests seen before are answered by plans alone
    where they can be (see `quick`), and their pages in `kept_pages`. `introspection` and `suggestions` are for
    development.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        context: Callable[[Request], Awaitable[object]],
        *,
        caps: Caps | None = None,
        persisted: PersistedOperations | None = None,
        rates: Rates | None = None,
        recall: Recall | None = None,
        kept_pages: KeptPages | None = None,
        introspection: bool = True,
        suggestions: bool = True,
        live: Live | None = None,
    ) -> None:
        self.asking = Asking(
            schema,
            caps=caps,
            persisted=persisted,
            rates=rates,
            introspection=introspection,
            suggestions=suggestions,
        )
        self._quick = Quick(schema, recall, kept_pages or KeptPages()) if recall else None
        self._patience = floods.Patience()
        self.live = live or Live()
        self.context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        request = _Request(scope, receive)
        try:
            response = await self.respond(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def respond(self, request: Request) -> Response:
        """The response to any request at all; only a client that went away raises."""
        accept = request.headers.get("accept")
        media = negotiate(accept)
        try:
            if media is None and not takes_events(accept):
                raise HttpRefusal(
                    HTTPStatus.NOT_ACCEPTABLE,
                    "NOT_ACCEPTABLE",
                    f"We answer in {GRAPHQL_RESPONSE}, {JSON} or {EVENT_STREAM}.",
                )
            answer = await self._answer(request, media)
            if isinstance(answer, Response):
                return answer
            response = _encode(answer, media or JSON)
            is_kept = request.method == "GET" and answer.sound and "errors" not in answer.body
            return revalidated(request, response) if is_kept else response
        except HttpRefusal as refusal:
            await self._patience.tell_slowly(refusal.status)
            headers = {**refusal.headers, **floods.without_the_rest(request, refusal.status)}
            return _response(refusal_of(refusal, _languages(request)), media or JSON, refusal.status, headers)
        except ClientDisconnect:
            raise
        except asyncio.CancelledError as error:
            if _is_cancelled_itself():
                raise
            return _encode_failure(error, media or JSON, request)
        except Exception as error:  # noqa: BLE001  # the last line of defence: nothing leaves unmasked
            return _encode_failure(error, media or JSON, request)

    async def _answer(self, request: Request, media: str | None) -> Answer | Response:
        address = request.client.host if request.client else None
        left = await self.asking.rates.admit_address(address, floods.weight(request))
        json = await parameters.json_body(request, self.asking.caps) if request.method == "POST" else None
        key = _key_of(request, json)
        if self._quick is not None and key is not None and media is not None:
            quickly = await self._quickly(self._quick, request, key)
            if quickly is not None:
                return quickly
        async with AsyncExitStack() as until_answered:
            asked = await self._read(request, json, until_answered)
            context = await self.context(request)
            actor = getattr(context, "actor", None)
            left = await self.asking.rates.admit_actor(actor) or left
            try:
                prepared = await self.asking.prepare(asked, actor, address, request.scope)
                _must_be_served(prepared, request)
                if prepared.is_subscription:
                    return self._stream(prepared, request, actor, languages_of(context))
                if self._quick is not None and key is not None and media is not None:
                    quickly = await self._for_the_first_time(self._quick, request, key, prepared, left)
                    if quickly is not None:
                        return quickly
                body = await self.asking.answer(prepared, context)
            except RequestErrors as errors:
                return _answered(
                    refused(errors, asked.operation_name, languages_of(context)), media, left, sound=False
                )
            return _answered(body, media, left, sound=True)

    async def _quickly(self, quick: Quick, request: Request, key: bytes) -> Answer | None:
        """The answer to a request seen before from a caller seen before; None when it goes the ordinary way."""
        known = quick.get(key)
        context = await quick.caller(request) if known is not None else None
        if known is None or context is None:
            return None
        name_operation(request.scope, known.name)
        left = await self.asking.rates.admit_actor(context.actor)
        return await self._by_plans(quick, key, known, context, left)

    async def _for_the_first_time(
        self, quick: Quick, request: Request, key: bytes, prepared: Prepared, left: Mapping[str, str]
    ) -> Answer | None:
        """The answer to a request that is sound and was not seen before, such as the next page of a known list."""
        known = quick.learn(key, prepared)
        context = await quick.caller(request) if known is not None else None
        if known is None or context is None:
            return None
        return await self._by_plans(quick, key, known, context, left)

    async def _by_plans(
        self, quick: Quick, key: bytes, known: Known, context: Context, left: Mapping[str, str]
    ) -> Answer | None:
        data = await self.asking.in_time(quick.answer(key, known, context))
        if data is None:
            return None
        return Answer({"data": data, "extensions": known.extensions}, sound=True, headers=left)

    def _stream(
        self, prepared: Prepared, request: Request, actor: Actor | None, languages: tuple[str, ...]
    ) -> Response:
        """A subscription as a stream; raises HttpRefusal when the caller has too many open."""
        seat = self.live.seat(actor, lambda: self.context(request), languages)
        bodies = self.asking.events(prepared, seat.renewed)
        return event_stream.EventStream(self.live, seat, bodies, prepared.asked.operation_name)

    async def _read(self, request: Request, json: bytes | None, until_answered: AsyncExitStack) -> Parameters:
        if request.method == "GET":
            return parameters.from_url(request, self.asking.caps)
        if request.method == "POST":
            return await until_answered.enter_async_context(parameters.from_body(request, self.asking.caps, json))
        raise HttpRefusal(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "METHOD_NOT_ALLOWED",
            f"GraphQL is served by {METHODS}.",
            {"Allow": METHODS},
        )


def _key_of(request: Request, json: bytes | None) -> bytes | None:
    """What a request can be known again by: the URL of a GET, or a JSON object; raises HttpRefusal (400)."""
    if request.method == "GET":
        parameters.must_be_meant(request)
        return b"GET " + request.scope["query_string"]
    return json if json is not None and json.startswith(b"{") else None


def _is_cancelled_itself() -> bool:
    """Whether somebody ends this very request, rather than something that it waited for having been ended."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def _must_be_served(prepared: Prepared, request: Request) -> None:
    if prepared.is_subscription and not takes_events(request.headers.get("accept")):
        raise request_error(HOW_TO_SUBSCRIBE, "SUBSCRIPTION_NOT_SERVED")
    if request.method == "GET" and prepared.operation.operation is OperationType.MUTATION:
        raise HttpRefusal(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "METHOD_NOT_ALLOWED",
            "Mutations are accepted by POST only.",
            {"Allow": "POST"},
        )


def _answered(
    body: dict[str, Any], media: str | None, headers: Mapping[str, str], *, sound: bool
) -> Answer | Response:
    """As the client takes it: who takes events only gets one, and then the end."""
    return event_stream.told_once(body) if media is None else Answer(body, sound, headers)


def _encode(answer: Answer, media: str) -> Response:
    """A sound request is 200; one whose GraphQL is at fault is 400, or 200 in `application/json`."""
    status = HTTPStatus.OK if answer.sound or media == JSON else HTTPStatus.BAD_REQUEST
    return _response(answer.body, media, status, answer.headers)


def _languages(request: Request) -> tuple[str, ...]:
    """The languages that a request asks for."""
    return accepted_languages(request.headers.get("accept-language"))


def _encode_failure(error: BaseException, media: str, request: Request) -> Response:
    told = masked(error, _languages(request))
    if told["extensions"]["code"] == UNAVAILABLE:
        return _response({"errors": [told]}, media, HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "1"})
    return _response({"errors": [told]}, media, HTTPStatus.INTERNAL_SERVER_ERROR)


def _response(
    body: Mapping[str, Any], media: str, status: HTTPStatus, headers: Mapping[str, str] | None = None
) -> Response:
    response = Response(orjson.dumps(body), status_code=status, media_type=f"{media}; charset=utf-8")
    response.raw_headers += _NOT_KEPT
    for name, value in (headers or {}).items():
        response.raw_headers.append((name.lower().encode("latin-1"), value.encode("latin-1")))
    return response
