"""Calling a field's own resolver with everything at hand: its arguments, and a coroutine that never waits."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, cast

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLNonNull,
    GraphQLScalarType,
    VariableNode,
    get_argument_values,
)
from strawberry.types.fields.resolver import StrawberryResolver

from marketplace.kit.plans.declare import Unplannable

DECLARED = "strawberry-definition"
Variables = Mapping[str, Any]
Arguments = Callable[[Variables], Mapping[str, Any]]
Resolve = Callable[[Any, Any, Variables], Any]


@dataclass(frozen=True, slots=True)
class Constant:
    """Arguments that are the same in every request."""

    values: Mapping[str, Any]

    def __call__(self, variables: Variables) -> Mapping[str, Any]:
        return self.values


NONE = Constant({})


def is_constant(arguments: Arguments) -> bool:
    """Whether a call has the same arguments in every request."""
    return isinstance(arguments, Constant)


def is_bare(arguments: Arguments) -> bool:
    """Whether a call has no arguments."""
    return arguments is NONE


def arguments_of(declared: GraphQLField, node: FieldNode) -> Arguments:
    """A resolver's arguments by its own names, from the variables: each is written out, or a whole variable.

    Raises Unplannable for an argument that is more than one scalar.
    """
    given_here = node.arguments or ()
    if not given_here:
        return NONE  # the resolver's own defaults are the schema's
    for argument in given_here:
        if not isinstance(_kind(declared, argument.name.value), GraphQLScalarType):
            raise Unplannable(f"the argument {argument.name.value} is not a scalar")
    varying = {
        argument.name.value: argument.value.name.value
        for argument in given_here
        if isinstance(argument.value, VariableNode)
    }
    written = [argument for argument in given_here if argument.name.value not in varying]
    try:
        fixed = get_argument_values(declared, FieldNode(name=node.name, arguments=tuple(written)))
    except GraphQLError as error:
        raise Unplannable("an argument that cannot be read") from error
    names = {name: argument.extensions[DECLARED].python_name for name, argument in declared.args.items()}
    constant = {names[name]: value for name, value in fixed.items()}
    if not varying:
        return Constant(constant)
    asked = [
        (names[name], variable, isinstance(_given(declared, name), GraphQLNonNull))
        for name, variable in varying.items()
    ]

    def arguments(variables: Variables) -> Mapping[str, Any]:
        given = {name: variables[variable] for name, variable, _ in asked if variable in variables}
        if any(required and name in given and given[name] is None for name, _, required in asked):
            raise Unplannable("an argument that must not be null")
        return {**constant, **given}

    return arguments


def _kind(declared: GraphQLField, name: str) -> Any:
    """The type of an argument, null or not."""
    kind = _given(declared, name)
    return cast(Any, kind).of_type if isinstance(kind, GraphQLNonNull) else kind


def _given(declared: GraphQLField, name: str) -> Any:
    return cast(Any, declared.args[name]).type


def call_of(resolver: StrawberryResolver[Any], arguments: Arguments) -> Resolve:
    """How a resolver is called for a parent: as Strawberry does, without what surrounds it there."""
    function = cast(Any, resolver).wrapped_func
    bare = not resolver.arguments
    parent = resolver.parent_parameter or resolver.root_parameter
    info = resolver.info_parameter
    finish = _finish if resolver.is_async else None

    def call(source: Any, seen: Any, variables: Variables) -> Any:
        values = {} if bare else dict(arguments(variables))
        if info is not None:
            values[info.name] = seen
        if parent is not None:
            values[parent.name] = source
        answer = function(source, **values) if parent is None else function(None, **values)
        return finish(answer) if finish is not None else answer

    return call


def _finish(waiting: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine for which everything is at hand; raises Unplannable if it waits after all."""
    try:
        waiting.send(None)
    except StopIteration as done:
        return done.value
    waiting.close()
    raise Unplannable("a resolver waits for what was not declared")
