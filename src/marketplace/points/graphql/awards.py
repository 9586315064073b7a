"""Awards in the graph: points that a program gave."""

from datetime import datetime

import strawberry

from marketplace.kit import ids
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import BigInt, Info, Node, WriteInput, actor_with, id_of, mutation
from marketplace.kit.refusals import NotFound
from marketplace.points import operations
from marketplace.points.models import Award
from marketplace.points.refusals import AwardReferenceReused


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
class AwardMutation:
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
