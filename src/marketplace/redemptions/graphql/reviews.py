"""Deciding about what is held."""

import strawberry

from marketplace.kit.graphql import Info, Node, WriteInput, actor_of, extend, load_node, mutation
from marketplace.kit.refusals import NotFound
from marketplace.redemptions import operations
from marketplace.redemptions.graphql.types import RedemptionType, key_of
from marketplace.redemptions.refusals import NoContractInForce, PayoutAccountMissing
from marketplace.risk.graphql import PREFIX, RiskReviewType
from marketplace.risk.models import Leaving
from marketplace.risk.refusals import ReviewClosed


@strawberry.input(description="What you decide about something that is held.")
class DecideReviewInput(WriteInput):
    review_id: strawberry.ID = strawberry.field(description="The review's global id.")
    release: bool = strawberry.field(description="True lets it go on; false gives everything back.")
    note: str = strawberry.field(description="Why, in 1 to 300 characters; for the audit, not for the member.")

    def command(self) -> operations.DecideReview:
        return operations.DecideReview(
            idempotency_key=self.idempotency_key,
            review_id=key_of(PREFIX, self.review_id, what="review"),
            release=self.release,
            note=self.note,
        )


@extend(RiskReviewType)
class ReviewedRedemptions:
    """Adds to a review what it holds."""

    @strawberry.field(description="The reward that is held; null when it is cash, or not yours to see.")
    async def redemption(self, info: Info, review: strawberry.Parent[RiskReviewType]) -> RedemptionType | None:
        is_reward = review.row.leaving == Leaving.REWARD
        return await load_node(info, "redemption", review.row.ref_id) if is_reward else None


@strawberry.type
class ReviewMutation:
    @mutation(
        gives=RiskReviewType,
        refuses=[NotFound, ReviewClosed, PayoutAccountMissing, NoContractInForce],
        description="Release or refuse what is held for a review. For people of the risk role.",
    )
    async def decide_review(self, info: Info, input: DecideReviewInput) -> Node | None:
        return RiskReviewType.of(await operations.decide_review(actor_of(info), input.command()))
