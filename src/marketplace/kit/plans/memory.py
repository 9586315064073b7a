"""Rows that were shaped before: a row with the same values, seen from the same standpoint, has the same shape.

Nothing here can be stale. A row is found by all the values that were read of it with this very request; or by its
key alone, when the statement that found it also said that nothing was noted to have changed since (see `stamps`).
Only making JSON of it is spared. The memory is bounded in bytes; what was not asked for lately goes first.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from marketplace.kit import clock, ids
from marketplace.kit.plans.compile import Shaped, ShapedRows

MOST_BYTES = 64_000_000
OVERHEAD = 2
"""A row is kept as its values and as its JSON: about twice the JSON."""
BYTES_OF_A_PLACE = 500
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Remembered:
    """A row's JSON, from when it was made until its values mean something else; `own` is for one caller only."""

    json: orjson.Fragment
    size: int
    since: datetime
    until: datetime
    own: bool


@dataclass(frozen=True, slots=True)
class Together:
    """Rows beside each other, as one array: it holds for as long as each of them does."""

    stamp: str
    rows: ShapedRows
    since: datetime
    until: datetime
    own: bool


@dataclass(slots=True)
class Place:
    """The rows of one place in a document from one standpoint: by their values, by stamp and key, and together."""

    by_values: dict[Any, Remembered] = field(default_factory=dict[Any, Remembered])
    by_key: dict[UUID, tuple[str, Remembered]] = field(default_factory=dict[UUID, tuple[str, Remembered]])
    together: dict[bytes, Together] = field(default_factory=dict[bytes, Together])


class Memory:
    """Two generations of rows: when the young ones fill half of the room, the old ones go."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._young: dict[Hashable, Place] = {}
        self._old: dict[Hashable, Place] = {}
        self._bytes = 0

    def view(self, at: Hashable) -> "View":
        """The rows that were shaped for one place, seen from one standpoint."""
        young = self._young.get(at)
        if young is None:
            self.grow(BYTES_OF_A_PLACE)
            young = self._young[at] = Place()
        return View(self, young, self._old.get(at), clock.now())

    def grow(self, size: int) -> None:
        """Count a row that was kept, and forget the old generation when it is time."""
        self._bytes += size
        if self._bytes > self._most // 2:
            self._old, self._young, self._bytes = self._young, {}, 0


class View:
    """One request's view of the memory, at one moment."""

    def __init__(self, memory: Memory, young: Place, old: Place | None, now: datetime) -> None:
        self._memory = memory
        self._young = young
        self._old = old
        self.now = now
        self.until = NEVER
        self.own = False

    def get(self, record: Any) -> Remembered | None:
        """What is remembered of a record, if it still holds."""
        found = self._young.by_values.get(record)
        if found is None and self._old is not None:
            found = self._old.by_values.get(record)
            if found is not None:
                self._young.by_values[record] = found
                self._memory.grow(found.size)
        return found if found is not None and self._holds(found) else None

    def all_of(self, packed: bytes, stamp: str) -> ShapedRows | None:
        """What is remembered of the rows with these ids, of all of them, while nothing has changed."""
        known = self._young.together.get(packed)
        if known is None or known.stamp != stamp or not self._holds(known):
            known = self._put_together(packed, stamp)
        return known.rows if known is not None else None

    def _put_together(self, packed: bytes, stamp: str) -> Together | None:
        found: list[Remembered] = []
        by_key = self._young.by_key
        for key in ids.unpacked(packed):
            known = by_key.get(key)
            if known is None or known[0] != stamp or not self._holds(known[1]):
                return None
            found.append(known[1])
        json = orjson.dumps([each.json for each in found])
        rows = ShapedRows([Shaped(each.json) for each in found], orjson.Fragment(json))
        since = max((each.since for each in found), default=self.now)
        until = min((each.until for each in found), default=NEVER)
        made = Together(stamp, rows, since, until, any(each.own for each in found))
        self._young.together[packed] = made
        self._memory.grow(len(json))
        return made

    def _holds(self, found: Remembered | Together) -> bool:
        if not found.since <= self.now < found.until:
            return False
        if found.until < self.until:
            self.until = found.until
        self.own = self.own or found.own
        return True

    def note(self, key: UUID, stamp: str, found: Remembered) -> None:
        """Let a row be found by its key too, for as long as the stamp is the same."""
        if not found.own:
            self._young.by_key[key] = (stamp, found)

    def keep(self, record: Any, shaped: Any, until: datetime, *, own: bool) -> Remembered:
        """Remember the shape of a record."""
        json = orjson.dumps(shaped)
        made = Remembered(orjson.Fragment(json), len(json) * OVERHEAD, self.now, until, own)
        self._young.by_values[record] = made
        self._memory.grow(made.size)
        self._holds(made)
        return made
