"""Keeping what banks tell, and what explains it, inside a transaction that somebody else opened."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import orjson

from marketplace.banking import queries, rules
from marketplace.banking.camt import Message, Part, Report
from marketplace.banking.facts import BankCreditReceived, BankDebitBooked, BankPaymentReturned
from marketplace.banking.models import (
    BankAccount,
    BankAttempt,
    BankBatch,
    BankEntry,
    BankFile,
    BankMatch,
    BankPage,
    BankStatement,
    BatchState,
    Direction,
    FileKind,
)
from marketplace.banking.pain002 import Answer
from marketplace.banking.refusals import BankMessageReused, EntryExplained
from marketplace.banking.steps import outgoing, pages
from marketplace.banking.xml import malformed
from marketplace.kit import clock, database, facts, vault
from marketplace.kit.ids import new_id
from marketplace.kit.messages import noted
from marketplace.kit.money import Money
from marketplace.ledger import accounts
from marketplace.ledger.accounts import AccountKey
from marketplace.ledger.models import Purpose
from marketplace.ledger.steps import Entry, post

TWICE = noted("Line {line}: the statement {id} stands twice in this message. Ask the bank which one counts.")
Key = tuple[date, str, str]
"""The booking day, direction and reference of an entry."""


async def known_file(kind: FileKind, message_id: str, page: int, sha256: str) -> BankFile | None:
    """The file that was read under this id and page; raises BankMessageReused when it said something else."""
    await database.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 7301002))", f"{kind}:{message_id}")
    before = await BankFile.get_or_none(kind=kind.value, message_id=message_id, page=page)
    if before is not None and before.sha256 != sha256:
        raise BankMessageReused(message_id=message_id)
    return before


async def keep_answer(answer: Answer, file: BankFile) -> BankFile:
    """Keep what a pain.002 says of a batch of ours; raises InvalidInput for one that is not ours."""
    batch = await BankBatch.get_or_none(message_id=answer.answers)
    if batch is None or batch.state not in {BatchState.APPROVED, BatchState.GIVEN_UP}:
        text = noted("Line {line}: this answers {id}, which is no message that we have sent.")
        raise malformed(answer.line, "OrgnlMsgId", text, id=answer.answers)
    attempts = await BankAttempt.filter(batch_id=batch.id).order_by("transfer_id")
    strange = sorted(answer.each.keys() - {attempt.end_to_end_id for attempt in attempts})
    if strange:
        text = noted("Line {line}: the transfer {id} is not in the message that this answers.")
        raise malformed(answer.line, "OrgnlEndToEndId", text, id=strange[0][:35])
    file.entries = file.new_entries = len(answer.each) or len(attempts)
    await database.add(file)
    batch.answered_at, batch.answer = clock.now(), answer.whole.status if answer.whole else batch.answer
    await batch.save(update_fields=["answered_at", "answer"])
    for attempt in attempts:
        single = answer.each.get(attempt.end_to_end_id)
        said = single or answer.whole
        if said is not None and said.status in rules.ACCEPTED:
            await outgoing.record_accepted(attempt.id, said.status, file)
        elif said is not None and said.status == rules.REJECTED:
            code = said.code or (answer.whole.code if answer.whole else None) or said.status
            await outgoing.record_rejected(attempt.id, code, file, whole=single is None)
    return file


async def keep_message(message: Message, file: BankFile) -> BankFile:
    """Keep what a camt message says: its statements, and each entry that was not told before, with its journal.

    States BankCreditReceived, BankDebitBooked or BankPaymentReturned for each new entry. Raises InvalidInput for
    an account that is not ours, or when something was told differently before; then nothing of it is kept.
    """
    ours = await _lock_accounts(message.reports)
    told: list[_News] = []
    for report in message.reports:
        told.append(await _news(report, ours[report.iban], file, told))
    new = [entry for news in told for entry in news.entries]
    await _must_be_on_open_days(new)
    file.entries = sum(len(report.parts) for report in message.reports)
    file.new_entries, file.skipped = len(new), sum(report.skipped for report in message.reports)
    await database.add(file)
    for news in told:
        if news.statement is not None and news.is_new:
            await database.add(news.statement)
        if news.page is not None and news.is_new:
            await database.add(news.page)
    for news in told:
        await _confirm(news)
    for entry in new:
        await database.add(entry)
        await _post_entry(entry)
    for news in told:
        if news.page is not None and news.is_new:
            await pages.complete(news.page, news.line)
    for entry in new:
        await outgoing.look_at(entry)
        await facts.state(_fact_of(entry))
    return file


async def _must_be_on_open_days(entries: Sequence[BankEntry]) -> None:
    closed = await queries.closed_until(sorted({entry.account_id for entry in entries}))
    for entry in entries:
        if entry.booked_on <= closed.get(entry.account_id, date.min):
            text = noted("The entry {reference} was booked on {day}, and that day is closed. Ask the bank.")
            raise malformed(1, "BookgDt", text, reference=entry.reference, day=entry.booked_on)


@dataclass(slots=True)
class _News:
    """What a report tells that was not known: its statement or page, its entries, which known ones it confirms."""

    line: int
    names: tuple[UUID, str, int]
    """The account, the bank's id, and the number of the page: 0 for a whole statement."""
    statement: BankStatement | None = None
    page: BankPage | None = None
    is_new: bool = False
    entries: list[BankEntry] = field(default_factory=list[BankEntry])
    confirmed: list[BankEntry] = field(default_factory=list[BankEntry])


async def _lock_accounts(reports: Sequence[Report]) -> dict[str, BankAccount]:
    ibans = sorted({report.iban for report in reports})
    found = await BankAccount.filter(iban__in=ibans).order_by("id").select_for_update()
    ours = {account.iban: account for account in found}
    for report in reports:
        account = ours.get(report.iban)
        if account is None:
            text = noted("Line {line}: {iban} is no account of ours. Register it first.")
            raise malformed(report.line, "Acct", text, iban=report.iban[:34])
        if account.currency != report.currency:
            text = noted("Line {line}: {iban} is kept in {expected}, not in {given}.")
            given = report.currency[:3]
            raise malformed(report.line, "Acct", text, iban=report.iban, expected=account.currency, given=given)
    return ours


async def _news(report: Report, account: BankAccount, file: BankFile, earlier: list[_News]) -> _News:
    """What a report tells beyond what is kept and what earlier reports of the same message tell."""
    names = (account.id, report.bank_id, report.page.number if report.page else 0)
    news = _News(report.line, names)
    if report.page is None:
        news.statement, news.is_new = await _statement(report, account, file)
    else:
        news.statement, news.page, news.is_new = await pages.page_of(report, report.page, account, file)
    _must_be_told_once(news, earlier)
    groups: dict[Key, list[Part]] = defaultdict(list)
    for part in report.parts:
        if part.said.booked_on < account.opened_on:
            text = noted("Line {line}: this was booked before {day}, the day from which this account is counted.")
            raise malformed(part.line, "BookgDt", text, day=account.opened_on)
        groups[part.said.booked_on, part.direction.value, part.reference].append(part)
    told = await _told_before(account, groups)
    for entry in (entry for each in earlier if each.names[0] == account.id for entry in each.entries):
        told[entry.booked_on, entry.direction, entry.reference].append(entry)
    beside = [each.page for each in earlier if each.page is not None]
    others = await pages.others_of(news.page, beside) if news.page else frozenset[UUID]()
    for key, parts in groups.items():
        before = told.get(key, [])
        fresh, known = _compared(parts, [entry for entry in before if entry.page_id not in others])
        news.confirmed += [entry for entry in known if entry.statement_id is None]
        first = max((entry.part for entry in before), default=0) + 1
        news.entries += [_entry(part, number, account, file, news) for number, part in enumerate(fresh, first)]
    if report.page is not None and news.statement is not None:
        pages.must_change_nothing(news.entries, report)
    return news


def _must_be_told_once(news: _News, earlier: list[_News]) -> None:
    """A statement, or a page of one, stands once in a message."""
    if news.is_new and any(each.is_new and each.names == news.names for each in earlier):
        raise malformed(news.line, "Stmt", TWICE, id=news.names[1])


async def _statement(report: Report, account: BankAccount, file: BankFile) -> tuple[BankStatement | None, bool]:
    """The row of a camt.053, and whether it is news; raises InvalidInput when it was told otherwise before."""
    told = report.balances
    if told is None:
        return None, False
    before = await BankStatement.get_or_none(account_id=account.id, bank_id=report.bank_id)
    if before is None:
        made = BankStatement(
            id=new_id(),
            account_id=account.id,
            file_id=file.id,
            bank_id=report.bank_id,
            opening_minor=told.opening_minor,
            closing_minor=told.closing_minor,
            closing_on=told.closing_on,
        )
        return made, True
    if (before.opening_minor, before.closing_minor) != (told.opening_minor, told.closing_minor):
        text = noted("Line {line}: the statement {id} was read before with other balances. Ask the bank.")
        raise malformed(report.line, "Stmt", text, id=report.bank_id)
    return before, False


async def _told_before(account: BankAccount, groups: dict[Key, list[Part]]) -> dict[Key, list[BankEntry]]:
    references = sorted({reference for _, _, reference in groups})
    found: dict[Key, list[BankEntry]] = defaultdict(list)
    for entry in await BankEntry.filter(account_id=account.id, reference__in=references).order_by("part"):
        found[entry.booked_on, entry.direction, entry.reference].append(entry)
    return found


def _compared(parts: list[Part], before: list[BankEntry]) -> tuple[list[Part], list[BankEntry]]:
    """Which parts under one reference are news, and which entries are what the others say again.

    A sum that was told in parts, or the other way round, is none. Raises InvalidInput for an entry that had
    another amount when it was told before.
    """
    if len(parts) != len(before) and sum(part.amount_minor for part in parts) == sum(
        entry.amount_minor for entry in before
    ):
        return [], before
    left, known, fresh = list(before), list[BankEntry](), list[Part]()
    for part in parts:
        named = part.said.end_to_end_id
        same = [entry for entry in left if None in (named, entry.end_to_end_id) or entry.end_to_end_id == named]
        twin = next((entry for entry in same if entry.amount_minor == part.amount_minor), None)
        if twin is not None:
            left.remove(twin)
            known.append(twin)
        elif same:
            text = noted("Line {line}: the entry {reference} was told before with another amount. Ask the bank.")
            raise malformed(part.line, "Ntry", text, reference=part.reference)
        else:
            fresh.append(part)
    return fresh, known


async def _confirm(news: _News) -> None:
    """What a notification had told stands on a statement now, or on a page of one."""
    for entry in news.confirmed:
        if news.statement is not None:
            entry.statement_id = news.statement.id
        elif news.page is not None and entry.page_id is None:
            entry.page_id = news.page.id
        await entry.save(update_fields=["statement_id", "page_id"])


def _entry(part: Part, number: int, account: BankAccount, file: BankFile, news: _News) -> BankEntry:
    said = part.said
    who = {"name": said.name, "iban": said.iban}
    return BankEntry(
        id=new_id(),
        account_id=account.id,
        file_id=file.id,
        statement_id=news.statement.id if news.statement else None,
        page_id=news.page.id if news.page and not news.statement else None,
        direction=part.direction.value,
        reference=part.reference,
        part=number,
        amount_minor=part.amount_minor,
        currency=account.currency,
        booked_on=said.booked_on,
        valued_on=said.valued_on,
        code=said.code,
        end_to_end_id=said.end_to_end_id,
        batch_reference=said.batch_reference,
        returned=said.returned,
        return_reason=said.return_reason,
        remittance=said.remittance,
        creditor_reference=said.creditor_reference,
        counterparty=vault.seal(orjson.dumps(who).decode()) if any(who.values()) else None,
        told_at=clock.now(),
    )


async def _post_entry(entry: BankEntry) -> None:
    """BANK is what the bank says; what an entry was is not known yet, so the other side is BANK_CLEARING."""
    bank, clearing = _bank_and_clearing(entry.currency)
    gain = entry.direction == Direction.CREDIT
    moved = Entry(bank, clearing, entry.amount_minor) if gain else Entry(clearing, bank, entry.amount_minor)
    await post("bank.entry", "bank_entry", entry.id, [moved], effective_on=entry.booked_on)


def _fact_of(entry: BankEntry) -> facts.Fact:
    if entry.direction == Direction.DEBIT:
        return BankDebitBooked(entry)
    return BankPaymentReturned(entry) if entry.returned else BankCreditReceived(entry)


def _bank_and_clearing(currency: str) -> tuple[AccountKey, AccountKey]:
    return accounts.house(Purpose.BANK, currency), accounts.house(Purpose.BANK_CLEARING, currency)


async def explain(
    entry: BankEntry,
    reason: str,
    ref: tuple[str, UUID],
    shares: Sequence[tuple[AccountKey, int]],
    *,
    by: UUID | None = None,
    note: str | None = None,
) -> UUID:
    """Say what an entry was: its amount leaves BANK_CLEARING for these accounts; returns the journal's id.

    `ref` is the (table, id) that the journal refers to. A share is an account and its minor units, above zero: of
    a credit it is credited, of a debit it is debited. Raises EntryExplained when that is more than is left.
    """
    _, clearing = _bank_and_clearing(entry.currency)
    gain = entry.direction == Direction.CREDIT
    entries = [Entry(clearing, key, minor) if gain else Entry(key, clearing, minor) for key, minor in shares]
    journal = await post(reason, *ref, entries)
    await match(entry, journal, sum(minor for _, minor in shares), by=by, note=note)
    return journal


async def match(
    entry: BankEntry, journal_id: UUID, amount_minor: int, *, by: UUID | None = None, note: str | None = None
) -> None:
    """Note that a journal, which moved this much off BANK_CLEARING, says what the entry was.

    Raises EntryExplained when that is more than what is left of it.
    """
    locked = await BankEntry.select_for_update().get(id=entry.id)
    left = await queries.left_of(locked)
    if not 0 < amount_minor <= left:
        raise EntryExplained(left=Money(left, locked.currency))
    await database.add(
        BankMatch(
            entry_id=locked.id,
            journal_id=journal_id,
            amount_minor=amount_minor,
            matched_by=by,
            note=note,
            matched_at=clock.now(),
        )
    )
    if amount_minor == left:
        locked.explained_at = entry.explained_at = clock.now()
        await locked.save(update_fields=["explained_at"])
