"""The members' part of the graph: types, reads and writes."""

import strawberry

from marketplace.members.graphql.naming import NamingMutation
from marketplace.members.graphql.reads import Query
from marketplace.members.graphql.tiers import TierMutation, TierProgress
from marketplace.members.graphql.types import MemberType, ProgramType
from marketplace.members.graphql.writes import ProgramMutation


@strawberry.type
class Mutation(ProgramMutation, TierMutation, NamingMutation):
    """What programs and operators do with programs, members and levels."""


__all__ = ["MemberType", "Mutation", "ProgramType", "Query", "TierProgress"]
