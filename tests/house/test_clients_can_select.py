"""What a client writes: one selection for everything that a field can answer."""

from collections.abc import Iterator
from itertools import combinations

from graphql import GraphQLObjectType, GraphQLSchema, GraphQLUnionType, build_schema

from tests.house.tree import ROOT


def _printed() -> GraphQLSchema:
    return build_schema((ROOT / "schema.graphql").read_text(), assume_valid_sdl=True)


def _clashes(union: GraphQLUnionType) -> Iterator[str]:
    """Fields that two members of a union both have, of types that cannot stand in one selection."""
    members: list[GraphQLObjectType] = list(union.types)
    for one, other in combinations(members, 2):
        for name in one.fields.keys() & other.fields.keys():
            first, second = str(one.fields[name].type), str(other.fields[name].type)
            if first != second:
                yield f"{union.name}: {one.name}.{name} is {first}, {other.name}.{name} is {second}"


def test_no_two_answers_of_one_operation_need_aliases() -> None:
    """https://spec.graphql.org/October2021/#sec-Field-Selection-Merging"""
    unions = [kind for kind in _printed().type_map.values() if isinstance(kind, GraphQLUnionType)]

    clashes = [clash for union in unions if union.name != "_Entity" for clash in _clashes(union)]

    assert len(unions) > 40
    assert clashes == []
