"""What every transport does with an operation: find it, hold it to the limits, execute it in time, tell of it.

HTTP, event streams and sockets differ in how an operation arrives and how its answers leave; everything
between is here, so that none of them can be a way around a limit.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Any, TypeVar

import strawberry
from graphql import GraphQLError, OperationDefinitionNode, OperationType
from starlette.types import Scope

from marketplace.app import costs, execution
from marketplace.app.documents import Documents, KnownDocument, estimated_tokens
from marketplace.app.errors import HttpRefusal, RequestErrors, coded, present
from marketplace.app.limits import Caps, must_page_modestly
from marketplace.app.observing import name_operation
from marketplace.app.parameters import Parameters
from marketplace.app.persisted import PersistedOperations
from marketplace.app.rates import Rates
from marketplace.kit import database
from marketplace.kit.actor import Actor
from marketplace.kit.graphql import Context
from marketplace.kit.messages import noted
from marketplace.kit.waiting import TookTooLong, within

Body = dict[str, Any]
T = TypeVar("T")
AGAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Prepared:
    """An operation that may be executed, with what its answers say of its cost."""

    known: KnownDocument
    operation: OperationDefinitionNode
    asked: Parameters
    extensions: Mapping[str, Any]

    @property
    def is_subscription(self) -> bool:
        """Whether it is answered more than once."""
        return self.operation.operation is OperationType.SUBSCRIPTION


class Asking:
    """One schema with its limits, for whichever transport."""

    def __init__(
        self,
        schema: strawberry.Schema,
        *,
        caps: Caps | None = None,
        persisted: PersistedOperations | None = None,
        rates: Rates | None = None,
        introspection: bool = True,
        suggestions: bool = True,
    ) -> None:
        self._schema = schema
        self.caps = caps or Caps()
        self.rates = rates or Rates()
        self._persisted = persisted or PersistedOperations()
        self._documents = Documents(schema, self.caps, introspection=introspection, suggestions=suggestions)

    async def prepare(self, asked: Parameters, actor: Actor | None, address: str | None, scope: Scope) -> Prepared:
        """The operation, held to every limit; raises RequestErrors or HttpRefusal."""
        known = await self._document(await self._persisted.document(asked), address)
        self._persisted.learn(asked)
        operation = known.operation(asked.operation_name)
        name_operation(scope, operation.name.value if operation.name else None)
        must_page_modestly(known.page_variables, asked.variables, self.caps)
        extensions = self._cost(known, operation, asked.variables)
        await self.rates.admit_guesses(known, operation, asked.variables, actor, address)
        return Prepared(known, operation, asked, extensions)

    async def _document(self, source: str, address: str | None) -> KnownDocument:
        """The document of a text; one that was not seen before counts against its sender."""
        known = self._documents.known(source)
        if known is None:
            await self.rates.admit_document(address, estimated_tokens(source, self.caps.tokens))
            known = await self._documents.learn(source)
        return known

    async def answer(self, prepared: Prepared, context: object, root: object = None) -> Body:
        """The response to an operation, or to one event of a subscription.

        Raises RequestErrors when its variables are at fault, and HttpRefusal when it took too long.
        """
        return self._told(await self._run(prepared, context, root), prepared, languages_of(context))

    async def events(self, prepared: Prepared, renewed: Callable[[], Awaitable[object]]) -> AsyncGenerator[Body]:
        """The responses to a subscription, one an event, each in a context of its own, as a request would be.

        Raises RequestErrors when it cannot start or go on, and whatever `renewed` raises for a caller who may
        not ask any more. While the database is away an event waits.
        """
        try:
            source = await execution.subscribe(self._schema, _run_of(prepared, await renewed()))
            if isinstance(source, execution.Outcome):
                raise RequestErrors(coded(source.errors, "BAD_USER_INPUT"))
            async with aclosing(source):
                async for event in source:
                    yield await self._event(prepared, renewed, event)
        except (HttpRefusal, RequestErrors):
            raise
        except Exception as error:
            raise RequestErrors([GraphQLError(str(error), original_error=error)]) from error

    async def _event(self, prepared: Prepared, renewed: Callable[[], Awaitable[object]], event: object) -> Body:
        while True:
            try:
                context = await renewed()
                outcome = await self._run(prepared, context, event)
            except Exception as error:
                if not database.is_away(error):
                    raise
            else:
                if not any(database.is_away(error.original_error) for error in outcome.errors):
                    return self._told(outcome, prepared, languages_of(context))
            await asyncio.sleep(AGAIN_S)

    async def _run(self, prepared: Prepared, context: object, root: object) -> execution.Outcome:
        return await self.in_time(execution.run(self._schema, _run_of(prepared, context, root)))

    async def in_time(self, work: Coroutine[Any, Any, T]) -> T:
        """Let it run within the time limit; past it, cancel the operation and the SQL that it waits for."""
        limit_s = self.caps.operation_timeout_s
        try:
            return await within(limit_s, work)
        except TookTooLong as error:
            raise HttpRefusal(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "TIMED_OUT",
                noted("This operation took longer than {limit_s} s and was stopped."),
                facts={"limit_s": Decimal(f"{limit_s:g}")},
            ) from error

    def _cost(
        self, known: KnownDocument, operation: OperationDefinitionNode, variables: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """What the answer says of its cost; raises RequestErrors when that is more than is allowed."""
        if self.caps.cost is None:
            return {}
        name = operation.name.value if operation.name else None
        requested = known.costs[name].of(variables)
        costs.must_be_affordable(requested, self.caps.cost)
        return costs.told(requested, self.caps.cost)

    def _told(self, outcome: execution.Outcome, prepared: Prepared, languages: Sequence[str]) -> Body:
        if not outcome.started:
            raise RequestErrors(coded(outcome.errors, "BAD_USER_INPUT"), prepared.extensions)
        body: Body = {"data": outcome.data}
        if outcome.errors:
            body["errors"] = present_all(outcome.errors, prepared.asked.operation_name, languages)
        if outcome.extensions or prepared.extensions:
            body["extensions"] = {**outcome.extensions, **prepared.extensions}
        return body


def _run_of(prepared: Prepared, context: object, root: object = None) -> execution.Run:
    return execution.Run(prepared.known, prepared.operation, prepared.asked.variables, context, root)


def languages_of(context: object) -> tuple[str, ...]:
    """The languages of whom a context is of; none for a schema that has another kind."""
    return context.languages if isinstance(context, Context) else ()


def refused(errors: RequestErrors, operation_name: str | None, languages: Sequence[str] = ()) -> Body:
    """The response to a request whose GraphQL cannot be executed."""
    body: Body = {"errors": present_all(errors.errors, operation_name, languages)}
    if errors.extensions:
        body["extensions"] = errors.extensions
    return body


def refusal_of(refusal: HttpRefusal, languages: Sequence[str] = ()) -> Body:
    """The response to a request that is refused before it counts as GraphQL."""
    return {"errors": [{"message": refusal.said(languages), "extensions": {"code": refusal.code}}]}


def present_all(
    errors: Sequence[GraphQLError], operation_name: str | None, languages: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """The `errors` of a response."""
    return [present(error, operation_name=operation_name, languages=languages) for error in errors]
