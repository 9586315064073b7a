"""Our accounts at banks."""

from datetime import date
from uuid import UUID

import strawberry

from marketplace.banking import operations, queries
from marketplace.banking.models import BankAccount
from marketplace.banking.refusals import BankAccountKnown
from marketplace.kit import ids
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import (
    CurrencyCode,
    Info,
    MoneyInput,
    MoneyType,
    Node,
    WriteInput,
    actor_of,
    actor_with,
    mutation,
    node_loader,
)


@strawberry.type(
    name="BankAccount", description="An account of the marketplace at a bank; there is one a currency."
)
class BankAccountType(Node):
    iban: str = strawberry.field(description="Its IBAN.")
    bic: str = strawberry.field(description="The BIC of the bank.")
    holder: str = strawberry.field(description="In whose name it is kept.")
    currency: CurrencyCode = strawberry.field(description="Its currency.")
    opening: MoneyType = strawberry.field(description="What stood there when it was first counted.")
    opened_on: date = strawberry.field(description="The day from which it is counted.")
    key: strawberry.Private[UUID]

    @classmethod
    def of(cls, row: BankAccount) -> "BankAccountType":
        return cls(
            id=strawberry.ID(ids.public("bankAccount", row.id)),
            iban=row.iban,
            bic=row.bic,
            holder=row.holder,
            currency=CurrencyCode(row.currency),
            opening=MoneyType.minor(row.opening_minor, row.currency),
            opened_on=row.opened_on,
            key=row.id,
        )


@node_loader("bankAccount")
async def load_accounts(info: Info, wanted: list[UUID]) -> dict[UUID, BankAccountType]:
    rows = await queries.accounts_visible_to(actor_of(info)).filter(id__in=wanted)
    return {row.id: BankAccountType.of(row) for row in rows}


@strawberry.type
class AccountQuery:
    @strawberry.field(description="The marketplace's accounts at banks, by currency, for finance.")
    async def bank_accounts(self, info: Info) -> list[BankAccountType]:
        actor = actor_with(info, Scope.FINANCE_READ, ActorKind.OPERATOR)
        rows = await queries.accounts_visible_to(actor).order_by("currency")
        return [BankAccountType.of(row) for row in rows]


@strawberry.input(description="An account of the marketplace to be counted from a day on.")
class RegisterBankAccountInput(WriteInput):
    iban: str = strawberry.field(description="Its IBAN.")
    bic: str = strawberry.field(description="The BIC of the bank.")
    holder: str = strawberry.field(description="In whose name it is kept, 1 to 70 characters.")
    opening: MoneyInput = strawberry.field(description="What stands there when that day begins, in its currency.")
    opened_on: date = strawberry.field(description="The day from which its entries count.")

    def command(self) -> operations.RegisterBankAccount:
        """The command; raises InvalidInput for an amount that is none."""
        return operations.RegisterBankAccount(
            idempotency_key=self.idempotency_key,
            iban=self.iban,
            bic=self.bic,
            holder=self.holder,
            opening=self.opening.money("opening"),
            opened_on=self.opened_on,
        )


@strawberry.type
class AccountMutation:
    @mutation(
        gives=BankAccountType,
        refuses=(BankAccountKnown,),
        description="Count an account of the marketplace's from a day on, for finance.",
    )
    async def register_bank_account(self, info: Info, input: RegisterBankAccountInput) -> BankAccountType:
        return BankAccountType.of(await operations.register_bank_account(actor_of(info), input.command()))
