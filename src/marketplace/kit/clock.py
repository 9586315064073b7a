"""The time: every timestamp that is stored comes from here, so history can be made and tests can travel."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_offset = timedelta()
_frozen: datetime | None = None


def now() -> datetime:
    """The moment it is, in UTC, moved or stopped by `at` and `travel`."""
    return (_frozen or datetime.now(UTC)) + _offset


def today(timezone: str = "UTC") -> date:
    """The calendar day it is in the time zone (IANA name)."""
    return now().astimezone(ZoneInfo(timezone)).date()


def next_quarter(moment: datetime) -> datetime:
    """The next quarter of an hour: no day begins between two of them, in whatever time zone."""
    return moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0) + timedelta(minutes=15)


def midnight(day: date, timezone: str) -> datetime:
    """The moment in UTC at which a calendar day begins in the time zone."""
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC)


@contextmanager
def at(moment: datetime) -> Generator[None]:
    """Stop the clock of this process at a moment (aware) while the block runs."""
    global _frozen, _offset
    if moment.tzinfo is None:
        raise ValueError("the moment needs a time zone")
    before = (_frozen, _offset)
    _frozen, _offset = moment.astimezone(UTC), timedelta()
    try:
        yield
    finally:
        _frozen, _offset = before


@contextmanager
def travel(distance: timedelta) -> Generator[None]:
    """Move the clock of this process by a distance while the block runs."""
    global _offset
    before = _offset
    _offset = before + distance
    try:
        yield
    finally:
        _offset = before
