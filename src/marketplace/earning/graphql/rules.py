"""Rules, budgets, reports and rehearsals in the graph."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.earning import queries, reports, sentences, terms, warnings
from marketplace.earning.graphql.terms import TermsType
from marketplace.earning.models import EarningBudget, EarningPolicy, EarningRule, RuleVersion
from marketplace.earning.reports import Arm, RuleReport
from marketplace.earning.simulating import Simulation
from marketplace.earning.words import Clawback, Measure, Reason, RuleState, Warned
from marketplace.kit import ids
from marketplace.kit.graphql import (
    BigInt,
    Info,
    LanguageTag,
    MoneyType,
    Node,
    actor_of,
    batched,
    node_loader,
)
from marketplace.kit.money import BASIS_POINTS, Money, worth_of
from marketplace.members.models import Program
from marketplace.members.queries import point_value

_Language = Annotated[
    LanguageTag | None, strawberry.argument(description="A language to read it in; else the request's.")
]


def _languages(info: Info, language: str | None) -> tuple[str, ...]:
    return (language,) if language else tuple(info.context.languages)


@strawberry.type(name="EarningBudget", description="Points that rules may give.")
class BudgetType(Node):
    budget_code: str = strawberry.field(description="The program's own code.")
    sponsor: str = strawberry.field(description="Who bought the points in advance; empty for the program itself.")
    total_points: BigInt = strawberry.field(description="What was added to it.")
    used_points: BigInt = strawberry.field(description="What rules gave out of it, pending points too.")
    left_points: BigInt = strawberry.field(description="What is left.")

    @classmethod
    def of(cls, row: EarningBudget) -> "BudgetType":
        return cls(
            id=strawberry.ID(ids.public("earningBudget", row.id)),
            budget_code=row.code,
            sponsor=row.sponsor,
            total_points=BigInt(row.points),
            used_points=BigInt(row.used),
            left_points=BigInt(row.points - row.used),
        )


@strawberry.type(name="EarningWarning", description="Something to think of before a rule goes live.")
class WarningType:
    code: Warned = strawberry.field(description="What it is about.")
    text: str = strawberry.field(description="It, in a sentence.")


@strawberry.type(name="EarningReasonCount", description="How often a rule said so.")
class ReasonCount:
    reason: Reason = strawberry.field(description="What it said.")
    times: int = strawberry.field(description="How often.")


@strawberry.type(name="EarningDay", description="The points of one day.")
class DayType:
    day: date = strawberry.field(description="By the program's calendar.")
    points: BigInt = strawberry.field(description="What was given.")


@strawberry.type(name="EarningSimulation", description="What a rule would have given. Nothing was written.")
class SimulationType:
    sentence: str = strawberry.field(description="The rule in a sentence.")
    events: int = strawberry.field(description="How many events were looked at.")
    matched: int = strawberry.field(description="How many would have earned.")
    members: int = strawberry.field(description="How many members would have earned.")
    points: BigInt = strawberry.field(description="How many points it would have given.")
    cost: MoneyType = strawberry.field(description="What those are worth today, in the home currency.")
    days: list[DayType] = strawberry.field(description="Day by day.")
    not_concerned: int = strawberry.field(description="Events that the rule is not about.")
    missed: list[ReasonCount] = strawberry.field(
        description="Why the others earned nothing, the most frequent first."
    )
    complete: bool = strawberry.field(
        description="Whether all events of the time were looked at: the first 20,000 are."
    )

    @classmethod
    def of(cls, found: Simulation, sentence: str, cost: Money) -> "SimulationType":
        return cls(
            sentence=sentence,
            events=found.events,
            matched=found.matched,
            members=len(found.members),
            points=BigInt(found.points),
            cost=MoneyType.of(cost),
            days=[DayType(day=day, points=BigInt(points)) for day, points in sorted(found.per_day.items())],
            not_concerned=found.not_concerned,
            missed=[ReasonCount(reason=reason, times=times) for reason, times in found.missed.most_common()],
            complete=not found.cut,
        )


@strawberry.type(name="EarningReport", description="What a rule did so far.")
class ReportType:
    participants: int = strawberry.field(description="How many members earned by it.")
    participation_bp: int = strawberry.field(description="Those of all members of the program, in basis points.")
    events: int = strawberry.field(description="How many events earned.")
    points: BigInt = strawberry.field(description="What it gave and was not taken back.")
    pending_points: BigInt = strawberry.field(description="What of it is still pending.")
    reversed_points: BigInt = strawberry.field(description="What was taken back.")
    cost: MoneyType = strawberry.field(description="What its points are worth today, in the home currency.")
    measured: BigInt = strawberry.field(description="The figure that the rule is measured by.")
    target_reached_bp: int | None = strawberry.field(description="That figure of the target, in basis points.")
    median_response_hours: float | None = strawberry.field(
        description="From going live to a member's first points, the middle of all who responded."
    )
    missed: list[ReasonCount] = strawberry.field(description="Why events earned nothing, the most frequent first.")


@strawberry.type(name="EarningArm", description="Members under a rule, or those held out of it.")
class ArmType:
    held_out: bool = strawberry.field(description="Whether they get nothing by it.")
    members: int = strawberry.field(description="About how many they are: their share of the program's members.")
    participants: int = strawberry.field(description="How many of them did what the rule looks at.")
    participation_bp: int = strawberry.field(description="Those of them all, in basis points: compare the two.")
    events: int = strawberry.field(description="How often they did it.")
    amount: MoneyType = strawberry.field(description="For how much, less what went back, in the home currency.")

    @classmethod
    def of(cls, arm: Arm, currency: str) -> "ArmType":
        return cls(
            held_out=arm.held_out,
            members=arm.members,
            participants=arm.participants,
            participation_bp=arm.participants * BASIS_POINTS // arm.members if arm.members else 0,
            events=arm.events,
            amount=MoneyType.minor(arm.amount_minor, currency),
        )


def _report(found: RuleReport, rule: EarningRule, members: int, cost: Money) -> ReportType:
    measured = found.measured(Measure(rule.measure))
    return ReportType(
        participants=found.participants,
        participation_bp=found.participants * 10_000 // members if members else 0,
        events=found.events,
        points=BigInt(found.points),
        pending_points=BigInt(found.pending),
        reversed_points=BigInt(found.reversed),
        cost=MoneyType.of(cost),
        measured=BigInt(measured),
        target_reached_bp=measured * 10_000 // rule.target if rule.target else None,
        median_response_hours=found.median_hours,
        missed=[ReasonCount(reason=Reason(reason), times=times) for reason, times in found.missed],
    )


@strawberry.type(name="EarningRuleVersion", description="What a rule said from a moment on.")
class VersionType:
    number: int = strawberry.field(description="1 for the first.")
    valid_from: datetime = strawberry.field(description="From when on events are looked at by it.")
    terms: TermsType = strawberry.field(description="What it says.")


async def _versions(info: Info, wanted: list[UUID]) -> dict[UUID, RuleVersion]:
    return await queries.versions_of(wanted)


@strawberry.type(name="EarningRule", description="What a program gives for something.")
class RuleType(Node):
    rule_code: str = strawberry.field(description="The program's own code.")
    state: RuleState = strawberry.field(description="Where it stands.")
    objective: str = strawberry.field(description="What it is for, in the program's words.")
    measure: Measure = strawberry.field(description="What shows whether it does that.")
    target: BigInt | None = strawberry.field(description="What the measure shall come to.")
    row: strawberry.Private[EarningRule]

    @classmethod
    def of(cls, row: EarningRule) -> "RuleType":
        return cls(
            id=strawberry.ID(ids.public("earningRule", row.id)),
            rule_code=row.code,
            state=RuleState(row.state),
            objective=row.objective,
            measure=Measure(row.measure),
            target=None if row.target is None else BigInt(row.target),
            row=row,
        )

    async def _now(self, info: Info) -> RuleVersion:
        version = await batched(info, "versions of rules", _versions, self.row.id)
        assert version is not None
        return version

    @strawberry.field(description="What it says now.")
    async def terms(self, info: Info) -> TermsType:
        return TermsType.of(terms.read((await self._now(info)).terms))

    @strawberry.field(description="Everything it ever said, the newest first; at most 100.")
    async def versions(self) -> list[VersionType]:
        rows = await RuleVersion.filter(rule_id=self.row.id).order_by("-number").limit(100)
        return [
            VersionType(number=row.number, valid_from=row.valid_from, terms=TermsType.of(terms.read(row.terms)))
            for row in rows
        ]

    @strawberry.field(description="It in one plain sentence, as members read it.")
    async def sentence(self, info: Info, language: _Language = None) -> str:
        said = terms.read((await self._now(info)).terms)
        names = await queries.names_of(await Program.get(id=self.row.program_id))
        return sentences.sentence(said, names, _languages(info, language), budget=self.row.budget_id is not None)

    @strawberry.field(description="What to think of before it goes live. Nothing of it is in its way.")
    async def warnings(self, info: Info, language: _Language = None) -> list[WarningType]:
        said, program = terms.read((await self._now(info)).terms), await Program.get(id=self.row.program_id)
        found = await warnings.warnings_of(program, self.row, said)
        return [WarningType(code=each.code, text=each.said(_languages(info, language))) for each in found]

    @strawberry.field(description="What it may give; null without a budget.")
    async def budget(self) -> BudgetType | None:
        row = await EarningBudget.get_or_none(id=self.row.budget_id) if self.row.budget_id else None
        return BudgetType.of(row) if row else None

    @strawberry.field(description="What it did so far.")
    async def report(self) -> ReportType:
        program = await Program.get(id=self.row.program_id)
        found = await reports.report_of(self.row.id, program.home_currency)
        members = await queries.member_count(program.id)
        return _report(found, self.row, members, await cost_of(program, found.points))

    @strawberry.field(
        description="What members under it did beside those held out of it; empty when nobody is held out."
    )
    async def arms(self, info: Info) -> list[ArmType]:
        said, program = terms.read((await self._now(info)).terms), await Program.get(id=self.row.program_id)
        if not said.held_out_bp:
            return []
        members, currency = await queries.member_count(program.id), program.home_currency
        arms = await reports.arms_of(self.row.id, currency, said.held_out_bp, members)
        return [ArmType.of(arm, currency) for arm in arms]


async def cost_of(program: Program, points: int) -> Money:
    """What points of a program are worth today."""
    return Money(worth_of(points, program.home_currency, await point_value(program.id)), program.home_currency)


@strawberry.type(name="EarningPolicy", description="What a program says of all its earning rules.")
class PolicyType:
    clawback: Clawback = strawberry.field(
        description="What happens to points that are spent when a purchase goes back."
    )
    waiting_days: int = strawberry.field(description="How long events wait for somebody to enrol.")
    patience_days: int = strawberry.field(description="How long a newcomer may wait for a first reward.")

    @classmethod
    def of(cls, row: EarningPolicy) -> "PolicyType":
        return cls(clawback=Clawback(row.clawback), waiting_days=row.waiting_days, patience_days=row.patience_days)


@strawberry.type(name="NewcomerReport", description="How long it takes to a first reward.")
class NewcomerType:
    typical_points_per_day: float | None = strawberry.field(
        description="What members who earn get in a day: the median."
    )
    cheapest_reward_points: BigInt | None = strawberry.field(
        description="The cheapest reward in the home currency."
    )
    expected_days: int | None = strawberry.field(description="How long that takes a newcomer.")
    median_days: float | None = strawberry.field(description="How long it took those who have had a first reward.")


@node_loader("earningRule")
async def load_rules(info: Info, wanted: list[UUID]) -> dict[UUID, RuleType]:
    rows = await queries.rules_for(actor_of(info)).filter(id__in=wanted)
    return {row.id: RuleType.of(row) for row in rows}


@node_loader("earningBudget")
async def load_budgets(info: Info, wanted: list[UUID]) -> dict[UUID, BudgetType]:
    rows = await queries.budgets_for(actor_of(info)).filter(id__in=wanted)
    return {row.id: BudgetType.of(row) for row in rows}
