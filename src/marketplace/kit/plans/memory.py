"""Rows that were shaped before: a row with the same values, seen from the same standpoint, has the same shape.

Nothing here can be stale. Every row is read again with each request, and found by all the values that were read;
only making JSON of them is spared. The memory is bounded in bytes; what was not asked for lately goes first.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from marketplace.kit import clock

MOST_BYTES = 64_000_000
OVERHEAD = 2
"""A row is kept as its values and as its JSON: about twice the JSON."""
BYTES_OF_A_PLACE = 500
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Remembered:
    """A row's JSON, from when it was made until its values mean something else."""

    json: orjson.Fragment
    size: int
    since: datetime
    until: datetime


class Memory:
    """Two generations of rows: when the young ones fill half of the room, the old ones go."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._young: dict[Hashable, dict[Any, Remembered]] = {}
        self._old: dict[Hashable, dict[Any, Remembered]] = {}
        self._bytes = 0

    def view(self, place: Hashable) -> "View":
        """The rows that were shaped for one place, seen from one standpoint."""
        young = self._young.get(place)
        if young is None:
            self.grow(BYTES_OF_A_PLACE)
            young = self._young[place] = {}
        return View(self, young, self._old.get(place, {}), clock.now())

    def grow(self, size: int) -> None:
        """Count a row that was kept, and forget the old generation when it is time."""
        self._bytes += size
        if self._bytes > self._most // 2:
            self._old, self._young, self._bytes = self._young, {}, 0


class View:
    """One request's view of the memory, at one moment."""

    def __init__(
        self, memory: Memory, young: dict[Any, Remembered], old: dict[Any, Remembered], now: datetime
    ) -> None:
        self._memory = memory
        self._young = young
        self._old = old
        self._now = now
        self._records: dict[int, Any] = {}
        self.until = NEVER

    def get(self, record: Any) -> orjson.Fragment | None:
        """The JSON of a record, if it was made before and still holds."""
        found = self._young.get(record) or self._promoted(record)
        if found is None or not found.since <= self._now < found.until:
            return None
        if found.until < self.until:
            self.until = found.until
        return found.json

    def _promoted(self, record: Any) -> Remembered | None:
        found = self._old.get(record)
        if found is not None:
            self._young[record] = found
            self._memory.grow(found.size)
        return found

    def expect(self, row: Any, record: Any) -> None:
        """Remember that this row was made of this record, until its JSON is known."""
        self._records[id(row)] = record

    def keeper(
        self, row_of: Callable[[Any], Any], moments: Callable[[Any], list[datetime]]
    ) -> Callable[[Any, Any], orjson.Fragment]:
        """What takes each value with its shape, and gives it back as JSON."""

        def keep(value: Any, shaped: Any) -> orjson.Fragment:
            row = row_of(value)
            until = min((moment for moment in moments(row) if moment > self._now), default=NEVER)
            json = orjson.dumps(shaped)
            made = Remembered(orjson.Fragment(json), len(json) * OVERHEAD, self._now, until)
            self._young[self._records.pop(id(row))] = made
            self._memory.grow(made.size)
            self.until = min(self.until, until)
            return made.json

        return keep
