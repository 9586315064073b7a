"""How points run off: which share of what is left is used at each age, and what is left when it expires.

The method is the chain ladder of claims reserving (Mack, ASTIN Bulletin 23/2, 1993) in its form for what is
left: one development factor for each age, weighted by volume over all cohorts that have lived through that age.
What expired or was given away within an age leaves half of it exposed, as in an actuarial life table. Expiry
itself is not estimated: each lot has its date. So of points at an age with so long to go, the share expected to
expire unused is the product of the shares that stay at each age until then. That is the breakage of IFRS 15,
paragraphs B44 to B47: what customers are expected to leave unexercised. Points that never expire have none, and
neither has a program without history.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp, log1p
from typing import Final

CREDIBLE: Final = 0.01
"""An age counts while at least this share of the largest exposure has lived through it."""
TAIL: Final = 3
"""Older ages are as the last so many that count."""
_MOST: Final = 0.999_999


@dataclass(frozen=True, slots=True)
class Entered:
    """Points of lots that are watched through the ages `first` to `last`, counted in steps from 0."""

    first: int
    last: int
    points: int


@dataclass(frozen=True, slots=True)
class Gone:
    """Points that left such lots at an age: used, expired, or given away."""

    first: int
    last: int
    age: int
    used: int
    expired: int
    away: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Points of one age that can be spent, with the days that are left until they expire; None is for ever."""

    age_days: int
    left_days: int | None
    points: float


@dataclass(frozen=True, slots=True)
class Flow:
    """What is used and what expires of some points in one step of time."""

    used: float
    expired: float


class RunOff:
    """The share of what is left that is used at each age, in steps of so many days; `tail` at every later age."""

    def __init__(self, step_days: float, shares: Sequence[float], tail: float) -> None:
        self.step_days, self.shares, self.tail = step_days, tuple(shares), tail
        self._used = tuple(accumulate(map(_hazard, shares), initial=0.0))

    @property
    def is_known(self) -> bool:
        """Whether there is history enough to say anything."""
        return bool(self.shares)

    def stays(self, age_days: float, days: float) -> float:
        """The share of points of an age that is still there so many days later, if nothing expires."""
        return exp(self._used_by(age_days) - self._used_by(age_days + days))

    def _used_by(self, days: float) -> float:
        """The cumulative hazard of being used up to an age; even within a step."""
        steps = days / self.step_days
        at = min(int(steps), len(self.shares))
        share = self.shares[at] if at < len(self.shares) else self.tail
        return self._used[at] + (steps - at) * _hazard(share)

    def breakage(self, of: Standing) -> float:
        """How many of these points are expected to expire unused."""
        if not self.is_known or of.left_days is None:
            return 0.0
        return of.points * self.stays(of.age_days, of.left_days)

    def flow(self, of: Iterable[Standing], step: int) -> Flow:
        """What is expected of these points in the step of time `step`, counted from 0."""
        used = expired = 0.0
        begins, ends = step * self.step_days, (step + 1) * self.step_days
        for each in of:
            lives = float("inf") if each.left_days is None else each.left_days
            if lives < begins or (lives == begins and step):
                continue
            left = each.points * self.stays(each.age_days, min(ends, lives))
            used += each.points * self.stays(each.age_days, begins) - left
            expired += left if lives <= ends else 0.0
        return Flow(used, expired)


def _hazard(share: float) -> float:
    return -log1p(-min(share, _MOST))


def estimated(entered: Iterable[Entered], gone: Iterable[Gone], step_days: float) -> RunOff:
    """The run-off that the history shows: at each age what was used, of what was there at its beginning."""
    exposed: defaultdict[int, float] = defaultdict(float)
    used: defaultdict[int, int] = defaultdict(int)
    for each in entered:
        for age in range(each.first, each.last + 1):
            exposed[age] += each.points
    for each in gone:
        for age in range(max(each.first, each.age + 1), each.last + 1):
            exposed[age] -= each.used + each.expired + each.away
        if each.first <= each.age <= each.last:
            exposed[each.age] -= (each.expired + each.away) / 2
            used[each.age] += each.used
    least = max(exposed.values(), default=0.0) * CREDIBLE
    counted: list[int] = []
    while exposed.get(len(counted), 0.0) > least:
        counted.append(len(counted))
    shares = [min(max(used[age] / exposed[age], 0.0), 1.0) for age in counted]
    last = counted[-TAIL:]
    tail = sum(shares[age] * exposed[age] for age in last) / sum(exposed[age] for age in last) if last else 0.0
    return RunOff(step_days, shares, tail)
