"""Wallets in the graph."""

from datetime import datetime
from uuid import UUID

import strawberry

from marketplace.kit import ids
from marketplace.kit.graphql import (
    After,
    BigInt,
    Connection,
    First,
    Info,
    batched,
    extend,
)
from marketplace.kit.paging import page_of, page_size
from marketplace.members.graphql import MemberType
from marketplace.members.models import Program
from marketplace.points import movements, queries
from marketplace.points.graphql.causes import CauseType, cause_of
from marketplace.points.graphql.expiry import DatedPoints
from marketplace.points.models import ExpiryNotice
from marketplace.points.movements import Movement
from marketplace.points.queries import Balances


@strawberry.type(name="WalletMovement", description="Points that came into or left the wallet.")
class MovementType:
    id: strawberry.ID = strawberry.field(description="The opaque id of the movement.")
    points: BigInt = strawberry.field(description="Positive when they came, negative when they left.")
    balance: BigInt = strawberry.field(
        description="What the wallet held after it, what was too old to spend included until it was taken out."
    )
    reason: str = strawberry.field(description="Why, as a stable code such as `points.earned`.")
    cause_id: strawberry.ID = strawberry.field(
        description="The id of what caused it.",
        deprecation_reason="Ask `cause { title node { id } }`. It stays until 2027-12-31.",
    )
    at: datetime = strawberry.field(description="When it was booked.")
    row: strawberry.Private[Movement]

    @strawberry.field(description="What caused it.")
    async def cause(self, info: Info) -> CauseType:
        return await cause_of(info, self.row)

    @classmethod
    def of(cls, row: Movement) -> "MovementType":
        return cls(
            id=strawberry.ID(ids.public("movement", row.id)),
            points=BigInt(row.points),
            balance=BigInt(row.balance),
            reason=row.reason,
            cause_id=strawberry.ID(ids.public(row.ref_type.replace("_", ""), row.ref_id)),
            at=row.at,
            row=row,
        )


@strawberry.type(name="ExpiryNotice", description="You were told that points expire soon.")
class NoticeType:
    points: BigInt = strawberry.field(description="How many points it was about.")
    expires_at: datetime = strawberry.field(description="When they expire.")
    days_before: int = strawberry.field(description="Within how many days, when it was told.")
    noticed_at: datetime = strawberry.field(description="When it was told.")

    @classmethod
    def of(cls, row: ExpiryNotice) -> "NoticeType":
        return cls(
            points=BigInt(row.points),
            expires_at=row.expires_at,
            days_before=row.days_before,
            noticed_at=row.noticed_at,
        )


@strawberry.type(name="Wallet", description="A member's points.")
class WalletType:
    member_id: strawberry.Private[UUID]
    unit: strawberry.Private[str]
    available: BigInt = strawberry.field(description="What can be spent now.")
    held: BigInt = strawberry.field(description="Set aside for what is on its way.")
    expiring_soon: BigInt = strawberry.field(description="What expires within 30 days.")
    next_expiry: datetime | None = strawberry.field(description="When the next points expire.")

    @strawberry.field(description="Every movement, the newest first.")
    async def movements(self, first: First = None, after: After = None) -> Connection[MovementType]:
        page = await movements.movements(self.member_id, self.unit, first=first, after=after)
        return Connection[MovementType].of(page, MovementType.of)

    @strawberry.field(description="What expires when, the next date first; what never expires is not in it.")
    async def upcoming_expiries(self, first: First = None) -> list[DatedPoints]:
        found = await queries.points_by_date(self.member_id, page_size(first))
        return [DatedPoints.of(each) for each in found if each.expires_at is not None]

    @strawberry.field(description="What you were told about points that expire, the newest first.")
    async def expiry_notices(self, first: First = None, after: After = None) -> Connection[NoticeType]:
        page = await page_of(ExpiryNotice.filter(member_id=self.member_id), first=first, after=after)
        return Connection[NoticeType].of(page, NoticeType.of)

    @classmethod
    def of(cls, member_id: UUID, unit: str, found: Balances) -> "WalletType":
        return cls(
            member_id=member_id,
            unit=unit,
            available=BigInt(found.available),
            held=BigInt(found.held),
            expiring_soon=BigInt(found.expiring_soon),
            next_expiry=found.next_expiry,
        )


async def _balances(info: Info, wanted: list[UUID]) -> dict[UUID, Balances]:
    return await queries.balances(wanted)


async def _units(info: Info, wanted: list[UUID]) -> dict[UUID, str]:
    return {row.id: row.unit for row in await Program.filter(id__in=wanted)}


@extend(MemberType)
class MemberWallet:
    """Adds the wallet to a member; it is a program's and the member's to see, and support's."""

    @strawberry.field(description="The member's points.")
    async def wallet(self, info: Info, member: strawberry.Parent[MemberType]) -> WalletType | None:
        found = await batched(info, "balances", _balances, member.row.id)
        unit = await batched(info, "units", _units, member.row.program_id)
        return None if found is None or unit is None else WalletType.of(member.row.id, unit, found)
