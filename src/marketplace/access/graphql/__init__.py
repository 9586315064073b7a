"""The part of the graph that access has: API keys and people."""

import strawberry

from marketplace.access.graphql import keys, people


@strawberry.type
class Query(keys.Query, people.Query):
    """API keys, and the people who hold them."""


@strawberry.type
class Mutation(keys.Mutation, people.Mutation):
    """Issuing, replacing and ending them."""


__all__ = ["Mutation", "Query"]
