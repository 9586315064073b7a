"""A rule tried on events of the past, in memory: nothing is written."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from marketplace.earning import rules
from marketplace.earning.rules import Happening, Tally
from marketplace.earning.terms import Terms
from marketplace.earning.words import PURCHASES, EventType, Reason
from marketplace.kit import database

MOST_EVENTS = 20_000
BATCH = 500
_PURCHASES = ", ".join(f"'{type.value}'" for type in sorted(PURCHASES))
_EVENTS = f"""
SELECT e.member_id, e.type, e.custom_name, e.effective_at, e.amount_minor - e.returned_minor AS amount_minor,
    e.currency, e.channel, e.attributes, tier.code AS tier, m.segments,
    (r.friend_id IS NOT NULL AND e.type IN ({_PURCHASES}) AND NOT EXISTS (
        SELECT FROM earning_event f WHERE f.member_id = e.member_id AND f.type IN ({_PURCHASES})
            AND (f.effective_at, f.id) < (e.effective_at, e.id))) AS qualifies
FROM earning_event e JOIN member m ON m.id = e.member_id
LEFT JOIN tier_level tier ON tier.id = m.tier_id LEFT JOIN referral r ON r.friend_id = e.member_id
WHERE e.program_id = $1 AND e.effective_at >= $2 AND e.effective_at < $3
    AND e.state IN ('JUDGED', 'PARTLY_REVERSED')
ORDER BY e.effective_at, e.id LIMIT $4"""


@dataclass(slots=True)
class _Had:
    """What one member had of the rule, by the beginning of each period."""

    cap_points: Counter[datetime] = field(default_factory=Counter[datetime])
    cap_times: Counter[datetime] = field(default_factory=Counter[datetime])
    earlier: Counter[datetime] = field(default_factory=Counter[datetime])
    counted: Counter[datetime] = field(default_factory=Counter[datetime])
    goals: Counter[datetime] = field(default_factory=Counter[datetime])


@dataclass(slots=True)
class Simulation:
    """What a rule would have given; `cut` says that there were more events than are looked at."""

    events: int = 0
    matched: int = 0
    points: int = 0
    members: set[UUID] = field(default_factory=set[UUID])
    per_day: Counter[date] = field(default_factory=Counter[date])
    missed: Counter[Reason] = field(default_factory=Counter[Reason])
    not_concerned: int = 0
    cut: bool = False


@dataclass(slots=True)
class Rehearsal:
    """One rule and all its members, in the order in which things happened."""

    said: Terms
    timezone: str
    budget_left: int | None
    result: Simulation = field(default_factory=Simulation)
    _had: defaultdict[UUID, _Had] = field(default_factory=lambda: defaultdict[UUID, _Had](_Had))

    def see(self, member_id: UUID, happening: Happening, moment: datetime) -> None:
        """Let the rule look at one event, as it would have when it happened."""
        said, result = self.said, self.result
        result.events += 1
        if not rules.concerns(said, happening):
            result.not_concerned += 1
            return
        had = self._had[member_id]
        cap, goal = (
            rules.period_of(moment, each, self.timezone)[0] for each in (said.cap_period, said.goal_period)
        )
        rise = rules.period_of(moment, said.rise.period, self.timezone)[0] if said.rise else cap
        tally = Tally(
            cap_points=had.cap_points[cap],
            cap_times=had.cap_times[cap],
            earlier=had.earlier[rise],
            goal_counted=had.counted[goal],
            goals_given=had.goals[goal],
        )
        verdict = rules.judge(said, happening, tally)
        had.counted[goal] += verdict.counted
        cost = verdict.points + verdict.referrer_points
        if verdict.reason is not Reason.EARNED:
            result.missed[verdict.reason] += 1
        elif self.budget_left is not None and self.budget_left < cost:
            result.missed[Reason.BUDGET_SPENT] += 1
        else:
            self.budget_left = None if self.budget_left is None else self.budget_left - cost
            had.cap_points[cap] += verdict.points
            had.cap_times[cap] += 1
            had.earlier[rise] += 1
            had.goals[goal] += verdict.times if said.is_goal else 0
            result.matched += 1
            result.points += cost
            result.members.add(member_id)
            result.per_day[happening.day] += cost


async def simulate(
    program_id: UUID, timezone: str, said: Terms, since: datetime, until: datetime, budget_points: int | None
) -> Simulation:
    """What a rule would have given for the program's events from a moment to another, the first 20,000 of them."""
    rehearsal = Rehearsal(said, timezone, budget_points)
    rows = await database.rows(_EVENTS, program_id, since, until, MOST_EVENTS + 1)
    rehearsal.result.cut = len(rows) > MOST_EVENTS
    for number, row in enumerate(rows[:MOST_EVENTS]):
        rehearsal.see(row["member_id"], _happening(row, timezone), row["effective_at"])
        if number % BATCH == 0:
            await asyncio.sleep(0)  # others are served meanwhile
    return rehearsal.result


def _happening(row: Mapping[str, Any], timezone: str) -> Happening:
    return Happening(
        type=EventType(row["type"]),
        day=row["effective_at"].astimezone(ZoneInfo(timezone)).date(),
        custom_name=row["custom_name"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        channel=row["channel"],
        attributes=orjson.loads(row["attributes"]),
        tier=row["tier"],
        segments=tuple(orjson.loads(row["segments"])),
        qualifies_referral=row["qualifies"],
    )
