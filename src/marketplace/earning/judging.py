"""Looking at one event by all rules of its day, inside a transaction that somebody else opened.

Members are locked for the time of it, so limits, goals and rises count exactly; budgets are locked after them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from marketplace.earning import rules, spending
from marketplace.earning.crediting import credit
from marketplace.earning.models import EarningEvent, Grant, Outcome, Referral
from marketplace.earning.rules import Verdict
from marketplace.earning.tallies import Live, happening_of, rules_of, tally_of
from marketplace.earning.terms import Terms
from marketplace.earning.words import PURCHASES, EventState, EventType, GrantState, Reason, Side
from marketplace.kit import clock, database
from marketplace.kit.money import BASIS_POINTS
from marketplace.members.models import Member, Program

_BUDGETS = "SELECT id, points - used AS left FROM earning_budget WHERE id = ANY ($1) ORDER BY id FOR UPDATE"


async def lock_members(ids: Iterable[UUID]) -> None:
    """Earn for these members one after the other; always in one order, so that nobody waits in a circle."""
    for id in sorted(set(ids)):
        await database.lock("earning", id)


async def judge_event(program: Program, event: EarningEvent, member: Member, *, new: bool = False) -> None:
    """Let every rule of the event's day look at it: outcomes and grants in rows, points into wallets or pending.

    The event belongs to the member afterwards, and is JUDGED; a new one is written here.
    """
    referral = await _open_referral(event, member)
    await lock_members([member.id, *([referral.referrer_id] if referral else [])])
    if referral is not None:
        referral = await _open_referral(event, member)
    happening = await happening_of(event, member, program.timezone)
    happening = replace(happening, qualifies_referral=referral is not None)
    verdicts: list[tuple[Live, Verdict]] = []
    for live in await rules_of(program.id, event.effective_at):
        if rules.concerns(live.terms, happening):
            tally = await tally_of(live, member.id, event.effective_at, program.timezone)
            verdicts.append((live, _unless_held_out(live, member.id, rules.judge(live.terms, happening, tally))))
    settled = await _settle(verdicts)
    event.member_id = member.id
    event.state = (EventState.PARTLY_REVERSED if event.returned_minor else EventState.JUDGED).value
    if new:
        await database.add(event)
    else:
        await event.save(update_fields=["member_id", "state"])
    await _write_outcomes(event, member, settled)
    grants = await _write_grants(event, member, settled, referral)
    if any(grant.side == Side.REFERRER for grant in grants) and referral is not None:
        await Referral.filter(friend_id=member.id).update(qualified_event_id=event.id)
    for grant in grants:
        if _is_due(grant):
            await credit(program, grant)
    await spending.count(program, event)


def _unless_held_out(live: Live, member_id: UUID, verdict: Verdict) -> Verdict:
    """What a rule would give, and gives to all but those whom it is measured against."""
    if verdict.reason is Reason.EARNED and rules.is_held_out(live.terms, live.id, member_id):
        return Verdict(reason=Reason.HELD_OUT, counted=verdict.counted)
    return verdict


async def _open_referral(event: EarningEvent, member: Member) -> Referral | None:
    if EventType(event.type) not in PURCHASES:
        return None
    return await Referral.get_or_none(friend_id=member.id, qualified_event_id=None)


async def _settle(verdicts: Sequence[tuple[Live, Verdict]]) -> list[tuple[Live, Verdict]]:
    """Of each group the rule that gives most, and nothing beyond a budget; budgets are locked and drawn here.

    Where the best of a group has no budget left, the next best gives.
    """
    earning = [(live, verdict) for live, verdict in verdicts if verdict.reason is Reason.EARNED]
    left = await _lock_budgets({live.budget_id for live, _ in earning if live.budget_id})
    settled = {live.id: (live, verdict) for live, verdict in verdicts}
    given: dict[str, str] = {}
    for live, verdict in sorted(earning, key=lambda each: (-each[1].points, each[0].code)):
        group, cost = live.terms.group, verdict.points + verdict.referrer_points
        if group and group in given:
            facts = {"by": given[group]}
            settled[live.id] = (live, Verdict(reason=Reason.OUTRANKED, facts=facts, counted=verdict.counted))
        elif live.budget_id and left[live.budget_id] < cost:
            settled[live.id] = (live, Verdict(reason=Reason.BUDGET_SPENT, counted=verdict.counted))
        else:
            given |= {group: live.code} if group else {}
            if live.budget_id:
                left[live.budget_id] -= cost
                await database.sum_up("earning_budget", "used", {live.budget_id: cost})
    return [settled[live.id] for live, _ in verdicts]


async def _lock_budgets(ids: set[UUID]) -> dict[UUID, int]:
    if not ids:
        return {}
    return {row["id"]: row["left"] for row in await database.rows(_BUDGETS, list(ids))}


async def _write_outcomes(event: EarningEvent, member: Member, settled: Sequence[tuple[Live, Verdict]]) -> None:
    rows = [
        Outcome(
            event_id=event.id,
            rule_id=live.id,
            version_id=live.version_id,
            member_id=member.id,
            effective_at=event.effective_at,
            reason=verdict.reason.value,
            facts=_plain(verdict.facts),
            counted=verdict.counted,
            held_out=rules.is_held_out(live.terms, live.id, member.id),
        )
        for live, verdict in settled
    ]
    for row in rows:
        await database.add(row)


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}


async def _write_grants(
    event: EarningEvent, member: Member, settled: Sequence[tuple[Live, Verdict]], referral: Referral | None
) -> list[Grant]:
    grants: list[Grant] = []
    for live, verdict in settled:
        sides = [(Side.MEMBER, member.id, verdict.points, verdict.multiplier_bp)]
        if referral is not None:
            sides.append((Side.REFERRER, referral.referrer_id, verdict.referrer_points, BASIS_POINTS))
        for side, member_id, points, factor in sides:
            if verdict.reason is Reason.EARNED and points:
                grants.append(
                    Grant(
                        event_id=event.id,
                        rule_id=live.id,
                        version_id=live.version_id,
                        member_id=member_id,
                        side=side.value,
                        points=points,
                        times=verdict.times,
                        multiplier_bp=factor,
                        state=GrantState.PENDING.value,
                        effective_at=event.effective_at,
                        pending_until=_pending_until(live.terms, event.effective_at),
                    )
                )
    for grant in grants:
        await database.add(grant)
    return grants


def _pending_until(said: Terms, effective_at: datetime) -> datetime | None:
    """When pending points come; None when they come by being confirmed only."""
    if said.needs_confirmation and not said.pending_days:
        return None
    return effective_at + timedelta(days=said.pending_days)


def _is_due(grant: Grant) -> bool:
    return grant.pending_until is not None and grant.pending_until <= clock.now()
