"""The books in the graph: trial balance, accounts, journals, for finance and auditors."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.kit import ids
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import (
    After,
    Connection,
    First,
    Info,
    Node,
    actor_with,
    batched,
    describe_enum,
    load_node,
    node_loader,
)
from marketplace.kit.money import is_currency, minor_digits
from marketplace.kit.refusals import BadUserInput
from marketplace.ledger import balances
from marketplace.ledger.balances import AccountRow, AsOf, EntryRow, Line, TransferRow, Which
from marketplace.ledger.models import Journal, OwnerKind, Purpose

describe_enum(
    OwnerKind,
    "Whose account it is.",
    name="AccountOwnerKind",
    MEMBER="A member's.",
    PROGRAM="A program's.",
    PARTNER="A partner's.",
    MARKETPLACE="The marketplace's own.",
)
_BookedBy = "What was booked by this moment."
_EffectiveOn = "What counts up to and with this day."


@strawberry.input(one_of=True, description="A moment of the books: one of the two.")
class AsOfInput:
    booked_by: strawberry.Maybe[datetime] = strawberry.field(description=_BookedBy)
    effective_on: strawberry.Maybe[date] = strawberry.field(description=_EffectiveOn)

    def moment(self) -> AsOf:
        """The moment that was given."""
        if self.effective_on is not None:
            return AsOf(effective_on=self.effective_on.value)
        assert self.booked_by is not None
        return AsOf(booked_by=self.booked_by.value)


def exact(amount: int, unit: str) -> Decimal:
    """Money in major units, points as they are."""
    return Decimal(amount).scaleb(-minor_digits(unit)) if is_currency(unit) else Decimal(amount)


@strawberry.type(description="What all accounts of one owner kind, purpose and unit add up to.")
class TrialBalanceLine:
    owner_kind: OwnerKind = strawberry.field(description="Whose accounts they are.")
    purpose: str = strawberry.field(description="What they are for, such as `PAYABLE`.")
    unit: str = strawberry.field(description="A currency such as `EUR`, or a program's points such as `PTS-LUMI`.")
    accounts: int = strawberry.field(description="How many accounts have moved.")
    debits: Decimal = strawberry.field(description="What was debited, in major units or points.")
    credits: Decimal = strawberry.field(description="What was credited.")
    balance: Decimal = strawberry.field(description="Credits minus debits.")

    @classmethod
    def of(cls, line: Line) -> "TrialBalanceLine":
        return cls(
            owner_kind=OwnerKind(line.owner_kind),
            purpose=line.purpose,
            unit=line.unit,
            accounts=line.accounts,
            debits=exact(line.debits, line.unit),
            credits=exact(line.credits, line.unit),
            balance=exact(line.balance, line.unit),
        )


@strawberry.type(description="The books at a moment. In each unit debits and credits are equal.")
class TrialBalance:
    lines: list[TrialBalanceLine] = strawberry.field(description="One line for each kind of account.")
    digest: str = strawberry.field(description="SHA-256 over the lines, as closing a period keeps it.")


@strawberry.type(name="LedgerJournal", description="Why transfers were made, and the transfers.")
class JournalType(Node):
    reason: str = strawberry.field(description="Why, as a stable code such as `points.earned`.")
    cause_id: strawberry.ID = strawberry.field(description="The id of what caused it.")
    booked_at: datetime = strawberry.field(description="When it was booked.")
    effective_on: date = strawberry.field(description="The day on which it counts.")
    row: strawberry.Private[Journal]

    @strawberry.field(description="What it moved.")
    async def transfers(self, info: Info) -> list["TransferType"]:
        found = await batched(info, "journal_transfers", _transfers_of, self.row.id)
        return [TransferType.of(row) for row in found or ()]

    @strawberry.field(description="The earlier journal that it mends.")
    async def corrects(self, info: Info) -> "JournalType | None":
        return await load_node(info, "journal", self.row.corrects_id) if self.row.corrects_id else None

    @classmethod
    def of(cls, row: Journal) -> "JournalType":
        return cls(
            id=strawberry.ID(ids.public("journal", row.id)),
            reason=row.reason,
            cause_id=strawberry.ID(ids.public(row.ref_type.replace("_", ""), row.ref_id)),
            booked_at=row.booked_at,
            effective_on=row.effective_on,
            row=row,
        )


async def _transfers_of(info: Info, wanted: list[UUID]) -> dict[UUID, list[TransferRow]]:
    return await balances.transfers_of(wanted)


@strawberry.type(name="LedgerParty", description="One side of a transfer.")
class PartyType:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    owner_kind: OwnerKind = strawberry.field(description="Whose it is.")
    owner_id: strawberry.ID | None = strawberry.field(description="Whose, by id; null for the marketplace.")
    purpose: str = strawberry.field(description="What it is for.")

    @classmethod
    def of(cls, row: AccountRow) -> "PartyType":
        return cls(
            account_id=strawberry.ID(ids.public("account", row.id)),
            owner_kind=OwnerKind(row.owner_kind),
            owner_id=_owner(row),
            purpose=row.purpose,
        )


def _owner(row: AccountRow) -> strawberry.ID | None:
    if row.owner_kind == OwnerKind.MARKETPLACE:
        return None
    return strawberry.ID(ids.public(row.owner_kind.lower(), row.owner_id))


@strawberry.type(name="LedgerTransfer", description="An amount from one account to another of the same unit.")
class TransferType:
    amount: Decimal = strawberry.field(description="In major units or points; always above zero.")
    unit: str = strawberry.field(description="What is moved.")
    debit: PartyType = strawberry.field(description="The account that it comes from.")
    credit: PartyType = strawberry.field(description="The account that it goes to.")

    @classmethod
    def of(cls, row: TransferRow) -> "TransferType":
        return cls(
            amount=exact(row.amount, row.unit),
            unit=row.unit,
            debit=PartyType.of(row.debit),
            credit=PartyType.of(row.credit),
        )


@strawberry.type(name="LedgerEntry", description="A transfer as one of its accounts sees it.")
class EntryType:
    amount: Decimal = strawberry.field(description="Above zero where it was credited, below where it was debited.")
    unit: str = strawberry.field(description="What was moved.")
    other_account_id: strawberry.ID = strawberry.field(description="The account on its other side.")
    journal_key: strawberry.Private[UUID]

    @strawberry.field(description="The journal that it belongs to: why, when, and what else moved.")
    async def journal(self, info: Info) -> JournalType | None:
        return await load_node(info, "journal", self.journal_key)

    @classmethod
    def of(cls, row: EntryRow) -> "EntryType":
        return cls(
            amount=exact(row.amount, row.unit),
            unit=row.unit,
            other_account_id=strawberry.ID(ids.public("account", row.other_account_id)),
            journal_key=row.journal_id,
        )


@strawberry.type(name="LedgerAccount", description="An account with what stood on it at the moment asked for.")
class AccountType:
    id: strawberry.ID = strawberry.field(description="The opaque id of the account.")
    owner_kind: OwnerKind = strawberry.field(description="Whose it is.")
    owner_id: strawberry.ID | None = strawberry.field(description="Whose, by id; null for the marketplace.")
    purpose: str = strawberry.field(description="What it is for.")
    unit: str = strawberry.field(description="What stands on it.")
    slice: int = strawberry.field(description="Which part of a fund that stands on several accounts; else 0.")
    balance: Decimal = strawberry.field(description="Credits minus debits, in major units or points.")
    key: strawberry.Private[UUID]
    as_of: strawberry.Private[AsOf]

    @strawberry.field(description="What its balance is made of, the newest first.")
    async def entries(self, first: First = None, after: After = None) -> Connection[EntryType]:
        page = await balances.entries(self.as_of, self.key, first=first, after=after)
        return Connection[EntryType].of(page, EntryType.of)

    @classmethod
    def of(cls, row: AccountRow, as_of: AsOf) -> "AccountType":
        return cls(
            id=strawberry.ID(ids.public("account", row.id)),
            owner_kind=OwnerKind(row.owner_kind),
            owner_id=_owner(row),
            purpose=row.purpose,
            unit=row.unit,
            slice=row.slice,
            balance=exact(row.balance, row.unit),
            key=row.id,
            as_of=as_of,
        )


def reads_books(info: Info) -> bool:
    actor = info.context.actor
    return actor is not None and actor.kind is ActorKind.OPERATOR and actor.may(Scope.FINANCE_READ)


@node_loader("journal")
async def load_journals(info: Info, wanted: list[UUID]) -> dict[UUID, JournalType]:
    if not reads_books(info):
        return {}
    return {row.id: JournalType.of(row) for row in await Journal.filter(id__in=wanted)}


_AsOf = Annotated[AsOfInput, strawberry.argument(description="At which moment.")]


@strawberry.type
class BooksQuery:
    @strawberry.field(description="What every kind of account adds up to at a moment, for finance.")
    async def trial_balance(self, info: Info, as_of: _AsOf) -> TrialBalance:
        actor_with(info, Scope.FINANCE_READ, ActorKind.OPERATOR)
        lines = await balances.trial_balance(as_of.moment())
        return TrialBalance(lines=[TrialBalanceLine.of(line) for line in lines], digest=balances.digest(lines))

    @strawberry.field(description="Accounts with what stood on them at a moment, for finance.")
    async def ledger_accounts(
        self,
        info: Info,
        as_of: _AsOf,
        purpose: Annotated[str | None, strawberry.argument(description="Only of this purpose.")] = None,
        unit: Annotated[str | None, strawberry.argument(description="Only of this unit.")] = None,
        owner_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only of this member, program or partner.")
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[AccountType]:
        actor_with(info, Scope.FINANCE_READ, ActorKind.OPERATOR)
        moment = as_of.moment()
        page = await balances.accounts(moment, _which(purpose, unit, owner_id), first=first, after=after)
        return Connection[AccountType].of(page, lambda row: AccountType.of(row, moment))


def _which(purpose: str | None, unit: str | None, owner: strawberry.ID | None) -> Which:
    if purpose is not None and purpose not in Purpose.__members__:
        raise BadUserInput(f"There is no such purpose. There are: {', '.join(Purpose)}.")
    parts = ids.split(owner) if owner is not None else None
    if owner is not None and parts is None:
        raise BadUserInput("`ownerId` is the id of a member, a program or a partner.")
    return Which(Purpose(purpose) if purpose else None, unit, parts[1] if parts else None)
