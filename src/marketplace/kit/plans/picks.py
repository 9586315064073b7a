"""What a plan's statement reads, and rows of it that need no shaping because they were shaped before."""

from collections.abc import Callable, Hashable
from datetime import datetime
from typing import Any

from marketplace.kit.plans.compile import Plan, Shaped
from marketplace.kit.plans.declare import Source
from marketplace.kit.plans.memory import Memory, View
from marketplace.kit.rows import Joined, Nested, Pick

memory = Memory()


def pick_of(plan: Plan, context: Any, source: Source) -> Pick[Any]:
    """What the statement of a plan reads, for a request."""
    own = plan.frame.rows.reading(plan.frame.columns)
    joins = [
        Joined(join.name, inner.rows.reading(inner.columns), key=join.key, clause=join.clause, build=join.build)
        for join, inner in plan.frame.joins.items()
    ]
    nested = [
        Nested(
            need.name,
            fetching.frame.rows.reading(fetching.frame.columns),
            clause=need.nested.clause,
            key=need.nested.key,
        )
        for need, fetching in plan.needs.items()
        if fetching.nested and need.nested and fetching.frame
    ]
    if context.direct and plan.remembers:
        return RecallingPick(own, joins, nested, (plan, context.standpoint), source.nests or ())
    return Pick(own, joins, nested)


class RecallingPick(Pick[Any]):
    """A pick whose rows are shapes where the memory has them."""

    def __init__(
        self, own: Any, joins: Any, nested: Any, place: tuple[Hashable, ...], placed_by: tuple[str, ...]
    ) -> None:
        super().__init__(own, joins, nested)
        self._place = place
        self._placed_by = placed_by
        self._view: View | None = None

    def select(self, bind: Callable[[object], str], **given: Any) -> str:
        """The select list, as ever; from here on it is known which rows are looked for."""
        self._view = memory.view((*self._place, *(given.get(name) for name in self._placed_by)))
        return super().select(bind, **given)

    def row(self, record: Any) -> Any:
        """The row of one record, or its shape."""
        assert self._view is not None
        known = self._view.get(record)
        if known is not None:
            return Shaped(known)
        row = super().row(record)
        self._view.expect(row, record)
        return row

    def keeper(self, row_of: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
        """What keeps the shape of each row that was made (see `View.keeper`)."""
        assert self._view is not None
        return self._view.keeper(row_of, self._moments)

    def _moments(self, row: Any) -> list[datetime]:
        found = self.own.moments(row)
        for nested in self.nested:
            for inner in self.at_hand[nested.name].get(nested.key(row, self.given), ()):
                found += nested.reading.moments(inner)
        return found
