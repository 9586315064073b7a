"""Taking units within the statement that writes everything else, so that their rows are locked for a moment only.

A row that everybody wants is waited for by all of them: every round trip between taking and committing is a round
trip for each of those behind. Here there is none.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from marketplace.catalog.models import Item, StockMode
from marketplace.kit.ids import new_id
from marketplace.kit.memory import Lately
from marketplace.kit.writes import Clauses, Raced

POSITION: Final = "(SELECT position FROM unit_taken WHERE ref_id = {id})"
"""The code's position, as a column of the row that is the unit's cause and is written by the same statement."""
intricate: Lately[UUID] = Lately(10_000, seconds=30.0)
"""Items that were not taken so simply: nothing was left, or a code is to be passed by: `take_stock` looks."""

_TAKE_ONE = """
UPDATE stock SET taken = taken + 1 WHERE item_id = ${0} AND taken < loaded AND withheld = 0
    AND coalesce(first_expiry > ${4}, TRUE)
RETURNING CASE WHEN ${5}::boolean THEN taken END AS position, ${3}::uuid AS ref_id"""
_MOVE_ONE = """
INSERT INTO stock_movement (id, item_id, change, position, ref_type, ref_id, at)
SELECT ${1}::uuid, ${0}, 1, position, ${2}, ref_id, ${4} FROM unit_taken"""
# Locked in the order of their ids, whoever else takes several.
_WANTED = """
SELECT unit.*, row_number() OVER (PARTITION BY unit.item_id ORDER BY unit.id) AS place
FROM unnest(${0}::uuid[], ${1}::uuid[], ${2}::text[], ${3}::uuid[], ${4}::timestamptz[], ${5}::boolean[])
    AS unit (item_id, id, ref_type, ref_id, at, codes)"""
_LOCKED = """
SELECT item_id FROM stock WHERE item_id = ANY (${0}::uuid[]) ORDER BY item_id FOR UPDATE"""
_TAKE_MANY = """
UPDATE stock SET taken = stock.taken + wanted.units
FROM (SELECT item_id, max(place) AS units, max(at) AS at FROM unit_wanted GROUP BY item_id) AS wanted
    JOIN stock_locked USING (item_id)
WHERE stock.item_id = wanted.item_id AND stock.taken + wanted.units <= stock.loaded AND stock.withheld = 0
    AND coalesce(stock.first_expiry > wanted.at, TRUE)
RETURNING stock.item_id, stock.taken - wanted.units AS before"""
_TAKEN_EACH = """
SELECT unit.*, CASE WHEN unit.codes THEN stock_taken.before + unit.place END AS position
FROM unit_wanted AS unit JOIN stock_taken USING (item_id)"""
_MOVE_MANY = """
INSERT INTO stock_movement (id, item_id, change, position, ref_type, ref_id, at)
SELECT id, item_id, 1, position, ref_type, ref_id, at FROM unit_taken"""

_ANSWERS: Final = {
    "units_taken": "(SELECT array_agg(ref_id ORDER BY ref_id) FROM unit_taken)",
    "positions_taken": "(SELECT array_agg(position ORDER BY ref_id) FROM unit_taken)",
}


class Unit(NamedTuple):
    """One unit of an item for one cause: what its movement says, and whether a code is handed out."""

    item_id: UUID
    id: UUID
    ref_type: str
    ref_id: UUID
    at: datetime
    codes: bool


class Taken:
    """Units of items, each for one cause, after all other rows. Raced says that they cannot be had so simply."""

    tables = frozenset({"stock", "stock_movement"})

    def __init__(
        self, item: Item, ref: tuple[str, UUID], moment: datetime, told: Callable[[int | None], None]
    ) -> None:
        unit = Unit(item.id, new_id(), *ref, moment, item.stock_mode == StockMode.CODES)
        self._units = [unit]
        self._told = {unit.ref_id: told}

    def shape(self) -> Hashable:
        """One unit is taken more cheaply than any number of them."""
        return "stock_taken", len(self._units) == 1

    def sql(self, first: int) -> Clauses:
        """UPDATE of the stock's rows by what they say when they are locked, and the movements."""
        if len(self._units) == 1:
            clauses = {"unit_taken": _TAKE_ONE, "stock_moved": _MOVE_ONE}
        else:
            clauses = {"unit_wanted": _WANTED, "stock_locked": _LOCKED, "stock_taken": _TAKE_MANY}
            clauses |= {"unit_taken": _TAKEN_EACH, "stock_moved": _MOVE_MANY}
        numbers = range(first, first + len(Unit._fields))
        return Clauses({name: sql.format(*numbers) for name, sql in clauses.items()}, dict(_ANSWERS), last=True)

    def values(self) -> Sequence[object]:
        """The unit, or the columns of all."""
        return (
            self._units[0]
            if len(self._units) == 1
            else [list(column) for column in zip(*self._units, strict=True)]
        )

    def join(self, other: "Taken") -> None:
        """Its units, too."""
        self._units += other._units
        self._told |= other._told

    def written(self, answers: Mapping[str, Any]) -> None:
        """Tell the positions, or raise Raced."""
        causes: Sequence[UUID] = answers["units_taken"] or ()
        if len(causes) < len(self._units):
            if len(self._units) == 1:  # of several, some may still be had alone
                intricate.remember([self._units[0].item_id])
            raise Raced
        for cause, position in zip(causes, answers["positions_taken"], strict=True):
            self._told[cause](position)
