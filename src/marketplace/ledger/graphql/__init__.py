"""The ledger's part of the graph, divided by idea."""

import strawberry

from marketplace.ledger.graphql.books import BooksQuery
from marketplace.ledger.graphql.periods import PeriodMutation, PeriodQuery


@strawberry.type
class Query(BooksQuery, PeriodQuery):
    """What finance reads of the books."""


@strawberry.type
class Mutation(PeriodMutation):
    """What finance does with periods."""
