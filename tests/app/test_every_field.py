"""The whole schema, field by field, as every actor, with sound and unsound input: never a bug of ours."""

# graphql-core's lists and non-nulls do not say of what:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
    parse,
    validate,
)

from marketplace.app.schema import schema
from marketplace.kit import ids
from tests.builders import a_member, a_partner, a_program
from tests.client import Caller, as_member, as_operator, as_partner, as_program

DEPTH = 4
OUR_FAULT = {"INTERNAL", "GRAPHQL_VALIDATION_FAILED"}
SCHEMA: GraphQLSchema = schema()._schema  # pyright: ignore[reportPrivateUsage]
PREFIXES = ("offer", "member", "partner", "program", "redemption", "brand", "apiKey")
SOUND: dict[str, Any] = {
    "ID": ids.public("offer", UUID(int=1)),
    "String": "a text",
    "Int": 3,
    "BigInt": 500,
    "Float": 1.5,
    "Boolean": True,
    "DateTime": "2026-01-31T12:00:00Z",
    "Date": "2026-01-31",
    "Decimal": "12.50",
    "CurrencyCode": "EUR",
    "CountryCode": "NL",
    "LanguageTag": "en",
    "UUID": str(UUID(int=1)),
    "_Any": {"__typename": "Partner", "id": ids.public("partner", UUID(int=1))},
}
UNSOUND: dict[str, Any] = SOUND | {
    "ID": "nonsense_\ud7ff'; --",
    "String": "\u202e%_\\'\"" + "x" * 300,
    "Int": -1,
    "BigInt": -(2**53 - 1),
    "DateTime": "9998-12-31T23:59:59.999999Z",
    "Date": "9998-12-31",
    "Decimal": "-99999999999999999999.999999999",
    "CurrencyCode": "???",
    "CountryCode": "",
    "LanguageTag": "x" * 50,
}


def value_of(kind: Any, leaves: dict[str, Any], every: bool, level: int = 0) -> Any:
    """A value of an input type; with `every` also what is not required."""
    if isinstance(kind, GraphQLNonNull):
        return value_of(kind.of_type, leaves, every, level)
    if isinstance(kind, GraphQLList):
        return [value_of(kind.of_type, leaves, every, level)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        fields = {
            name: field
            for name, field in kind.fields.items()
            if is_required_input_field(field) or (every and level < 3)
        }
        if kind.is_one_of or (not fields and kind.fields):
            fields = dict(list(kind.fields.items())[:1])
        return {name: value_of(field.type, leaves, every, level + 1) for name, field in fields.items()}
    return leaves.get(kind.name, "x")


def selection(kind: Any, level: int) -> str:
    """Everything below a type that takes no arguments, to a depth."""
    named = get_named_type(kind)
    if is_leaf_type(named):
        return ""
    if level == 0:
        return "{ __typename }"
    parts = ["__typename"]
    if is_abstract_type(named):
        parts += [f"... on {each.name} {selection(each, level - 1)}" for each in SCHEMA.get_possible_types(named)]
    elif isinstance(named, GraphQLObjectType):
        parts += [
            f"{name} {selection(field.type, level - 1)}"
            for name, field in named.fields.items()
            if not any(is_required_argument(each) for each in field.args.values())
        ]
    assert is_composite_type(named)
    return "{ " + " ".join(parts) + " }"


def operation(word: str, name: str, field: GraphQLField, leaves: dict[str, Any], every: bool) -> tuple[str, Any]:
    """One root field as an operation with its variables, and as much below it as the caps allow."""
    taken = {key: arg for key, arg in field.args.items() if every or is_required_argument(arg)}
    variables = {key: value_of(arg.type, leaves, every) for key, arg in taken.items()}
    declared = ", ".join(f"${key}: {arg.type}" for key, arg in taken.items())
    given = ", ".join(f"{key}: ${key}" for key in taken)
    head = f"{word} ({declared})" if declared else word
    call = f"{name}({given})" if given else name
    for level in range(DEPTH, -1, -1):
        text = f"{head} {{ {call} {selection(field.type, level)} }}"
        if text.count(" ") < 700 and not validate(SCHEMA, parse(text)):
            return text, variables
    return f"{head} {{ {call} }}", variables


def root_fields() -> Iterator[tuple[str, str, GraphQLField]]:
    """Every root field with the word its operations start with."""
    for word, root in (("query", SCHEMA.query_type), ("mutation", SCHEMA.mutation_type)):
        for name, field in (root.fields if root else {}).items():
            yield word, name, field


async def everybody() -> dict[str, Caller]:
    """One caller of each kind, each with a row of their own."""
    program, partner = await a_program(), await a_partner()
    member = await a_member(program)
    return {
        "anybody": Caller(),
        "member": as_member(member.id, program.id),
        "partner": as_partner(partner.id),
        "program": as_program(program.id),
        "operator": as_operator(uuid4(), "admin", "finance"),
    }


CASES: dict[str, Callable[[str, str, GraphQLField], tuple[str, Any]]] = {
    "required": lambda word, name, field: operation(word, name, field, SOUND, every=False),
    "everything": lambda word, name, field: operation(word, name, field, SOUND, every=True),
    "unsound": lambda word, name, field: operation(word, name, field, UNSOUND, every=True),
}


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("case", CASES)
async def test_no_field_answers_with_a_bug(case: str):
    callers = await everybody()
    bugs: list[str] = []
    for word, name, field in root_fields():
        text, variables = CASES[case](word, name, field)
        for who, caller in callers.items():
            answer = await caller.ask(text, **variables)
            found = [error for error in answer.get("errors", []) if error["extensions"]["code"] in OUR_FAULT]
            bugs.extend(f"{who} {name} {error}" for error in found)

    assert bugs == []
