"""Which level a member has earned, until when it is kept, and what becomes of it then. Pure decisions."""

import calendar
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from marketplace.kit.messages import noted
from marketplace.kit.money import BASIS_POINTS
from marketplace.kit.periods import months_of
from marketplace.kit.refusals import Problem
from marketplace.members.models import Landing, TierBasis, TierChangeReason, TierWindow
from marketplace.members.rules import MOST_TIERS, problems_of_texts

PERIODS = (1, 3, 6, 12)
MOST_MONTHS = 60
MOST_GRACE = 12
LARGEST = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Level:
    """A level with what it takes in a period (None: it is only given) and what it takes off prices."""

    code: str
    rank: int
    threshold: int | None
    discount_bp: int


@dataclass(frozen=True, slots=True)
class Scheme:
    """How levels are earned and lost; see `models.TierScheme`."""

    timezone: str
    basis: TierBasis
    window: TierWindow
    months: int
    grace_months: int
    landing: Landing
    levels: tuple[Level, ...]


def levels_of(terms: Mapping[str, Mapping[str, Any]], ranks: Mapping[str, int]) -> tuple[Level, ...]:
    """The levels of a scheme's terms by code, lowest first."""
    found = [
        Level(code, ranks[code], each.get("threshold"), each["discount_bp"])
        for code, each in terms.items()
        if code in ranks
    ]
    return tuple(sorted(found, key=lambda level: level.rank))


def earned(levels: Sequence[Level], qualified: int) -> Level | None:
    """The highest level that so much earns; None below the first."""
    reached = [level for level in levels if level.threshold is not None and level.threshold <= qualified]
    return max(reached, key=lambda level: level.rank, default=None)


def following(levels: Sequence[Level], rank: int | None) -> Level | None:
    """The next level above a rank that can be earned."""
    above = [level for level in levels if level.threshold is not None and (rank is None or level.rank > rank)]
    return min(above, key=lambda level: level.rank, default=None)


def months_later(moment: datetime, months: int, timezone: str) -> datetime:
    """The end of the day that lies so many calendar months (also before) a moment, in a time zone."""
    local = moment.astimezone(ZoneInfo(timezone))
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    midnight = local.replace(
        year=year, month=month + 1, day=day, hour=0, minute=0, second=0, microsecond=0, fold=0
    )
    return (midnight + timedelta(days=1)).astimezone(ZoneInfo("UTC"))


def windows(scheme: Scheme, moment: datetime, *, ended: bool) -> list[tuple[datetime, datetime]]:
    """The stretches whose best counts: the months before, or the calendar period and (when judging) the last."""
    if scheme.window is TierWindow.ROLLING:
        start = months_later(moment, -scheme.months, scheme.timezone)
        return [(start, moment + timedelta(microseconds=1))]
    current = months_of(moment, scheme.months, scheme.timezone)
    if not ended:
        return [current]
    return [months_of(current[0] - timedelta(seconds=1), scheme.months, scheme.timezone), current]


def kept_until(scheme: Scheme, moment: datetime, *, given: bool = False) -> datetime:
    """Until when a level reached at a moment is kept: the period's end, of a given one the end of the next."""
    if scheme.window is TierWindow.ROLLING:
        return months_later(moment, scheme.months, scheme.timezone)
    end = months_of(moment, scheme.months, scheme.timezone)[1]
    return months_of(end, scheme.months, scheme.timezone)[1] if given else end


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a level at its date: the level then, until when (None: for good), in grace, and why."""

    level: Level | None
    until: datetime | None
    in_grace: bool
    reason: TierChangeReason | None


def judged(scheme: Scheme, held: Level, qualified: int, moment: datetime, *, in_grace: bool) -> Verdict:
    """Judge a level whose date has come by the best that was qualified in its stretches.

    What was earned again is kept. Else grace months follow, once; after them the member lands one level lower
    (never below what is earned), or on what is earned.
    """
    now = earned(scheme.levels, qualified)
    rolling = scheme.window is TierWindow.ROLLING
    if now is not None and now.rank >= held.rank:
        until = months_later(moment, 1, scheme.timezone) if rolling else kept_until(scheme, moment)
        return Verdict(held, until, False, None)
    if scheme.grace_months and not in_grace:
        end = months_later(moment - timedelta(days=1), scheme.grace_months, scheme.timezone)
        return Verdict(held, end, True, TierChangeReason.GRACE)
    landing = now
    if scheme.landing is Landing.ONE_LEVEL:
        lower = [level for level in scheme.levels if level.rank < held.rank]
        if lower and (now is None or now.rank < lower[-1].rank):
            landing = lower[-1]
    final = landing is None or following(scheme.levels, None) == landing or landing.threshold in (None, 0)
    until = None if final else kept_until(scheme, moment)
    return Verdict(landing, until, False, TierChangeReason.PERIOD_ENDED)


@dataclass(frozen=True, slots=True)
class NewLevel:
    """A level that somebody states: lowest first."""

    code: str
    name: str
    threshold: int | None
    discount_bp: int


def problems_of_scheme(
    window: TierWindow, months: int, grace_months: int, levels: Sequence[NewLevel]
) -> list[Problem]:
    """What is wrong with a scheme that somebody states."""
    calendar_months = window is TierWindow.CALENDAR
    allowed = ", ".join(map(str, PERIODS))
    checks = [
        (
            not calendar_months or months in PERIODS,
            "months",
            noted("A calendar period has one of {allowed} months."),
        ),
        (calendar_months or 1 <= months <= MOST_MONTHS, "months", noted("Give 1 to {most} months.")),
        (0 <= grace_months <= MOST_GRACE, "graceMonths", noted("Give 0 to {grace} months.")),
        (1 <= len(levels) <= MOST_TIERS, "levels", noted("Give 1 to {tiers} levels, the lowest first.")),
        (
            len({level.code for level in levels}) == len(levels),
            "levels",
            noted("Give each level a code of its own."),
        ),
    ]
    facts = {"allowed": allowed, "most": MOST_MONTHS, "grace": MOST_GRACE, "tiers": MOST_TIERS}
    found = [Problem(path, text, facts) for sound, path, text in checks if not sound]
    return [*found, *_problems_of_levels(levels[:MOST_TIERS])]


def _problems_of_levels(levels: Sequence[NewLevel]) -> Iterator[Problem]:
    least = -1
    for index, level in enumerate(levels):
        at = f"levels.{index}"
        yield from problems_of_texts([(f"{at}.code", level.code, 1, 40), (f"{at}.name", level.name, 1, 60)])
        if not 0 <= level.discount_bp <= BASIS_POINTS:
            yield Problem(f"{at}.discountBp", "Give 0 to {most} basis points.", {"most": BASIS_POINTS})
        if level.threshold is not None:
            if not least < level.threshold <= LARGEST:
                yield Problem(
                    f"{at}.threshold", "Each level takes more than the one below it, and not less than 0."
                )
            least = max(least, level.threshold)
