"""Points liability: what points that are out may still cost, by program, age and month of earning, at any moment.

Points are worth what the program's dated value says on the day, in its home currency, and in another currency at
the rate of that moment. Each amount is rounded half-even once, on the running total, so that the parts add up.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, TypeVar

from marketplace.finance import standing
from marketplace.finance.runoff import RunOff
from marketplace.finance.standing import Group
from marketplace.kit.money import Money, convert, worth_of
from marketplace.ledger.queries import NoRate, fx_rate
from marketplace.members.models import Program
from marketplace.members.queries import NoPointValue, point_value

AGES: Final = (30, 90, 180, 365, 730)
"""Days at which one bucket of age ends and the next begins."""
K = TypeVar("K")
MONTH: Final = timedelta(days=30)
STEPS: Final = 12
"""While the history is shorter than so many months, the steps of age are shorter, down to a day."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some of a program's points: what can be spent, what is held, and how many are expected to expire unused."""

    lots: int
    available: int
    held: int
    breakage: int
    worth: Money
    breakage_worth: Money

    @property
    def points(self) -> int:
        """All of them."""
        return self.available + self.held


@dataclass(frozen=True, slots=True)
class Bucket:
    """Points that were earned so many days ago; `until_days` is None for the oldest."""

    from_days: int
    until_days: int | None
    part: Part


@dataclass(frozen=True, slots=True)
class Cohort:
    """Points that were earned in one month, by the program's time zone."""

    month: date
    part: Part


@dataclass(frozen=True, slots=True)
class ProgramLiability:
    """What one program's points may still cost; `in_currency` is None when no rate was known."""

    program: Program
    point_value: Decimal
    total: Part
    buckets: list[Bucket]
    cohorts: list[Cohort]
    overdue: int
    """Points whose date had passed, and that no run had turned into breakage yet."""
    run_off: RunOff
    in_currency: Money | None
    rate: Decimal | None


def default_step(first: datetime | None, moment: datetime) -> timedelta:
    """The step in which ages are counted: a month, or a shorter one while there is less than a year of history."""
    if first is None or moment <= first:
        return MONTH
    return min(MONTH, max(timedelta(days=1), timedelta(days=(moment - first).days // STEPS)))


async def step_at(moment: datetime) -> timedelta:
    """The default step for the history that there was at a moment."""
    return default_step(await standing.began(), moment)


async def liability(
    moment: datetime, *, program: Program | None = None, currency: str | None = None, step: timedelta | None = None
) -> list[ProgramLiability]:
    """What was outstanding at a moment, by program; of those that have a point value then."""
    known = await standing.at(moment, program.id if program else None)
    stood = await standing.groups(known)
    run_offs = await standing.run_offs(known, step or await step_at(moment))
    programs = [program] if program else await Program.all().order_by("code")
    found: list[ProgramLiability] = []
    for each in programs:
        try:
            value = await point_value(each.id, moment.date())
        except NoPointValue:
            continue
        run_off = run_offs.get(each.id) or RunOff(MONTH / timedelta(days=1), (), 0.0)
        found.append(await _of_program(each, value, stood.get(each.id, []), run_off, moment, currency))
    return found


async def _of_program(
    program: Program,
    value: Decimal,
    groups: Sequence[Group],
    run_off: RunOff,
    moment: datetime,
    currency: str | None,
) -> ProgramLiability:
    edges = [0, *AGES]
    ends: list[int | None] = [*AGES, None]

    def bucket_of(group: Group) -> int:
        return sum(group.age_days >= end for end in AGES)

    def cohort_of(group: Group) -> date:
        return group.cohort

    by_age = dict(_parts(groups, bucket_of, range(len(edges)), program, value, run_off))
    by_month = _parts(groups, cohort_of, sorted({group.cohort for group in groups}), program, value, run_off)
    ((_, total),) = _parts(groups, lambda _: 0, [0], program, value, run_off)
    converted = await _converted(total.worth, currency, moment)
    return ProgramLiability(
        program=program,
        point_value=value,
        total=total,
        buckets=[Bucket(edges[n], ends[n], by_age[n]) for n in range(len(edges))],
        cohorts=[Cohort(month, part) for month, part in by_month],
        overdue=sum(group.overdue for group in groups),
        run_off=run_off,
        in_currency=converted[0] if converted else None,
        rate=converted[1] if converted else None,
    )


def _parts(
    groups: Sequence[Group],
    key_of: Callable[[Group], K],
    keys: Iterable[K],
    program: Program,
    value: Decimal,
    run_off: RunOff,
) -> list[tuple[K, Part]]:
    """The points of groups by a key, in the order of the keys."""
    currency = program.home_currency
    made: list[tuple[K, Part]] = []
    points = 0
    broken = 0.0
    for key in keys:
        mine = [group for group in groups if key_of(group) == key]
        available, held = sum(each.available for each in mine), sum(each.held for each in mine)
        before = (points, broken)
        points += available + held
        broken += sum(run_off.breakage(part) for each in mine for part in each.standing)
        worth = worth_of(points, currency, value) - worth_of(before[0], currency, value)
        breakage = round(broken) - round(before[1])
        of_breakage = worth_of(round(broken), currency, value) - worth_of(round(before[1]), currency, value)
        part = Part(
            lots=sum(each.lots for each in mine),
            available=available,
            held=held,
            breakage=breakage,
            worth=Money(worth, currency),
            breakage_worth=Money(of_breakage, currency),
        )
        made.append((key, part))
    return made


async def _converted(worth: Money, currency: str | None, moment: datetime) -> tuple[Money, Decimal] | None:
    if currency is None:
        return None
    try:
        rate = (await fx_rate(worth.currency, currency, moment)).rate
    except NoRate:
        return None
    return Money(convert(worth.minor, worth.currency, currency, rate), currency), rate
