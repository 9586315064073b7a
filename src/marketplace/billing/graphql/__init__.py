"""Billing's part of the graph."""

import strawberry

from marketplace.billing.graphql.alerts import AlertMutation
from marketplace.billing.graphql.coalition import CoalitionMutation, CoalitionQuery
from marketplace.billing.graphql.credit import CreditMutation, CreditQuery
from marketplace.billing.graphql.funding import FundingMutation, FundingQuery
from marketplace.billing.graphql.invoices import InvoiceQuery
from marketplace.billing.graphql.receipts import ReceiptMutation, ReceiptQuery
from marketplace.billing.graphql.statements import ProgramStatementMutation, ProgramStatementQuery


@strawberry.type
class Query(FundingQuery, ReceiptQuery, CreditQuery, ProgramStatementQuery, InvoiceQuery, CoalitionQuery):
    """Money in."""


@strawberry.type
class Mutation(
    FundingMutation, ReceiptMutation, CreditMutation, AlertMutation, ProgramStatementMutation, CoalitionMutation
):
    """What programs and finance do with money in."""


__all__ = ["Mutation", "Query"]
