"""The whole graph: every room's Query and Mutation, merged."""

from functools import cache
from typing import Any

import strawberry
from strawberry.tools import merge_types

from marketplace.app import rooms, wiring
from marketplace.kit import ids
from marketplace.kit.graphql import CONFIG, Info, Node, node_loaders, refusal_handlers
from marketplace.kit.refusals import BadUserInput

MAX_NODES = 100


async def load_nodes(info: Info, texts: list[str]) -> list[Any]:
    """The things behind global ids, in order; None for what is unknown, foreign or malformed."""
    parsed = [ids.split(text) for text in texts]
    found: dict[Any, Any] = {}
    for prefix, loader in node_loaders().items():
        wanted = list({part[1] for part in parsed if part and part[0] == prefix})
        if wanted:
            rows = await loader(info, wanted)
            found |= {(prefix, key): row for key, row in rows.items()}
    return [found.get(part) for part in parsed]


@strawberry.type
class NodeQuery:
    """Fetching anything by its global id."""

    @strawberry.field(description="Anything by its global id; null when there is no such thing for you.")
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        return (await load_nodes(info, [id]))[0]

    @strawberry.field(description=f"Up to {MAX_NODES} things by their global ids, in the same order.")
    async def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
        if len(ids) > MAX_NODES:
            raise BadUserInput(f"`nodes` takes up to {MAX_NODES} ids; {len(ids)} were given.")
        return await load_nodes(info, list(ids))


@cache
def schema() -> strawberry.federation.Schema:
    """The schema, built once: extensions and facts are wired before."""
    wiring.wire()
    found = rooms.modules("graphql")
    queries = tuple(module.Query for module in found if hasattr(module, "Query"))
    mutations = tuple(module.Mutation for module in found if hasattr(module, "Mutation"))
    types = [extra for module in found for extra in getattr(module, "TYPES", ())]
    return strawberry.federation.Schema(
        query=merge_types("Query", (NodeQuery, *queries)),
        mutation=merge_types("Mutation", mutations) if mutations else None,
        types=types,
        config=CONFIG,
        exception_handlers=refusal_handlers(),
    )
