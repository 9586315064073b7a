"""GraphQL over HTTP: our own thin view over a Strawberry schema, in the order of the specification.

https://graphql.github.io/graphql-over-http/draft/ . What the specification leaves open is decided
for safety: queries only by GET, one operation per request, no form without a preflight header,
everything bounded before it is executed, and no exception's text in any answer. Subscriptions
are not served here, and say so.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, TypeVar

import orjson
import strawberry
from graphql import GraphQLError, OperationDefinitionNode, OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from marketplace.app import costs, execution, parameters
from marketplace.app.documents import Documents, KnownDocument, estimated_tokens, is_query
from marketplace.app.errors import (
    UNAVAILABLE,
    HttpRefusal,
    RequestErrors,
    coded,
    masked,
    present,
    request_error,
)
from marketplace.app.kept_pages import KeptPages
from marketplace.app.limits import Caps, must_page_modestly
from marketplace.app.negotiation import GRAPHQL_RESPONSE, JSON, negotiate
from marketplace.app.observing import name_operation
from marketplace.app.persisted import PersistedOperations
from marketplace.app.quick import Quick, Recall
from marketplace.app.rates import Rates

METHODS = "GET, POST"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """A response before it is encoded: whether the request was sound decides the status."""

    body: dict[str, Any]
    sound: bool
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class GraphQLView:
    """An ASGI application that serves one schema.

    `context` builds the value resolvers see as `info.context`; it may raise HttpRefusal, for
    example for a token that is not valid. With `recall`, requests seen before are answered by plans alone
    where they can be (see `quick`), and `kept_pages_bytes` of their pages are kept. `introspection` and
    `suggestions` are for development.
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
        kept_pages_bytes: int = 0,
        introspection: bool = True,
        suggestions: bool = True,
    ) -> None:
        self._schema = schema
        self._context = context
        self._caps = caps or Caps()
        self._persisted = persisted or PersistedOperations()
        self._rates = rates or Rates()
        self._quick = Quick(schema, recall, KeptPages(kept_pages_bytes)) if recall else None
        self._documents = Documents(schema, self._caps, introspection=introspection, suggestions=suggestions)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        request = Request(scope, receive)
        try:
            response = await self.respond(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def respond(self, request: Request) -> Response:
        """The response to any request at all; only a client that went away raises."""
        media = negotiate(request.headers.get("accept"))
        try:
            if media is None:
                raise HttpRefusal(
                    HTTPStatus.NOT_ACCEPTABLE, "NOT_ACCEPTABLE", f"We answer in {GRAPHQL_RESPONSE} or {JSON}."
                )
            answer = await self._answer(request)
            return _encode(answer, media)
        except HttpRefusal as refusal:
            return _refuse(refusal, media or JSON)
        except ClientDisconnect:
            raise
        except asyncio.CancelledError as error:
            if _is_cancelled_itself():
                raise
            return _encode_failure(error, media or JSON)
        except Exception as error:  # noqa: BLE001  # the last line of defence: nothing leaves unmasked
            return _encode_failure(error, media or JSON)

    async def _answer(self, request: Request) -> Answer:
        address = request.client.host if request.client else None
        left = await self._rates.admit_address(address)
        body = await parameters.json_body(request, self._caps) if request.method == "POST" else None
        if self._quick is not None and body is not None:
            answer = await self._quickly(self._quick, request, body)
            if answer is not None:
                return answer
        async with AsyncExitStack() as until_answered:
            asked = await self._read(request, body, until_answered)
            context = await self._context(request)
            actor = getattr(context, "actor", None)
            left = await self._rates.admit_actor(actor) or left
            try:
                known = await self._document(await self._persisted.document(asked), address)
                self._persisted.learn(asked)
                operation = known.operation(asked.operation_name)
                name_operation(request.scope, operation.name.value if operation.name else None)
                _must_be_served(operation, request.method)
                must_page_modestly(known.page_variables, asked.variables, self._caps)
                told = self._cost(known, operation, asked.variables)
                await self._rates.admit_guesses(known, operation, asked.variables, actor, address)
            except RequestErrors as refused:
                return replace(_refused(refused, asked.operation_name), headers=left)
            outcome = await self._in_time(
                execution.run(self._schema, execution.Run(known, operation, asked.variables, context))
            )
            if self._quick is not None and body is not None and not outcome.errors:
                self._quick.learn(body, known, operation, asked.variables, told)
            return replace(_told(outcome, asked.operation_name, told), headers=left)

    async def _quickly(self, quick: Quick, request: Request, body: bytes) -> Answer | None:
        """The answer to a body seen before from a caller seen before; None when it goes the ordinary way."""
        known = quick.get(body)
        context = await quick.caller(request) if known is not None else None
        if known is None or context is None:
            return None
        name_operation(request.scope, known.name)
        left = await self._rates.admit_actor(context.actor)
        data = await self._in_time(quick.answer(body, known, context))
        if data is None:
            return None
        return Answer({"data": data, "extensions": known.extensions}, sound=True, headers=left)

    async def _document(self, source: str, address: str | None) -> KnownDocument:
        """The document of a text; one that was not seen before counts against its sender."""
        known = self._documents.known(source)
        if known is None:
            await self._rates.admit_document(address, estimated_tokens(source, self._caps.tokens))
            known = await self._documents.learn(source)
        return known

    async def _in_time(self, work: Coroutine[Any, Any, T]) -> T:
        """Let it run within the time limit; past it, cancel the operation and the SQL that it waits for."""
        limit_s = self._caps.operation_timeout_s
        limit = asyncio.timeout(limit_s)
        try:
            async with limit:
                return await work
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise HttpRefusal(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "TIMED_OUT",
                f"This operation took longer than {limit_s:g} seconds and was stopped.",
            ) from error

    def _cost(
        self, known: KnownDocument, operation: OperationDefinitionNode, variables: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What the answer says of its cost; raises RequestErrors when that is more than is allowed."""
        if self._caps.cost is None:
            return {}
        name = operation.name.value if operation.name else None
        requested = known.costs[name].of(variables)
        costs.must_be_affordable(requested, self._caps.cost)
        return costs.told(requested, self._caps.cost)

    async def _read(
        self, request: Request, body: bytes | None, until_answered: AsyncExitStack
    ) -> parameters.Parameters:
        if request.method == "GET":
            return parameters.from_url(request, self._caps)
        if request.method == "POST":
            return await until_answered.enter_async_context(parameters.from_body(request, self._caps, body))
        raise HttpRefusal(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "METHOD_NOT_ALLOWED",
            f"GraphQL is served by {METHODS}.",
            {"Allow": METHODS},
        )


def _is_cancelled_itself() -> bool:
    """Whether somebody ends this very request, rather than something that it waited for having been ended."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def _must_be_served(operation: OperationDefinitionNode, method: str) -> None:
    if operation.operation is OperationType.SUBSCRIPTION:
        raise request_error("Subscriptions are not served over plain HTTP requests.", "SUBSCRIPTION_NOT_SERVED")
    if method == "GET" and not is_query(operation):
        raise HttpRefusal(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "METHOD_NOT_ALLOWED",
            "Mutations are accepted by POST only.",
            {"Allow": "POST"},
        )


def _refused(refused: RequestErrors, operation_name: str | None) -> Answer:
    body: dict[str, Any] = {"errors": _present_all(refused.errors, operation_name)}
    if refused.extensions:
        body["extensions"] = refused.extensions
    return Answer(body, sound=False)


def _told(outcome: execution.Outcome, operation_name: str | None, extensions: Mapping[str, Any]) -> Answer:
    if not outcome.started:
        errors = coded(outcome.errors, "BAD_USER_INPUT")
        return _refused(RequestErrors(errors, extensions), operation_name)
    body: dict[str, Any] = {"data": outcome.data}
    if outcome.errors:
        body["errors"] = _present_all(outcome.errors, operation_name)
    if outcome.extensions or extensions:
        body["extensions"] = {**outcome.extensions, **extensions}
    return Answer(body, sound=True)


def _present_all(errors: Sequence[GraphQLError], operation_name: str | None) -> list[dict[str, Any]]:
    return [present(error, operation_name=operation_name) for error in errors]


def _encode(answer: Answer, media: str) -> Response:
    """A sound request is 200; one whose GraphQL is at fault is 400, or 200 in `application/json`."""
    status = HTTPStatus.OK if answer.sound or media == JSON else HTTPStatus.BAD_REQUEST
    return _response(answer.body, media, status, answer.headers)


def _refuse(refusal: HttpRefusal, media: str) -> Response:
    error = {"message": refusal.message, "extensions": {"code": refusal.code}}
    return _response({"errors": [error]}, media, refusal.status, refusal.headers)


def _encode_failure(error: BaseException, media: str) -> Response:
    told = masked(error)
    if told["extensions"]["code"] == UNAVAILABLE:
        return _response({"errors": [told]}, media, HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "1"})
    return _response({"errors": [told]}, media, HTTPStatus.INTERNAL_SERVER_ERROR)


def _response(
    body: Mapping[str, Any], media: str, status: HTTPStatus, headers: Mapping[str, str] | None = None
) -> Response:
    return Response(
        orjson.dumps(body),
        status_code=status,
        headers={"Cache-Control": "no-store", "Vary": "Accept, Authorization", **(headers or {})},
        media_type=f"{media}; charset=utf-8",
    )
