"""Banking in the API: for finance, and for partners where they are paid."""

import strawberry

from marketplace.banking.graphql.accounts import AccountMutation, AccountQuery, BankAccountType
from marketplace.banking.graphql.batches import BankTransferType, BatchMutation, BatchQuery
from marketplace.banking.graphql.days import DayMutation, DayQuery
from marketplace.banking.graphql.details import BankDetailsType, DetailsMutation, DetailsQuery
from marketplace.banking.graphql.files import BankEntryType, FileMutation, FileQuery

__all__ = ["BankAccountType", "BankDetailsType", "BankEntryType", "BankTransferType", "Mutation", "Query"]


@strawberry.type
class Query(AccountQuery, FileQuery, DetailsQuery, BatchQuery, DayQuery):
    """What can be read here."""


@strawberry.type
class Mutation(AccountMutation, FileMutation, DetailsMutation, BatchMutation, DayMutation):
    """What can be done here."""
