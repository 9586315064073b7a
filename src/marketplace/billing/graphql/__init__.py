"""Billing's part of the graph."""

import strawberry

from marketplace.billing.graphql.credit import CreditMutation, CreditQuery
from marketplace.billing.graphql.funding import FundingMutation, FundingQuery
from marketplace.billing.graphql.receipts import ReceiptQuery


@strawberry.type
class Query(FundingQuery, ReceiptQuery, CreditQuery):
    """Money in."""


@strawberry.type
class Mutation(FundingMutation, CreditMutation):
    """What programs and finance do with money in."""


__all__ = ["Mutation", "Query"]
