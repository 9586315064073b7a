"""Programs and members as the graph shows them."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import strawberry

from marketplace.kit import ids
from marketplace.kit.graphql import (
    BigInt,
    CountryCode,
    CurrencyCode,
    Info,
    LanguageTag,
    Node,
    actor_of,
    batched,
    load_entity,
    node_loader,
)
from marketplace.members import queries
from marketplace.members.models import Member, PersonalData, Program, RedemptionPolicy, TierLevel


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
    max_points: BigInt = strawberry.field(description="The most points in a calendar period, a month if not told.")
    countries: list[CountryCode] = strawberry.field(description="Where members can be paid.")


@strawberry.federation.type(name="Program", keys=["id"], description="A business whose customers earn points.")
class ProgramType(Node):
    code: str = strawberry.field(description="Its short code; `PTS-<code>` is its unit in the books.")
    name: str = strawberry.field(description="Its name.")
    point_name: str = strawberry.field(description="What its points are called.")
    home_currency: CurrencyCode = strawberry.field(description="The currency it funds rewards in.")
    timezone: str = strawberry.field(description="Its IANA time zone.")
    countries: list[CountryCode] = strawberry.field(description="Its markets.")
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
            row=row,
        )

    @strawberry.field(description="What one point is worth today, in major units of the home currency.")
    async def point_value(self) -> Decimal:
        return (await queries.point_value(self.row.id)).normalize()

    @strawberry.field(description="Its cash policy today, for the markets that have none of their own.")
    async def cash(self, info: Info) -> CashPolicyType:
        row: RedemptionPolicy | None = await batched(info, "cash policies", _policies, self.row.id)
        return CashPolicyType(
            rate_bp=row.cash_rate_bp if row else 0,
            min_points=BigInt(row.cash_min_points if row else 0),
            max_points=BigInt(row.cash_max_points if row else 0),
            countries=[CountryCode(code) for code in (row.cash_countries if row else ())],
        )

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
    identity_confirmed_at: datetime | None = strawberry.field(
        description="When the program verified who the member is; null when it has not."
    )
    row: strawberry.Private[Member]

    @classmethod
    def of(cls, row: Member) -> "MemberType":
        return cls(
            id=strawberry.ID(ids.public("member", row.id)),
            reference=row.reference,
            country=CountryCode(row.country),
            languages=[LanguageTag(tag) for tag in row.languages],
            enrolled_at=row.enrolled_at,
            identity_confirmed_at=row.identity_confirmed_at,
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


async def _policies(_info: Info, wanted: list[UUID]) -> dict[UUID, RedemptionPolicy]:
    return await queries.policies_now(wanted)


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
