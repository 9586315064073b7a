"""A redemption as each kind of caller sees it."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import strawberry

from marketplace.catalog.graphql import ItemType, OfferType
from marketplace.catalog.models import OfferKind
from marketplace.kit import ids
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.graphql import (
    BigInt,
    Info,
    MoneyType,
    Node,
    actor_of,
    describe_enum,
    load_entity,
    load_node,
    node_loader,
)
from marketplace.kit.refusals import NotAllowed, NotFound
from marketplace.members.graphql import MemberType
from marketplace.redemptions import queries
from marketplace.redemptions.graphql.fulfilment import Fulfilment, fulfilment_of
from marketplace.redemptions.models import Redemption, RedemptionState
from marketplace.storefront.bearers import bearers
from marketplace.storefront.graphql.bearers import DiscountBearer

describe_enum(
    RedemptionState,
    "Where a redemption stands. The last three are final.",
    PENDING="Points and money are set aside; the reward is on its way.",
    FULFILLED="The reward has arrived and is paid for.",
    CANCELLED="The member took it back; everything was put back.",
    FAILED="The brand could not deliver; everything was put back.",
    REFUNDED="It was given back after it had arrived.",
)
_READ_BY: Mapping[ActorKind, tuple[Scope, ...]] = {
    ActorKind.MEMBER: (Scope.WALLET_READ,),
    ActorKind.PARTNER: (Scope.FULFIL, Scope.STATEMENTS_READ),
    ActorKind.PROGRAM: (Scope.PROGRAM_READ,),
    ActorKind.OPERATOR: (Scope.SUPPORT, Scope.FINANCE_READ),
}


def key_of(prefix: str, id: str, *, what: str = "") -> UUID:
    """The key behind a global id; raises NotFound for what is no such id."""
    try:
        return ids.parse(prefix, id)
    except ids.BadId:
        raise NotFound(what=what or prefix) from None


def key_or_none(prefix: str, id: str) -> UUID:
    """The key behind a global id, or one that nothing has: the scope is looked at before what is missing."""
    try:
        return ids.parse(prefix, id)
    except ids.BadId:
        return UUID(int=0)


def may_read(actor: Actor) -> bool:
    """Whether the token lets its principal see its redemptions."""
    return any(actor.may(scope) for scope in _READ_BY.get(actor.kind, ()))


def reader(info: Info) -> Actor:
    """Who asks for redemptions; raises NotAllowed when the token does not let them."""
    actor = actor_of(info)
    if not may_read(actor):
        raise NotAllowed("This needs a token that may read redemptions.")
    return actor


@strawberry.type(description="What a redemption cost, and everything that price was made of on the day.")
class RedemptionPrice:
    points: BigInt = strawberry.field(description="Points that the member paid.")
    list_points: BigInt = strawberry.field(description="Points before the discount of the member's tier.")
    tier_discount_bp: int = strawberry.field(description="The tier's discount in basis points: 900 is 9 %.")
    discount_bearers: list[DiscountBearer] = strawberry.field(
        description="Who paid for what the tier took off, and how much; empty when it took nothing off."
    )
    price: MoneyType = strawberry.field(description="What the reward sells for in its market.")
    home_price: MoneyType = strawberry.field(description="The same in the program's home currency.")
    point_value: Decimal = strawberry.field(description="What one point was worth in the home currency.")
    worth_bp: int = strawberry.field(
        description="What a point was worth for this kind of reward, in basis points of its value."
    )
    arm: str | None = strawberry.field(
        description="Which of the program's tested ratios it was bought by; null for its usual ones."
    )
    fx_rate: Decimal = strawberry.field(description="Home currency for one of the market's.")
    fx_as_of: datetime | None = strawberry.field(description="How old the rate was; null when none was needed.")


def _bearers_of(row: Redemption) -> list[DiscountBearer]:
    if row.points == row.list_points:
        return []
    found = bearers(row.discount_minor, row.partner_discount_minor, row.partner_share_bp)
    return DiscountBearer.of(found, row.home_currency)


@strawberry.federation.type(
    name="Redemption",
    keys=["id"],
    description="A reward that a member took. Seen by the member, the brand's partner, the program and operators.",
)
class RedemptionType(Node):
    kind: OfferKind = strawberry.field(description="Which kind of reward it is.")
    state: RedemptionState = strawberry.field(description="Where it stands.")
    quantity: int = strawberry.field(description="How many units or lots were taken.")
    points: BigInt = strawberry.field(description="Points that the member paid.")
    price: RedemptionPrice = strawberry.field(description="How the price was made.")
    redeemed_at: datetime = strawberry.field(description="When the member took it.")
    fulfilled_at: datetime | None = strawberry.field(description="When it arrived.")
    closed_at: datetime | None = strawberry.field(description="When it was cancelled, refunded or failed.")
    closed_reason: str | None = strawberry.field(description="Why it was cancelled, refunded or failed.")
    row: strawberry.Private[Redemption]

    @strawberry.field(description="The offer it was taken of.")
    async def offer(self, info: Info) -> OfferType | None:
        return await load_node(info, "offer", self.row.offer_id)

    @strawberry.field(description="What exactly was taken.")
    async def item(self, info: Info) -> ItemType | None:
        return await load_node(info, "item", self.row.item_id)

    @strawberry.field(description="Who took it; null for those who may not see members.")
    async def member(self, info: Info) -> MemberType | None:
        return await load_node(info, "member", self.row.member_id)

    @strawberry.field(description="How it arrives: a code, a credit, a parcel, a seat or a pledge.")
    async def fulfilment(self, info: Info) -> Fulfilment | None:
        return await fulfilment_of(info, self.row)

    @classmethod
    def of(cls, row: Redemption) -> "RedemptionType":
        price = RedemptionPrice(
            points=BigInt(row.points),
            list_points=BigInt(row.list_points),
            tier_discount_bp=row.discount_bp,
            discount_bearers=_bearers_of(row),
            price=MoneyType.minor(row.price_minor, row.currency),
            home_price=MoneyType.minor(row.home_minor + row.partner_discount_minor, row.home_currency),
            point_value=row.point_value,
            worth_bp=row.worth_bp,
            arm=row.arm,
            fx_rate=row.fx_rate,
            fx_as_of=row.fx_as_of,
        )
        return cls(
            id=strawberry.ID(ids.public("redemption", row.id)),
            kind=OfferKind(row.kind),
            state=RedemptionState(row.state),
            quantity=row.quantity,
            points=BigInt(row.points),
            price=price,
            redeemed_at=row.redeemed_at,
            fulfilled_at=row.fulfilled_at,
            closed_at=row.closed_at,
            closed_reason=row.closed_reason,
            row=row,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "RedemptionType | None":
        return await load_entity(info, "redemption", id)


@node_loader("redemption")
async def load_redemptions(info: Info, keys: list[UUID]) -> dict[UUID, RedemptionType]:
    """Those of the keys that the caller may see."""
    actor = info.context.actor
    if actor is None or not may_read(actor):
        return {}
    rows = await queries.visible_to(actor).filter(id__in=keys)
    return {row.id: RedemptionType.of(row) for row in rows}
