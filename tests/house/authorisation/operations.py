"""Operations for everything the schema has: each root field, with as much below it as can be asked."""

# graphql-core's lists and non-nulls do not say of what:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Iterator
from functools import cache
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

from marketplace.app.schema import schema
from tests.client import new_key
from tests.house.authorisation.references import Chosen, References

SCHEMA: GraphQLSchema = schema()._schema  # pyright: ignore[reportPrivateUsage]
DEPTH = 5
LEAVES: dict[str, Any] = {
    "Int": 3,
    "BigInt": 500,
    "Float": 1.5,
    "Boolean": True,
    "DateTime": "2099-01-31T12:00:00Z",
    "Date": "2026-01-31",
    "Decimal": "12.50",
    "CurrencyCode": "EUR",
    "CountryCode": "NL",
    "LanguageTag": "en",
    "Upload": None,
}


def fields_of(root: str) -> dict[str, GraphQLField]:
    """The fields of a root type; those of federation and of nodes are asked in their own way."""
    kind = SCHEMA.type_map[root]
    assert isinstance(kind, GraphQLObjectType)
    return {name: field for name, field in kind.fields.items() if not name.startswith("_")}


def everything(kind: Any) -> str:
    """Everything below a type that needs no argument; no type twice on the way down."""
    return _everything(str(get_named_type(kind)))


@cache
def _everything(name: str) -> str:
    return selection(SCHEMA.type_map[name], ())


def selection(kind: Any, path: tuple[str, ...]) -> str:
    """The same, `path` of types being above it."""
    named = get_named_type(kind)
    if is_leaf_type(named):
        return ""
    name = str(named)
    if len(path) == DEPTH or name in path:
        return "{ __typename }"
    return "{ __typename " + " ".join(_parts(named, (*path, name))) + " }"


def _parts(named: Any, path: tuple[str, ...]) -> Iterator[str]:
    """The fields of a type, and of each type that it can be."""
    shared: dict[str, GraphQLField] = {}
    if isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
        shared = named.fields
        yield from _fields(shared, path)
    if is_abstract_type(named):
        for each in SCHEMA.get_possible_types(named):
            own = {name: field for name, field in each.fields.items() if name not in shared}
            yield f"... on {each.name} {{ __typename {' '.join(_fields(own, path))} }}"


def _fields(fields: dict[str, GraphQLField], path: tuple[str, ...]) -> Iterator[str]:
    for name, field in fields.items():
        is_upwards = str(get_named_type(field.type)) in path
        if not is_upwards and not any(is_required_argument(each) for each in field.args.values()):
            yield f"{name} {selection(field.type, path)}"


def query(name: str, field: GraphQLField, about: References) -> tuple[str, dict[str, Any]]:
    """One root field with what it needs, and a market, and everything below it; and its variables."""
    taken = {key: arg for key, arg in field.args.items() if is_required_argument(arg) or key == "market"}
    given = {key: value_of(arg.type, key, about.of(name)) for key, arg in taken.items()}
    declared = ", ".join(f"${key}: {arg.type}" for key, arg in taken.items())
    passed = ", ".join(f"{key}: ${key}" for key in taken)
    head, call = (f"query ({declared})", f"{name}({passed})") if taken else ("query", name)
    return f"{head} {{ {call} {everything(field.type)} }}", given


def mutation(name: str, field: GraphQLField, about: References) -> tuple[str, dict[str, Any]]:
    """One mutation under a fresh key, with everything that its answer has; and its variables."""
    given = value_of(field.args["input"].type, name, about.of(name)) | {"idempotencyKey": new_key()}
    declared = f"$input: {field.args['input'].type}"
    return f"mutation ({declared}) {{ {name}(input: $input) {everything(field.type)} }}", {"input": given}


def value_of(kind: Any, name: str, ids: Chosen) -> Any:
    """A sound value of an input type, with only what it needs; `ids` says which id goes where."""
    if isinstance(kind, GraphQLNonNull):
        return value_of(kind.of_type, name, ids)
    if isinstance(kind, GraphQLList):
        return [value_of(kind.of_type, name, ids)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        return {key: value_of(each.type, key, ids) for key, each in _given(kind, ids).items()}
    if kind.name == "ID":
        return ids.id_for(name)
    return ids.text_for(name) if kind.name == "String" else LEAVES.get(kind.name, "x")


def _is_one_of(kind: GraphQLInputObjectType) -> bool:
    """Strawberry says so beside graphql-core's own flag."""
    return bool(getattr(kind.extensions.get("strawberry-definition"), "is_one_of", False))


def _given(kind: GraphQLInputObjectType, ids: Chosen) -> dict[str, GraphQLInputField]:
    """What is given of an input: all it needs, and ids."""
    named = {key: each for key, each in kind.fields.items() if ids.wants(key, each.type)}
    if kind.is_one_of or _is_one_of(kind):
        return dict(list((named or kind.fields).items())[:1])
    return {key: each for key, each in kind.fields.items() if key in named or is_required_input_field(each)}
