"""Levels in the graph: how they are earned, how far a member is, and what changed when and why."""

from datetime import date, datetime
from uuid import UUID

import strawberry

from marketplace.kit import next_steps
from marketplace.kit.actor import Scope
from marketplace.kit.graphql import (
    After,
    BigInt,
    Connection,
    First,
    Info,
    WriteInput,
    actor_with,
    batched,
    describe_enum,
    extend,
    id_of,
    mutation,
)
from marketplace.kit.paging import page_of
from marketplace.kit.periods import LimitPeriod
from marketplace.kit.refusals import NotFound
from marketplace.members import operations, tier_queries
from marketplace.members.graphql.types import MemberType, ProgramType, TierType
from marketplace.members.models import (
    Landing,
    TierBasis,
    TierChange,
    TierChangeReason,
    TierLevel,
    TierScheme,
    TierWindow,
)
from marketplace.members.tier_queries import Progress
from marketplace.members.tier_rules import NewLevel

describe_enum(
    TierBasis,
    "What counts towards a level. It is counted apart from what can be spent: spending lowers no level.",
    POINTS="Points that were earned.",
    SPEND="What was paid, in minor units of the program's home currency.",
    COUNT="How often something was earned.",
)
describe_enum(
    TierWindow,
    "In which stretch of time it counts.",
    CALENDAR="Calendar periods in the program's time zone.",
    ROLLING="The months up to now.",
)
describe_enum(
    Landing,
    "Where somebody lands who has not earned a level again.",
    ONE_LEVEL="One level lower, or what was earned, if that is more.",
    EARNED="On what was earned.",
)
describe_enum(
    TierChangeReason,
    "Why a level, or its date, changed.",
    EARNED="Enough was earned; levels rise at once.",
    GIVEN="The program gave it.",
    GRACE="It was not earned again; it is kept for the grace months.",
    PERIOD_ENDED="It was not earned again in time.",
)


@strawberry.type(description="What a level takes, and what it gives.")
class TierTerms:
    tier: TierType = strawberry.field(description="The level.")
    threshold: BigInt | None = strawberry.field(
        description="What it takes in a period; null when it is only given."
    )


@strawberry.type(name="TierScheme", description="How members of a program earn and lose its levels.")
class TierSchemeType:
    basis: TierBasis = strawberry.field(description="What counts.")
    window: TierWindow = strawberry.field(description="In which stretch of time.")
    months: int = strawberry.field(description="How many months that is.")
    grace_months: int = strawberry.field(description="How long a level is kept that was not earned again.")
    landing: Landing = strawberry.field(description="Where somebody lands then.")
    floor_margin_bp: int | None = strawberry.field(
        description="A discount never takes a points price below what the partner is owed plus this share of "
        "it; null without such a floor."
    )
    max_discount_points: BigInt | None = strawberry.field(
        description="The most a discount takes off; null: no cap."
    )
    valid_from: datetime = strawberry.field(description="From when it holds.")
    row: strawberry.Private[TierScheme]

    @classmethod
    def of(cls, row: TierScheme) -> "TierSchemeType":
        return cls(
            basis=TierBasis(row.basis),
            window=TierWindow(row.span),
            months=row.months,
            grace_months=row.grace_months,
            landing=Landing(row.landing),
            floor_margin_bp=row.margin_bp,
            max_discount_points=None if row.max_discount_points is None else BigInt(row.max_discount_points),
            valid_from=row.valid_from,
            row=row,
        )

    @strawberry.field(description="Its levels, lowest first.")
    async def levels(self) -> list[TierTerms]:
        known = await TierLevel.filter(program_id=self.row.program_id, code__in=list(self.row.terms)).order_by(
            "rank"
        )
        return [
            TierTerms(
                tier=TierType(
                    code=level.code, name=level.name, discount_bp=self.row.terms[level.code]["discount_bp"]
                ),
                threshold=self.row.terms[level.code]["threshold"],
            )
            for level in known
        ]


@strawberry.type(description="How far a member is on the way to the next level.")
class TierProgress:
    basis: TierBasis = strawberry.field(description="What counts.")
    qualified: BigInt = strawberry.field(description="How much of it there is now.")
    since: datetime = strawberry.field(description="From when it counts.")
    until: datetime = strawberry.field(description="Until when: the end of the period, or now.")
    next: TierType | None = strawberry.field(description="The next level; null at the highest.")
    to_go: BigInt | None = strawberry.field(description="How much is missing to it.")
    keep_until: datetime | None = strawberry.field(description="Until when today's level is kept; null: for good.")
    to_keep: BigInt | None = strawberry.field(
        description="How much is missing to keep today's level; 0 when it is safe, null when it is for good."
    )
    in_grace: bool = strawberry.field(description="Whether it is kept by grace: it was not earned again in time.")
    text: str = strawberry.field(description="The same in a sentence.")
    member_id: strawberry.Private[UUID]

    @strawberry.field(description="The shortest way to earn what is missing, if the program has one.")
    async def shortest_way(self, info: Info) -> str | None:
        if self.to_go is None or self.basis is not TierBasis.POINTS:
            return None
        return await next_steps.shortest_action(self.member_id, self.to_go, info.context.languages)

    @classmethod
    def of(cls, found: Progress, languages: tuple[str, ...]) -> "TierProgress":
        following = found.following
        return cls(
            basis=found.basis,
            qualified=BigInt(found.qualified),
            since=found.since,
            until=found.until,
            next=TierType.of(following) if following else None,
            to_go=None if found.to_go is None else BigInt(found.to_go),
            keep_until=found.keep_until,
            to_keep=None if found.to_keep is None else BigInt(found.to_keep),
            in_grace=found.in_grace,
            text=found.text(languages),
            member_id=found.member_id,
        )


@strawberry.type(name="TierChange", description="A level, or its date, changed.")
class TierChangeType:
    from_tier: TierType | None = strawberry.field(description="The level before; null below the first.")
    to_tier: TierType | None = strawberry.field(description="The level after.")
    reason: TierChangeReason = strawberry.field(description="Why.")
    qualified: BigInt | None = strawberry.field(description="What counted then; null when it did not matter.")
    until: datetime | None = strawberry.field(description="Until when the level is kept; null: for good.")
    at: datetime = strawberry.field(description="When.")

    @classmethod
    def of(cls, row: TierChange) -> "TierChangeType":
        return cls(
            from_tier=TierType.of(row.from_tier) if row.from_tier else None,
            to_tier=TierType.of(row.to_tier) if row.to_tier else None,
            reason=TierChangeReason(row.reason),
            qualified=None if row.qualified is None else BigInt(row.qualified),
            until=row.until,
            at=row.at,
        )


async def _progress(info: Info, wanted: list[UUID]) -> dict[UUID, Progress]:
    return await tier_queries.progress_of(wanted)


async def _schemes(info: Info, wanted: list[UUID]) -> dict[UUID, TierScheme]:
    return await tier_queries.schemes(wanted)


@extend(MemberType)
class MemberTiers:
    """What levels add to a member."""

    @strawberry.field(description="How far it is to the next level; null when the program only gives levels.")
    async def tier_progress(self, info: Info, member: strawberry.Parent[MemberType]) -> TierProgress | None:
        found = await batched(info, "tier progress", _progress, member.row.id)
        return TierProgress.of(found, info.context.languages) if found else None

    @strawberry.field(description="What changed the member's level, the newest first.")
    async def tier_history(
        self, member: strawberry.Parent[MemberType], first: First = None, after: After = None
    ) -> Connection[TierChangeType]:
        rows = TierChange.filter(member_id=member.row.id).select_related("from_tier", "to_tier")
        return Connection[TierChangeType].of(await page_of(rows, first=first, after=after), TierChangeType.of)


@extend(ProgramType)
class ProgramTiers:
    @strawberry.field(description="How levels are earned now; null when the program only gives them.")
    async def tier_scheme(self, info: Info, program: strawberry.Parent[ProgramType]) -> TierSchemeType | None:
        found = await batched(info, "tier schemes", _schemes, program.row.id)
        return TierSchemeType.of(found) if found else None


@strawberry.input(description="A level with what it takes and gives.")
class TierLevelInput:
    code: str = strawberry.field(description="Your own code of it; a new one stands above those there are.")
    name: str = strawberry.field(description="Its name for people.")
    threshold: BigInt | None = strawberry.field(default=None, description="What it takes; null: only given.")
    discount_bp: int = strawberry.field(default=0, description="What it takes off prices, in basis points.")


@strawberry.input(description="How levels are earned and lost from now, or from a later day, on.")
class SetTierSchemeInput(WriteInput):
    program_id: strawberry.ID = strawberry.field(description="The program.")
    levels: list[TierLevelInput] = strawberry.field(description="Its levels, the lowest first.")
    basis: TierBasis = strawberry.field(default=TierBasis.POINTS, description="What counts.")
    window: TierWindow = strawberry.field(default=TierWindow.CALENDAR, description="In which stretch.")
    months: int = strawberry.field(default=12, description="How many months: 1, 3, 6 or 12 of the calendar.")
    grace_months: int = strawberry.field(
        default=0, description="How long a level is kept that was not earned again."
    )
    landing: Landing = strawberry.field(default=Landing.ONE_LEVEL, description="Where somebody lands then.")
    floor_margin_bp: int | None = strawberry.field(
        default=None, description="No discount goes below what the partner is owed plus this share of it."
    )
    max_discount_points: BigInt | None = strawberry.field(
        default=None, description="The most a discount takes off."
    )
    valid_from: date | None = strawberry.field(default=None, description="Today or a later day; now if left out.")


describe_enum(
    LimitPeriod,
    "A period in which something is counted, in the program's time zone.",
    DAY="A calendar day.",
    WEEK="A calendar week, from Monday.",
    MONTH="A calendar month.",
    LIFETIME="For ever.",
)


@strawberry.type(description="How much one member can redeem in a period.")
class ProgramLimit:
    period: LimitPeriod = strawberry.field(description="The period.")
    redemptions: int | None = strawberry.field(description="The most redemptions; null: any.")
    points: BigInt | None = strawberry.field(description="The most points; null: any.")


@extend(ProgramType)
class ProgramLimits:
    @strawberry.field(description="How much one member can redeem in a period.")
    def limits(self, program: strawberry.Parent[ProgramType]) -> list[ProgramLimit]:
        return [
            ProgramLimit(
                period=LimitPeriod(name),
                redemptions=most.get("redemptions"),
                points=BigInt(most["points"]) if "points" in most else None,
            )
            for name, most in (program.row.limits or {}).items()
        ]


@strawberry.input(description="How much one member can redeem in a period: redemptions, points or both.")
class ProgramLimitInput:
    period: LimitPeriod = strawberry.field(description="The period, in the program's time zone.")
    redemptions: int | None = strawberry.field(default=None, description="The most redemptions.")
    points: BigInt | None = strawberry.field(default=None, description="The most points.")


@strawberry.input(description="All limits of a program; none are left when none are given.")
class SetProgramLimitsInput(WriteInput):
    program_id: strawberry.ID = strawberry.field(description="The program.")
    limits: list[ProgramLimitInput] = strawberry.field(description="Its limits.")


@strawberry.type
class TierMutation:
    @mutation(
        gives=ProgramType, refuses=(NotFound,), description="Set how much one member can redeem in a period."
    )
    async def set_program_limits(self, info: Info, input: SetProgramLimitsInput) -> ProgramType:
        actor = actor_with(info, Scope.PROGRAM_MANAGE)
        command = operations.SetProgramLimits(
            idempotency_key=input.idempotency_key,
            program_id=id_of("program", input.program_id, "programId"),
            limits=tuple(operations.NewLimit(each.period, each.redemptions, each.points) for each in input.limits),
        )
        return ProgramType.of(await operations.set_program_limits(actor, command))

    @mutation(
        gives=TierSchemeType,
        refuses=(NotFound,),
        description="Set how members earn and lose levels, with their discounts. What members have stays theirs.",
    )
    async def set_tier_scheme(self, info: Info, input: SetTierSchemeInput) -> TierSchemeType:
        actor = actor_with(info, Scope.PROGRAM_MANAGE)
        command = operations.SetTierScheme(
            idempotency_key=input.idempotency_key,
            program_id=id_of("program", input.program_id, "programId"),
            levels=tuple(
                NewLevel(each.code, each.name, each.threshold, each.discount_bp) for each in input.levels
            ),
            basis=input.basis,
            window=input.window,
            months=input.months,
            grace_months=input.grace_months,
            landing=input.landing,
            margin_bp=input.floor_margin_bp,
            max_discount_points=input.max_discount_points,
            valid_from=input.valid_from,
        )
        return TierSchemeType.of(await operations.set_tier_scheme(actor, command))
