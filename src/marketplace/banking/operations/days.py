"""Doors to what an entry was, and to closing a day of an account."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from marketplace.access.rules import takes_two
from marketplace.access.steps import is_second
from marketplace.banking import open_entries, queries
from marketplace.banking.models import AttemptState, BankAccount, BankAttempt, BankDay, BankEntry, BankTransfer
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
from marketplace.banking.steps import incoming, outgoing
from marketplace.kit import clock
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.money import Money
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound
from marketplace.kit.settings import settings
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose

NOTE_LENGTH = 300


class OwnPurpose(StrEnum):
    """What an entry was when it is nobody else's business."""

    OWN_FUNDS = "OWN_FUNDS"
    GAIN_OR_LOSS = "GAIN_OR_LOSS"


_BOOKED_TO = {OwnPurpose.OWN_FUNDS: Purpose.OWN_FUNDS, OwnPurpose.GAIN_OR_LOSS: Purpose.ADJUSTMENTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainBankEntry(Command):
    """What an entry was: what a journal says, a transfer of ours, or the marketplace's own. One of them."""

    entry_id: UUID
    journal_id: UUID | None = None
    transfer_id: UUID | None = None
    own: OwnPurpose | None = None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseBankDay(Command):
    """Which day, of the account in which currency."""

    currency: str
    day: date


@operation(scope=Scope.FINANCE, returns=BankEntry)
async def explain_bank_entry(actor: Actor, command: ExplainBankEntry) -> BankEntry:
    """Say what an entry was. Raises NotFound, EntryExplained, NotThatJournal, NotThatTransfer, InvalidInput.

    What is booked as the marketplace's own takes two people when it is much; the first one's word is only noted,
    and SecondPersonNeeded is raised when the same person says it again.
    """
    note = command.note.strip()
    if not (0 < len(note) <= NOTE_LENGTH and note.isprintable()):
        raise InvalidInput.at("note", "Give 1 to {most} printable characters.", most=NOTE_LENGTH)
    entry = await BankEntry.select_for_update().get_or_none(id=command.entry_id)
    if entry is None:
        raise NotFound(what="bank entry")
    left = await queries.left_of(entry)
    if not left:
        raise EntryExplained(left=Money(0, entry.currency))
    if command.journal_id is not None:
        await _by_journal(entry, command.journal_id, actor.id, note)
    elif command.transfer_id is not None:
        await _by_transfer(entry, command.transfer_id)
    elif command.own is not None:
        is_much = takes_two(Money(left, entry.currency), settings().alone_up_to)
        if is_much and not await is_second(actor, f"explain_bank_entry:{command.own}", entry.id, note):
            return entry
        key = accounts.house(_BOOKED_TO[command.own], entry.currency)
        ref = ("bank_entry", entry.id)
        await incoming.explain(entry, "bank.explained", ref, [(key, left)], by=actor.id, note=note)
    return await BankEntry.get(id=entry.id)


async def _by_journal(entry: BankEntry, journal_id: UUID, by: UUID, note: str) -> None:
    moved = await open_entries.moved_by(journal_id, entry.currency)
    wanted = moved if entry.direction == "CREDIT" else -moved
    if wanted <= 0 or wanted > await queries.left_of(entry):
        raise NotThatJournal
    await incoming.match(entry, journal_id, wanted, by=by, note=note)


async def _by_transfer(entry: BankEntry, transfer_id: UUID) -> None:
    transfer = await BankTransfer.get_or_none(id=transfer_id)
    if transfer is None:
        raise NotFound(what="transfer")
    attempts = BankAttempt.filter(transfer_id=transfer.id).exclude(state=AttemptState.MADE.value)
    for attempt in await attempts.order_by("-number"):
        if entry.direction == "DEBIT" and await outgoing.record_booked(attempt.id, entry.amount_minor, entry):
            return
        if entry.direction == "CREDIT" and await outgoing.record_returned(attempt.id, entry):
            return
    raise NotThatTransfer


@operation(scope=Scope.FINANCE, returns=BankDay)
async def close_bank_day(actor: Actor, command: CloseBankDay) -> BankDay:
    """Close an account up to and with a day: afterwards nothing is booked on it any more.

    The bank's statements reach the day without a gap, their closing balance is what the books say, and every entry
    is on a statement and explained. Raises NoBankAccount, BankDayUnknown, BankDayUnexplained, BankDayNotEqual,
    BankDayClosed.
    """
    account = await BankAccount.select_for_update().get_or_none(currency=command.currency)
    if account is None:
        raise NoBankAccount(wanted=command.currency[:3])
    last = await BankDay.filter(account_id=account.id).order_by("-day").first()
    if last is not None and last.day >= command.day:
        raise BankDayClosed(closed_until=last.day)
    known = await open_entries.stated(account, command.day)
    if known is None or known.closing_on < command.day or await open_entries.has_gap(account, command.day, known):
        raise BankDayUnknown(stated_until=known.closing_on if known else account.opened_on)
    unexplained = await open_entries.open_up_to(account, command.day)
    if unexplained:
        raise BankDayUnexplained(entries=unexplained)
    ours = await open_entries.ours(account, command.day)
    if ours != known.closing_minor:
        raise BankDayNotEqual(
            ours=Money(ours, account.currency), theirs=Money(known.closing_minor, account.currency)
        )
    return await BankDay.create(
        account_id=account.id,
        day=command.day,
        closing_minor=known.closing_minor,
        statement_id=known.statement_id,
        closed_by=actor.id,
        closed_at=clock.now(),
    )
