"""What a rule did, and how long newcomers of a program take: counted from the rows."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.earning.words import Measure
from marketplace.kit import database
from marketplace.kit.money import BASIS_POINTS

_REPORT = """
SELECT count(DISTINCT g.member_id) FILTER (WHERE g.side = 'MEMBER') AS participants,
    coalesce(sum(g.points - g.reversed_points), 0)::bigint AS points,
    coalesce(sum(g.points - g.reversed_points) FILTER (WHERE g.state = 'PENDING'), 0)::bigint AS pending,
    coalesce(sum(g.reversed_points), 0)::bigint AS reversed,
    count(DISTINCT g.event_id) AS events,
    count(*) FILTER (WHERE g.side = 'REFERRER') AS referrals
FROM earning_grant g WHERE g.rule_id = $1"""
_AMOUNT = """
SELECT coalesce(sum(e.amount_minor - e.returned_minor), 0)::bigint FROM earning_event e
WHERE e.currency = $2 AND EXISTS (SELECT FROM earning_grant g WHERE g.event_id = e.id AND g.rule_id = $1)"""
_RESPONSE = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM first.at - live.at) / 3600.0) AS hours
FROM (SELECT min(effective_at) AS at FROM earning_grant WHERE rule_id = $1 AND side = 'MEMBER'
        GROUP BY member_id) first,
    (SELECT min(opened_at) AS at FROM earning_rule_period WHERE rule_id = $1) live
WHERE first.at >= live.at"""
_MISSED = """
SELECT reason, count(*) AS times FROM earning_outcome WHERE rule_id = $1 AND reason <> 'EARNED'
GROUP BY reason ORDER BY times DESC, reason"""
# What shows whether members do more of it: all that the rule looked at but for what its conditions kept out.
_ARMS = """
SELECT o.held_out, count(DISTINCT o.member_id) AS participants, count(*) AS events,
    coalesce(sum(e.amount_minor - e.returned_minor) FILTER (WHERE e.currency = $2), 0)::bigint AS amount_minor
FROM earning_outcome o JOIN earning_event e ON e.id = o.event_id
WHERE o.rule_id = $1
    AND o.reason IN ('EARNED', 'HELD_OUT', 'GOAL_NOT_YET', 'CAP_REACHED', 'BUDGET_SPENT', 'OUTRANKED')
GROUP BY o.held_out"""
_FIRST_REWARD = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM first.at - m.enrolled_at) / 86400.0) AS days,
    count(*) AS members
FROM member m JOIN LATERAL (
    SELECT min(h.closed_at) AS at FROM points_hold h
    WHERE h.member_id = m.id AND h.state = 'POSTED' AND h.reason NOT IN ('clawback', 'gift')
) first ON first.at IS NOT NULL
WHERE m.program_id = $1"""


@dataclass(frozen=True, slots=True)
class Arm:
    """Members under a rule, or those held out of it: how many they are about, and what they did."""

    held_out: bool
    members: int
    participants: int = 0
    events: int = 0
    amount_minor: int = 0


async def arms_of(rule_id: UUID, currency: str, held_out_bp: int, members: int) -> tuple[Arm, Arm]:
    """Those under a rule, and those held out of it. Their number is their share of a program's members."""
    rows = {row.pop("held_out"): row for row in await database.rows(_ARMS, rule_id, currency)}
    out = members * held_out_bp // BASIS_POINTS
    return Arm(False, members - out, **rows.get(False, {})), Arm(True, out, **rows.get(True, {}))


@dataclass(frozen=True, slots=True)
class RuleReport:
    """Participation, points and what became of them; `median_hours` is from going live to a member's first."""

    participants: int
    points: int
    pending: int
    reversed: int
    events: int
    referrals: int
    amount_minor: int
    median_hours: float | None
    missed: list[tuple[str, int]]

    def measured(self, measure: Measure) -> int:
        """The figure that the rule is measured by; an amount in minor units."""
        figures = {
            Measure.PARTICIPANTS: self.participants,
            Measure.EVENTS: self.events,
            Measure.AMOUNT: self.amount_minor,
            Measure.REFERRALS: self.referrals,
        }
        return figures[measure]


async def report_of(rule_id: UUID, currency: str) -> RuleReport:
    """What a rule did so far."""
    row = await database.row(_REPORT, rule_id)
    assert row is not None
    amount = await database.value(_AMOUNT, rule_id, currency)
    hours = await database.value(_RESPONSE, rule_id)
    missed = [(each["reason"], each["times"]) for each in await database.rows(_MISSED, rule_id)]
    return RuleReport(
        **row, amount_minor=amount, median_hours=None if hours is None else float(hours), missed=missed
    )


async def days_to_first_reward(program_id: UUID) -> float | None:
    """The median of days from enrolling to the first reward, of all who have one; None without any."""
    days = await database.value(_FIRST_REWARD, program_id)
    return None if days is None else float(days)
