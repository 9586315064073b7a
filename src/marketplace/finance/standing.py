"""What stood at a moment and how points ran off until then, from the kept days and what changed since.

Dates are days by the program's time zone: an age is the days since the day of earning, and what is left are the
days to the day of expiry, on which nothing can be spent any more.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from marketplace.finance import counting
from marketplace.finance.counting import AMOUNTS, KEYS, Counted
from marketplace.finance.runoff import Entered, Gone, RunOff, Standing, estimated
from marketplace.kit import database

# $1 is the last kept day, $2 what changed since it, $3 the moment, $4 a program or null for all.
_COLUMNS = (
    "program_id uuid, earned_on date, since_on date, expires_on date, is_rolling boolean, at_on date, "
    "lots bigint, points bigint, held bigint, used bigint, away bigint, expired bigint"
)
_CHANGES = f"""
WITH changes AS (
    SELECT c.*, p.timezone, ($3::timestamptz AT TIME ZONE p.timezone)::date AS today FROM (
        SELECT {KEYS}, {AMOUNTS} FROM points_change WHERE day <= $1
        UNION ALL SELECT {KEYS}, {AMOUNTS} FROM jsonb_to_recordset($2::text::jsonb) AS t ({_COLUMNS})
    ) c JOIN program p ON p.id = c.program_id WHERE $4::uuid IS NULL OR p.id = $4
)"""
_GROUPS = f"""{_CHANGES}
SELECT program_id, earned_on, date_trunc('month', earned_on)::date AS cohort,
    greatest(0, today - earned_on) AS age_days,
    greatest(0, expires_on - today) AS left_days, is_rolling, today, sum(lots)::bigint AS lots,
    sum(points - held - used - away - expired)::bigint AS available, sum(held)::bigint AS held
FROM changes WHERE $5::timestamptz IS NULL OR since_on < ($5 AT TIME ZONE timezone)::date
GROUP BY program_id, earned_on, expires_on, is_rolling, today
HAVING sum(lots) <> 0 OR sum(points - used - away - expired) <> 0 OR sum(held) <> 0
ORDER BY program_id, earned_on, expires_on NULLS LAST, is_rolling"""
_WATCHED = f"""{_CHANGES}, watched AS (
    SELECT *, greatest(0, ceil((since_on - earned_on) / $5::float))::int AS first,
        floor((today - earned_on) / $5::float)::int - 1 AS last FROM changes
)"""
_ENTERED = f"""{_WATCHED}
SELECT program_id, first, last, sum(points)::bigint AS points FROM watched WHERE last >= first GROUP BY 1, 2, 3
HAVING sum(points) <> 0"""
_GONE = f"""{_WATCHED}
SELECT program_id, first, last, greatest(0, floor((at_on - earned_on) / $5::float))::int AS age,
    sum(used + held)::bigint AS used, sum(expired)::bigint AS expired, sum(away)::bigint AS away
FROM watched WHERE last >= first AND at_on IS NOT NULL GROUP BY 1, 2, 3, 4
HAVING sum(used + held) <> 0 OR sum(expired) <> 0 OR sum(away) <> 0"""
_LEVELS = f"""{_CHANGES}
SELECT program_id, sum(used + held)::bigint AS used, sum(expired)::bigint AS expired, sum(away)::bigint AS away
FROM changes WHERE since_on < ($5::timestamptz AT TIME ZONE timezone)::date GROUP BY program_id"""
_SPAN = "SELECT min(booked_at) AS first FROM journal WHERE reason = 'points.earned'"
NEVER: Final = None
Lefts = Sequence[tuple[int | None, float]]


@dataclass(frozen=True, slots=True)
class Group:
    """Lots of one program that were earned on one day and expire on one day, or roll."""

    program_id: UUID
    cohort: date
    age_days: int
    lots: int
    available: int
    held: int
    lefts: Lefts
    """The days that are left, each with the share of the points that have so many."""

    @property
    def standing(self) -> list[Standing]:
        """What of them can be spent."""
        return [Standing(self.age_days, days, self.available * share) for days, share in self.lefts]

    @property
    def overdue(self) -> int:
        """What of it should have expired."""
        return round(sum(self.available * share for days, share in self.lefts if days == 0))


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment, with what is known about it; asked for once, and read as often as wanted."""

    at: datetime
    known: Counted
    program_id: UUID | None = None

    @property
    def values(self) -> tuple[object, ...]:
        """What every statement here begins with."""
        since = orjson.dumps([{**row, "program_id": str(row["program_id"])} for row in self.known.since]).decode()
        return (self.known.day, since, self.at, self.program_id)


async def at(moment: datetime, program_id: UUID | None = None) -> Moment:
    """What is known about a moment."""
    return Moment(moment, await counting.counted(moment), program_id)


async def groups(moment: Moment, born_before: datetime | None = None) -> dict[UUID, list[Group]]:
    """What stood, by program; of lots that were booked on an earlier day than that of a moment, if it is given."""
    rolls = _Rolling(await counting.rolling(moment.program_id))
    found: dict[UUID, list[Group]] = {}
    for row in await database.rows(_GROUPS, *moment.values, born_before):
        lefts = rolls.lefts(row) if row["is_rolling"] else [(row["left_days"], 1.0)]
        group = Group(
            row["program_id"], row["cohort"], row["age_days"], row["lots"], row["available"], row["held"], lefts
        )
        found.setdefault(group.program_id, []).append(group)
    return found


class _Rolling:
    """When rolling points expire, by program and day of earning; of a day that is not known, as of all others."""

    def __init__(self, rows: Sequence[dict[str, Any]]) -> None:
        self._known: dict[tuple[UUID, date | None], dict[date, int]] = defaultdict(dict)
        for row in rows:
            for day in (row["earned_on"], None):
                dates = self._known[row["program_id"], day]
                dates[row["expires_on"]] = dates.get(row["expires_on"], 0) + row["points"]

    def lefts(self, row: dict[str, Any]) -> Lefts:
        """The days that are left of a group's points; for ever, when nothing is known of any."""
        program, today = row["program_id"], row["today"]
        dates = self._known.get((program, row["earned_on"])) or self._known.get((program, None))
        if not dates:
            return [(NEVER, 1.0)]
        total = sum(dates.values())
        return [(max(0, (on - today).days), points / total) for on, points in sorted(dates.items())]


async def run_offs(moment: Moment, step: timedelta) -> dict[UUID, RunOff]:
    """How points of each program ran off, by what was booked up to a moment."""
    days = step / timedelta(days=1)
    entered: dict[UUID, list[Entered]] = {}
    gone: dict[UUID, list[Gone]] = {}
    for row in await database.rows(_ENTERED, *moment.values, days):
        entered.setdefault(row.pop("program_id"), []).append(Entered(**row))
    for row in await database.rows(_GONE, *moment.values, days):
        gone.setdefault(row.pop("program_id"), []).append(Gone(**row))
    return {program: estimated(rows, gone.get(program, ()), days) for program, rows in entered.items()}


@dataclass(frozen=True, slots=True)
class Level:
    """What has left some lots by a moment, all in all."""

    used: int = 0
    expired: int = 0
    away: int = 0


async def levels(moment: Moment, born_before: datetime) -> dict[UUID, Level]:
    """What had left the lots that were booked on an earlier day than that of a moment, by program."""
    rows = await database.rows(_LEVELS, *moment.values, born_before)
    return {row["program_id"]: Level(row["used"], row["expired"], row["away"]) for row in rows}


async def began() -> datetime | None:
    """When points were first earned; None when none were."""
    return await database.value(_SPAN)
