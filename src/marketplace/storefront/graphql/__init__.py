"""The storefront's part of the graph: the list, prices, and what points buy."""

import strawberry

from marketplace.storefront.graphql.choices import ChoicesQuery
from marketplace.storefront.graphql.lists import ListQuery
from marketplace.storefront.graphql.pricing import PricePassport, WhyNot
from marketplace.storefront.graphql.returns import PriceReturns


@strawberry.type
class Query(ListQuery, ChoicesQuery):
    """Everything a shopper asks."""


__all__ = ["PricePassport", "PriceReturns", "Query", "WhyNot"]
