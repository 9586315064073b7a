"""Counts that a limit looks at, made or raised among the other writes of a transaction.

A count that passes its limit refuses when all is written, and then nothing is. Where several commands are written
together, each of them runs again alone (`kit/sharing.py`).
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from marketplace.kit.refusals import Refusal
from marketplace.kit.writes import Clauses, Raced

Look = Callable[[Sequence[Any] | None], Refusal | None]
"""What a count says, or None when it may not be raised: the refusal, if its limit is passed."""


@dataclass(frozen=True, slots=True)
class Tally:
    """One table of counts: the statement that makes or raises its rows from arrays of columns, without RETURNING.

    `key` tells its rows apart and is the beginning of the arrays `{0}`, `{1}`, …; `told` is looked at.
    """

    table: str
    sql: str
    key: Sequence[str]
    told: Sequence[str]


class Tallies:
    """Counts of one table that wait to be raised."""

    def __init__(self, of: Tally) -> None:
        self._of = of
        self._rows: dict[tuple[str, ...], tuple[Sequence[object], Look]] = {}
        self._are_of_several = False
        self.tables = frozenset({of.table})

    def add(self, key: Sequence[object], values: Sequence[object], look: Look) -> None:
        """Raise a count, once: whoever counts has read it before, and then what waited was written."""
        named = tuple(map(str, key))
        assert named not in self._rows, f"a count of {self._of.table} is raised twice by one statement"
        self._rows[named] = ([*key, *values], look)

    def shape(self) -> Hashable:
        """There is one of a table."""
        return "tallies", self._of.table

    def sql(self, first: int) -> Clauses:
        """INSERT or UPDATE, and what the counts say then."""
        table, width = self._of.table, len(next(iter(self._rows.values()))[0])
        raised = self._of.sql.format(*(f"${first + place}" for place in range(width)))
        told = ", ".join((*(f"{column}::text" for column in self._of.key), *self._of.told))
        clauses = {f"tallied_{table}": f"{raised} RETURNING json_build_array({told}) AS told"}
        return Clauses(clauses, {f"told_{table}": f"(SELECT json_agg(told) FROM tallied_{table})::text"})

    def values(self) -> Sequence[object]:
        """The columns of all, in one order for everybody."""
        rows = [self._rows[key][0] for key in sorted(self._rows)]
        return [list(column) for column in zip(*rows, strict=True)]

    def join(self, other: "Tallies") -> None:
        """Its counts, too."""
        self._rows |= other._rows
        self._are_of_several = True

    def written(self, answers: Mapping[str, Any]) -> None:
        """Raises the refusal of a limit that is passed, or Raced where it is that of one among others."""
        width = len(self._of.key)
        told = orjson.loads(answers[f"told_{self._of.table}"] or "[]")
        found = {tuple(row[:width]): row[width:] for row in told}
        for key, (_, look) in self._rows.items():
            refusal = look(found.get(key))
            if refusal is not None:
                raise Raced if self._are_of_several else refusal
