"""When a program's money runs low: the rate, the days that are left, and telling it once for each crossing."""

from dataclasses import dataclass
from datetime import timedelta

from marketplace.billing import position, queries
from marketplace.billing.models import FundingAlert, FundingNotice
from marketplace.kit import clock
from marketplace.members.models import Program


@dataclass(frozen=True, slots=True)
class Runway:
    """What a day costs at the present rate, and for how many whole days the money lasts; None: for ever."""

    per_day_minor: int
    days_left: int | None


def runway(available_minor: int, spent_minor: int, days: int) -> Runway:
    """The rate is what `days` days cost, a day, rounded up; at it the money lasts so many whole days."""
    per_day = -(-spent_minor // days) if spent_minor > 0 else 0
    return Runway(per_day, available_minor // per_day if per_day else None)


async def runway_of(program: Program, available_minor: int) -> Runway:
    """At the rate of the last 28 days; of a younger program at the rate of all its days."""
    now = clock.now()
    first = await position.first_booked(program)
    days = min(position.RATE_DAYS, max(1, -((first - now) // timedelta(days=1)))) if first else 1
    spent = await position.spent(program, now - timedelta(days=days), now)
    return runway(available_minor, spent, days)


def is_low(alert: FundingAlert, available_minor: int, days_left: int | None) -> bool:
    """Whether the money is below what the program wants to be told of."""
    below = alert.below_minor is not None and available_minor < alert.below_minor
    return below or (alert.days is not None and days_left is not None and days_left < alert.days)


async def look(program: Program) -> FundingNotice | None:
    """See whether the money has run low, or recovered, since the last look; the notice when it is news.

    Told once for each crossing: again only after the money was above in between. The program's row is locked.
    """
    alert = await FundingAlert.get_or_none(program_id=program.id)
    if alert is None:
        return None
    available = (await queries.funding_of(program.id, program.home_currency)).free_minor
    found = await runway_of(program, available)
    low = is_low(alert, available, found.days_left)
    if low == (alert.low_since is not None):
        return None
    alert.low_since = clock.now() if low else None
    await alert.save(update_fields=["low_since"])
    if not low:
        return None
    return await FundingNotice.create(
        program_id=program.id,
        available_minor=available,
        per_day_minor=found.per_day_minor,
        days_left=found.days_left,
        currency=program.home_currency,
        at=clock.now(),
    )
