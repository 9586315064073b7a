"""The storefront's part of the graph: the list, prices, and what points buy."""

import strawberry

from marketplace.storefront.graphql.choices import ChoicesQuery
from marketplace.storefront.graphql.lists import ListQuery
from marketplace.storefront.graphql.pricing import PricePassport, WhyNot


@strawberry.type
class Query(ListQuery, ChoicesQuery):
    """Everything a shopper asks."""


__all__ = ["PricePassport", "Query", "WhyNot"]
