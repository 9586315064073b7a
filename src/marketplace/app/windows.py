"""Counters over sliding windows, in this process's memory: a dictionary's time for each, however many there are.

The approximation is the one of `limits`' sliding window counter, which counts for several processes in Redis: the
window before counts by the share of it that a window ending now still covers.
"""

import math
from collections import OrderedDict
from collections.abc import Callable
from time import time
from typing import NamedTuple

from limits import RateLimitItem

MOST = 200_000


class Counted(NamedTuple):
    """Whether something was let in, how much is left, and how long until there is more. The tightest is least."""

    admitted: bool
    remaining: int
    wait_s: int


class Windows:
    """The counters of one process; those not asked for lately go first when there are too many."""

    def __init__(self, most: int = MOST, clock: Callable[[], float] = time) -> None:
        self._most = most
        self._clock = clock
        self._counts: OrderedDict[tuple[str, int, str], tuple[int, int, int]] = OrderedDict()

    def hit(self, window: RateLimitItem, name: str, who: str, cost: int = 1) -> Counted:
        """Count something, unless that would be over the limit."""
        length = window.get_expiry()
        number, gone_s = divmod(self._clock(), length)
        key = (name, length, who)
        last, before, now = self._counts.get(key, (number, 0, 0))
        if last != number:
            before, now = (now if last == number - 1 else 0), 0
        left_s = length - gone_s
        free = window.amount - math.floor(before * left_s / length + now)
        if cost > free:
            return Counted(False, 0, _wait_s(window.amount - cost, before, now, left_s, length))
        self._counts[key] = (int(number), before, now + cost)
        self._counts.move_to_end(key)
        if len(self._counts) > self._most:
            self._counts.popitem(last=False)
        return Counted(True, free - cost, math.ceil(left_s))


def _wait_s(room: int, before: int, now: int, left_s: float, length: int) -> int:
    """How long until no more than `room` is counted; a whole window for what never fits."""
    if room < 0:
        return length
    if now <= room:  # once less is seen of the window before
        wait_s = left_s - length * (room + 1 - now) / before
    else:  # once this one is the window before, and less is seen of it
        wait_s = left_s + length - length * (room + 1) / now
    return max(1, math.floor(wait_s) + 1)
