"""The settlement's part of the graph."""

import strawberry

from marketplace.settlement.graphql.adjustments import AdjustmentMutation, AdjustmentQuery
from marketplace.settlement.graphql.disputes import DisputeMutation, DisputeQuery
from marketplace.settlement.graphql.outlook import PartnerOutlook
from marketplace.settlement.graphql.reconciliation import ReconciliationQuery
from marketplace.settlement.graphql.runs import RunMutation, RunQuery
from marketplace.settlement.graphql.statements import StatementQuery


@strawberry.type
class Query(StatementQuery, RunQuery, AdjustmentQuery, DisputeQuery, ReconciliationQuery):
    """Money out, and whether everybody agrees on it."""


@strawberry.type
class Mutation(RunMutation, AdjustmentMutation, DisputeMutation):
    """What finance does with money."""


__all__ = ["Mutation", "PartnerOutlook", "Query"]
