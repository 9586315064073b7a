"""What is published says what it means: everything in the schema has a description, and the file is true."""

from collections.abc import Iterator

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    is_introspection_type,
    is_specified_directive,
    is_specified_scalar_type,
)

from marketplace.app.schema import schema
from tests.house.tree import ROOT

# What Apollo Federation brings with it: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas
FEDERATION = {"_Any", "_Entity", "_Service"}
DIRECTIVES = {"key", "link", "shareable"}
FEDERATED = {"Query._entities", "Query._service"}


def published() -> GraphQLSchema:
    """The schema as clients read it."""
    return build_schema((ROOT / "schema.graphql").read_text())


Said = Iterator[tuple[str, str | None]]


def described(of: GraphQLSchema) -> Said:
    """Everything that can have a description, with the one it has."""
    for name, kind in of.type_map.items():
        if not (is_introspection_type(kind) or is_specified_scalar_type(kind) or name in FEDERATION):
            yield name, kind.description
            yield from parts(name, kind)


def parts(name: str, kind: GraphQLNamedType) -> Said:
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        for field_name, field in kind.fields.items():
            if f"{name}.{field_name}" not in FEDERATED:
                yield f"{name}.{field_name}", field.description
                yield from ((f"{name}.{field_name}({key}:)", each.description) for key, each in field.args.items())
    elif isinstance(kind, GraphQLInputObjectType):
        yield from ((f"{name}.{key}", each.description) for key, each in kind.fields.items())
    elif isinstance(kind, GraphQLEnumType):
        yield from ((f"{name}.{key}", each.description) for key, each in kind.values.items())


def test_the_file_is_what_the_code_says() -> None:
    assert (ROOT / "schema.graphql").read_text() == schema().as_str() + "\n", "run `make schema`"


def test_everything_has_a_description() -> None:
    silent = [name for name, text in described(published()) if not (text or "").strip()]
    assert silent == []


def test_descriptions_are_sentences() -> None:
    texts = [(name, text.strip()) for name, text in described(published()) if text and text.strip()]
    assert [(name, text) for name, text in texts if text[0].islower()] == []


def test_no_directive_is_our_own() -> None:
    ours = {each.name for each in published().directives if not is_specified_directive(each)}
    assert ours == DIRECTIVES
