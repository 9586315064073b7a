"""What programs tell and decide, and what members do to bring friends."""

from datetime import datetime

import strawberry

from marketplace.earning import operations
from marketplace.earning.graphql.events import EventView
from marketplace.earning.graphql.rules import BudgetType, PolicyType, RuleType
from marketplace.earning.graphql.telling import (
    ConfirmEventInput,
    RecordedEvents,
    RecordEventInput,
    RecordEventsInput,
    ReversalType,
    ReverseEventInput,
)
from marketplace.earning.graphql.terms import EarningTermsInput
from marketplace.earning.models import Referral, ReferralCode
from marketplace.earning.refusals import (
    EarningReferenceReused,
    EventNotOpen,
    NothingPending,
    ReferralRefused,
    RuleCodeTaken,
    RuleNotReady,
)
from marketplace.earning.words import Clawback, Measure
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import BigInt, Info, MoneyInput, WriteInput, actor_with, id_of, mutation
from marketplace.kit.refusals import NotFound


@strawberry.input(description="A rule to be. Nobody earns by it until it is started.")
class DraftRuleInput(WriteInput):
    code: str = strawberry.field(description="Your own code, up to 40 characters.")
    objective: str = strawberry.field(description="What it is for, in your words.")
    measure: Measure = strawberry.field(description="What shows whether it does that.")
    target: BigInt | None = strawberry.field(default=None, description="What the measure shall come to.")
    budget_code: str | None = strawberry.field(default=None, description="The budget it draws from.")
    terms: EarningTermsInput = strawberry.field(description="What it says.")


@strawberry.input(description="What a rule says from a moment on.")
class ReviseRuleInput(WriteInput):
    rule_id: strawberry.ID = strawberry.field(description="A rule of yours.")
    terms: EarningTermsInput = strawberry.field(description="What it says then, all of it.")
    valid_from: datetime | None = strawberry.field(default=None, description="From when on; now, if left out.")


@strawberry.input(description="The rule to start.")
class StartRuleInput(WriteInput):
    rule_id: strawberry.ID = strawberry.field(description="A draft or paused rule of yours.")


@strawberry.input(description="The rule to pause.")
class PauseRuleInput(WriteInput):
    rule_id: strawberry.ID = strawberry.field(description="A live rule of yours.")


@strawberry.input(description="The rule to end.")
class EndRuleInput(WriteInput):
    rule_id: strawberry.ID = strawberry.field(description="A rule of yours.")


@strawberry.input(description="Points that rules may give.")
class AddToBudgetInput(WriteInput):
    code: str = strawberry.field(description="Your own code of the budget; it is made with the first points.")
    points: BigInt = strawberry.field(description="How many more points it may give.")
    reference: str = strawberry.field(description="Your own name of this addition; it is added once.")
    sponsor: str = strawberry.field(default="", description="Who bought the points in advance, if somebody did.")
    paid: MoneyInput | None = strawberry.field(
        default=None, description="What was paid for them, if they were bought."
    )


@strawberry.input(description="What you say of all your earning rules.")
class SetEarningPolicyInput(WriteInput):
    clawback: Clawback = strawberry.field(description="What happens to spent points when a purchase goes back.")
    waiting_days: int = strawberry.field(default=90, description="How long events wait for somebody to enrol.")
    patience_days: int = strawberry.field(
        default=60, description="How long a newcomer may wait for a first reward."
    )


@strawberry.input(description="A code of your own for friends.")
class CreateReferralCodeInput(WriteInput):
    pass


@strawberry.input(description="The code that a friend gave you.")
class UseReferralCodeInput(WriteInput):
    code: str = strawberry.field(description="The code, in capitals or not.")


@strawberry.type(name="ReferralCode", description="What you give to friends.")
class ReferralCodeType:
    referral_code: str = strawberry.field(description="The code.")

    @classmethod
    def of(cls, row: ReferralCode) -> "ReferralCodeType":
        return cls(referral_code=row.code)


@strawberry.type(name="Referral", description="You were invited: both are rewarded at your first purchase.")
class ReferralType:
    referred_at: datetime = strawberry.field(description="When it was noted.")

    @classmethod
    def of(cls, row: Referral) -> "ReferralType":
        return cls(referred_at=row.referred_at)


@strawberry.type
class Mutation:
    """Telling events, and deciding what they earn."""

    @mutation(
        gives=EventView,
        refuses=(EarningReferenceReused, NotFound, ReferralRefused),
        description="Tell something that a person did. The same reference with the same facts answers the event "
        "there is. Before they enrol it waits for them.",
    )
    async def record_event(self, info: Info, input: RecordEventInput) -> EventView:
        actor = actor_with(info, Scope.POINTS_AWARD, ActorKind.PROGRAM)
        command = operations.RecordEvent(
            idempotency_key=input.idempotency_key, told=input.event.told(path="event")
        )
        return EventView.of(await operations.record_event(actor, command))

    @mutation(
        gives=RecordedEvents,
        description="Tell up to 500 events, each with its own outcome: one that is refused spares the rest.",
    )
    async def record_events(self, info: Info, input: RecordEventsInput) -> RecordedEvents:
        actor = actor_with(info, Scope.POINTS_AWARD, ActorKind.PROGRAM)
        outcomes = await operations.record_events(actor, input.commands())
        return RecordedEvents.of(input.events, outcomes, info.context.languages)

    @mutation(
        gives=EventView,
        refuses=(NotFound, NothingPending),
        description="Say that an event holds: its pending points come now.",
    )
    async def confirm_event(self, info: Info, input: ConfirmEventInput) -> EventView:
        actor = actor_with(info, Scope.POINTS_AWARD, ActorKind.PROGRAM)
        command = operations.ConfirmEvent(idempotency_key=input.idempotency_key, reference=input.reference)
        return EventView.of(await operations.confirm_event(actor, command))

    @mutation(
        gives=ReversalType,
        refuses=(EarningReferenceReused, EventNotOpen, NotFound),
        description="Say that a purchase went back, all or a part of it: what it had given goes back too.",
    )
    async def reverse_event(self, info: Info, input: ReverseEventInput) -> ReversalType:
        actor = actor_with(info, Scope.POINTS_AWARD, ActorKind.PROGRAM)
        command = operations.ReverseEvent(
            idempotency_key=input.idempotency_key,
            reference=input.reference,
            reversal_reference=input.reversal_reference,
            reason=input.reason,
            amount=input.amount.money("amount") if input.amount else None,
        )
        return await ReversalType.of(await operations.reverse_event(actor, command))

    @mutation(
        gives=RuleType, refuses=(RuleCodeTaken,), description="Write a rule down, to be looked at and tried."
    )
    async def draft_rule(self, info: Info, input: DraftRuleInput) -> RuleType:
        actor = actor_with(info, Scope.EARNING_MANAGE, ActorKind.PROGRAM)
        command = operations.DraftRule(
            idempotency_key=input.idempotency_key,
            code=input.code,
            objective=input.objective,
            measure=input.measure,
            target=input.target,
            budget_code=input.budget_code,
            terms=input.terms.terms("terms"),
        )
        return RuleType.of(await operations.draft_rule(actor, command))

    @mutation(
        gives=RuleType,
        refuses=(NotFound, RuleNotReady),
        description="Give a rule its next version. What was done before is looked at by the version of its day.",
    )
    async def revise_rule(self, info: Info, input: ReviseRuleInput) -> RuleType:
        actor = actor_with(info, Scope.EARNING_MANAGE, ActorKind.PROGRAM)
        command = operations.ReviseRule(
            idempotency_key=input.idempotency_key,
            rule_id=id_of("earningRule", input.rule_id, "ruleId"),
            terms=input.terms.terms("terms"),
            valid_from=input.valid_from,
        )
        return RuleType.of(await operations.revise_rule(actor, command))

    @mutation(
        gives=RuleType, refuses=(NotFound, RuleNotReady), description="Let members earn by a rule from now on."
    )
    async def start_rule(self, info: Info, input: StartRuleInput) -> RuleType:
        actor = actor_with(info, Scope.EARNING_MANAGE, ActorKind.PROGRAM)
        return RuleType.of(await operations.start_rule(actor, _change(input)))

    @mutation(
        gives=RuleType, refuses=(NotFound, RuleNotReady), description="Let nobody earn by a rule for a while."
    )
    async def pause_rule(self, info: Info, input: PauseRuleInput) -> RuleType:
        actor = actor_with(info, Scope.EARNING_MANAGE, ActorKind.PROGRAM)
        return RuleType.of(await operations.pause_rule(actor, _change(input)))

    @mutation(
        gives=RuleType,
        refuses=(NotFound, RuleNotReady),
        description="End a rule for good. What was done before still earns by it.",
    )
    async def end_rule(self, info: Info, input: EndRuleInput) -> RuleType:
        actor = actor_with(info, Scope.EARNING_MANAGE, ActorKind.PROGRAM)
        return RuleType.of(await operations.end_rule(actor, _change(input)))

    @mutation(
        gives=BudgetType,
        refuses=(EarningReferenceReused,),
        description="Add points that rules may give; also points that somebody bought in advance.",
    )
    async def add_to_budget(self, info: Info, input: AddToBudgetInput) -> BudgetType:
        actor = actor_with(info, Scope.EARNING_MANAGE, ActorKind.PROGRAM)
        command = operations.AddToBudget(
            idempotency_key=input.idempotency_key,
            code=input.code,
            points=input.points,
            reference=input.reference,
            sponsor=input.sponsor,
            paid=input.paid.money("paid") if input.paid else None,
        )
        return BudgetType.of(await operations.add_to_budget(actor, command))

    @mutation(gives=PolicyType, description="State what holds for all your earning rules.")
    async def set_earning_policy(self, info: Info, input: SetEarningPolicyInput) -> PolicyType:
        actor = actor_with(info, Scope.EARNING_MANAGE, ActorKind.PROGRAM)
        command = operations.SetEarningPolicy(
            idempotency_key=input.idempotency_key,
            clawback=input.clawback,
            waiting_days=input.waiting_days,
            patience_days=input.patience_days,
        )
        return PolicyType.of(await operations.set_earning_policy(actor, command))

    @mutation(gives=ReferralCodeType, description="A code of your own to invite friends with; you keep the first.")
    async def create_referral_code(self, info: Info, input: CreateReferralCodeInput) -> ReferralCodeType:
        actor = actor_with(info, Scope.EARN, ActorKind.MEMBER)
        command = operations.CreateReferralCode(idempotency_key=input.idempotency_key)
        return ReferralCodeType.of(await operations.create_referral_code(actor, command))

    @mutation(gives=ReferralType, refuses=(ReferralRefused,), description="Say who invited you, before you buy.")
    async def use_referral_code(self, info: Info, input: UseReferralCodeInput) -> ReferralType:
        actor = actor_with(info, Scope.EARN, ActorKind.MEMBER)
        command = operations.UseReferralCode(idempotency_key=input.idempotency_key, code=input.code)
        return ReferralType.of(await operations.use_referral_code(actor, command))


def _change(input: StartRuleInput | PauseRuleInput | EndRuleInput) -> operations.ChangeRuleState:
    rule_id = id_of("earningRule", input.rule_id, "ruleId")
    return operations.ChangeRuleState(idempotency_key=input.idempotency_key, rule_id=rule_id)
