"""What a program's points can become, stated and read: by the program itself and by operators."""

from datetime import datetime
from typing import Annotated

import strawberry

from marketplace.catalog.models import OfferKind
from marketplace.kit import ids
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import (
    BigInt,
    CountryCode,
    Info,
    WriteInput,
    actor_of,
    actor_with,
    describe_enum,
    id_of,
    mutation,
)
from marketplace.kit.money import BASIS_POINTS
from marketplace.kit.refusals import NotFound
from marketplace.members.models import Period, RedemptionPolicy
from marketplace.members.policies import Arm, Policy
from marketplace.storefront import operations, queries

describe_enum(
    Period,
    "A calendar period, by the program's time zone.",
    name="CalendarPeriod",
    DAY="A day.",
    MONTH="A month.",
    YEAR="A year.",
)


@strawberry.type(description="What a point is worth as one kind of reward.")
class KindWorth:
    kind: OfferKind = strawberry.field(description="The kind.")
    worth_bp: int = strawberry.field(description="In basis points of the point's value: 10000 is all of it.")


@strawberry.type(description="Other ratios that are tested on a share of the members.")
class PolicyArm:
    name: str = strawberry.field(description="Its name, kept on what is redeemed by it.")
    share_bp: int = strawberry.field(description="The share of the members, in basis points.")
    cash_rate_bp: int | None = strawberry.field(description="Its cash rate; null: the policy's own.")
    worth: list[KindWorth] = strawberry.field(description="Its worth by kind, where that differs.")


@strawberry.type(name="RedemptionPolicy", description="What points can become, from a moment on.")
class RedemptionPolicyType:
    id: strawberry.ID = strawberry.field(description="The id that redemptions are explained by.")
    country: CountryCode | None = strawberry.field(
        description="The market it is for; null: all that have none of their own."
    )
    valid_from: datetime = strawberry.field(description="When it begins, until the next one of its market.")
    worth: list[KindWorth] = strawberry.field(description="What a point is worth by kind.")
    cash_rate_bp: int = strawberry.field(description="The share of a point's value that is paid out; 0: no cash.")
    cash_min_points: BigInt = strawberry.field(description="The fewest points a time.")
    cash_max_points: BigInt = strawberry.field(description="The most points in a period.")
    cash_period: Period = strawberry.field(description="The period.")
    cash_countries: list[CountryCode] = strawberry.field(description="Where members are paid.")
    identity_required: bool = strawberry.field(description="Whether members have to be verified first.")
    enrolled_days: int = strawberry.field(description="Days after enrolling before points become cash.")
    earned_days: int = strawberry.field(description="Days after earning points before they become cash.")
    points_share_bp: int = strawberry.field(
        description="The least share of a price in points when a card pays the rest; 10000: no card."
    )
    arms: list[PolicyArm] = strawberry.field(description="What is tested beside it.")

    @classmethod
    def of(cls, row: RedemptionPolicy) -> "RedemptionPolicyType":
        return cls(
            id=strawberry.ID(ids.public("policy", row.id)),
            country=CountryCode(row.country) if row.country else None,
            valid_from=row.valid_from,
            worth=[
                KindWorth(kind=kind, worth_bp=row.worth_bp.get(kind.value, BASIS_POINTS)) for kind in OfferKind
            ],
            cash_rate_bp=row.cash_rate_bp,
            cash_min_points=BigInt(row.cash_min_points),
            cash_max_points=BigInt(row.cash_max_points),
            cash_period=Period(row.cash_period),
            cash_countries=[CountryCode(code) for code in row.cash_countries],
            identity_required=row.identity_required,
            enrolled_days=row.enrolled_days,
            earned_days=row.earned_days,
            points_share_bp=row.points_share_bp,
            arms=[
                PolicyArm(
                    name=name,
                    share_bp=arm["share_bp"],
                    cash_rate_bp=arm["cash_rate_bp"],
                    worth=[KindWorth(kind=OfferKind(kind), worth_bp=bp) for kind, bp in arm["worth_bp"].items()],
                )
                for name, arm in sorted(row.arms.items())
            ],
        )


@strawberry.input(description="What a point is worth as one kind of reward.")
class KindWorthInput:
    kind: OfferKind = strawberry.field(description="The kind.")
    worth_bp: int = strawberry.field(description="In basis points of the point's value: 10000 is all of it.")


@strawberry.input(description="Other ratios for a share of the members. Who is in it stays in it.")
class PolicyArmInput:
    name: str = strawberry.field(description="1 to 20 characters.")
    share_bp: int = strawberry.field(description="The share of the members, in basis points.")
    cash_rate_bp: int | None = strawberry.field(default=None, description="Its cash rate, if that differs.")
    worth: list[KindWorthInput] = strawberry.field(
        default_factory=list[KindWorthInput], description="Its worth by kind, where that differs."
    )


@strawberry.input(description="How points become money, in a policy.")
class PolicyCashInput:
    rate_bp: int = strawberry.field(description="The share of a point's value that is paid out; 0: no cash.")
    min_points: BigInt = strawberry.field(description="The fewest points a time.")
    max_points: BigInt = strawberry.field(description="The most points in a period.")
    period: Period = strawberry.field(default=Period.MONTH, description="The period.")
    countries: list[CountryCode] = strawberry.field(
        description="Where members are paid; a country that no rail reaches is refused."
    )
    identity_required: bool = strawberry.field(
        default=False, description="Whether you verify members first, by `confirmIdentity`."
    )
    enrolled_days: int = strawberry.field(default=0, description="Days after enrolling before points become cash.")
    earned_days: int = strawberry.field(
        default=0, description="Days after earning points before they become cash."
    )


@strawberry.input(description="A whole policy: what it leaves out is as if it had never been said.")
class SetRedemptionPolicyInput(WriteInput):
    program_id: strawberry.ID | None = strawberry.field(
        default=None, description="The program, for operators; a program states its own."
    )
    country: CountryCode | None = strawberry.field(
        default=None, description="One market; without it, all that have no policy of their own."
    )
    valid_from: datetime | None = strawberry.field(default=None, description="A later moment; now if left out.")
    worth: list[KindWorthInput] = strawberry.field(
        default_factory=list[KindWorthInput], description="What a point is worth by kind; all of it if left out."
    )
    cash: PolicyCashInput | None = strawberry.field(default=None, description="How points become cash, if at all.")
    points_share_bp: int = strawberry.field(
        default=BASIS_POINTS,
        description="The least share of a price in points when a card pays the rest; 10000: no card.",
    )
    arms: list[PolicyArmInput] = strawberry.field(
        default_factory=list[PolicyArmInput], description="What is tested beside it, at most 5."
    )

    def command(self) -> operations.SetRedemptionPolicy:
        """The command; raises InvalidInput for what is no program."""
        cash = self.cash or PolicyCashInput(rate_bp=0, min_points=BigInt(0), max_points=BigInt(0), countries=[])
        policy = Policy(
            worth_bp={one.kind.value: one.worth_bp for one in self.worth},
            cash_rate_bp=cash.rate_bp,
            cash_min_points=cash.min_points,
            cash_max_points=cash.max_points,
            cash_period=cash.period,
            cash_countries=tuple(cash.countries),
            identity_required=cash.identity_required,
            enrolled_days=cash.enrolled_days,
            earned_days=cash.earned_days,
            points_share_bp=self.points_share_bp,
            arms=tuple(
                Arm(arm.name, arm.share_bp, arm.cash_rate_bp, {one.kind.value: one.worth_bp for one in arm.worth})
                for arm in self.arms
            ),
        )
        return operations.SetRedemptionPolicy(
            idempotency_key=self.idempotency_key,
            program_id=id_of("program", self.program_id, "programId") if self.program_id else None,
            country=self.country,
            valid_from=self.valid_from,
            policy=policy,
        )


@strawberry.type
class PolicyQuery:
    @strawberry.field(
        description="The policies of a program, the newest first, those to come among them; at most 100."
    )
    async def redemption_policies(
        self,
        info: Info,
        program_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="The program, for operators.")
        ] = None,
    ) -> list[RedemptionPolicyType]:
        actor = actor_with(info, Scope.POLICY, ActorKind.PROGRAM, ActorKind.OPERATOR)
        wanted = id_of("program", program_id, "programId") if program_id else None
        return [RedemptionPolicyType.of(row) for row in await queries.policies_of(actor, wanted)]


@strawberry.type
class PolicyMutation:
    @mutation(
        gives=RedemptionPolicyType,
        refuses=[NotFound],
        description="State what points can become, and what they are worth as what, from a moment on.",
    )
    async def set_redemption_policy(self, info: Info, input: SetRedemptionPolicyInput) -> RedemptionPolicyType:
        return RedemptionPolicyType.of(await operations.set_redemption_policy(actor_of(info), input.command()))
