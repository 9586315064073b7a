"""Writing leaves: as the scalar or enum does it, without asking again for what needs no writing."""

from collections.abc import Callable
from typing import Any

from graphql import GraphQLEnumType, GraphQLLeafType, GraphQLScalarType

from marketplace.kit.plans.declare import Unplannable

# Values of exactly these types are written as they are by the scalars of these names.
_AS_THEY_ARE: dict[str, type] = {"String": str, "ID": str, "Boolean": bool}


def leaf(kind: GraphQLLeafType) -> Callable[[Any], Any]:
    """How a value of a leaf type stands in an answer; raises Unplannable for one that cannot."""
    if isinstance(kind, GraphQLEnumType):
        return _enum(kind)
    assert isinstance(kind, GraphQLScalarType)
    plain, write = _AS_THEY_ARE.get(kind.name), _written(kind)
    if plain is None:
        return write
    return lambda value: value if type(value) is plain else write(value)


def _enum(kind: GraphQLEnumType) -> Callable[[Any], Any]:
    known: dict[Any, Any] = {}
    write = _written(kind)

    def enum(value: Any) -> Any:
        if value not in known:
            known[value] = write(value)
        return known[value]

    return enum


def _written(kind: GraphQLLeafType) -> Callable[[Any], Any]:
    coerce = kind.coerce_output_value

    def write(value: Any) -> Any:
        written = coerce(value)
        if written is None:
            raise Unplannable(f"a value that {kind.name} does not write")
        return written

    return write
