"""The whole graph: every room's Query, Mutation and Subscription, merged."""

from functools import cache
from typing import Annotated

import strawberry
from strawberry.tools import merge_types
from strawberry.types import get_object_definition

from marketplace.app import rooms, wiring
from marketplace.app.federation import FederationQuery, Subgraph
from marketplace.app.nodes import MAX_NODES, load_node, load_nodes
from marketplace.kit.graphql import CONFIG, Info, Node, refusal_handlers
from marketplace.kit.plans import PlannedExecution

_Id = Annotated[strawberry.ID, strawberry.argument(description="The global id of anything.")]
_Ids = Annotated[list[strawberry.ID], strawberry.argument(description="Global ids, of any types.")]
_READS = "What can be asked. Everybody sees what is theirs, and whoever has a token the catalogue."
_WAITS = "What can be waited for. The first answer is how things stand; each change brings how they stand then."
_WRITES = "What can be done: each once for its idempotency key, whole or not at all."


@strawberry.type
class NodeQuery:
    """Fetching anything by its global id."""

    @strawberry.field(description="Anything by its global id; null when there is no such thing for you.")
    async def node(self, info: Info, id: _Id) -> Node | None:
        return await load_node(info, id)

    @strawberry.field(description=f"Up to {MAX_NODES} things by their global ids, in the same order.")
    async def nodes(self, info: Info, ids: _Ids) -> list[Node | None]:
        return await load_nodes(info, list(ids))


def _merged(name: str, parts: tuple[type, ...], description: str) -> type:
    merged = merge_types(name, parts)
    get_object_definition(merged, strict=True).description = description
    return merged


@cache
def schema() -> Subgraph:
    """The schema, built once: extensions and facts are wired before."""
    wiring.wire()
    found = rooms.modules("graphql")
    queries = tuple(module.Query for module in found if hasattr(module, "Query"))
    mutations = tuple(module.Mutation for module in found if hasattr(module, "Mutation"))
    subscriptions = tuple(module.Subscription for module in found if hasattr(module, "Subscription"))
    types = [extra for module in found for extra in getattr(module, "TYPES", ())]
    return Subgraph(
        query=_merged("Query", (NodeQuery, FederationQuery, *queries), _READS),
        mutation=_merged("Mutation", mutations, _WRITES) if mutations else None,
        subscription=_merged("Subscription", subscriptions, _WAITS) if subscriptions else None,
        types=types,
        config=CONFIG,
        execution_context_class=PlannedExecution,
        exception_handlers=refusal_handlers(),
    )
