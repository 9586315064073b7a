"""What a process may remember of its database: facts that never stop being true there, in bounded memory.

Opening a database forgets them all, since it may be another one.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from time import monotonic
from typing import Generic, TypeVar
from weakref import WeakSet

K = TypeVar("K", bound=Hashable)
_all: "WeakSet[Known[Hashable]]" = WeakSet()


class Known(Generic[K]):
    """Keys of which something is known; the longest unused are forgotten first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._keys: OrderedDict[K, None] = OrderedDict()
        _all.add(self)  # pyright: ignore[reportArgumentType]

    def __contains__(self, key: K) -> bool:
        if key not in self._keys:
            return False
        self._keys.move_to_end(key)
        return True

    def remember(self, keys: Iterable[K]) -> None:
        """From now on it is known of these, too."""
        for key in keys:
            self._keys[key] = None
            self._keys.move_to_end(key)
        while len(self._keys) > self._most:
            self._keys.popitem(last=False)

    def forget(self, key: K) -> None:
        """It is not known of this one any more."""
        self._keys.pop(key, None)

    def clear(self) -> None:
        """Nothing is known any more."""
        self._keys.clear()


class Lately(Known[K]):
    """Keys of which something was true a moment ago, and is believed for so many seconds."""

    def __init__(self, most: int, seconds: float) -> None:
        super().__init__(most)
        self._seconds = seconds
        self._since: dict[K, float] = {}
        self._newest = -seconds

    def any(self) -> bool:
        """Whether anything is believed at all."""
        return monotonic() - self._newest < self._seconds

    def __contains__(self, key: K) -> bool:
        if not super().__contains__(key):
            return False
        if monotonic() - self._since.get(key, 0.0) < self._seconds:
            return True
        self.forget(key)
        return False

    def remember(self, keys: Iterable[K]) -> None:
        """It is true of these now."""
        named = list(keys)
        super().remember(named)
        self._since = {key: since for key, since in self._since.items() if super(Lately, self).__contains__(key)}
        self._newest = monotonic()
        self._since |= dict.fromkeys(named, self._newest)


def forget() -> None:
    """Forget everything, as when the process starts."""
    for known in _all:
        known.clear()
