"""Banking in the API: for finance only."""

import strawberry

from marketplace.banking.graphql.accounts import AccountMutation, AccountQuery, BankAccountType
from marketplace.banking.graphql.files import BankEntryType, FileMutation, FileQuery

__all__ = ["BankAccountType", "BankEntryType", "Mutation", "Query"]


@strawberry.type
class Query(AccountQuery, FileQuery):
    """Everything that finance reads here."""


@strawberry.type
class Mutation(AccountMutation, FileMutation):
    """Everything that finance does here."""
