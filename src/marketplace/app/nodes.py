"""Things by their global ids, whichever room they belong to: visible ones only, one statement a kind.

Those of one kind are planned where that kind is (see `planned_nodes`).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from marketplace.kit import ids, plans
from marketplace.kit.graphql import Info, node_loaders
from marketplace.kit.refusals import BadUserInput
from marketplace.kit.rows import Pick

MAX_NODES = 100
Reference = tuple[str, UUID] | None
Suits = Callable[[int, Any], bool]


def _all_suit(place: int, thing: Any) -> bool:
    return True


async def load_node(info: Info, text: str) -> Any:
    """The thing behind a global id; None for what is unknown, foreign or malformed."""
    reference = ids.split(text)
    planned = plans.planned_as(reference[0]) if reference else None
    if reference is None or planned is None:
        return _in_order([reference], await _by_kind(info, [reference]), _all_suit)[0]
    key = reference[1]

    async def read(pick: Pick[Any]) -> Any:
        return (await planned.load(info, [key], pick)).get(key)

    return await plans.answer(info, planned.source, read)


async def load_nodes(info: Info, texts: list[str], suits: Suits = _all_suit) -> list[Any]:
    """The things behind global ids, in order; None for what is unknown, foreign or malformed.

    `suits` says of a place and the thing found for it whether it is what was meant. Raises BadUserInput for more
    than 100.
    """
    if len(texts) > MAX_NODES:
        raise BadUserInput(f"Ask for up to {MAX_NODES} things at once; {len(texts)} were asked for.")
    references = [ids.split(text) for text in texts]
    prefixes = {reference[0] for reference in references if reference}
    prefix = prefixes.pop() if len(prefixes) == 1 else ""
    planned = plans.planned_as(prefix)
    if planned is None:
        return _in_order(references, await _by_kind(info, references), suits)

    async def read(pick: Pick[Any]) -> list[Any]:
        keys = list({reference[1] for reference in references if reference})
        rows = await planned.load(info, keys, pick)
        return _in_order(references, {(prefix, key): row for key, row in rows.items()}, suits)

    return await plans.answer(info, planned.source, read)


async def _by_kind(info: Info, references: Sequence[Reference]) -> dict[tuple[str, UUID], Any]:
    found: dict[tuple[str, UUID], Any] = {}
    for prefix, loader in node_loaders().items():
        wanted = list({reference[1] for reference in references if reference and reference[0] == prefix})
        if wanted:
            rows = await loader(info, wanted)
            found |= {(prefix, key): row for key, row in rows.items()}
    return found


def _in_order(references: Sequence[Reference], found: Mapping[tuple[str, UUID], Any], suits: Suits) -> list[Any]:
    things = [found.get(reference) if reference else None for reference in references]
    return [thing if thing is not None and suits(n, thing) else None for n, thing in enumerate(things)]
