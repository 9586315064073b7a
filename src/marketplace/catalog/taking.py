"""Taking one unit within the statement that writes everything else, so that its row is locked for a moment only.

A row that everybody wants is waited for by all of them: every round trip between taking and committing is a round
trip for each of those behind. Here there is none.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from marketplace.catalog.models import Item, StockMode
from marketplace.kit.ids import new_id
from marketplace.kit.memory import Lately
from marketplace.kit.writes import Clauses, Raced

POSITION: Final = "(SELECT CASE WHEN codes THEN taken END FROM stock_taken)"
"""The code's position, as a column of a row that is written by the same statement."""
intricate: Lately[UUID] = Lately(10_000, seconds=30.0)
"""Items that were not taken so simply: nothing was left, or a code is to be passed by: `take_stock` looks."""


class Taken:
    """One unit of an item for one cause, after all other rows. Raced says that it is not to be had so simply."""

    tables = frozenset({"stock", "stock_movement"})

    def __init__(
        self, item: Item, ref: tuple[str, UUID], moment: datetime, told: Callable[[int | None], None]
    ) -> None:
        self._item_id = item.id
        self._values = (item.id, new_id(), *ref, moment, item.stock_mode == StockMode.CODES)
        self._told = told

    def shape(self) -> Hashable:
        """There is one of it."""
        return "stock_taken"

    def sql(self, first: int) -> Clauses:
        """UPDATE of the stock's row by what it says when it is locked, and the movement."""
        item, id, ref_type, ref_id, moment, codes = (f"${first + place}" for place in range(6))
        take = (
            f"UPDATE stock SET taken = taken + 1 WHERE item_id = {item} AND taken < loaded AND withheld = 0 "
            f"AND coalesce(first_expiry > {moment}, TRUE) RETURNING taken, {codes}::boolean AS codes"
        )
        move = (
            "INSERT INTO stock_movement (id, item_id, change, position, ref_type, ref_id, at) "
            f"SELECT {id}::uuid, {item}, 1, CASE WHEN codes THEN taken END, {ref_type}, {ref_id}::uuid, {moment} "
            "FROM stock_taken"
        )
        answers = {"units_taken": "(SELECT count(*) FROM stock_taken)", "position_taken": POSITION}
        return Clauses({"stock_taken": take, "stock_moved": move}, answers, last=True)

    def values(self) -> Sequence[object]:
        """The item, the movement, its cause, the moment and whether codes are handed out."""
        return self._values

    def written(self, answers: Mapping[str, Any]) -> None:
        """Tell the position, or raise Raced."""
        if not answers["units_taken"]:
            intricate.remember([self._item_id])
            raise Raced
        self._told(answers["position_taken"])
