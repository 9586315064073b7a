"""What a program does with its rules: draft, revise, start, pause, end; and the budgets they draw from."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from marketplace.earning import soundness, steps, terms
from marketplace.earning.models import (
    EarningBudget,
    EarningPolicy,
    EarningRule,
    RulePeriod,
    RuleVersion,
)
from marketplace.earning.refusals import RuleCodeTaken, RuleNotReady
from marketplace.earning.terms import Terms
from marketplace.earning.words import BY_THE_CLOCK, Clawback, Measure, RuleState
from marketplace.kit import clock, database
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.money import Money
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound, Problem
from marketplace.members.models import TierLevel
from marketplace.members.rules import problems_of_texts

MOST_LIVE = 100
MOST_POINTS = 10**12


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRule(Command):
    """A rule to be: what it is for, how that is measured, and what it says."""

    code: str
    objective: str
    measure: Measure
    target: int | None
    budget_code: str | None
    terms: Terms


@operation(scope=Scope.EARNING_MANAGE, returns=EarningRule)
async def draft_rule(actor: Actor, command: DraftRule) -> EarningRule:
    """Write a rule down without anybody earning by it. Raises RuleCodeTaken, InvalidInput."""
    said = _named(command.terms, command.code)
    problems = list(problems_of_texts([("code", command.code, 1, 40), ("objective", command.objective, 1, 200)]))
    if command.target is not None and command.target < 1:
        problems.append(Problem("target", "Give at least 1."))
    problems += await _problems_of(actor, said)
    budget = await _budget(actor, command.budget_code)
    if command.budget_code and budget is None:
        problems.append(Problem("budget", "There is no budget with this code: add points to one first."))
    if problems:
        raise InvalidInput(problems=problems)
    await database.lock("earning rule", actor.id)
    if await EarningRule.exists(program_id=actor.id, code=command.code):
        raise RuleCodeTaken(rule_code=command.code)
    rule = await EarningRule.create(
        program_id=actor.id,
        code=command.code,
        state=RuleState.DRAFT.value,
        objective=command.objective,
        measure=command.measure.value,
        target=command.target,
        budget=budget,
        created_at=clock.now(),
    )
    await _version(rule, said, 1, clock.now())
    return rule


def _named(said: Terms, code: str) -> Terms:
    """Terms of an award by the clock carry the rule's code: its events are told for it alone."""
    return replace(said, custom_name=code) if set(said.events) & BY_THE_CLOCK else said


async def _problems_of(actor: Actor, said: Terms) -> list[Problem]:
    tiers = {level.code for level in await TierLevel.filter(program_id=actor.id)}
    return soundness.problems(said, tiers)


async def _budget(actor: Actor, code: str | None) -> EarningBudget | None:
    if not code or len(code) > 40:
        return None
    return await EarningBudget.get_or_none(program_id=actor.id, code=code)


async def _version(rule: EarningRule, said: Terms, number: int, valid_from: datetime) -> None:
    await RuleVersion.create(
        rule_id=rule.id, number=number, valid_from=valid_from, terms=terms.written(said), made_at=clock.now()
    )


async def _rule_of(actor: Actor, rule_id: UUID) -> EarningRule:
    rule = await EarningRule.filter(id=rule_id, program_id=actor.id).select_for_update().first()
    if rule is None:
        raise NotFound(what="rule")
    return rule


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviseRule(Command):
    """What a rule says from a moment on."""

    rule_id: UUID
    terms: Terms
    valid_from: datetime | None = None


@operation(scope=Scope.EARNING_MANAGE, returns=EarningRule)
async def revise_rule(actor: Actor, command: ReviseRule) -> EarningRule:
    """Give a rule a next version from now or later; what was done before keeps the version of its day.

    Raises NotFound, RuleNotReady when it has ended, InvalidInput.
    """
    rule = await _rule_of(actor, command.rule_id)
    if rule.state == RuleState.ENDED:
        raise RuleNotReady(rule_code=rule.code, current_state=RuleState.ENDED)
    said, moment = _named(command.terms, rule.code), clock.now()
    problems = await _problems_of(actor, said)
    last = await RuleVersion.filter(rule_id=rule.id).order_by("-number").first()
    assert last is not None
    since = command.valid_from or moment
    if since < moment:
        problems.append(Problem("validFrom", "The past keeps its versions: name now or a later moment."))
    if since <= last.valid_from:
        problems.append(
            Problem(
                "validFrom", "The last version begins at {last}: name a later moment.", {"last": last.valid_from}
            )
        )
    if problems:
        raise InvalidInput(problems=problems)
    await _version(rule, said, last.number + 1, since)
    return rule


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRuleState(Command):
    """Start, pause or end a rule."""

    rule_id: UUID


async def _open(rule: EarningRule, *allowed: RuleState) -> None:
    if RuleState(rule.state) not in allowed:
        raise RuleNotReady(rule_code=rule.code, current_state=RuleState(rule.state))


@operation(scope=Scope.EARNING_MANAGE, returns=EarningRule)
async def start_rule(actor: Actor, command: ChangeRuleState) -> EarningRule:
    """Let members earn by a draft or paused rule from now on. Raises NotFound, RuleNotReady, InvalidInput."""
    rule = await _rule_of(actor, command.rule_id)
    await _open(rule, RuleState.DRAFT, RuleState.PAUSED)
    await database.lock("earning rule", actor.id)
    if await EarningRule.filter(program_id=actor.id, state=RuleState.LIVE.value).count() >= MOST_LIVE:
        raise InvalidInput.at("ruleId", "At most {most} rules are live at a time: end one first.", most=MOST_LIVE)
    await RulePeriod.create(rule_id=rule.id, opened_at=clock.now())
    return await _set(rule, RuleState.LIVE)


@operation(scope=Scope.EARNING_MANAGE, returns=EarningRule)
async def pause_rule(actor: Actor, command: ChangeRuleState) -> EarningRule:
    """Let nobody earn by a live rule for a while: what is done meanwhile earns nothing by it."""
    rule = await _rule_of(actor, command.rule_id)
    await _open(rule, RuleState.LIVE)
    await _close_period(rule)
    return await _set(rule, RuleState.PAUSED)


@operation(scope=Scope.EARNING_MANAGE, returns=EarningRule)
async def end_rule(actor: Actor, command: ChangeRuleState) -> EarningRule:
    """End a rule for good. What was done before still earns by it, when it is told later."""
    rule = await _rule_of(actor, command.rule_id)
    await _open(rule, RuleState.DRAFT, RuleState.LIVE, RuleState.PAUSED)
    await _close_period(rule)
    return await _set(rule, RuleState.ENDED)


async def _close_period(rule: EarningRule) -> None:
    await RulePeriod.filter(rule_id=rule.id, closed_at=None).update(closed_at=clock.now())


async def _set(rule: EarningRule, state: RuleState) -> EarningRule:
    rule.state = state.value
    await rule.save(update_fields=["state"])
    return rule


@dataclass(frozen=True, slots=True, kw_only=True)
class AddToBudget(Command):
    """Points that rules may give; `paid` and `sponsor` where somebody bought them in advance."""

    code: str
    points: int
    reference: str
    sponsor: str = ""
    paid: Money | None = None


@operation(scope=Scope.EARNING_MANAGE, returns=EarningBudget)
async def add_to_budget(actor: Actor, command: AddToBudget) -> EarningBudget:
    """Add points to a budget, which is made with the first; once for each reference.

    The same reference with the same facts adds nothing more. Raises EarningReferenceReused, InvalidInput.
    """
    texts = [
        ("code", command.code, 1, 40),
        ("reference", command.reference, 1, 200),
        ("sponsor", command.sponsor, 0, 120),
    ]
    problems = list(problems_of_texts(texts))
    if not 0 < command.points <= MOST_POINTS:
        problems.append(Problem("points", "Give 1 to {most} points.", {"most": MOST_POINTS}))
    if command.paid is not None and command.paid.minor < 0:
        problems.append(Problem("paid", "Give no less than nothing."))
    if problems:
        raise InvalidInput(problems=problems)
    return await steps.add_to_budget(
        actor.id, command.code, command.points, command.reference, sponsor=command.sponsor, paid=command.paid
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SetEarningPolicy(Command):
    """What a program says of all its rules."""

    clawback: Clawback
    waiting_days: int
    patience_days: int


@operation(scope=Scope.EARNING_MANAGE, returns=EarningPolicy)
async def set_earning_policy(actor: Actor, command: SetEarningPolicy) -> EarningPolicy:
    """State what happens to spent points, how long events wait, and how long a first reward may take."""
    problems: list[Problem] = []
    if not 0 <= command.waiting_days <= 365:
        problems.append(Problem("waitingDays", "Give 0 to {most} days.", {"most": 365}))
    if not 1 <= command.patience_days <= 3650:
        problems.append(Problem("patienceDays", "Give 1 to {most} days.", {"most": 3650}))
    if problems:
        raise InvalidInput(problems=problems)
    await database.lock("earning policy", actor.id)
    policy = await EarningPolicy.get_or_none(program_id=actor.id) or EarningPolicy(program_id=actor.id)
    policy.clawback = command.clawback.value
    policy.waiting_days = command.waiting_days
    policy.patience_days = command.patience_days
    await policy.save()
    return policy
