"""Input types that are built at once from what was sent, for the hottest writes.

Strawberry asks each field of an input for its type anew at every request, also those that were left out: a
twelfth of the time that a redemption takes.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple, TypeVar

from strawberry.schema.name_converter import NameConverter
from strawberry.types import get_object_definition
from strawberry.types.arguments import InputContext
from strawberry.types.base import StrawberryObjectDefinition

T = TypeVar("T")


class _Given(NamedTuple):
    """A field of an input: how it is called in GraphQL and in Python, and its type."""

    name: str
    attribute: str
    kind: Any


def built_at_once(input_type: type[T]) -> type[T]:
    """Let an input type, none of whose fields is a `Maybe`, be built so."""
    _definition(input_type).from_input = _build
    return input_type


def _definition(input_type: type) -> StrawberryObjectDefinition:
    return get_object_definition(input_type, strict=True)


@cache
def _plan(input_type: type, names: NameConverter) -> list[_Given]:
    definition = _definition(input_type)
    return [
        _Given(names.from_field(field), field.python_name, field.resolve_type(type_definition=definition))
        for field in definition.fields
    ]


def _build(input_type: type, value: Mapping[str, Any], context: InputContext) -> Any:
    given: dict[str, Any] = {}
    for field in _plan(input_type, context.config.name_converter):
        if field.name in value:
            sent = value[field.name]
            given[field.attribute] = None if sent is None else context.convert(sent, field.kind, field.name)
    return input_type(**given)
