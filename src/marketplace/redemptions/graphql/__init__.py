"""The redemptions' part of the graph: types, reads and writes."""

import strawberry

from marketplace.redemptions.graphql.deliveries import PartnerMutation
from marketplace.redemptions.graphql.reads import Query
from marketplace.redemptions.graphql.types import RedemptionType
from marketplace.redemptions.graphql.writes import Mutation as MemberMutation


@strawberry.type
class Mutation(MemberMutation, PartnerMutation):
    """What members, support and partners do."""


__all__ = ["Mutation", "Query", "RedemptionType"]
