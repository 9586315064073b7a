"""Several rewards at once."""

from uuid import UUID

import strawberry

from marketplace.kit import ids
from marketplace.kit.graphql import Info, Node, WriteInput, actor_of, mutation, node_loader
from marketplace.redemptions import operations, queries
from marketplace.redemptions.graphql.types import RedemptionType, may_read
from marketplace.redemptions.graphql.writes import RewardLineInput
from marketplace.redemptions.models import Basket
from marketplace.redemptions.refusals import LineRefused

PREFIX = "basket"


@strawberry.type(name="Basket", description="Rewards that were taken together, whole or not at all.")
class BasketType(Node):
    row: strawberry.Private[Basket]

    @strawberry.field(description="Each reward, in the order in which they were taken.")
    async def redemptions(self, info: Info) -> list[RedemptionType]:
        rows = queries.visible_to(actor_of(info)).filter(basket_id=self.row.id).order_by("id")
        return [RedemptionType.of(row) for row in await rows.limit(operations.MOST_LINES)]

    @classmethod
    def of(cls, row: Basket) -> "BasketType":
        return cls(id=strawberry.ID(ids.public(PREFIX, row.id)), row=row)


@node_loader(PREFIX)
async def load_baskets(info: Info, keys: list[UUID]) -> dict[UUID, BasketType]:
    """The member's own baskets among the keys."""
    actor = info.context.actor
    if actor is None or not may_read(actor):
        return {}
    return {row.id: BasketType.of(row) for row in await Basket.filter(id__in=keys, member_id=actor.id)}


@strawberry.input(description="Several rewards to take together.")
class RedeemSplitInput(WriteInput):
    lines: list[RewardLineInput] = strawberry.field(description="1 to 10 of them, paid with points alone.")

    def command(self) -> operations.RedeemSplit:
        """The command; raises InvalidInput or NotFound."""
        lines = tuple(line.line(self.idempotency_key) for line in self.lines[: operations.MOST_LINES + 1])
        return operations.RedeemSplit(idempotency_key=self.idempotency_key, lines=lines)


@strawberry.type
class BasketMutation:
    @mutation(
        gives=BasketType,
        refuses=[LineRefused],
        description="Split points over several rewards: all of them, or none and the line that stands in the way.",
    )
    async def redeem_split(self, info: Info, input: RedeemSplitInput) -> Node | None:
        return BasketType.of(await operations.redeem_split(actor_of(info), input.command()))
