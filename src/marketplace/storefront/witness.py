"""One small statement that says whether a page is still the same for whoever stands where its first reader did."""

from dataclasses import dataclass

from marketplace.kit import clock, database
from marketplace.kit.actor import Actor
from marketplace.storefront import standpoint


@dataclass(frozen=True, slots=True)
class PageWitness:
    """Finds the rows of a page again: the page holds when they are the same ones and nothing of them has changed.

    `sql` takes `values`, with the moment and the member of now at their places. It answers with the version of the
    member's facts (see `standpoint`), the catalogue's stamp and the rows' ids: `said` are the last two.
    """

    sql: str
    values: tuple[object, ...]
    moment_at: int
    member_at: int
    said: tuple[str, str | None]

    async def agrees(self, actor: Actor) -> bool:
        """Whether the page holds for this member; raises Moved when they stand elsewhere now."""
        standing = standpoint.recall(actor)
        if standing is None:
            return False
        values = list(self.values)
        values[self.moment_at], values[self.member_at] = clock.now(), actor.id
        version, *found = (await database.records(self.sql, *values))[0]
        standing.must_hold(version)
        return tuple(found) == self.said
