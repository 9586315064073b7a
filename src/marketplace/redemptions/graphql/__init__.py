"""The redemptions' part of the graph: types, reads and writes."""

from marketplace.redemptions.graphql.reads import Query
from marketplace.redemptions.graphql.types import RedemptionType
from marketplace.redemptions.graphql.writes import Mutation

__all__ = ["Mutation", "Query", "RedemptionType"]
