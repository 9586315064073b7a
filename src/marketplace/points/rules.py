"""When points expire. Pure decisions."""

import calendar
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

EXPIRING_SOON = timedelta(days=30)


def expiry_of(earned_at: datetime, months: int, timezone: str) -> datetime:
    """The end of the day, in the program's time zone, that lies so many calendar months after earning.

    31 January plus one month is the last day of February.
    """
    local = earned_at.astimezone(ZoneInfo(timezone))
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    midnight = local.replace(year=year, month=month + 1, day=day, hour=0, minute=0, second=0, microsecond=0)
    return (midnight + timedelta(days=1)).astimezone(ZoneInfo("UTC"))
