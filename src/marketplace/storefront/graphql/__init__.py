"""The storefront's part of the graph: the list, prices, and what points buy."""

from marketplace.storefront.graphql.lists import Query
from marketplace.storefront.graphql.pricing import PricePassport, WhyNot

__all__ = ["PricePassport", "Query", "WhyNot"]
