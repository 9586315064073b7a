"""One small statement that says whether a page is still the same for whoever stands where its first reader did."""

from collections.abc import Sequence
from dataclasses import dataclass

from marketplace.kit import database
from marketplace.kit.actor import Actor
from marketplace.storefront import standpoint
from marketplace.storefront.search import filled


@dataclass(frozen=True, slots=True)
class PageWitness:
    """Finds the rows of a page again: the page holds when they are the same ones and nothing of them has changed.

    `sql` takes `values`, filled in for the moment and the member of now. It answers with the version of the
    member's facts (see `standpoint`), the catalogue's stamp and the rows' ids: `said` are the last two.
    """

    sql: str
    values: Sequence[object]
    said: tuple[str, bytes]

    async def agrees(self, actor: Actor) -> bool:
        """Whether the page holds for this member; raises Moved when they stand elsewhere now."""
        standing = standpoint.recall(actor)
        if standing is None:
            return False
        (found,) = await database.records(self.sql, *filled(self.values, actor.id))
        standing.must_hold(found["facts"])
        return (found["stamp"], found["ids"]) == self.said
