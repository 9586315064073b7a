"""The settlement's part of the graph."""

import strawberry

from marketplace.settlement.graphql.adjustments import AdjustmentMutation, AdjustmentQuery
from marketplace.settlement.graphql.funding import FundingMutation, FundingQuery
from marketplace.settlement.graphql.reconciliation import ReconciliationQuery
from marketplace.settlement.graphql.runs import RunMutation, RunQuery
from marketplace.settlement.graphql.statements import StatementQuery


@strawberry.type
class Query(FundingQuery, StatementQuery, RunQuery, AdjustmentQuery, ReconciliationQuery):
    """Money in and money out."""


@strawberry.type
class Mutation(FundingMutation, RunMutation, AdjustmentMutation):
    """What programs and finance do with money."""


__all__ = ["Mutation", "Query"]
