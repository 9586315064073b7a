"""What a member sees of earning: what earns what, what is on its way, and what each event gave."""

from typing import Annotated, Any
from uuid import UUID

import strawberry

from marketplace.earning import queries, sentences, ways
from marketplace.earning.graphql.events import EventView, GrantType, UncountedSpend
from marketplace.earning.models import Grant
from marketplace.earning.models import UncountedSpend as Waiting
from marketplace.earning.operations.rules import MOST_POINTS
from marketplace.earning.words import EventType, Kind
from marketplace.kit.actor import ActorKind
from marketplace.kit.graphql import (
    After,
    BigInt,
    Connection,
    First,
    Info,
    MoneyType,
    actor_of,
    batched,
    extend,
)
from marketplace.kit.paging import page_of
from marketplace.kit.refusals import BadUserInput
from marketplace.members.graphql import MemberType, TierProgress
from marketplace.members.models import Program
from marketplace.points.graphql import WalletType


@strawberry.type(name="EarningProgress", description="How far a member is toward a goal, in this period.")
class ProgressType:
    done: BigInt = strawberry.field(description="How many times, or minor units of the amount.")
    goal: BigInt = strawberry.field(description="Where the goal is.")
    done_amount: MoneyType | None = strawberry.field(description="The same as money, where the goal is an amount.")
    goal_amount: MoneyType | None = strawberry.field(description="The goal as money, where it is an amount.")


@strawberry.type(name="EarningAction", description="Something to do for points.")
class ActionType:
    sentence: str = strawberry.field(description="It in a sentence.")
    rule_code: str = strawberry.field(description="The rule that gives them.")
    event: EventType = strawberry.field(description="What to do.")
    times: int = strawberry.field(description="How often.")
    amount: MoneyType | None = strawberry.field(description="For how much money, where that matters.")
    points: BigInt = strawberry.field(description="What it gives.")


@strawberry.type(name="EarningWay", description="A rule as this member meets it.")
class WayType:
    rule_code: str = strawberry.field(description="The rule's code.")
    kind: Kind = strawberry.field(description="How it counts.")
    sentence: str = strawberry.field(description="What earns what, in a sentence.")
    open: bool = strawberry.field(description="Whether this member can earn by it today.")
    progress: ProgressType | None = strawberry.field(description="How far the member is, where there is a goal.")
    next_step: ActionType | None = strawberry.field(description="The least to do for the next points.")


def _progress(way: queries.Way) -> ProgressType | None:
    said, tally = way.live.terms, way.tally
    if not said.is_goal:
        return None
    goal = said.goal_times or said.per[0].minor
    before = goal * tally.goals_given if said.goal_repeats else 0
    done = min(tally.goal_counted - before, goal)
    return ProgressType(
        done=BigInt(done),
        goal=BigInt(goal),
        done_amount=MoneyType.minor(done, said.per[0].currency) if said.per else None,
        goal_amount=MoneyType.of(said.per[0]) if said.per else None,
    )


def _action(found: ways.Action | None, names: sentences.Names, languages: tuple[str, ...]) -> ActionType | None:
    if found is None:
        return None
    return ActionType(
        sentence=found.said(names, languages),
        rule_code=found.rule_code,
        event=found.event,
        times=found.times,
        amount=MoneyType.of(found.amount) if found.amount else None,
        points=BigInt(found.points),
    )


async def _pending(info: Info, wanted: list[UUID]) -> dict[UUID, list[Grant]]:
    return await queries.pending_of(wanted)


async def _pending_points(info: Info, wanted: list[UUID]) -> dict[UUID, int]:
    return await queries.pending_points(wanted)


async def _owed(info: Info, wanted: list[UUID]) -> dict[UUID, int]:
    return await queries.owed_points(wanted)


async def _codes(info: Info, wanted: list[UUID]) -> dict[UUID, str]:
    return await queries.codes_of(wanted)


_Points = Annotated[BigInt, strawberry.argument(description="How many points.")]


@extend(MemberType)
class MemberEarning:
    """Adds earning to a member: the member's and their program's to see."""

    @strawberry.field(
        description="What earns what in the member's program now, each as it stands for this member."
    )
    async def earning_ways(self, info: Info, member: strawberry.Parent[MemberType]) -> list[WayType]:
        program = await Program.get(id=member.row.program_id)
        earner, names = await queries.earner_of(member.row, program), await queries.names_of(program)
        languages = tuple(info.context.languages)
        return [
            WayType(
                rule_code=way.live.code,
                kind=way.live.terms.kind,
                sentence=sentences.sentence(
                    way.live.terms, names, languages, budget=way.live.budget_id is not None
                ),
                open=way.open,
                progress=_progress(way),
                next_step=_action(
                    ways.action(way.live.code, way.live.terms, earner, way.tally, 1), names, languages
                ),
            )
            for way in await queries.ways_of(member.row, program, earner)
        ]

    @strawberry.field(description="The least to do for so many points; null when no rule leads there.")
    async def shortest_way(
        self, info: Info, member: strawberry.Parent[MemberType], points: _Points
    ) -> ActionType | None:
        if points > MOST_POINTS:
            raise BadUserInput(f"points: ask for at most {MOST_POINTS} points.")
        names = await queries.names_of(await Program.get(id=member.row.program_id))
        return _action(await queries.shortest_action(member.row.id, points), names, tuple(info.context.languages))

    @strawberry.field(description="Points on their way, the next to come first; at most 200.")
    async def pending_grants(self, info: Info, member: strawberry.Parent[MemberType]) -> list[GrantType]:
        found = await batched(info, "pending grants", _pending, member.row.id)
        return [GrantType.of(row) for row in found or []]

    @strawberry.field(
        description="What the member did, the newest told first, each with what it gave and why not."
    )
    async def earning_events(
        self,
        info: Info,
        member: strawberry.Parent[MemberType],
        first: First = None,
        after: After = None,
    ) -> Connection[EventView]:
        rows = queries.events_for(actor_of(info)).filter(member_id=member.row.id)
        page = await page_of(rows, first=first, after=after)
        return Connection[EventView].of(page, EventView.of, rows.count)

    @strawberry.field(description="The member's own code for friends; null until `createReferralCode`.")
    async def referral_code(self, info: Info, member: strawberry.Parent[MemberType]) -> str | None:
        actor: Any = actor_of(info)
        if actor.kind not in (ActorKind.MEMBER, ActorKind.PROGRAM):
            return None
        return await batched(info, "referral codes", _codes, member.row.id)


@extend(WalletType)
class WalletEarning:
    """Adds to a wallet what rules have on their way into it."""

    @strawberry.field(description="Points on their way: they cannot be spent yet.")
    async def pending(self, info: Info, wallet: strawberry.Parent[WalletType]) -> BigInt:
        return BigInt(await batched(info, "pending points", _pending_points, wallet.member_id) or 0)

    @strawberry.field(description="Points to be kept from what is earned next, because a purchase went back.")
    async def owed(self, info: Info, wallet: strawberry.Parent[WalletType]) -> BigInt:
        return BigInt(await batched(info, "owed points", _owed, wallet.member_id) or 0)


async def _uncounted(info: Info, wanted: list[UUID]) -> dict[UUID, list[Waiting]]:
    return await queries.uncounted_of(wanted)


@extend(TierProgress)
class SpendOnItsWay:
    """Adds to a member's progress what does not count yet."""

    @strawberry.field(description="Purchases that count once an exchange rate is known; at most 100.")
    async def uncounted_spend(self, info: Info, progress: strawberry.Parent[TierProgress]) -> list[UncountedSpend]:
        found = await batched(info, "uncounted spend of members", _uncounted, progress.member_id) or []
        return [
            UncountedSpend.of(row, row.event, row.event.program.home_currency, info.context.languages)
            for row in found
        ]
