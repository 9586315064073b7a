"""When points expire, and what becomes of those whose date passes while they are away. Pure decisions."""

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from marketplace.kit.messages import counted, noted, say
from marketplace.kit.refusals import Problem
from marketplace.points.models import ExpiryKind, ExpiryPeriod, ReturnRule

EXPIRING_SOON = timedelta(days=30)
NOTICE_DAYS = (30, 7, 1)
MOST_MONTHS = 600
MOST_PERIODS = 200
MOST_DAYS = 365
MOST_NOTICES = 10
_UTC = ZoneInfo("UTC")
_MONTHS_IN = {ExpiryPeriod.MONTH: 1, ExpiryPeriod.QUARTER: 3, ExpiryPeriod.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Policy:
    """How points of a program expire, in its time zone; see `models.ExpiryPolicy`."""

    timezone: str
    kind: ExpiryKind = ExpiryKind.FIXED
    months: int | None = 24
    period: ExpiryPeriod | None = None
    periods_after: int = 0
    returned: ReturnRule = ReturnRule.KEEP
    grace_days: int = 0
    notice_days: tuple[int, ...] = NOTICE_DAYS
    valid_from: datetime | None = None


def _midnight(local: datetime) -> datetime:
    """The beginning of a local day, in UTC; the first of two where the clocks are set back over midnight."""
    return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(_UTC)


def expiry_of(earned_at: datetime, months: int, timezone: str) -> datetime:
    """The end of the day, in the program's time zone, that lies so many calendar months after earning.

    31 January plus one month is the last day of February.
    """
    local = earned_at.astimezone(ZoneInfo(timezone))
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    return _midnight(local.replace(year=year, month=month + 1, day=day) + timedelta(days=1))


def end_of_day_after(moment: datetime, days: int, timezone: str) -> datetime:
    """The end of the day, in a time zone, that lies so many days after a moment."""
    return _midnight(moment.astimezone(ZoneInfo(timezone)) + timedelta(days=days + 1))


def end_of_period(moment: datetime, period: ExpiryPeriod, after: int, timezone: str) -> datetime:
    """The end of the calendar month, quarter or year that a moment lies in, and so many of them later."""
    local = moment.astimezone(ZoneInfo(timezone))
    length = _MONTHS_IN[period]
    first = local.year * 12 + (local.month - 1) // length * length
    year, month = divmod(first + length * (after + 1), 12)
    return _midnight(local.replace(year=year, month=month + 1, day=1))


def date_of(policy: Policy, moment: datetime) -> datetime | None:
    """When points earned (ROLLING: last moved) at a moment expire by a policy; None for never."""
    if policy.kind is ExpiryKind.NEVER:
        return None
    if policy.kind is ExpiryKind.CALENDAR:
        return end_of_period(moment, policy.period or ExpiryPeriod.YEAR, policy.periods_after, policy.timezone)
    return expiry_of(moment, policy.months or 1, policy.timezone)


def notice_steps(days: Sequence[int]) -> list[tuple[int, int]]:
    """(within so many days, not within so many) for each notice: after a pause only the nearest is told."""
    steps = sorted(set(days))
    return list(zip(steps, [0, *steps], strict=False))


def problems_of_policy(policy: Policy) -> list[Problem]:
    """What is wrong with a policy that somebody states."""
    lives = policy.kind in (ExpiryKind.FIXED, ExpiryKind.ROLLING)
    calendar_kind = policy.kind is ExpiryKind.CALENDAR
    months, notices = policy.months, policy.notice_days
    checks = [
        (not lives or 1 <= (months or 0) <= MOST_MONTHS, "months", noted("Give 1 to {most} months.")),
        (
            lives or months is None,
            "months",
            noted("Only FIXED and ROLLING points take months."),
        ),
        (not calendar_kind or policy.period is not None, "period", noted("Name the period that points end with.")),
        (
            calendar_kind or policy.period is None,
            "period",
            noted("Only CALENDAR points take a period."),
        ),
        (0 <= policy.periods_after <= MOST_PERIODS, "periodsAfter", noted("Give 0 to {most} periods.")),
        (
            (policy.returned is ReturnRule.GRACE) == (policy.grace_days > 0),
            "graceDays",
            noted("GRACE takes at least one day; the other rules take none."),
        ),
        (policy.grace_days <= MOST_DAYS, "graceDays", noted("Give up to {most} days.")),
        (
            len(notices) <= MOST_NOTICES and all(1 <= days <= MOST_DAYS for days in notices),
            "noticeDays",
            noted("Give up to {notices} numbers of days, each from 1 to {most}."),
        ),
        (len(set(notices)) == len(notices), "noticeDays", noted("Name each number of days once.")),
    ]
    most = {"months": MOST_MONTHS, "periodsAfter": MOST_PERIODS}
    return [
        Problem(path, text, {"most": most.get(path, MOST_DAYS), "notices": MOST_NOTICES})
        for sound, path, text in checks
        if not sound
    ]


@dataclass(frozen=True, slots=True)
class Dated:
    """Points with one date; None never expires."""

    expires_at: datetime | None
    points: int


def taken_from(lots: Sequence[Dated], points: int) -> list[Dated]:
    """What spending takes of lots that stand in spending order, the earliest-expiring first."""
    taken: list[Dated] = []
    for lot in lots:
        part = min(points, lot.points)
        if part > 0:
            taken.append(Dated(lot.expires_at, part))
            points -= part
    return taken


RETURN_TEXTS = {
    ReturnRule.KEEP: noted("Points keep their dates while they are away; those whose date passes are lost."),
    ReturnRule.GRACE: counted(
        "Points whose date passes while they are away can be used for {days} more day.",
        "Points whose date passes while they are away can be used for {days} more days.",
    ),
    ReturnRule.RENEW: noted("Points whose date passes while they are away begin a new life when they come back."),
}


def return_text(policy: Policy, languages: Iterable[str] = ()) -> str:
    """What becomes of points whose date passes while they are away, in a sentence of the reader's language."""
    return say(RETURN_TEXTS[policy.returned], {"days": policy.grace_days}, languages)
