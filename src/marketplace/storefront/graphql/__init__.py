"""The storefront's part of the graph: the list, prices, and what points buy."""

import strawberry

from marketplace.storefront.graphql.choices import ChoicesQuery, RedemptionChoices
from marketplace.storefront.graphql.lists import ListQuery
from marketplace.storefront.graphql.policies import PolicyMutation, PolicyQuery
from marketplace.storefront.graphql.pricing import PricePassport, WhyNot
from marketplace.storefront.graphql.returns import PriceReturns


@strawberry.type
class Query(ListQuery, ChoicesQuery, PolicyQuery):
    """Everything a shopper asks, and what it is answered by."""


@strawberry.type
class Mutation(PolicyMutation):
    """What programs and operators state."""


__all__ = ["Mutation", "PricePassport", "PriceReturns", "Query", "RedemptionChoices", "WhyNot"]
