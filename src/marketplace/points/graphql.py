"""Wallets in the graph."""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.kit import ids
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.graphql import (
    After,
    BigInt,
    Connection,
    First,
    Info,
    Node,
    WriteInput,
    actor_of,
    actor_with,
    batched,
    extend,
    id_of,
    mutation,
)
from marketplace.kit.refusals import BadUserInput, NotAllowed, NotFound
from marketplace.members.graphql import MemberType
from marketplace.members.models import Program
from marketplace.members.queries import members_for
from marketplace.points import operations, queries, waiting
from marketplace.points.models import Award
from marketplace.points.queries import Balances, Movement
from marketplace.points.refusals import AwardReferenceReused


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


@strawberry.type(name="Award", description="Points that a program gave.")
class AwardType(Node):
    reference: str = strawberry.field(description="The program's own reference.")
    points: BigInt = strawberry.field(description="How many.")
    reason: str = strawberry.field(description="What for, in the program's words.")
    effective_at: datetime = strawberry.field(description="When they were earned.")
    expires_at: datetime | None = strawberry.field(description="When what is left of them expires.")
    row: strawberry.Private[Award]

    @classmethod
    def of(cls, row: Award) -> "AwardType":
        return cls(
            id=strawberry.ID(ids.public("award", row.id)),
            reference=row.reference,
            points=BigInt(row.points),
            reason=row.reason,
            effective_at=row.effective_at,
            expires_at=row.expires_at,
            row=row,
        )


@strawberry.input(description="Points for something a member did.")
class AwardPointsInput(WriteInput):
    member_id: strawberry.ID = strawberry.field(description="Who earned them.")
    reference: str = strawberry.field(description="Your own name of the event; it is awarded once.")
    points: BigInt = strawberry.field(description="How many.")
    reason: str = strawberry.field(description="What for, in words the member reads.")
    effective_at: datetime | None = strawberry.field(
        default=None, description="When they were earned, if not now."
    )
    expires_at: datetime | None = strawberry.field(
        default=None, description="When they expire, if not by the program's rule."
    )


@strawberry.type
class Mutation:
    """What programs do with points."""

    @mutation(
        gives=AwardType,
        refuses=(AwardReferenceReused, NotFound),
        description="Award points. The same reference with the same facts answers the award there is.",
    )
    async def award_points(self, info: Info, input: AwardPointsInput) -> AwardType:
        actor = actor_with(info, Scope.POINTS_AWARD, ActorKind.PROGRAM)
        command = operations.AwardPoints(
            idempotency_key=input.idempotency_key,
            member_id=id_of("member", input.member_id, "memberId"),
            reference=input.reference,
            points=input.points,
            reason=input.reason,
            effective_at=input.effective_at,
            expires_at=input.expires_at,
        )
        return AwardType.of(await operations.award_points(actor, command))


@strawberry.type
class Subscription:
    """Being told what a wallet holds."""

    @strawberry.subscription(
        description="A wallet as it changes, first as it is now: your own, or that of a member of your program."
        " Null, and the end, when there is no such one for you."
    )
    async def wallet_changed(
        self,
        info: Info,
        member_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Whose, when it is not your own.")
        ] = None,
    ) -> AsyncGenerator[WalletType | None, None]:
        actor = actor_of(info)
        wanted = _member_id(actor, member_id)
        member = await members_for(actor).get_or_none(id=wanted) if wanted else None
        if member is None:
            yield None
            return
        unit = (await Program.get(id=member.program_id)).unit
        async for found in waiting.changes(member.id):
            yield WalletType.of(member.id, unit, found)


def _member_id(actor: Actor, given: str | None) -> UUID | None:
    """Whose wallet is asked for; raises NotAllowed for a token that may read none, BadUserInput for nobody's."""
    if not any(actor.may(scope) for scope in (Scope.WALLET_READ, Scope.PROGRAM_READ, Scope.SUPPORT)):
        raise NotAllowed("This needs a token that may read wallets.")
    if given is None and actor.kind is not ActorKind.MEMBER:
        raise BadUserInput("Say whose wallet: give memberId.")
    parts = ids.split(given) if given is not None else ("member", actor.id)
    return parts[1] if parts and parts[0] == "member" else None
