"""Saying what an entry was, and closing a day of an account. For finance only."""

from datetime import date, datetime
from uuid import UUID

import strawberry

from marketplace.access.refusals import SecondPersonNeeded
from marketplace.banking import operations, queries
from marketplace.banking.graphql.accounts import BankAccountType
from marketplace.banking.graphql.files import BankEntryType
from marketplace.banking.models import BankDay
from marketplace.banking.refusals import (
    BankDayClosed,
    BankDayNotEqual,
    BankDayUnexplained,
    BankDayUnknown,
    EntryExplained,
    NoBankAccount,
    NotThatJournal,
    NotThatTransfer,
)
from marketplace.kit import ids, paging
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import (
    After,
    Connection,
    CurrencyCode,
    First,
    Info,
    MoneyType,
    Node,
    WriteInput,
    actor_of,
    actor_with,
    describe_enum,
    id_of,
    load_node,
    mutation,
    node_loader,
)
from marketplace.kit.refusals import NotFound

describe_enum(
    operations.OwnPurpose,
    "What an entry was when it is nobody else's business.",
    name="BankOwnPurpose",
    OWN_FUNDS="The marketplace moved its own money.",
    GAIN_OR_LOSS="Interest, a fee, or a difference that it bears.",
)


@strawberry.type(name="BankDay", description="An account up to and with a day on which bank and books were equal.")
class BankDayType(Node):
    day: date = strawberry.field(description="The day.")
    closing: MoneyType = strawberry.field(description="What both sides said stood there.")
    closed_at: datetime = strawberry.field(description="When it was closed.")
    closed_by: strawberry.ID = strawberry.field(description="The operator who closed it.")
    account_key: strawberry.Private[UUID]

    @strawberry.field(description="The account.")
    async def account(self, info: Info) -> BankAccountType | None:
        return await load_node(info, "bankAccount", self.account_key)

    @classmethod
    def of(cls, row: BankDay, currency: str) -> "BankDayType":
        return cls(
            id=strawberry.ID(ids.public("bankDay", row.id)),
            day=row.day,
            closing=MoneyType.minor(row.closing_minor, currency),
            closed_at=row.closed_at,
            closed_by=strawberry.ID(ids.public("operator", row.closed_by)),
            account_key=row.account_id,
        )


@node_loader("bankDay")
async def load_days(info: Info, wanted: list[UUID]) -> dict[UUID, BankDayType]:
    rows = await queries.days_visible_to(actor_of(info)).filter(id__in=wanted).prefetch_related("account")
    return {row.id: BankDayType.of(row, row.account.currency) for row in rows}


@strawberry.type
class DayQuery:
    @strawberry.field(description="Days of accounts that are closed, newest first, for finance.")
    async def bank_days(self, info: Info, first: First = None, after: After = None) -> Connection[BankDayType]:
        query = queries.days_visible_to(actor_with(info, Scope.FINANCE_READ, ActorKind.OPERATOR))
        page = await paging.page_of(query.prefetch_related("account"), first=first, after=after)
        return Connection[BankDayType].of(page, lambda row: BankDayType.of(row, row.account.currency), query.count)


@strawberry.input(one_of=True, description="What an entry was: one of these.")
class WhatItWasInput:
    journal_id: strawberry.Maybe[strawberry.ID] = strawberry.field(description="What this journal says.")
    bank_transfer_id: strawberry.Maybe[strawberry.ID] = strawberry.field(
        description="This transfer of ours: its debit, or its return."
    )
    own: strawberry.Maybe[operations.OwnPurpose] = strawberry.field(
        description="The marketplace's own; two people when it is much."
    )


@strawberry.input(description="What an entry of the bank was.")
class ExplainBankEntryInput(WriteInput):
    bank_entry_id: strawberry.ID = strawberry.field(description="The entry.")
    was: WhatItWasInput = strawberry.field(description="What it was.")
    note: str = strawberry.field(description="How you know, 1 to 300 characters.")

    def command(self) -> operations.ExplainBankEntry:
        """The command; raises InvalidInput for another thing's id."""
        was = self.was
        transfer = was.bank_transfer_id
        return operations.ExplainBankEntry(
            idempotency_key=self.idempotency_key,
            entry_id=id_of("bankEntry", self.bank_entry_id, "bankEntryId"),
            journal_id=id_of("journal", was.journal_id.value, "was.journalId") if was.journal_id else None,
            transfer_id=id_of("bankTransfer", transfer.value, "was.bankTransferId") if transfer else None,
            own=was.own.value if was.own else None,
            note=self.note,
        )


@strawberry.input(description="A day of an account to close.")
class CloseBankDayInput(WriteInput):
    currency: CurrencyCode = strawberry.field(description="The currency of the account.")
    day: date = strawberry.field(description="The day; all before it are closed with it.")


@strawberry.type
class DayMutation:
    @mutation(
        gives=BankEntryType,
        refuses=(NotFound, EntryExplained, NotThatJournal, NotThatTransfer, SecondPersonNeeded),
        description="Say what an entry of the bank was, for finance: the proposed match, or another cause.",
    )
    async def explain_bank_entry(self, info: Info, input: ExplainBankEntryInput) -> BankEntryType:
        return BankEntryType.of(await operations.explain_bank_entry(actor_of(info), input.command()))

    @mutation(
        gives=BankDayType,
        refuses=(NoBankAccount, BankDayUnknown, BankDayUnexplained, BankDayNotEqual, BankDayClosed),
        description="Close an account up to and with a day, for finance: only when bank and books are equal.",
    )
    async def close_bank_day(self, info: Info, input: CloseBankDayInput) -> BankDayType:
        command = operations.CloseBankDay(
            idempotency_key=input.idempotency_key, currency=input.currency, day=input.day
        )
        row = await operations.close_bank_day(actor_of(info), command)
        return BankDayType.of(row, await queries.currency_of(row.account_id))
