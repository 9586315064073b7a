"""Programs and members in the graph."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.kit import ids
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import (
    After,
    BigInt,
    Connection,
    CountryCode,
    CurrencyCode,
    First,
    Info,
    LanguageTag,
    Node,
    WriteInput,
    actor_of,
    actor_with,
    batched,
    id_of,
    load_entity,
    mutation,
    node_loader,
)
from marketplace.kit.paging import page_of
from marketplace.kit.refusals import NotFound
from marketplace.members import operations, queries
from marketplace.members.models import Member, PersonalData, PointValue, Program, TierLevel
from marketplace.members.refusals import MemberReferenceReused, ProgramCodeTaken


@strawberry.type(name="Tier", description="A level of a program.")
class TierType:
    code: str = strawberry.field(description="The program's own code of the level.")
    name: str = strawberry.field(description="Its name for people.")
    discount_bp: int = strawberry.field(description="Taken off points prices, in basis points: 600 is 6 %.")

    @classmethod
    def of(cls, row: TierLevel) -> "TierType":
        return cls(code=row.code, name=row.name, discount_bp=row.discount_bp)


@strawberry.type(name="CashPolicy", description="How points of a program become money.")
class CashPolicyType:
    rate_bp: int = strawberry.field(description="Share of a point's value that is paid out; 0 means no cash.")
    min_points: BigInt = strawberry.field(description="The fewest points a time.")
    max_points: BigInt = strawberry.field(description="The most points in a calendar month.")
    countries: list[CountryCode] = strawberry.field(description="Where members can be paid.")


@strawberry.federation.type(name="Program", keys=["id"], description="A business whose customers earn points.")
class ProgramType(Node):
    code: str = strawberry.field(description="Its short code; `PTS-<code>` is its unit in the books.")
    name: str = strawberry.field(description="Its name.")
    point_name: str = strawberry.field(description="What its points are called.")
    home_currency: CurrencyCode = strawberry.field(description="The currency it funds rewards in.")
    timezone: str = strawberry.field(description="Its IANA time zone.")
    countries: list[CountryCode] = strawberry.field(description="Its markets.")
    cash: CashPolicyType = strawberry.field(description="Its cash policy.")
    row: strawberry.Private[Program]

    @classmethod
    def of(cls, row: Program) -> "ProgramType":
        return cls(
            id=strawberry.ID(ids.public("program", row.id)),
            code=row.code,
            name=row.name,
            point_name=row.point_name,
            home_currency=CurrencyCode(row.home_currency),
            timezone=row.timezone,
            countries=[CountryCode(code) for code in row.countries],
            cash=CashPolicyType(
                rate_bp=row.cash_rate_bp,
                min_points=BigInt(row.cash_min_points),
                max_points=BigInt(row.cash_max_points),
                countries=[CountryCode(code) for code in row.cash_countries],
            ),
            row=row,
        )

    @strawberry.field(description="What one point is worth today, in major units of the home currency.")
    async def point_value(self) -> Decimal:
        return (await queries.point_value(self.row.id)).normalize()

    @strawberry.field(description="Its levels, lowest first.")
    async def tiers(self) -> list[TierType]:
        return [TierType.of(level) for level in (await queries.tiers_of([self.row.id]))[self.row.id]]

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "ProgramType | None":
        return await load_entity(info, "program", id)


@strawberry.federation.type(name="Member", keys=["id"], description="A person enrolled in a program.")
class MemberType(Node):
    reference: str = strawberry.field(description="The program's own reference of this person.")
    country: CountryCode = strawberry.field(description="Where the member lives.")
    languages: list[LanguageTag] = strawberry.field(description="What the member reads, the best first.")
    enrolled_at: datetime = strawberry.field(description="When the member joined.")
    row: strawberry.Private[Member]

    @classmethod
    def of(cls, row: Member) -> "MemberType":
        return cls(
            id=strawberry.ID(ids.public("member", row.id)),
            reference=row.reference,
            country=CountryCode(row.country),
            languages=[LanguageTag(tag) for tag in row.languages],
            enrolled_at=row.enrolled_at,
            row=row,
        )

    @strawberry.field(description="The program the member is enrolled in.")
    async def program(self, info: Info) -> ProgramType | None:
        row = await batched(info, "programs", _programs, self.row.program_id)
        return ProgramType.of(row) if row else None

    @strawberry.field(description="The member's level; null below the first.")
    async def tier(self, info: Info) -> TierType | None:
        if self.row.tier_id is None:
            return None
        row = await batched(info, "tiers", _tiers, self.row.tier_id)
        return TierType.of(row) if row else None

    @strawberry.field(description="The member's name; only the member and its program see it.")
    async def name(self, info: Info) -> str | None:
        data = await self._personal(info)
        return data.name if data else None

    @strawberry.field(description="The member's e-mail address; only the member and its program see it.")
    async def email(self, info: Info) -> str | None:
        data = await self._personal(info)
        return data.email if data else None

    async def _personal(self, info: Info) -> PersonalData | None:
        return await batched(info, "personal data", _personal_data, self.row.id)

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "MemberType | None":
        return await load_entity(info, "member", id)


@strawberry.type(name="PointValue", description="What a point is worth from a day on.")
class PointValueType:
    value: Decimal = strawberry.field(description="Major units of the program's home currency.")
    valid_from: date = strawberry.field(description="The first day it holds.")


async def _programs(info: Info, wanted: list[UUID]) -> dict[UUID, Program]:
    return {row.id: row for row in await Program.filter(id__in=wanted)}


async def _tiers(info: Info, wanted: list[UUID]) -> dict[UUID, TierLevel]:
    return {row.id: row for row in await TierLevel.filter(id__in=wanted)}


async def _personal_data(info: Info, wanted: list[UUID]) -> dict[UUID, PersonalData]:
    return await queries.personal_data(actor_of(info), wanted)


@node_loader("program")
async def load_programs(info: Info, wanted: list[UUID]) -> dict[UUID, ProgramType]:
    rows = await queries.programs_for(actor_of(info)).filter(id__in=wanted)
    return {row.id: ProgramType.of(row) for row in rows}


@node_loader("member")
async def load_members(info: Info, wanted: list[UUID]) -> dict[UUID, MemberType]:
    rows = await queries.members_for(actor_of(info)).filter(id__in=wanted)
    return {row.id: MemberType.of(row) for row in rows}


@strawberry.type
class Query:
    """Programs and members."""

    @strawberry.field(description="The member whose token this is.")
    async def me(self, info: Info) -> MemberType | None:
        actor = actor_of(info)
        if actor.kind is not ActorKind.MEMBER:
            return None
        row = await queries.members_for(actor).first()
        return MemberType.of(row) if row else None

    @strawberry.field(description="The program of the token: a member's, or the server's own.")
    async def program(self, info: Info) -> ProgramType | None:
        actor = actor_of(info)
        if actor.kind is ActorKind.OPERATOR:
            return None
        row = await queries.programs_for(actor).first()
        return ProgramType.of(row) if row else None

    @strawberry.field(description="Every program, for operators.")
    async def programs(self, info: Info, first: First = None, after: After = None) -> Connection[ProgramType]:
        page = await page_of(queries.programs_for(actor_of(info)), first=first, after=after, sort="id")
        return Connection[ProgramType].of(page, ProgramType.of)

    @strawberry.field(description="A member by the program's own reference; null when there is none for you.")
    async def member(
        self,
        info: Info,
        reference: Annotated[str, strawberry.argument(description="The program's own reference.")],
    ) -> MemberType | None:
        visible = queries.members_for(actor_of(info))
        row = await visible.filter(reference=reference).first() if len(reference) <= 120 else None
        return MemberType.of(row) if row else None

    @strawberry.field(description="The members you may see, the newest first.")
    async def members(self, info: Info, first: First = None, after: After = None) -> Connection[MemberType]:
        rows = queries.members_for(actor_of(info))
        page = await page_of(rows, first=first, after=after)
        return Connection[MemberType].of(page, MemberType.of, rows.count)


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
    countries: list[CountryCode] = strawberry.field(description="Where members can be paid.")


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
        operations.CashPolicy(cash.rate_bp, cash.min_points, cash.max_points, tuple(cash.countries))
        if cash
        else None
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
        cash=policy or operations.CashPolicy(),
    )


@strawberry.type
class Mutation:
    """What programs and operators do with programs and members."""

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
