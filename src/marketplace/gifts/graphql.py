"""Gifts in the graph."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.gifts import operations, queries, rules
from marketplace.gifts.models import Gift, GiftState
from marketplace.gifts.refusals import GiftNotFound, GiftNotOpen, GiftToOneself
from marketplace.kit import clock, ids
from marketplace.kit.actor import ActorKind, Scope
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
    describe_enum,
    id_of,
    mutation,
    node_loader,
)
from marketplace.kit.messages import noted, say
from marketplace.kit.paging import page_of
from marketplace.kit.refusals import InvalidInput, NotFound
from marketplace.points.graphql import Cause, Moved, ReturnTerms, causes_of
from marketplace.points.models import ReturnRule
from marketplace.points.queries import dates_of_holds, points_by_date, policies, policies_of_holds
from marketplace.points.refusals import InsufficientPoints
from marketplace.points.rules import Dated, Policy, taken_from

describe_enum(
    GiftState,
    "Where a gift stands. All but the first are final.",
    OFFERED="The points are set aside and can be claimed.",
    CLAIMED="The points are in the receiver's wallet.",
    RECALLED="The giver took it back before it was claimed.",
    DECLINED="The receiver sent it back.",
    EXPIRED="Nobody claimed it in time; the points went back.",
)


async def _dates(info: Info, wanted: list[UUID]) -> dict[UUID, list[Dated]]:
    return await dates_of_holds(wanted)


async def _terms(info: Info, wanted: list[UUID]) -> dict[UUID, Policy]:
    return await policies_of_holds(wanted)


@strawberry.type(
    name="Gift",
    description="Points on their way to somebody. What becomes of those whose date passes says `onTheWay`.",
)
class GiftType(Node):
    points: BigInt = strawberry.field(description="How many points.")
    message: str = strawberry.field(description="The giver's words.")
    state: GiftState = strawberry.field(description="Where it stands.")
    offered_at: datetime = strawberry.field(description="When it was given.")
    expires_at: datetime = strawberry.field(description="Until when it can be claimed; then it returns.")
    row: strawberry.Private[Gift]

    @classmethod
    def of(cls, row: Gift) -> "GiftType":
        return cls(
            id=strawberry.ID(ids.public("gift", row.id)),
            points=BigInt(row.points),
            message=row.message,
            state=GiftState(row.state),
            offered_at=row.offered_at,
            expires_at=row.expires_at,
            row=row,
        )

    @strawberry.field(description="When the first of its points expire, claimed or not.")
    async def first_points_expire_at(self, info: Info) -> datetime | None:
        dates = await batched(info, "gift dates", _dates, self.row.hold_id) or []
        return min((each.expires_at for each in dates if each.expires_at), default=None)

    @strawberry.field(description="Its points by their dates, and what becomes of those that pass on the way.")
    async def on_the_way(self, info: Info) -> ReturnTerms | None:
        dates = await batched(info, "gift dates", _dates, self.row.hold_id)
        policy = await batched(info, "gift terms", _terms, self.row.hold_id)
        return ReturnTerms.of(policy, dates, info.context.languages) if policy and dates is not None else None

    @strawberry.field(description="How many of its points would be lost by claiming it now, as too old.")
    async def points_lost_on_claim(self, info: Info) -> BigInt:
        dates = await batched(info, "gift dates", _dates, self.row.hold_id) or []
        policy = await batched(info, "gift terms", _terms, self.row.hold_id)
        keeps = policy is not None and policy.returned is ReturnRule.KEEP
        passed = [each.points for each in dates if each.expires_at and each.expires_at <= clock.now()]
        return BigInt(sum(passed) if keeps and self.row.state == GiftState.OFFERED else 0)

    @strawberry.field(description="The secret of the claim link, for the giver alone, while it is offered.")
    async def claim_token(self, info: Info) -> str | None:
        giver = actor_of(info).id == self.row.sender_id
        return rules.claim_token(self.row) if giver and self.row.state == GiftState.OFFERED else None


@node_loader("gift")
async def load_gifts(info: Info, wanted: list[UUID]) -> dict[UUID, GiftType]:
    rows = await queries.gifts_for(actor_of(info)).filter(id__in=wanted)
    return {row.id: GiftType.of(row) for row in rows}


_TITLES = {True: noted("A gift you gave"), False: noted("A gift you received")}


@causes_of("gift")
async def told_gifts(info: Info, wanted: Sequence[Moved]) -> dict[UUID, Cause]:
    """The gifts behind movements of wallets: a gift is the giver's and the receiver's alike."""
    actor, languages = actor_of(info), info.context.languages
    rows = await queries.gifts_for(actor).filter(id__in=[each.cause_id for each in wanted])
    return {
        row.id: Cause(say(_TITLES[row.recipient_id != actor.id], {}, languages), ("gift", row.id)) for row in rows
    }


@strawberry.type
class Query:
    """Gifts."""

    @strawberry.field(
        description="What giving some of your points would give: which of them, with which dates, and what "
        "becomes of those whose date passes before they are claimed or returned."
    )
    async def gift_preview(
        self, info: Info, points: Annotated[BigInt, strawberry.argument(description="How many points.")]
    ) -> ReturnTerms:
        actor = actor_with(info, Scope.GIVE, ActorKind.MEMBER)
        assert actor.program_id is not None
        policy = (await policies([actor.program_id]))[actor.program_id]
        return ReturnTerms.of(policy, taken_from(await points_by_date(actor.id), points), info.context.languages)

    @strawberry.field(description="The gifts you gave or received, the newest first.")
    async def gifts(self, info: Info, first: First = None, after: After = None) -> Connection[GiftType]:
        rows = queries.gifts_for(actor_of(info))
        page = await page_of(rows, first=first, after=after)
        return Connection[GiftType].of(page, GiftType.of, rows.count)


@strawberry.input(description="Points for somebody else.")
class GivePointsInput(WriteInput):
    points: BigInt = strawberry.field(description="How many points.")
    recipient_reference: str | None = strawberry.field(
        default=None, description="The program's reference of the receiver; without it, whoever has the link."
    )
    message: str = strawberry.field(default="", description="Up to 500 characters for the receiver.")


@strawberry.input(one_of=True, description="Which gift: exactly one of these.")
class GiftChoiceInput:
    token: str | None = strawberry.field(default=strawberry.UNSET, description="The secret of a claim link.")
    gift_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="A gift that names you as its receiver."
    )


@strawberry.input(description="The gift to claim.")
class ClaimGiftInput(WriteInput):
    gift: GiftChoiceInput = strawberry.field(description="Which gift.")


@strawberry.input(description="The gift to take back.")
class RecallGiftInput(WriteInput):
    gift_id: strawberry.ID = strawberry.field(description="A gift of yours that nobody has claimed.")


@strawberry.input(description="The gift to send back.")
class DeclineGiftInput(WriteInput):
    gift_id: strawberry.ID = strawberry.field(description="A gift that names you as its receiver.")


@strawberry.type
class Mutation:
    """Giving points."""

    @mutation(
        gives=GiftType,
        refuses=(InsufficientPoints, GiftToOneself, NotFound),
        description="Give points to another member, or to whoever you send the claim link.",
    )
    async def give_points(self, info: Info, input: GivePointsInput) -> GiftType:
        actor = actor_with(info, Scope.GIVE, ActorKind.MEMBER)
        command = operations.GivePoints(
            idempotency_key=input.idempotency_key,
            points=input.points,
            recipient_reference=input.recipient_reference,
            message=input.message,
        )
        return GiftType.of(await operations.give_points(actor, command))

    @mutation(gives=GiftType, refuses=(GiftNotFound, GiftNotOpen, GiftToOneself), description="Take a gift.")
    async def claim_gift(self, info: Info, input: ClaimGiftInput) -> GiftType:
        actor = actor_with(info, Scope.GIVE, ActorKind.MEMBER)
        choice = input.gift
        token = choice.token if choice.token is not strawberry.UNSET else None
        id = choice.gift_id if choice.gift_id is not strawberry.UNSET else None
        if token is None and id is None:
            raise InvalidInput.at("gift", "Give the token of the link, or the id of the gift.")
        command = operations.ClaimGift(
            idempotency_key=input.idempotency_key,
            token=token,
            gift_id=id_of("gift", id, "gift.giftId") if id is not None else None,
        )
        return GiftType.of(await operations.claim_gift(actor, command))

    @mutation(gives=GiftType, refuses=(NotFound, GiftNotOpen), description="Take an unclaimed gift back.")
    async def recall_gift(self, info: Info, input: RecallGiftInput) -> GiftType:
        actor = actor_with(info, Scope.GIVE, ActorKind.MEMBER)
        gift_id = id_of("gift", input.gift_id, "giftId")
        command = operations.RecallGift(idempotency_key=input.idempotency_key, gift_id=gift_id)
        return GiftType.of(await operations.recall_gift(actor, command))

    @mutation(gives=GiftType, refuses=(NotFound, GiftNotOpen), description="Send a gift back to its giver.")
    async def decline_gift(self, info: Info, input: DeclineGiftInput) -> GiftType:
        actor = actor_with(info, Scope.GIVE, ActorKind.MEMBER)
        gift_id = id_of("gift", input.gift_id, "giftId")
        command = operations.DeclineGift(idempotency_key=input.idempotency_key, gift_id=gift_id)
        return GiftType.of(await operations.decline_gift(actor, command))
