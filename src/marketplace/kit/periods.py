"""Stretches of the calendar in a time zone: the day, week or month that a moment lies in, and longer ones."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)


class LimitPeriod(StrEnum):
    """A stretch of the calendar."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    LIFETIME = "LIFETIME"


def _utc(local: datetime) -> datetime:
    return local.replace(fold=0).astimezone(UTC)


def period_of(moment: datetime, period: LimitPeriod, timezone: str) -> tuple[datetime, datetime]:
    """The period a moment lies in: its first moment, and that of the next one. Weeks begin on Monday."""
    day = moment.astimezone(ZoneInfo(timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
    match period:
        case LimitPeriod.DAY:
            return _utc(day), _utc(day + timedelta(days=1))
        case LimitPeriod.WEEK:
            monday = day - timedelta(days=day.weekday())
            return _utc(monday), _utc(monday + timedelta(days=7))
        case LimitPeriod.MONTH:
            return months_of(moment, 1, timezone)
        case LimitPeriod.LIFETIME:
            return datetime(1, 1, 2, tzinfo=UTC), FOR_EVER


def months_of(moment: datetime, months: int, timezone: str) -> tuple[datetime, datetime]:
    """The stretch of so many calendar months (a divisor of 12, counted from January) that a moment lies in."""
    day = moment.astimezone(ZoneInfo(timezone)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    first = day.year * 12 + (day.month - 1) // months * months
    start, end = (divmod(first + extra, 12) for extra in (0, months))
    return (
        _utc(day.replace(year=start[0], month=start[1] + 1)),
        _utc(day.replace(year=end[0], month=end[1] + 1)),
    )
