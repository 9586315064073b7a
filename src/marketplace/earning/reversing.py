"""What goes back with a returned purchase, inside a transaction that somebody else opened."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from marketplace.earning import queries, rules, spending, terms
from marketplace.earning.judging import lock_members
from marketplace.earning.models import (
    EarningEvent,
    EarningPolicy,
    EarningRule,
    Grant,
    Outcome,
    Referral,
    Reversal,
    RuleVersion,
    Taken,
)
from marketplace.earning.terms import Terms
from marketplace.earning.words import Clawback, EventState, GrantState, Side
from marketplace.kit import clock, database
from marketplace.kit.ids import new_id
from marketplace.members.models import Program
from marketplace.points.steps import take_back

_BUDGETS = "SELECT id FROM earning_budget WHERE id = ANY ($1) ORDER BY id FOR UPDATE"
_COUNTED = """
SELECT coalesce(sum(counted), 0)::bigint FROM earning_outcome
WHERE rule_id = $1 AND member_id = $2 AND effective_at >= $3 AND effective_at < $4"""


@dataclass(slots=True)
class _Loss:
    """What one grant loses: points, and for how many goals."""

    grant: Grant
    points: int
    times: int


async def reverse(program: Program, event: EarningEvent, reversal: Reversal) -> None:
    """Take back what the returned part of an event had given: before it came, from the wallet, or as a debt.

    `reversal` is written. Whoever calls holds the event's lock. The event's `returned_minor` says how much of it
    is gone; without an amount of its own the reversal is of all that is left.
    """
    had = event.amount_minor or 0
    event.returned_minor = had if reversal.amount_minor is None else event.returned_minor + reversal.amount_minor
    whole = event.returned_minor == had
    if event.member_id is None:
        event.state = (EventState.REVERSED if whole else EventState.WAITING).value
        await event.save(update_fields=["returned_minor", "state"])
        return
    event.state = (EventState.REVERSED if whole else EventState.PARTLY_REVERSED).value
    await event.save(update_fields=["returned_minor", "state"])
    grants = await Grant.filter(event_id=event.id)
    await lock_members([event.member_id, *(grant.member_id for grant in grants)])
    versions = await _versions(event)
    losses = await _losses_of_event(event, versions, whole=whole)
    losses += await _losses_of_goals(program, event, versions, whole=whole)
    policy = await queries.policy_of(program.id)
    await _lock_budgets(losses)
    for loss in losses:
        await _claw(program, policy, reversal, loss)
    await spending.uncount(program, event, reversal)
    if whole:
        await Referral.filter(qualified_event_id=event.id).update(qualified_event_id=None)


async def _versions(event: EarningEvent) -> dict[UUID, tuple[Outcome, Terms]]:
    """The outcomes of an event by rule, each with the terms that made it."""
    outcomes = await Outcome.filter(event_id=event.id).order_by("rule_id")
    rows = await RuleVersion.filter(id__in=[outcome.version_id for outcome in outcomes])
    said = {row.id: terms.read(row.terms) for row in rows}
    return {outcome.rule_id: (outcome, said[outcome.version_id]) for outcome in outcomes}


async def _losses_of_event(
    event: EarningEvent, versions: Mapping[UUID, tuple[Outcome, Terms]], *, whole: bool
) -> list[_Loss]:
    """What the event's own grants lose, but for those of goals."""
    losses: list[_Loss] = []
    left = 0 if whole else (event.amount_minor or 0) - event.returned_minor
    for grant in await Grant.filter(event_id=event.id).order_by("rule_id", "side"):
        _, said = versions[grant.rule_id]
        if said.is_goal:
            continue
        had = grant.points - grant.reversed_points
        kept = rules.kept_after_return(said, had, grant.multiplier_bp, left, event.currency)
        if kept < had:
            losses.append(_Loss(grant, had - kept, grant.times if kept == 0 else 0))
    return losses


async def _losses_of_goals(
    program: Program, event: EarningEvent, versions: Mapping[UUID, tuple[Outcome, Terms]], *, whole: bool
) -> list[_Loss]:
    """What goals lose that are not reached any more without what went back: the latest grants first."""
    losses: list[_Loss] = []
    for outcome, said in versions.values():
        if not said.is_goal or not outcome.counted:
            continue
        left = 0 if whole else (event.amount_minor or 0) - event.returned_minor
        outcome.counted = left if said.goal_times == 0 else int(left > 0)
        await outcome.save(update_fields=["counted"])
        period = rules.period_of(event.effective_at, said.goal_period, program.timezone)
        counted = await database.value(_COUNTED, outcome.rule_id, outcome.member_id, *period)
        losses += await _surplus(outcome, said, counted, period)
    return losses


async def _surplus(outcome: Outcome, said: Terms, counted: int, period: tuple[object, object]) -> list[_Loss]:
    given = await Grant.filter(
        rule_id=outcome.rule_id,
        member_id=outcome.member_id,
        side=Side.MEMBER.value,
        effective_at__gte=period[0],
        effective_at__lt=period[1],
    ).order_by("-effective_at", "-id")
    goal = said.goal_times or said.per[0].minor
    reached = rules.new_goals(counted, goal, 0, repeats=said.goal_repeats)
    surplus = sum(grant.times - grant.reversed_times for grant in given) - reached
    losses: list[_Loss] = []
    for grant in given:
        times = min(surplus, grant.times - grant.reversed_times)
        if times > 0:
            surplus -= times
            left = grant.points - grant.reversed_points
            all_gone = times == grant.times - grant.reversed_times
            points = left if all_gone else min(left, grant.points * times // grant.times)
            losses.append(_Loss(grant, points, times))
    return losses


async def _lock_budgets(losses: list[_Loss]) -> None:
    found = await EarningRule.filter(id__in=[loss.grant.rule_id for loss in losses])
    if ids := [rule.budget_id for rule in found if rule.budget_id]:
        await database.rows(_BUDGETS, ids)


async def _claw(program: Program, policy: EarningPolicy, reversal: Reversal, loss: _Loss) -> None:
    """Take points of one grant back by the program's rule. What was forgiven stays given, also in the budget."""
    grant, points = loss.grant, loss.points
    pending = grant.state == GrantState.PENDING
    if not points or (not pending and policy.clawback == Clawback.KEEP):
        return
    row = Taken(id=new_id(), reversal_id=reversal.id, grant_id=grant.id, member_id=grant.member_id, points=points)
    row.at = clock.now()
    if pending:
        row.cancelled = points
    else:
        row.taken = await take_back(
            grant.member_id,
            program.id,
            program.unit,
            points,
            origin_id=grant.id,
            ref_type="clawback",
            ref_id=row.id,
        )
        short = points - row.taken
        row.owed, row.forgiven = (short, 0) if policy.clawback == Clawback.DEBT else (0, short)
    await database.add(row)
    grant.reversed_points += points
    grant.reversed_times += loss.times
    if grant.reversed_points == grant.points:
        grant.state = GrantState.REVERSED.value
    await grant.save(update_fields=["reversed_points", "reversed_times", "state"])
    rule = await EarningRule.get(id=grant.rule_id)
    if rule.budget_id is not None:
        await database.sum_up("earning_budget", "used", {rule.budget_id: row.forgiven - points})
