"""On which days banks settle euro: the calendar of TARGET, as the European Central Bank has fixed it.

Closed are Saturdays and Sundays, New Year's Day, Good Friday, Easter Monday, the 1st of May, Christmas Day and the
26th of December, in every year since 2002 (ECB press release of 14 December 2000). A bank does on the next open
day what it is asked to do on a closed one, or refuses it.
"""

from datetime import date, timedelta
from typing import Final

from dateutil.easter import easter

TIMEZONE: Final = "Europe/Berlin"
"""Where TARGET's days begin and end: in Frankfurt."""
_DAY: Final = timedelta(days=1)
_FIXED: Final = frozenset({(1, 1), (5, 1), (12, 25), (12, 26)})
_AROUND_EASTER: Final = (timedelta(days=-2), timedelta(days=1))


def is_open(day: date) -> bool:
    """Whether banks settle euro on a day."""
    if day.isoweekday() > 5 or (day.month, day.day) in _FIXED:
        return False
    return day - easter(day.year) not in _AROUND_EASTER


def first_open(day: date) -> date:
    """The day itself, or the next one that is open."""
    while not is_open(day):
        day += _DAY
    return day


def open_days_after(day: date, count: int) -> date:
    """The day on which so many open days have begun since another day."""
    for _ in range(count):
        day = first_open(day + _DAY)
    return day
