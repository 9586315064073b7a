"""Putting transfers into a file for the bank, inside a transaction that somebody else opened."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from marketplace.banking import calendar, open_entries, orders, queries, rules
from marketplace.banking.models import (
    AttemptState,
    BankAccount,
    BankAttempt,
    BankBatch,
    BankDetails,
    BankEntry,
    BankTransfer,
    BatchState,
    Direction,
    Hold,
    TransferState,
)
from marketplace.banking.refusals import BankDetailsUnusable
from marketplace.banking.steps import details, outgoing
from marketplace.kit import clock, vault
from marketplace.kit.ids import new_id
from marketplace.kit.rails import Rail, why_not


@dataclass(frozen=True, slots=True)
class Candidate:
    """A planned transfer, whose account it would go to, and why it would not be taken."""

    transfer: BankTransfer
    details: BankDetails | None
    hold: Hold | None


async def candidates(account: BankAccount, transfers: Sequence[BankTransfer]) -> list[Candidate]:
    """What a batch would take of these transfers, oldest first, as far as the account covers them."""
    now, left = clock.now(), await queries.spendable(account)
    partners = sorted({transfer.partner_id for transfer in transfers})
    known, approved = await queries.details_of_many(partners), await queries.approved_of(partners)
    found: list[Candidate] = []
    for transfer in transfers:
        rows = known.get(transfer.partner_id, [])
        current = queries.current_of(rows, now)
        why = rules.why_held(
            approved=transfer.partner_id in approved,
            current=current,
            changing=any(rules.is_changing(row, now) for row in rows),
            reached=current is not None and why_not(Rail.SEPA, current.country, transfer.currency) is None,
            covered=transfer.amount_minor <= left,
        )
        left -= 0 if why else transfer.amount_minor
        found.append(Candidate(transfer, current, why))
    return found


async def waiting(account: BankAccount, *, lock: bool = False) -> list[BankTransfer]:
    """The oldest planned transfers that go by file from this account."""
    query = BankTransfer.filter(
        state=TransferState.PLANNED.value, rail=Rail.SEPA.value, currency=account.currency
    ).order_by("id")
    query = query.limit(rules.MOST_IN_BATCH)
    return await (query.select_for_update() if lock else query)


async def prepare(account: BankAccount, taken: Sequence[Candidate], by: UUID) -> BankBatch:
    """Write the file of these transfers; nothing is ordered before it is approved."""
    made: list[tuple[BankTransfer, BankAttempt, orders.Order]] = []
    for candidate in taken:
        transfer, chosen = candidate.transfer, candidate.details
        assert chosen is not None
        to, number = details.opened(chosen), transfer.attempt + 1
        name = rules.end_to_end_id(transfer.ref_id.hex, number)
        attempt = _attempt(transfer, number, name, chosen, by)
        order = orders.Order(name, transfer.amount_minor, to.holder, to.number, to.bic, transfer.remittance)
        made.append((transfer, attempt, order))
    execute_on = calendar.first_open(clock.today(calendar.TIMEZONE))
    written = await asyncio.to_thread(orders.write, account, [order for _, _, order in made], execute_on)
    batch = await BankBatch.create(
        account_id=account.id,
        state=BatchState.PREPARED.value,
        message_id=written.message_id,
        payment_id=written.payment_id,
        transfers=len(made),
        control_minor=written.control_minor,
        execute_on=execute_on,
        sha256=hashlib.sha256(written.content).hexdigest(),
        sealed=vault.seal(written.content.decode()),
        prepared_by=by,
        prepared_at=clock.now(),
    )
    for transfer, attempt, _ in made:
        transfer.state, transfer.attempt = TransferState.BATCHED.value, attempt.number
        transfer.hold = None
        await transfer.save(update_fields=["state", "attempt", "hold"])
        attempt.batch_id = batch.id
        await attempt.save(force_create=True)
        await outgoing.note(transfer, attempt.number, transfer.state)
    return batch


def _attempt(transfer: BankTransfer, number: int, name: str, chosen: BankDetails, by: UUID) -> BankAttempt:
    return BankAttempt(
        id=new_id(),
        transfer_id=transfer.id,
        number=number,
        end_to_end_id=name,
        details_id=chosen.id,
        state=AttemptState.MADE.value,
        made_by=by,
        made_at=clock.now(),
    )


async def order_all(batch: BankBatch) -> None:
    """Everything in an approved batch may be at the bank from now on."""
    for attempt in await BankAttempt.filter(batch_id=batch.id).order_by("transfer_id"):
        transfer = await BankTransfer.select_for_update().get(id=attempt.transfer_id)
        await outgoing.order(transfer, attempt)


def content_of(batch: BankBatch) -> bytes:
    """The file, as it was approved."""
    return vault.unseal(batch.sealed).encode()


async def _payable_details(transfer: BankTransfer) -> BankDetails:
    """Where a transfer goes by hand; raises BankDetailsUnusable while it may not be paid."""
    now, rows = clock.now(), await queries.details_of(transfer.partner_id)
    current = queries.current_of(rows, now)
    why = rules.why_held(
        approved=bool(await queries.approved_of([transfer.partner_id])),
        current=current,
        changing=any(rules.is_changing(row, now) for row in rows),
        reached=True,
        covered=True,
    )
    if why is not None or current is None:
        raise BankDetailsUnusable(why=why or Hold.NO_BANK_DETAILS)
    return current


async def note_by_hand(transfer: BankTransfer, reference: str, paid_on: date, evidence: str, by: UUID) -> None:
    """Keep one person's word of a payment by hand; it does not count yet."""
    chosen = await _payable_details(transfer)
    number = transfer.attempt + 1
    name = rules.end_to_end_id(transfer.ref_id.hex, number)
    attempt = _attempt(transfer, number, name, chosen, by)
    attempt.reference, attempt.paid_on, attempt.evidence = reference, paid_on, evidence
    await attempt.save(force_create=True)
    transfer.attempt = number
    await transfer.save(update_fields=["attempt"])


async def confirm_by_hand(transfer: BankTransfer, attempt: BankAttempt, by: UUID) -> None:
    """The second person's word: the payment is ordered, and booked when our bank says so, or nobody else can."""
    await _payable_details(transfer)
    attempt.confirmed_by = by
    await attempt.save(update_fields=["confirmed_by"])
    await outgoing.order(transfer, attempt)
    await outgoing.record_accepted(attempt.id, "BY_HAND")
    if not await queries.is_counted(transfer.currency):
        await outgoing.record_booked(attempt.id, transfer.amount_minor, None)
        return
    told = BankEntry.filter(reference=attempt.reference, direction=Direction.DEBIT, currency=transfer.currency)
    for entry in await told.filter(explained_at=None, amount_minor=transfer.amount_minor).order_by("id").limit(1):
        await outgoing.record_booked(attempt.id, entry.amount_minor, entry)


async def bank_is_silent_on(batch: BankBatch, day: date) -> bool:
    """Whether the bank's statements reach a day without a gap, and show nothing that could be of the batch."""
    account = await BankAccount.get(id=batch.account_id)
    known = await open_entries.stated(account, date.max)
    if known is None or known.closing_on < day:
        return False
    ids = [attempt.transfer_id for attempt in await BankAttempt.filter(batch_id=batch.id)]
    amounts = {transfer.amount_minor for transfer in await BankTransfer.filter(id__in=ids)} | {batch.control_minor}
    alike = BankEntry.filter(account_id=account.id, direction=Direction.DEBIT, explained_at=None)
    return not await alike.filter(amount_minor__in=sorted(amounts), booked_on__gte=batch.execute_on).exists()
