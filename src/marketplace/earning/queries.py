"""Reads of earning, scoped to whoever asks and bounded."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from tortoise.queryset import QuerySet

from marketplace.catalog.models import Market
from marketplace.earning import ways
from marketplace.earning.models import (
    EarningBudget,
    EarningEvent,
    EarningPolicy,
    EarningRule,
    Grant,
    Outcome,
    ReferralCode,
    RuleVersion,
    UncountedSpend,
)
from marketplace.earning.rules import Tally, is_held_out
from marketplace.earning.sentences import Names
from marketplace.earning.tallies import Live, rules_of, tally_of
from marketplace.earning.ways import Action, Earner
from marketplace.earning.words import EventState, GrantState
from marketplace.kit import clock, database, money
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.members.models import Member, MemberStatus, Program, TierLevel
from marketplace.members.queries import point_value


async def policy_of(program_id: UUID) -> EarningPolicy:
    """What a program says of all its rules; the defaults when it has said nothing."""
    return await EarningPolicy.get_or_none(program_id=program_id) or EarningPolicy(program_id=program_id)


def events_for(actor: Actor) -> QuerySet[EarningEvent]:
    """The events an actor may see: a member's own, a program's own, all for support and finance."""
    if actor.kind is ActorKind.MEMBER:
        return EarningEvent.filter(member_id=actor.id)
    if actor.kind is ActorKind.PROGRAM:
        return EarningEvent.filter(program_id=actor.id)
    if actor.may(Scope.SUPPORT) or actor.may(Scope.FINANCE_READ):
        return EarningEvent.all()
    return EarningEvent.filter(id__in=[])


def rules_for(actor: Actor) -> QuerySet[EarningRule]:
    """The rules an actor may see: a program's own, all for support and finance."""
    if actor.kind is ActorKind.PROGRAM:
        return EarningRule.filter(program_id=actor.id)
    if actor.may(Scope.SUPPORT) or actor.may(Scope.FINANCE_READ):
        return EarningRule.all()
    return EarningRule.filter(id__in=[])


def budgets_for(actor: Actor) -> QuerySet[EarningBudget]:
    """The budgets an actor may see: a program's own, all for finance."""
    if actor.kind is ActorKind.PROGRAM:
        return EarningBudget.filter(program_id=actor.id)
    return EarningBudget.all() if actor.may(Scope.FINANCE_READ) else EarningBudget.filter(id__in=[])


def grants_for(actor: Actor) -> QuerySet[Grant]:
    """The grants an actor may see: a member's own, a program's own, all for support and finance."""
    if actor.kind is ActorKind.MEMBER:
        return Grant.filter(member_id=actor.id)
    if actor.kind is ActorKind.PROGRAM:
        return Grant.filter(rule__program_id=actor.id)
    if actor.may(Scope.SUPPORT) or actor.may(Scope.FINANCE_READ):
        return Grant.all()
    return Grant.filter(id__in=[])


async def outcomes_of(event_ids: Sequence[UUID]) -> dict[UUID, list[Outcome]]:
    """What each rule made of events, by the codes of the rules."""
    found: dict[UUID, list[Outcome]] = defaultdict(list)
    rows = Outcome.filter(event_id__in=list(event_ids)).select_related("rule", "version")
    for row in await rows.order_by("rule__code"):
        found[row.event_id].append(row)
    return found


async def grants_of(event_ids: Sequence[UUID]) -> dict[UUID, list[Grant]]:
    """What events gave, to both sides."""
    found: dict[UUID, list[Grant]] = defaultdict(list)
    for row in await Grant.filter(event_id__in=list(event_ids)).select_related("rule", "version").order_by("id"):
        found[row.event_id].append(row)
    return found


MOST_PENDING = 200


async def pending_of(member_ids: Sequence[UUID]) -> dict[UUID, list[Grant]]:
    """Grants that are still pending, the next to come first; at most 200 a member."""
    found: dict[UUID, list[Grant]] = defaultdict(list)
    rows = Grant.filter(member_id__in=list(member_ids), state=GrantState.PENDING.value)
    for row in await rows.select_related("rule", "version").order_by("pending_until", "id").limit(10_000):
        if len(found[row.member_id]) < MOST_PENDING:
            found[row.member_id].append(row)
    return found


_PENDING = """
SELECT member_id, sum(points - reversed_points)::bigint AS points FROM earning_grant
WHERE member_id = ANY ($1) AND state = 'PENDING' GROUP BY member_id"""
_OWED = """
SELECT member_id, sum(owed - paid)::bigint AS points FROM earning_clawback
WHERE member_id = ANY ($1) AND paid < owed GROUP BY member_id"""


async def pending_points(member_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many points are pending for members."""
    return {row["member_id"]: row["points"] for row in await database.rows(_PENDING, list(member_ids))}


async def owed_points(member_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many points will be kept from what members earn next, because a purchase went back."""
    return {row["member_id"]: row["points"] for row in await database.rows(_OWED, list(member_ids))}


async def codes_of(member_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The referral codes that members have."""
    return {row.member_id: row.code for row in await ReferralCode.filter(member_id__in=list(member_ids))}


_VERSIONS = """
SELECT DISTINCT ON (rule_id) id FROM earning_rule_version
WHERE rule_id = ANY ($1) AND (valid_from <= $2 OR number = 1) ORDER BY rule_id, valid_from DESC"""


async def versions_of(rule_ids: Sequence[UUID]) -> dict[UUID, RuleVersion]:
    """The version of each rule that holds now."""
    ids = [row["id"] for row in await database.rows(_VERSIONS, list(rule_ids), clock.now())]
    return {row.rule_id: row for row in await RuleVersion.filter(id__in=ids)}


async def waiting_of(program_id: UUID, reference: str, limit: int, after: UUID) -> list[UUID]:
    """Events that wait for a person of this reference, in the order they were told."""
    rows = EarningEvent.filter(
        program_id=program_id, state=EventState.WAITING.value, member_reference=reference, id__gt=after
    )
    return [row.id for row in await rows.order_by("id").limit(limit).only("id")]


_CLAIMABLE = """
SELECT e.id FROM earning_event e
LEFT JOIN earning_policy p ON p.program_id = e.program_id
WHERE e.state = 'WAITING' AND e.id > $3 AND (
    e.effective_at < $1::timestamptz - make_interval(days => coalesce(p.waiting_days, $4))
    OR EXISTS (SELECT FROM member m WHERE m.program_id = e.program_id AND m.reference = e.member_reference
        AND m.status = 'ACTIVE'))
ORDER BY e.id LIMIT $2"""


async def claimable(limit: int, after: UUID) -> list[UUID]:
    """Waiting events whose member is there, or that waited too long."""
    days = EarningPolicy(program_id=UUID(int=0)).waiting_days
    return [row["id"] for row in await database.rows(_CLAIMABLE, clock.now(), limit, after, days)]


_COUNTABLE = """
SELECT DISTINCT e.currency, p.home_currency FROM earning_uncounted_spend u
JOIN earning_event e ON e.id = u.event_id JOIN program p ON p.id = e.program_id"""
_UNCOUNTED_IN = """
SELECT e.id FROM earning_uncounted_spend u JOIN earning_event e ON e.id = u.event_id
JOIN program p ON p.id = e.program_id
WHERE e.currency = $1 AND p.home_currency = $2 AND e.id > $3 ORDER BY e.id LIMIT $4"""

_UNCOUNTED_OF = """
SELECT waiting.event_id FROM unnest($1::uuid[]) AS wanted (member_id) CROSS JOIN LATERAL (
    SELECT u.event_id FROM earning_uncounted_spend u JOIN earning_event e ON e.id = u.event_id
    WHERE e.member_id = wanted.member_id ORDER BY u.event_id LIMIT 100) AS waiting"""


async def uncounted_pairs() -> list[tuple[str, str]]:
    """The currencies of purchases that wait for a rate, each with the home currency that it must come to."""
    return [(row["currency"], row["home_currency"]) for row in await database.rows(_COUNTABLE)]


async def uncounted_in(pair: tuple[str, str], limit: int, after: UUID) -> list[UUID]:
    """Purchases of a currency that wait for a rate to another, in the order they were told."""
    return [row["id"] for row in await database.rows(_UNCOUNTED_IN, *pair, after, limit)]


async def uncounted_among(event_ids: Sequence[UUID]) -> dict[UUID, UncountedSpend]:
    """Which of these events wait for a rate."""
    return {row.event_id: row for row in await UncountedSpend.filter(event_id__in=list(event_ids))}


async def uncounted_of(member_ids: Sequence[UUID]) -> dict[UUID, list[UncountedSpend]]:
    """What of members' purchases waits for a rate, the first told first; at most 100 of each."""
    first = [row["event_id"] for row in await database.rows(_UNCOUNTED_OF, list(member_ids))]
    found: dict[UUID, list[UncountedSpend]] = {}
    waiting = UncountedSpend.filter(event_id__in=first).select_related("event__program")
    for row in await waiting.order_by("event_id") if first else []:
        found.setdefault(row.event.member_id, []).append(row)
    return found


async def due_grants(limit: int) -> list[UUID]:
    """Pending grants whose day has come, the longest due first."""
    rows = Grant.filter(state=GrantState.PENDING.value, pending_until__lte=clock.now())
    return [row.id for row in await rows.order_by("pending_until", "id").limit(limit).only("id")]


@dataclass(frozen=True, slots=True)
class Typical:
    """What an active member of a program earns, and the cheapest reward, in points; None: not known."""

    points_per_day: float | None
    cheapest_points: int | None

    @property
    def days_to_first_reward(self) -> int | None:
        """How long a newcomer earns until the cheapest reward."""
        if not self.points_per_day or self.cheapest_points is None:
            return None
        return max(1, round(self.cheapest_points / self.points_per_day))


TYPICAL_DAYS = 90
_PER_DAY = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY each.points::float8 / each.days) AS median FROM (
    SELECT sum(l.points) AS points,
        greatest(1, extract(epoch FROM $2::timestamptz - greatest(m.enrolled_at, $3::timestamptz)) / 86400) AS days
    FROM lot l JOIN member m ON m.id = l.member_id
    WHERE m.program_id = $1 AND l.origin_type IN ('grant', 'award') AND l.earned_at >= $3
    GROUP BY m.id, m.enrolled_at
) each"""
_CHEAPEST = """
SELECT min(from_price_minor) AS minor FROM listing
WHERE country = ANY ($1) AND currency = $2 AND published AND from_price_minor > 0 AND kind <> 'DONATION'"""


async def points_per_day(program_id: UUID) -> float | None:
    """The median of what members who earn at all earn in a day; None without any."""
    moment = clock.now()
    return await database.value(_PER_DAY, program_id, moment, moment - timedelta(days=TYPICAL_DAYS))


async def typical(program: Program) -> Typical:
    """What earning and spending look like in a program now."""
    minor = await database.value(_CHEAPEST, list(program.countries), program.home_currency)
    value = await point_value(program.id)
    cheapest = None if minor is None else money.points_for(minor, program.home_currency, value)
    return Typical(await points_per_day(program.id), cheapest)


@dataclass(frozen=True, slots=True)
class Way:
    """A live rule as one member meets it: what they have had of it, and whether it is open to them."""

    live: Live
    tally: Tally
    open: bool


async def earner_of(member: Member, program: Program) -> Earner:
    """A member as ways to earn look at them today."""
    tier = await TierLevel.get_or_none(id=member.tier_id) if member.tier_id else None
    market = await Market.get_or_none(country=member.country)
    return Earner(
        day=clock.today(program.timezone),
        tier=tier.code if tier else None,
        segments=tuple(member.segments),
        currency=market.currency if market else program.home_currency,
    )


async def ways_of(member: Member, program: Program, earner: Earner) -> list[Way]:
    """What is live in the member's program now, by code, each with what the member has had of it.

    A rule that is measured against this member is left out: they cannot earn by it.
    """
    moment = clock.now()
    found: list[Way] = []
    for live in await rules_of(program.id, moment):
        if is_held_out(live.terms, live.id, member.id):
            continue
        tally = await tally_of(live, member.id, moment, program.timezone)
        found.append(Way(live, tally, ways.is_open(live.terms, earner, tally)))
    return found


async def names_of(program: Program) -> Names:
    """What a program calls its points and levels."""
    levels = await TierLevel.filter(program_id=program.id)
    return Names(program.points_called, {level.code: level.name for level in levels})


async def shortest_action(member_id: UUID, points: int) -> Action | None:
    """The least that a member has to do for so many points; None when no rule leads there."""
    member = await Member.get_or_none(id=member_id).select_related("program")
    if member is None:
        return None
    program: Program = member.program
    earner = await earner_of(member, program)
    found = await ways_of(member, program, earner)
    return ways.shortest(ways.action(way.live.code, way.live.terms, earner, way.tally, points) for way in found)


async def shortest_action_said(member_id: UUID, points: int, languages: Sequence[str]) -> str | None:
    """The shortest earning action in a sentence of the member's language; None when no rule leads there."""
    action = await shortest_action(member_id, points)
    if action is None:
        return None
    member = await Member.get(id=member_id).select_related("program")
    return action.said(await names_of(member.program), languages)


async def member_count(program_id: UUID) -> int:
    """How many members a program has."""
    return await Member.filter(program_id=program_id, status=MemberStatus.ACTIVE.value).count()
