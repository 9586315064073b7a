"""What a price says about the points that pay it: their dates, and what becomes of them if they come back late."""

from uuid import UUID

import strawberry

from marketplace.kit.graphql import Info, batched, extend
from marketplace.points import queries, rules
from marketplace.points.graphql import ReturnTerms
from marketplace.points.graphql.expiry import policy_of
from marketplace.points.rules import Dated
from marketplace.storefront.graphql.pricing import PricePassport, shopper_of


async def _shelves_of_points(info: Info, wanted: list[UUID]) -> dict[UUID, list[Dated]]:
    return {member: await queries.points_by_date(member) for member in wanted}


@extend(PricePassport)
class PriceReturns:
    """Adds the return terms to a price: stated before anything is redeemed."""

    @strawberry.field(
        description="Which of your points this would take, and what becomes of those whose date passes before a "
        "cancellation or refund brings them back; null when nobody's points are meant."
    )
    async def if_returned(self, info: Info, price: strawberry.Parent[PricePassport]) -> ReturnTerms | None:
        shopper = await shopper_of(info)
        if shopper is None or shopper.member_id is None:
            return None
        policy = await policy_of(info, shopper.program_id)
        lots = await batched(info, "points by date", _shelves_of_points, shopper.member_id)
        if policy is None or lots is None:
            return None
        return ReturnTerms.of(policy, rules.taken_from(lots, price.made.points), info.context.languages)
