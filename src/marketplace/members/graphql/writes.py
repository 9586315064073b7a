"""Opening programs, enrolling and changing members."""

from datetime import date
from decimal import Decimal

import strawberry

from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import (
    BigInt,
    CountryCode,
    CurrencyCode,
    Info,
    LanguageTag,
    WriteInput,
    actor_with,
    id_of,
    mutation,
)
from marketplace.kit.refusals import NotFound
from marketplace.members import operations
from marketplace.members.graphql.types import MemberType, PointValueType, ProgramType
from marketplace.members.models import PointValue
from marketplace.members.policies import Policy
from marketplace.members.refusals import MemberReferenceReused, ProgramCodeTaken


@strawberry.input(description="A person who joins your program.")
class EnrolMemberInput(WriteInput):
    reference: str = strawberry.field(description="Your own reference; the same person has one.")
    subject: str | None = strawberry.field(
        default=None, description="The `sub` of their tokens, else the reference."
    )
    country: CountryCode = strawberry.field(description="Where they live: one of your markets.")
    languages: list[LanguageTag] = strawberry.field(description="What they read, the best first.")
    tier: str | None = strawberry.field(default=None, description="The code of their level.")
    name: str = strawberry.field(default="", description="Their name.")
    email: str = strawberry.field(default="", description="Their e-mail address.")


@strawberry.input(description="New facts of a member; what is left out stays.")
class ChangeMemberInput(WriteInput):
    member_id: strawberry.ID = strawberry.field(description="The member.")
    country: CountryCode | None = strawberry.field(default=None, description="Where they live now.")
    languages: list[LanguageTag] | None = strawberry.field(default=None, description="What they read now.")
    tier: str | None = strawberry.field(default=None, description="The code of their level now.")


@strawberry.input(description="Whose identity you have verified.")
class ConfirmIdentityInput(WriteInput):
    member_id: strawberry.ID = strawberry.field(description="The member.")
    confirmed: bool = strawberry.field(default=True, description="False takes it back.")


@strawberry.input(description="A level of a program.")
class TierInput:
    code: str = strawberry.field(description="A code of your own.")
    name: str = strawberry.field(description="Its name for people.")
    discount_bp: int = strawberry.field(description="What it takes off points prices, in basis points.")


@strawberry.input(description="How points become money.")
class CashPolicyInput:
    rate_bp: int = strawberry.field(description="Share of a point's value that is paid out, in basis points.")
    min_points: BigInt = strawberry.field(description="The fewest points a time.")
    max_points: BigInt = strawberry.field(description="The most points in a calendar month.")
    countries: list[CountryCode] = strawberry.field(
        description="Where members are paid; a country that no rail reaches is refused."
    )


@strawberry.input(description="A business that gives points to its customers.")
class CreateProgramInput(WriteInput):
    code: str = strawberry.field(description="2 to 20 capitals and digits.")
    name: str = strawberry.field(description="Its name.")
    point_name: str = strawberry.field(description="What its points are called.")
    home_currency: CurrencyCode = strawberry.field(description="The currency it funds rewards in.")
    point_value: Decimal = strawberry.field(description="Major units of it for one point.")
    timezone: str = strawberry.field(description="IANA time zone.")
    countries: list[CountryCode] = strawberry.field(description="Its markets.")
    issuer: str = strawberry.field(description="The `iss` of its members' tokens.")
    audience: str = strawberry.field(description="The `aud` of its members' tokens.")
    jwks_uri: str | None = strawberry.field(default=None, description="Where its keys are.")
    tiers: list[TierInput] = strawberry.field(default_factory=list, description="Its levels, lowest first.")
    cash: CashPolicyInput | None = strawberry.field(
        default=None, description="Its cash policy, if it pays out cash."
    )


@strawberry.input(description="What a point is worth from a day on.")
class SetPointValueInput(WriteInput):
    program_id: strawberry.ID = strawberry.field(description="The program.")
    value: Decimal = strawberry.field(description="Major units of its home currency for one point.")
    valid_from: date = strawberry.field(description="Today or a later day.")


def _create_program(input: CreateProgramInput) -> operations.CreateProgram:
    cash = input.cash
    policy = (
        Policy(
            cash_rate_bp=cash.rate_bp,
            cash_min_points=cash.min_points,
            cash_max_points=cash.max_points,
            cash_countries=tuple(cash.countries),
        )
        if cash
        else Policy()
    )
    return operations.CreateProgram(
        idempotency_key=input.idempotency_key,
        code=input.code,
        name=input.name,
        point_name=input.point_name,
        home_currency=input.home_currency,
        point_value=input.point_value,
        timezone=input.timezone,
        countries=tuple(input.countries),
        issuer=input.issuer,
        audience=input.audience,
        jwks_uri=input.jwks_uri,
        tiers=tuple(operations.NewTier(tier.code, tier.name, tier.discount_bp) for tier in input.tiers),
        policy=policy,
    )


@strawberry.type
class ProgramMutation:
    @mutation(
        gives=MemberType,
        refuses=(MemberReferenceReused,),
        description="Enrol a person in your program. The same reference with the same facts answers who there is.",
    )
    async def enrol_member(self, info: Info, input: EnrolMemberInput) -> MemberType:
        actor = actor_with(info, Scope.MEMBERS_ENROL, ActorKind.PROGRAM)
        command = operations.EnrolMember(
            idempotency_key=input.idempotency_key,
            reference=input.reference,
            subject=input.subject or input.reference,
            country=input.country,
            languages=tuple(input.languages),
            tier=input.tier,
            name=input.name,
            email=input.email,
        )
        return MemberType.of(await operations.enrol_member(actor, command))

    @mutation(gives=MemberType, refuses=(NotFound,), description="Change where a member lives, reads or stands.")
    async def change_member(self, info: Info, input: ChangeMemberInput) -> MemberType:
        actor = actor_with(info, Scope.MEMBERS_ENROL, ActorKind.PROGRAM)
        command = operations.ChangeMember(
            idempotency_key=input.idempotency_key,
            member_id=id_of("member", input.member_id, "memberId"),
            country=input.country,
            languages=None if input.languages is None else tuple(input.languages),
            tier=input.tier,
        )
        return MemberType.of(await operations.change_member(actor, command))

    @mutation(
        gives=MemberType,
        refuses=(NotFound,),
        description="Say that you have verified who a member is; your policy may ask for it before cash.",
    )
    async def confirm_identity(self, info: Info, input: ConfirmIdentityInput) -> MemberType:
        actor = actor_with(info, Scope.MEMBERS_ENROL, ActorKind.PROGRAM)
        command = operations.ConfirmIdentity(
            idempotency_key=input.idempotency_key,
            member_id=id_of("member", input.member_id, "memberId"),
            confirmed=input.confirmed,
        )
        return MemberType.of(await operations.confirm_identity(actor, command))

    @mutation(gives=ProgramType, refuses=(ProgramCodeTaken,), description="Open a program.")
    async def create_program(self, info: Info, input: CreateProgramInput) -> ProgramType:
        actor = actor_with(info, Scope.PARTNERS_MANAGE, ActorKind.OPERATOR)
        return ProgramType.of(await operations.create_program(actor, _create_program(input)))

    @mutation(gives=PointValueType, refuses=(NotFound,), description="State what a point is worth from a day on.")
    async def set_point_value(self, info: Info, input: SetPointValueInput) -> PointValueType:
        actor = actor_with(info, Scope.FINANCE, ActorKind.OPERATOR)
        command = operations.SetPointValue(
            idempotency_key=input.idempotency_key,
            program_id=id_of("program", input.program_id, "programId"),
            value=input.value,
            valid_from=input.valid_from,
        )
        row: PointValue = await operations.set_point_value(actor, command)
        return PointValueType(value=row.value.normalize(), valid_from=row.valid_from)
