"""What the rules of a day are, and what a member has had of them: what judging reads."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from marketplace.earning import rules, terms
from marketplace.earning.models import EarningEvent
from marketplace.earning.rules import Happening, Tally
from marketplace.earning.terms import Terms
from marketplace.earning.words import EventType
from marketplace.kit import database
from marketplace.members.models import Member, TierLevel

_RULES = """
SELECT r.id, r.code, r.budget_id, v.id AS version_id, v.terms FROM earning_rule r
JOIN LATERAL (
    SELECT id, terms FROM earning_rule_version WHERE rule_id = r.id AND valid_from <= $2
    ORDER BY valid_from DESC LIMIT 1
) v ON TRUE
WHERE r.program_id = $1 AND r.state <> 'DRAFT' AND EXISTS (
    SELECT FROM earning_rule_period p WHERE p.rule_id = r.id AND p.opened_at <= $2
        AND (p.closed_at IS NULL OR p.closed_at > $2))
ORDER BY r.code"""
_TALLY = """
SELECT coalesce(sum(points - reversed_points) FILTER (WHERE effective_at >= $3 AND effective_at < $4), 0)::bigint
        AS cap_points,
    count(*) FILTER (WHERE effective_at >= $3 AND effective_at < $4 AND reversed_points < points) AS cap_times,
    count(*) FILTER (WHERE effective_at >= $5 AND effective_at < $6 AND reversed_points < points) AS earlier,
    coalesce(sum(times - reversed_times) FILTER (WHERE effective_at >= $7 AND effective_at < $8), 0)::bigint
        AS goals_given
FROM earning_grant WHERE rule_id = $1 AND member_id = $2 AND side = 'MEMBER'"""
_COUNTED = """
SELECT coalesce(sum(counted), 0)::bigint FROM earning_outcome
WHERE rule_id = $1 AND member_id = $2 AND effective_at >= $3 AND effective_at < $4"""


@dataclass(frozen=True, slots=True)
class Live:
    """A rule with the version of a day."""

    id: UUID
    code: str
    budget_id: UUID | None
    version_id: UUID
    terms: Terms


async def rules_of(program_id: UUID, moment: datetime) -> list[Live]:
    """The rules that were live at a moment, each by its version of then, by code."""
    return [
        Live(row["id"], row["code"], row["budget_id"], row["version_id"], terms.read(orjson.loads(row["terms"])))
        for row in await database.rows(_RULES, program_id, moment)
    ]


async def tally_of(live: Live, member_id: UUID, moment: datetime, timezone: str) -> Tally:
    """What a member has had of a rule in the periods around a moment."""
    said = live.terms
    if not (said.is_goal or said.rise or said.cap_points is not None or said.cap_times is not None):
        return Tally()
    goal = rules.period_of(moment, said.goal_period, timezone)
    cap = rules.period_of(moment, said.cap_period, timezone)
    rise = rules.period_of(moment, said.rise.period, timezone) if said.rise else cap
    row = await database.row(_TALLY, live.id, member_id, *cap, *rise, *goal)
    assert row is not None
    counted = await database.value(_COUNTED, live.id, member_id, *goal) if said.is_goal else 0
    return Tally(goal_counted=counted, **row)


async def happening_of(event: EarningEvent, member: Member, timezone: str) -> Happening:
    """The event as rules look at it, with the member's level of now."""
    tier = await TierLevel.get_or_none(id=member.tier_id) if member.tier_id else None
    amount = None if event.amount_minor is None else event.amount_minor - event.returned_minor
    return Happening(
        type=EventType(event.type),
        day=event.effective_at.astimezone(ZoneInfo(timezone)).date(),
        custom_name=event.custom_name,
        amount_minor=amount,
        currency=event.currency,
        channel=event.channel,
        attributes=event.attributes,
        tier=tier.code if tier else None,
        segments=tuple(member.segments),
    )
