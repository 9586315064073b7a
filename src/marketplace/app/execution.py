"""Executing one known document with graphql-core, inside the life cycle of Strawberry's extensions.

Strawberry's own `Schema.execute` would parse and validate again and runs the first of several
unnamed operations; here both are settled before. Exception handlers live in the fields and
extensions are entered around each phase, so both work as Strawberry documents them.
"""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, cast

import strawberry
from graphql import (
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    create_source_event_stream,  # pyright: ignore[reportUnknownVariableType]  # its executor has no context type
    execute,  # pyright: ignore[reportUnknownVariableType]  # its middleware tuple has no element type
)
from graphql.execution import MiddlewareManager
from strawberry.execution import optimized_is_awaitable
from strawberry.schema._graphql_core import GraphQLExecutionResult
from strawberry.types import ExecutionContext
from strawberry.types import ExecutionResult as StrawberryResult
from strawberry.types.graphql import OperationType

from marketplace.app.documents import KnownDocument

MAX_COERCION_ERRORS = 20


@dataclass(frozen=True, slots=True)
class Run:
    """One operation to execute: which of the document's operations, with what, for whom, on which event."""

    known: KnownDocument
    operation: OperationDefinitionNode
    variables: Mapping[str, Any]
    context: object
    root: object = None

    @property
    def operation_name(self) -> str | None:
        """The name the client gave its operation."""
        return self.operation.name.value if self.operation.name else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What executing gave; `started` is False when the variables already could not be coerced."""

    data: dict[str, Any] | None
    errors: list[GraphQLError]
    extensions: dict[str, Any]
    started: bool


async def run(schema: strawberry.Schema, asked: Run) -> Outcome:
    """Execute; field errors are in the outcome, and only an extension's own failure is raised."""
    extensions = schema.get_extensions()
    if not extensions:
        return _outcome(await _execute(schema, asked, None), {})
    around = ExecutionContext(
        query=None,
        schema=cast("Any", schema),
        allowed_operations=set(OperationType),
        context=asked.context,
        variables=dict(asked.variables),
        provided_operation_name=asked.operation_name,
        graphql_document=asked.known.document,
    )
    for extension in extensions:
        extension.execution_context = around
    runner = schema.create_extensions_runner(around, extensions)
    middleware = schema._get_middleware_manager(extensions)  # pyright: ignore[reportPrivateUsage]  # no public way
    async with runner.operation():
        async with runner.parsing():
            pass  # parsed and validated before, by the store of known documents
        async with runner.validation():
            pass
        async with runner.executing():
            if around.result is None:
                around.result = await _execute(schema, asked, middleware)
            around.pre_execution_errors = around.result.errors or None
    return _outcome(around.result, await runner.get_extensions_results(around))


async def subscribe(schema: strawberry.Schema, asked: Run) -> AsyncGenerator[object] | Outcome:
    """The events of a subscription, each the root of an execution of its own; or why it cannot start."""
    executor = cast("Any", schema.execution_context_class).build(
        schema._schema,  # pyright: ignore[reportPrivateUsage]  # strawberry has no public way
        asked.known.document,
        context_value=asked.context,
        raw_variable_values=dict(asked.variables),
        operation_name=asked.operation_name,
        max_coercion_errors=MAX_COERCION_ERRORS,
    )
    if isinstance(executor, list):
        return Outcome(None, cast("list[GraphQLError]", executor), {}, started=False)
    source: Any = create_source_event_stream(executor)
    source = await source if isawaitable(source) else source
    return _outcome(source, {}) if isinstance(source, ExecutionResult) else source


async def _execute(schema: strawberry.Schema, asked: Run, middleware: MiddlewareManager | None) -> ExecutionResult:
    result = execute(
        schema._schema,  # pyright: ignore[reportPrivateUsage]  # strawberry has no public way
        asked.known.document,
        root_value=asked.root,
        context_value=asked.context,
        variable_values=dict(asked.variables),
        operation_name=asked.operation_name,
        max_coercion_errors=MAX_COERCION_ERRORS,
        middleware=middleware,
        executor_class=cast("Any", schema.execution_context_class),
        is_awaitable=cast("Any", optimized_is_awaitable),
    )
    return await result if isawaitable(result) else result


def _outcome(result: GraphQLExecutionResult | StrawberryResult, extensions: dict[str, Any]) -> Outcome:
    """graphql-core tells a failed start by errors that belong to no field."""
    errors = list(result.errors or ())
    started = result.data is not None or any(error.path for error in errors)
    return Outcome(result.data, errors, extensions, started)
