"""The members' part of the graph: types, reads and writes."""

from marketplace.members.graphql.reads import Query
from marketplace.members.graphql.types import MemberType, ProgramType
from marketplace.members.graphql.writes import Mutation

__all__ = ["MemberType", "Mutation", "ProgramType", "Query"]
