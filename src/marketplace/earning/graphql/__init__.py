"""Earning in the graph: its types, reads and writes, and what it adds to members and wallets."""

from marketplace.earning.graphql import causes, enums, members
from marketplace.earning.graphql.reads import Query
from marketplace.earning.graphql.writes import Mutation

TYPES = (members.ActionType,)

__all__ = ["TYPES", "Mutation", "Query", "causes", "enums", "members"]
