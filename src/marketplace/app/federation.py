"""Our part of a federated graph: entities in one batch for each kind, and one bad reference spares the rest."""

from collections.abc import Mapping
from typing import Any, cast

import strawberry
from strawberry.federation.schema import FederationAny
from strawberry.printer import print_schema
from strawberry.types import get_object_definition

from marketplace.app.nodes import load_nodes
from marketplace.kit.graphql import Info

_printed: dict[int, str] = {}
# https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives
DEFINITIONS = '''\
"""What an entity is recognised by in a federated graph."""
directive @key(fields: federation__FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE

"""Which specification the directives of a federated graph come from."""
directive @link(url: String!, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA

"""What several parts of a federated graph may answer."""
directive @shareable repeatable on FIELD_DEFINITION | OBJECT

"""Fields of a type, as in a selection."""
scalar federation__FieldSet

"""A name that a specification lends."""
scalar link__Import

"""What a specification is needed for."""
enum link__Purpose {
  """To keep what is not for everybody."""
  SECURITY

  """To answer at all."""
  EXECUTION
}
'''
"""What federation's directives are, for readers that do not know them: our file is a whole schema by itself."""


@strawberry.type(name="_Service", description="This subgraph, as a gateway's composition reads it.")
class Service:
    sdl: str = strawberry.field(description="The schema with its federation directives.")


@strawberry.type
class FederationQuery:
    """`_service`, printed once: printing the whole schema for every request would be a way to stall us."""

    @strawberry.field(name="_service", description="The schema of this subgraph.")
    def service(self, info: Info) -> Service:
        schema = info.schema
        if id(schema) not in _printed:
            _printed[id(schema)] = print_schema(schema)
        return Service(sdl=_printed[id(schema)])


class Subgraph(strawberry.federation.Schema):
    """Strawberry's federated schema, with our own way to entities."""

    def as_str(self) -> str:
        """The schema for tools that do not know federation; `_service` tells it to a gateway."""
        return f"{DEFINITIONS}\n{print_schema(self)}"

    async def entities_resolver(  # pyright: ignore[reportIncompatibleMethodOverride]  # a resolver may be async
        self, info: Info, representations: list[FederationAny]
    ) -> list[FederationAny]:
        """The entities behind the representations, in order: null for one that is unknown or not yours."""
        entities = cast("Any", info.schema)._schema.type_map["_Entity"].types
        allowed = {each.name for each in entities}
        wanted = [_reference(each) for each in representations]

        def suits(place: int, thing: object) -> bool:
            names = _names(thing)
            return wanted[place][0] in names and bool(names & allowed)

        return cast("list[FederationAny]", await load_nodes(info, [text for _, text in wanted], suits))


def _reference(representation: object) -> tuple[str, str]:
    """Type name and id of a representation; empty ones when it is written otherwise."""
    if not isinstance(representation, dict):
        return ("", "")
    facts = cast("Mapping[str, object]", representation)
    name, key = facts.get("__typename"), facts.get("id")
    return (name, key) if isinstance(name, str) and isinstance(key, str) else ("", "")


def _names(thing: object) -> set[str]:
    """The GraphQL names that a thing goes by: its type's, and those of its interfaces."""
    definition = get_object_definition(type(thing), strict=True)
    names = {each.name for each in (definition, *definition.interfaces)}
    return names | {definition.origin.__name__}
