"""What a plan's statement reads, and rows of it that need no shaping because they were shaped before."""

from collections.abc import Callable, Hashable
from datetime import datetime
from typing import Any, Protocol

from marketplace.kit import clock
from marketplace.kit.plans.compile import Plan, Shaped, ShapedRows
from marketplace.kit.plans.declare import Source
from marketplace.kit.plans.memory import Memory, Remembered, View
from marketplace.kit.rows import Pick

memory = Memory()
STAMP = "stamp"


class Witness(Protocol):
    """Who can say, by one small statement, whether the rows of an answer are still those that are found."""

    async def agrees(self, actor: Any) -> bool:
        """Whether this caller, who stands where the answer's first reader stood, is answered the same now."""
        ...


def pick_of(plan: Plan, context: Any, source: Source) -> Pick[Any]:
    """What the statement of a plan reads, for a request."""
    if context.direct and plan.remembers:
        return RecallingPick(plan, context.standpoint, source)
    return Pick(plan.selection)


class RecallingPick(Pick[Any]):
    """A pick whose rows are shapes where the memory has them.

    A statement that gives the stamp of what its rows are made of, as a column of that name, lets them be found by
    their keys the next time (see `recalled`). Days begin on a quarter of an hour: no shape is believed past one.
    """

    def __init__(self, plan: Plan, standpoint: Hashable, source: Source) -> None:
        super().__init__(plan.selection)
        self.by_key = plan.noted
        self._place: tuple[Hashable, ...] = (plan, standpoint)
        self._source = source
        self._nesting = plan.nesting
        self.view: View | None = None
        self.stamp: str | None = None
        self.lasting = True
        self.moments: list[datetime] = []
        self.witness: Witness | None = None
        self._records: dict[int, Any] = {}

    def goes_by(self, moments: list[datetime], *, lasting: bool, witness: Witness) -> None:
        """Say at which moments other rows are found, and whether the same are found for others until then.

        The witness says later whether it is still these rows that are found.
        """
        self.moments, self.lasting, self.witness = moments, lasting, witness

    def recalled(self, packed: bytes, stamp: str, **given: Any) -> ShapedRows | None:
        """All rows with these ids, if all of them are remembered and nothing is noted to have changed."""
        self.stamp = stamp
        return self._look(given).all_of(packed, stamp)

    def _look(self, given: dict[str, Any]) -> View:
        self.view = memory.view((*self._place, *map(given.get, self._source.nests or ())))
        return self.view

    def select(self, bind: Callable[[object], str], **given: Any) -> str:
        """The select list, as ever; from here on it is known which rows are looked for."""
        self._look(given)
        return super().select(bind, **given)

    def row(self, record: Any) -> Any:
        """The row of one record, or its shape."""
        assert self.view is not None
        if STAMP in record.keys():  # noqa: SIM118  # a record's `in` looks at values
            self.stamp = record[STAMP]
        known = self.view.get(record[: self.of.width])
        if known is not None:
            self._note(record, known)
            return Shaped(known.json)
        row = super().row(record)
        self._records[id(row)] = record
        return row

    def keep(self, value: Any, shaped: Any) -> Any:
        """Remember the shape of a row that was made, and give it back as JSON."""
        assert self.view is not None
        row = self._source.row(value)
        record = self._records.pop(id(row))
        moments, own = self.of.own.moments(row), False
        for nested in self.nested:
            nesting = self._nesting[nested.name].nested
            for inner in self.at_hand[nested.name].get(nested.key(row, self.given), ()):
                moments += nested.reading.moments(inner)
                own = own or (nesting is not None and nesting.own(inner))
        now = self.view.now
        until = min([*(moment for moment in moments if moment > now), clock.next_quarter(now)])
        made = self.view.keep(record[: self.of.width], shaped, until, own=own)
        self._note(record, made)
        return made.json

    def _note(self, record: Any, found: Remembered) -> None:
        if self.by_key and self.stamp is not None and self.view is not None:
            self.view.note(record["id"], self.stamp, found)
