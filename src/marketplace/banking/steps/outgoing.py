"""What is known about money on its way through a bank, inside a transaction that somebody else opened.

Each step locks the transfer's row, ignores what is stale, notes the evidence, and states the fact of what changed.
So answers and entries that come twice, late or out of order change nothing more. An attempt follows another only
after a definite refusal, or when two people say that the bank never had it and its statements agree.
"""

from uuid import UUID

from marketplace.banking import rules
from marketplace.banking.facts import (
    BankTransferAccepted,
    BankTransferBooked,
    BankTransferHeld,
    BankTransferOrdered,
    BankTransferPartlyReturned,
    BankTransferRejected,
    BankTransferReturned,
)
from marketplace.banking.models import (
    AttemptState,
    BankAttempt,
    BankBatch,
    BankEntry,
    BankFile,
    BankNote,
    BankTransfer,
    BatchState,
    Direction,
    Hold,
    TransferState,
)
from marketplace.kit import clock, database, facts
from marketplace.kit.ids import new_id

ON_ITS_WAY = frozenset({AttemptState.ORDERED.value, AttemptState.ACCEPTED.value})
NOT_ORDERED = frozenset({TransferState.PLANNED.value, TransferState.BATCHED.value})


async def plan_transfer(
    purpose: str, ref_id: UUID, partner_id: UUID, rail: str, amount_minor: int, currency: str, remittance: str
) -> BankTransfer:
    """Promise money to a partner's bank for one cause; a batch takes it, or two people pay it by hand."""
    planned = BankTransfer(
        id=new_id(),
        purpose=purpose,
        ref_id=ref_id,
        partner_id=partner_id,
        rail=rail,
        amount_minor=amount_minor,
        currency=currency,
        remittance=remittance[:140],
        state=TransferState.PLANNED.value,
        created_at=clock.now(),
    )
    return await database.add(planned)


async def note(
    transfer: BankTransfer,
    number: int,
    state: str,
    said: str | None = None,
    *,
    file: BankFile | None = None,
    entry: BankEntry | None = None,
) -> None:
    """Keep what was told of an attempt, and by what."""
    await BankNote.create(
        transfer_id=transfer.id,
        attempt=number,
        state=state,
        said=said[:300] if said else None,
        file_id=file.id if file else None,
        entry_id=entry.id if entry else None,
        at=clock.now(),
    )


async def hold(transfer: BankTransfer, why: Hold | None) -> None:
    """Say why a planned transfer waits; told again, nothing changes."""
    if transfer.hold == (why.value if why else None):
        return
    transfer.hold = why.value if why else None
    await transfer.save(update_fields=["hold"])
    await facts.state(BankTransferHeld(transfer))


async def order(transfer: BankTransfer, attempt: BankAttempt) -> None:
    """The bank may have it from now on."""
    await _move(transfer, attempt, TransferState.ORDERED, AttemptState.ORDERED)
    transfer.ordered_at, transfer.hold, transfer.reason_code = clock.now(), None, None
    await transfer.save(update_fields=["ordered_at", "hold", "reason_code"])
    await note(transfer, attempt.number, transfer.state)
    await facts.state(BankTransferOrdered(transfer))


async def take_out(transfer: BankTransfer, attempt: BankAttempt, state: AttemptState) -> None:
    """The bank does not have it: the transfer waits for another attempt."""
    await _move(transfer, attempt, TransferState.PLANNED, state)
    transfer.ordered_at = transfer.accepted_at = None
    await transfer.save(update_fields=["ordered_at", "accepted_at"])
    await note(transfer, attempt.number, state.value, attempt.answer or attempt.evidence)
    await facts.state(BankTransferHeld(transfer))


async def record_accepted(attempt_id: UUID, code: str, file: BankFile | None = None) -> None:
    """The bank says that it will do it."""
    transfer, attempt = await _locked(attempt_id)
    attempt.answer = code
    await attempt.save(update_fields=["answer"])
    if not await _is_on_its_way(transfer, attempt) or attempt.state == AttemptState.ACCEPTED:
        return
    await _move(transfer, attempt, TransferState.ACCEPTED, AttemptState.ACCEPTED)
    transfer.accepted_at = clock.now()
    await transfer.save(update_fields=["accepted_at"])
    await note(transfer, attempt.number, transfer.state, code, file=file)
    await facts.state(BankTransferAccepted(transfer))


async def record_rejected(attempt_id: UUID, code: str, file: BankFile, *, whole: bool) -> None:
    """The bank says that it will not do it; a refusal as a duplicate says nothing of the first one.

    When it refused the `whole` file nothing is wrong with this transfer: it waits for another attempt.
    """
    transfer, attempt = await _locked(attempt_id)
    if code in rules.DUPLICATE:
        await note(transfer, attempt.number, attempt.state, code, file=file)
        return
    if attempt.state not in ON_ITS_WAY or (whole and attempt.state != AttemptState.ORDERED):
        return
    attempt.answer = code
    await attempt.save(update_fields=["answer"])
    if whole:
        await take_out(transfer, attempt, AttemptState.REJECTED)
        return
    await _move(transfer, attempt, TransferState.REJECTED, AttemptState.REJECTED)
    await _close(transfer, code)
    await note(transfer, attempt.number, transfer.state, code, file=file)
    await facts.state(BankTransferRejected(transfer, code))


async def stop(transfer: BankTransfer, why: str) -> None:
    """A planned transfer that nobody ordered will not be made."""
    transfer.state = TransferState.REJECTED.value
    await transfer.save(update_fields=["state"])
    await _close(transfer, "STOPPED")
    await note(transfer, transfer.attempt, transfer.state, why)
    await facts.state(BankTransferRejected(transfer, why))


async def record_booked(attempt_id: UUID, amount_minor: int, entry: BankEntry | None) -> bool:
    """The debit stands on our account; False when this entry is not that debit, or the second one of it.

    Returns that were told before the debit are taken up now.
    """
    transfer, attempt = await _locked(attempt_id)
    if amount_minor != transfer.amount_minor or not await _is_on_its_way(transfer, attempt):
        return False
    await _move(transfer, attempt, TransferState.BOOKED, AttemptState.BOOKED)
    transfer.booked_at = clock.now()
    await transfer.save(update_fields=["booked_at"])
    await note(transfer, attempt.number, transfer.state, entry=entry)
    await facts.state(BankTransferBooked(transfer, entry))
    early = BankEntry.filter(
        end_to_end_id=attempt.end_to_end_id, direction=Direction.CREDIT, returned=True, explained_at=None
    ).order_by("id")
    for back in await early:
        await record_returned(attempt.id, back)
    return True


async def record_returned(attempt_id: UUID, entry: BankEntry) -> bool:
    """What had left is back, or a part of it; an entry counts once.

    False when it had not left, or no longer so much of it is away.
    """
    transfer, attempt = await _locked(attempt_id)
    if await BankNote.exists(transfer_id=transfer.id, entry_id=entry.id):
        return False
    if (
        attempt.state != AttemptState.BOOKED
        or entry.amount_minor > transfer.amount_minor - transfer.returned_minor
    ):
        return False
    if entry.amount_minor < transfer.amount_minor:
        await _record_part_returned(transfer, attempt, entry)
        return True
    await _move(transfer, attempt, TransferState.RETURNED, AttemptState.RETURNED)
    await _close(transfer, entry.return_reason or "RETURNED")
    await note(transfer, attempt.number, transfer.state, entry.return_reason, entry=entry)
    await facts.state(BankTransferReturned(transfer, entry))
    return True


async def _record_part_returned(transfer: BankTransfer, attempt: BankAttempt, entry: BankEntry) -> None:
    transfer.returned_minor += entry.amount_minor
    transfer.reason_code = entry.return_reason
    await transfer.save(update_fields=["returned_minor", "reason_code"])
    await note(transfer, attempt.number, transfer.state, entry.return_reason, entry=entry)
    await facts.state(BankTransferPartlyReturned(transfer, entry))


async def look_at(entry: BankEntry) -> None:
    """Find what of ours a new entry is about, by its end-to-end id or by the batch that it books as a sum."""
    if entry.end_to_end_id is not None:
        attempt = await BankAttempt.get_or_none(end_to_end_id=entry.end_to_end_id)
        if attempt is not None and entry.direction == Direction.DEBIT:
            await record_booked(attempt.id, entry.amount_minor, entry)
        elif attempt is not None and entry.returned:
            await record_returned(attempt.id, entry)
    elif entry.direction == Direction.DEBIT:
        by_hand = await BankAttempt.filter(reference=entry.reference, batch_id=None, state__in=sorted(ON_ITS_WAY))
        if len(by_hand) == 1:
            await record_booked(by_hand[0].id, entry.amount_minor, entry)
        elif entry.batch_reference is not None:
            await _look_at_sum(entry, entry.batch_reference)


async def _look_at_sum(entry: BankEntry, reference: str) -> None:
    batch = await BankBatch.get_or_none(payment_id=reference) or await BankBatch.get_or_none(message_id=reference)
    if batch is None or batch.account_id != entry.account_id:
        return
    waiting = await BankAttempt.filter(batch_id=batch.id, state__in=sorted(ON_ITS_WAY)).order_by("transfer_id")
    found = await BankTransfer.filter(id__in=[attempt.transfer_id for attempt in waiting])
    amounts = {transfer.id: transfer.amount_minor for transfer in found}
    if sum(amounts.values()) == entry.amount_minor:
        for attempt in waiting:
            await record_booked(attempt.id, amounts[attempt.transfer_id], entry)


async def _locked(attempt_id: UUID) -> tuple[BankTransfer, BankAttempt]:
    """The transfer's row, locked, and the attempt as it stands under that lock."""
    attempt = await BankAttempt.get(id=attempt_id)
    transfer = await BankTransfer.select_for_update().get(id=attempt.transfer_id)
    return transfer, await BankAttempt.get(id=attempt_id)


async def _is_on_its_way(transfer: BankTransfer, attempt: BankAttempt) -> bool:
    """Whether the attempt can still come to something. One that was given up can, while none has followed it.

    Then the bank did have it: what was being prepared in its place is undone.
    """
    if attempt.state in ON_ITS_WAY:
        return True
    if attempt.state != AttemptState.GIVEN_UP or transfer.state not in NOT_ORDERED:
        return False
    if transfer.state == TransferState.BATCHED:
        follower = await BankAttempt.get(transfer_id=transfer.id, number=transfer.attempt)
        await discard(await BankBatch.select_for_update().get(id=follower.batch_id))
        await transfer.refresh_from_db()
    await order(transfer, attempt)
    return True


async def discard(batch: BankBatch) -> None:
    """A prepared batch is not made: its transfers wait for another one."""
    batch.state = BatchState.DISCARDED.value
    await batch.save(update_fields=["state"])
    for attempt in await BankAttempt.filter(batch_id=batch.id).order_by("transfer_id"):
        transfer = await BankTransfer.select_for_update().get(id=attempt.transfer_id)
        await take_out(transfer, attempt, AttemptState.DISCARDED)


async def _move(transfer: BankTransfer, attempt: BankAttempt, to: TransferState, attempt_to: AttemptState) -> None:
    transfer.state, attempt.state = to.value, attempt_to.value
    await transfer.save(update_fields=["state"])
    await attempt.save(update_fields=["state"])


async def _close(transfer: BankTransfer, code: str) -> None:
    transfer.closed_at, transfer.reason_code = clock.now(), code[:35]
    await transfer.save(update_fields=["closed_at", "reason_code"])
