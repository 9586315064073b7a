"""Operations that are nothing but planned root fields, run without an executor: their arguments are read once.

What goes wrong here, in compiling or while a request runs, is left to the executor: `None`, or an exception.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import strawberry
from graphql import FragmentDefinitionNode, OperationDefinitionNode, OperationType, get_argument_values
from graphql.execution.values import get_variable_values
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from marketplace.kit.plans.calls import DECLARED
from marketplace.kit.plans.compile import Shaped
from marketplace.kit.plans.declare import DIRECT, Unplannable
from marketplace.kit.plans.selections import Document


@dataclass(slots=True)
class DirectInfo:
    """What a root resolver sees of a request when no executor runs it."""

    context: Any
    field_name: str
    operation: OperationDefinitionNode
    _raw_info: Any


@dataclass(frozen=True, slots=True)
class Call:
    """A root field with its arguments, as its resolver takes them."""

    key: str
    resolver: StrawberryResolver[Any]
    arguments: Mapping[str, Any]
    raw: Any

    async def answer(self, context: Any) -> Any:
        """The shaped answer; raises Unplannable when there is none."""
        info = DirectInfo(context, self.raw.field_name, self.raw.operation, self.raw)
        resolver = self.resolver
        values = {**self.arguments}
        if resolver.info_parameter is not None:
            values[resolver.info_parameter.name] = info
        found = await cast(Any, resolver).wrapped_func(None, **values)
        if found is None:
            return None
        if type(found) is not Shaped:
            raise Unplannable("an answer that is not shaped")
        return found.value


async def run(calls: Sequence[Call], context: Any) -> dict[str, Any]:
    """The data of an operation; raises whatever keeps it from being answered by plans alone."""
    return {call.key: await call.answer(context) for call in calls}


def calls_of(
    schema: strawberry.Schema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    given: Mapping[str, Any],
) -> list[Call] | None:
    """The root fields of an operation with these variables, or None unless all of them are planned directly."""
    if operation.operation is not OperationType.QUERY or operation.directives:
        return None
    core: Any = schema._schema  # pyright: ignore[reportPrivateUsage]  # strawberry has no public way
    variables: Any = get_variable_values(core, operation.variable_definitions or (), dict(given))
    if isinstance(variables, list):
        return None
    document = Document(core, fragments, variables.coerced)
    try:
        fields = document.fields(core.query_type, [cast(Any, operation)])
    except Unplannable:
        return None
    found = [_call(schema, core, operation, fragments, variables, key, nodes) for key, nodes in fields.items()]
    return None if None in found else cast("list[Call]", found)


def _call(
    schema: strawberry.Schema,
    core: Any,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Any,
    key: str,
    nodes: Sequence[Any],
) -> Call | None:
    declared = core.query_type.fields.get(nodes[0].name.value)
    field: StrawberryField | None = declared.extensions.get(DECLARED) if declared else None
    resolver: StrawberryResolver[Any] | None = cast(Any, field).base_resolver if field else None
    if field is None or resolver is None or DIRECT not in field.metadata or field.extensions:
        return None
    try:
        values = get_argument_values(declared, nodes[0], variables)
        converter = schema.schema_converter
        arguments = convert_arguments(values, field.arguments, converter.scalar_registry, schema.config)
    except Exception:  # noqa: BLE001  # the executor meets it again, and says what is wrong
        return None
    raw = SimpleNamespace(
        field_name=nodes[0].name.value,
        field_nodes=nodes,
        return_type=declared.type,
        parent_type=core.query_type,
        schema=core,
        fragments=fragments,
        operation=operation,
        variable_values=variables.coerced,
    )
    return Call(key, resolver, arguments, raw)
