"""The whole graph: every room's Query and Mutation, merged."""

from functools import cache

import strawberry
from strawberry.tools import merge_types

from marketplace.app import rooms, wiring
from marketplace.app.federation import FederationQuery, Subgraph
from marketplace.app.nodes import MAX_NODES, load_nodes
from marketplace.kit.graphql import CONFIG, Info, Node, refusal_handlers


@strawberry.type
class NodeQuery:
    """Fetching anything by its global id."""

    @strawberry.field(description="Anything by its global id; null when there is no such thing for you.")
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        return (await load_nodes(info, [id]))[0]

    @strawberry.field(description=f"Up to {MAX_NODES} things by their global ids, in the same order.")
    async def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
        return await load_nodes(info, list(ids))


@cache
def schema() -> Subgraph:
    """The schema, built once: extensions and facts are wired before."""
    wiring.wire()
    found = rooms.modules("graphql")
    queries = tuple(module.Query for module in found if hasattr(module, "Query"))
    mutations = tuple(module.Mutation for module in found if hasattr(module, "Mutation"))
    types = [extra for module in found for extra in getattr(module, "TYPES", ())]
    return Subgraph(
        query=merge_types("Query", (NodeQuery, FederationQuery, *queries)),
        mutation=merge_types("Mutation", mutations) if mutations else None,
        types=types,
        config=CONFIG,
        exception_handlers=refusal_handlers(),
    )
