"""Asking for events, rules and budgets."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import strawberry

from marketplace.earning import queries, reports, sentences, simulating, soundness, terms
from marketplace.earning.graphql.events import EventView
from marketplace.earning.graphql.rules import (
    BudgetType,
    NewcomerType,
    PolicyType,
    RuleType,
    SimulationType,
    cost_of,
)
from marketplace.earning.graphql.terms import EarningTermsInput
from marketplace.earning.words import EventState, EventType, RuleState
from marketplace.kit import clock
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import After, BigInt, Connection, First, Info, actor_of, actor_with, id_of
from marketplace.kit.paging import page_of
from marketplace.kit.refusals import BadUserInput, InvalidInput
from marketplace.members.models import Program, TierLevel

LONGEST = timedelta(days=366)
LONGEST_REFERENCE, LONGEST_MEMBER_REFERENCE, LONGEST_CODE = 200, 120, 40


@strawberry.input(description="Which events; what is left out does not matter.")
class EarningEventFilter:
    states: list[EventState] | None = strawberry.field(default=None, description="Where they stand.")
    types: list[EventType] | None = strawberry.field(default=None, description="What they were.")
    member_reference: str | None = strawberry.field(default=None, description="Whose they are, by your reference.")


@strawberry.input(
    description="A rule to try: one there is, as it stands now, or terms that nobody has written down."
)
class SimulatedRuleInput:
    rule_id: strawberry.ID | None = strawberry.field(default=None, description="A rule of yours.")
    terms: EarningTermsInput | None = strawberry.field(default=None, description="Terms to try instead.")


_Filter = Annotated[EarningEventFilter | None, strawberry.argument(description="Which events.")]
_States = Annotated[list[RuleState] | None, strawberry.argument(description="Where they stand.")]
_Code = Annotated[str, strawberry.argument(description="The program's own code.")]
_Rule = Annotated[SimulatedRuleInput, strawberry.argument(description="What to try.")]
_Since = Annotated[datetime, strawberry.argument(description="The first moment of events to look at.")]
_Until = Annotated[
    datetime | None, strawberry.argument(description="The moment after the last; now, if left out.")
]
_Points = Annotated[BigInt | None, strawberry.argument(description="A budget to try it with.")]


@strawberry.type
class Query:
    """Earning."""

    @strawberry.field(description="The events you may see, the newest told first.")
    async def earning_events(
        self, info: Info, filter: _Filter = None, first: First = None, after: After = None
    ) -> Connection[EventView]:
        rows = queries.events_for(actor_of(info))
        if filter is not None and filter.states is not None:
            rows = rows.filter(state__in=[state.value for state in filter.states])
        if filter is not None and filter.types is not None:
            rows = rows.filter(type__in=[type.value for type in filter.types])
        if filter is not None and filter.member_reference is not None:
            if len(filter.member_reference) > LONGEST_MEMBER_REFERENCE:
                raise BadUserInput(f"A member's reference has at most {LONGEST_MEMBER_REFERENCE} characters.")
            rows = rows.filter(member_reference=filter.member_reference)
        page = await page_of(rows, first=first, after=after)
        return Connection[EventView].of(page, EventView.of, rows.count)

    @strawberry.field(description="An event by the program's own reference; null when there is none for you.")
    async def earning_event(
        self,
        info: Info,
        reference: Annotated[str, strawberry.argument(description="The program's own reference.")],
    ) -> EventView | None:
        visible = queries.events_for(actor_of(info))
        row = await visible.filter(reference=reference).first() if len(reference) <= LONGEST_REFERENCE else None
        return EventView.of(row) if row else None

    @strawberry.field(description="A program's rules, the newest first; the program's own, and support's to see.")
    async def earning_rules(
        self, info: Info, states: _States = None, first: First = None, after: After = None
    ) -> Connection[RuleType]:
        rows = queries.rules_for(actor_of(info))
        if states is not None:
            rows = rows.filter(state__in=[state.value for state in states])
        page = await page_of(rows, first=first, after=after)
        return Connection[RuleType].of(page, RuleType.of, rows.count)

    @strawberry.field(description="A rule by its code; null when there is none for you.")
    async def earning_rule(self, info: Info, code: _Code) -> RuleType | None:
        visible = queries.rules_for(actor_of(info))
        row = await visible.filter(code=code).first() if len(code) <= LONGEST_CODE else None
        return RuleType.of(row) if row else None

    @strawberry.field(description="A program's budgets, the newest first.")
    async def earning_budgets(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[BudgetType]:
        rows = queries.budgets_for(actor_of(info))
        page = await page_of(rows, first=first, after=after)
        return Connection[BudgetType].of(page, BudgetType.of, rows.count)

    @strawberry.field(description="What your program says of all its rules.")
    async def earning_policy(self, info: Info) -> PolicyType | None:
        actor = actor_of(info)
        if actor.kind is not ActorKind.PROGRAM:
            return None
        return PolicyType.of(await queries.policy_of(actor.id))

    @strawberry.field(description="How long newcomers of your program take to a first reward.")
    async def newcomer_report(self, info: Info) -> NewcomerType:
        actor = actor_with(info, Scope.PROGRAM_READ, ActorKind.PROGRAM)
        found = await queries.typical(await Program.get(id=actor.id))
        return NewcomerType(
            typical_points_per_day=found.points_per_day,
            cheapest_reward_points=None if found.cheapest_points is None else BigInt(found.cheapest_points),
            expected_days=found.days_to_first_reward,
            median_days=await reports.days_to_first_reward(actor.id),
        )

    @strawberry.field(description="What a rule would have given for events of the past. Nothing is written.")
    async def simulate_rule(
        self, info: Info, rule: _Rule, since: _Since, until: _Until = None, budget_points: _Points = None
    ) -> SimulationType | None:
        actor = actor_with(info, Scope.EARNING_MANAGE, ActorKind.PROGRAM)
        program, end = await Program.get(id=actor.id), until or clock.now()
        if not timedelta() < end - since.astimezone(UTC) <= LONGEST:
            raise BadUserInput("Look at more than nothing, and at most 366 days.")
        said, budgeted = await _said(info, rule)
        found = await simulating.simulate(program.id, program.timezone, said, since, end, budget_points)
        names = await queries.names_of(program)
        budgeted = budgeted or budget_points is not None
        sentence = sentences.sentence(said, names, info.context.languages, budget=budgeted)
        return SimulationType.of(found, sentence, await cost_of(program, found.points))


async def _said(info: Info, rule: SimulatedRuleInput) -> tuple[terms.Terms, bool]:
    """The terms to try, and whether their rule has a budget; raises BadUserInput for none, or unsound ones."""
    actor = actor_of(info)
    if (rule.rule_id is None) == (rule.terms is None):
        raise BadUserInput("Name a rule or give terms, one of both.")
    try:
        if rule.terms is not None:
            said = rule.terms.terms("rule.terms")
            tiers = {level.code for level in await TierLevel.filter(program_id=actor.id)}
            if problems := soundness.problems(said, tiers):
                raise InvalidInput(problems=problems)
            return said, False
        assert rule.rule_id is not None
        rule_id = id_of("earningRule", rule.rule_id, "rule.ruleId")
    except InvalidInput as wrong:
        told = "; ".join(f"{each.path}: {each.said(info.context.languages)}" for each in wrong.problems)
        raise BadUserInput(told) from None
    row = await queries.rules_for(actor).get_or_none(id=rule_id)
    if row is None:
        raise BadUserInput("There is no such rule.")
    return terms.read((await queries.versions_of([row.id]))[row.id].terms), row.budget_id is not None
