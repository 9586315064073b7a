"""Payments in the API: being paid, for members and partners; our balance at Stripe, for finance."""

import strawberry

from marketplace.payments.graphql.accounts import AccountMutation, AccountQuery, PayoutAccount
from marketplace.payments.graphql.balance import BalanceMutation, BalanceQuery, StripeTransactionType

__all__ = ["Mutation", "PayoutAccount", "Query", "StripeTransactionType"]


@strawberry.type
class Query(AccountQuery, BalanceQuery):
    """What can be read here."""


@strawberry.type
class Mutation(AccountMutation, BalanceMutation):
    """What can be done here."""
