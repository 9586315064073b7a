"""Is the expectation any good? What the history up to a past moment would have said, beside what then came.

Rates are estimated from what was booked up to the cut alone, and laid on the lots that stood then. What those lots
really lost in each step afterwards is in the books.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from marketplace.finance import standing
from marketplace.finance.liability import MONTH, default_step
from marketplace.finance.runoff import RunOff
from marketplace.finance.standing import Level
from marketplace.members.models import Program

HELD_OUT: Final = 3
"""The last third of the history is predicted from the rest."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of time after the cut: what was expected of the points that stood at the cut, and what came."""

    until: datetime
    expected_used: int
    used: int
    expected_expired: int
    expired: int


@dataclass(frozen=True, slots=True)
class BackTest:
    """A program's steps after the cut. Errors are shares of the points that stood at the cut."""

    program: Program
    cut: datetime
    standing: int
    steps: list[Step]

    @property
    def error_used(self) -> float:
        """Expected less actual use, all steps together."""
        return self._error(sum(each.expected_used - each.used for each in self.steps))

    @property
    def error_expired(self) -> float:
        """Expected less actual breakage, all steps together."""
        return self._error(sum(each.expected_expired - each.expired for each in self.steps))

    def _error(self, points: int) -> float:
        return points / self.standing if self.standing else 0.0


async def back_test(
    until: datetime, *, cut: datetime | None = None, step: timedelta | None = None
) -> list[BackTest]:
    """Predict from what was booked up to the cut (two thirds of the history) what came until a moment."""
    first = await standing.began()
    if first is None or until <= first:
        return []
    cut = cut or first + (until - first) * (HELD_OUT - 1) / HELD_OUT
    step = step or default_step(first, cut)
    count = min(int((until - cut) / step), 60)
    known = await standing.at(cut)
    run_offs = await standing.run_offs(known, step)
    stood = await standing.groups(known, cut)
    levels = [await standing.levels(await standing.at(cut + step * n), cut) for n in range(count + 1)]
    programs = {program.id: program for program in await Program.filter(id__in=list(stood)).order_by("code")}
    tested: list[BackTest] = []
    for id, program in programs.items():
        run_off = run_offs.get(id) or RunOff(MONTH / timedelta(days=1), (), 0.0)
        mine = [part for group in stood[id] for part in group.standing]
        steps: list[Step] = []
        for n in range(count):
            before, after = levels[n].get(id, Level()), levels[n + 1].get(id, Level())
            flow = run_off.flow(mine, n)
            steps.append(
                Step(
                    until=cut + step * (n + 1),
                    expected_used=round(flow.used),
                    used=after.used - before.used,
                    expected_expired=round(flow.expired),
                    expired=after.expired - before.expired,
                )
            )
        tested.append(BackTest(program, cut, sum(group.available for group in stood[id]), steps))
    return tested
