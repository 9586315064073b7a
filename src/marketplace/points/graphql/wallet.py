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
from marketplace.members.graphql import MemberType
from marketplace.members.models import Program
from marketplace.points import queries
from marketplace.points.queries import Balances, Movement


@strawberry.type(name="WalletMovement", description="Points that came into or left the wallet.")
class MovementType:
    id: strawberry.ID = strawberry.field(description="The opaque id of the movement.")
    points: BigInt = strawberry.field(description="Positive when they came, negative when they left.")
    reason: str = strawberry.field(description="Why, as a stable code such as `points.earned`.")
    cause_id: strawberry.ID = strawberry.field(description="The id of what caused it.")
    at: datetime = strawberry.field(description="When it was booked.")

    @classmethod
    def of(cls, row: Movement) -> "MovementType":
        return cls(
            id=strawberry.ID(ids.public("movement", row.id)),
            points=BigInt(row.points),
            reason=row.reason,
            cause_id=strawberry.ID(ids.public(row.ref_type.replace("_", ""), row.ref_id)),
            at=row.at,
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
        page = await queries.movements(self.member_id, self.unit, first=first, after=after)
        return Connection[MovementType].of(page, MovementType.of)


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
        if found is None or unit is None:
            return None
        return WalletType(
            member_id=member.row.id,
            unit=unit,
            available=BigInt(found.available),
            held=BigInt(found.held),
            expiring_soon=BigInt(found.expiring_soon),
            next_expiry=found.next_expiry,
        )
