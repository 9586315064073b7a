"""Things by their global ids, whichever room they belong to: visible ones only, one statement a kind."""

from typing import Any

from marketplace.kit import ids
from marketplace.kit.graphql import Info, node_loaders
from marketplace.kit.refusals import BadUserInput

MAX_NODES = 100


async def load_nodes(info: Info, texts: list[str]) -> list[Any]:
    """The things behind global ids, in order; None for what is unknown, foreign or malformed.

    Raises BadUserInput for more than 100.
    """
    if len(texts) > MAX_NODES:
        raise BadUserInput(f"Ask for up to {MAX_NODES} things at once; {len(texts)} were asked for.")
    parsed = [ids.split(text) for text in texts]
    found: dict[Any, Any] = {}
    for prefix, loader in node_loaders().items():
        wanted = list({part[1] for part in parsed if part and part[0] == prefix})
        if wanted:
            rows = await loader(info, wanted)
            found |= {(prefix, key): row for key, row in rows.items()}
    return [found.get(part) for part in parsed]
