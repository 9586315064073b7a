"""Doors to what leaves through a bank: batches that two people approve, and payments by hand with evidence."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from marketplace.access.refusals import SecondPersonNeeded
from marketplace.access.rules import takes_two
from marketplace.access.steps import is_second
from marketplace.banking import calendar, rules
from marketplace.banking.models import (
    AttemptState,
    BankAccount,
    BankAttempt,
    BankBatch,
    BankTransfer,
    BatchState,
    TransferState,
)
from marketplace.banking.refusals import (
    BatchDecided,
    BatchMayBeAtBank,
    BatchTooOld,
    EvidenceDiffers,
    NoBankAccount,
    NothingToPay,
    TransferNotPlanned,
    WrongRail,
)
from marketplace.banking.steps import batches, outgoing
from marketplace.kit import clock
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.money import Money
from marketplace.kit.operations import Command, operation
from marketplace.kit.rails import Rail
from marketplace.kit.refusals import InvalidInput, NotFound, SamePerson
from marketplace.kit.settings import settings

WORDS_LENGTH = 300
REFERENCE_LENGTH = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareBankBatch(Command):
    """Which account pays: that of a currency."""

    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideBankBatch(Command):
    """Which batch is decided on."""

    batch_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUpBankBatch(Command):
    """An approved batch that never was at the bank, and where that can be seen."""

    batch_id: UUID
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopBankTransfer(Command):
    """A planned transfer that is not to be made, and why."""

    transfer_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayByHand(Command):
    """A payment that a person has ordered at a bank: under which reference of the bank's, and when."""

    transfer_id: UUID
    reference: str
    paid_on: date
    evidence: str


def _words(path: str, text: str, most: int = WORDS_LENGTH) -> str:
    text = text.strip()
    if not (0 < len(text) <= most and text.isprintable()):
        raise InvalidInput.at(path, "Give 1 to {most} printable characters.", most=most)
    return text


@operation(scope=Scope.FINANCE, returns=BankBatch)
async def prepare_bank_batch(actor: Actor, command: PrepareBankBatch) -> BankBatch:
    """Write a pain.001 of what is planned and can be paid; nothing is ordered before it is approved.

    What cannot be paid now says why on its payout. Raises NoBankAccount, NothingToPay.
    """
    account = await BankAccount.select_for_update().get_or_none(currency=command.currency)
    if account is None:
        raise NoBankAccount(wanted=command.currency[:3])
    found = await batches.candidates(account, await batches.waiting(account, lock=True))
    taken = [candidate for candidate in found if candidate.hold is None]
    if not taken:
        raise NothingToPay(held=len(found))
    for candidate in found:
        await outgoing.hold(candidate.transfer, candidate.hold)
    return await batches.prepare(account, taken, actor.id)


async def _batch(batch_id: UUID) -> BankBatch:
    batch = await BankBatch.select_for_update().get_or_none(id=batch_id)
    if batch is None:
        raise NotFound(what="batch")
    return batch


@operation(scope=Scope.FINANCE, returns=BankBatch)
async def approve_bank_batch(actor: Actor, command: DecideBankBatch) -> BankBatch:
    """Let a prepared batch be fetched for the bank; from now on it counts as ordered.

    More than one person moves alone is approved by another than the one who prepared it. Raises NotFound,
    BatchDecided, BatchTooOld when the day that its file names is over, SamePerson.
    """
    batch = await _batch(command.batch_id)
    if batch.state != BatchState.PREPARED:
        raise BatchDecided(state=BatchState(batch.state))
    if batch.execute_on < clock.today(calendar.TIMEZONE):
        raise BatchTooOld(execute_on=batch.execute_on)
    account = await BankAccount.get(id=batch.account_id)
    is_much = takes_two(Money(batch.control_minor, account.currency), settings().alone_up_to)
    if is_much and batch.prepared_by == actor.id:
        raise SamePerson
    batch.state, batch.approved_by, batch.approved_at = BatchState.APPROVED.value, actor.id, clock.now()
    await batch.save(update_fields=["state", "approved_by", "approved_at"])
    await batches.order_all(batch)
    return batch


@operation(scope=Scope.FINANCE, returns=BankBatch)
async def discard_bank_batch(actor: Actor, command: DecideBankBatch) -> BankBatch:
    """Do not make a prepared batch; its transfers wait for another one. Raises NotFound, BatchDecided."""
    batch = await _batch(command.batch_id)
    if batch.state != BatchState.PREPARED:
        raise BatchDecided(state=BatchState(batch.state))
    await outgoing.discard(batch)
    return batch


@operation(scope=Scope.FINANCE, returns=BankBatch)
async def give_up_bank_batch(actor: Actor, command: GiveUpBankBatch) -> BankBatch:
    """Say, as two people, that an approved batch never was at the bank: its transfers wait for another attempt.

    The bank has answered nothing, its statements reach days beyond the execution without a gap, and no debit on
    them that nobody explained could be one of the batch: else BatchMayBeAtBank. Raises NotFound, BatchDecided,
    InvalidInput, SecondPersonNeeded.
    """
    evidence = _words("evidence", command.evidence)
    batch = await _batch(command.batch_id)
    if batch.state != BatchState.APPROVED:
        raise BatchDecided(state=BatchState(batch.state))
    silent_on = rules.silent_on(batch.execute_on)
    attempts = await BankAttempt.filter(batch_id=batch.id).order_by("transfer_id")
    told = batch.answered_at is not None or any(each.state != AttemptState.ORDERED for each in attempts)
    if told or not await batches.bank_is_silent_on(batch, silent_on):
        raise BatchMayBeAtBank(silent_on=silent_on)
    if not await is_second(actor, "give_up_bank_batch", batch.id, evidence):
        return batch
    batch.state = BatchState.GIVEN_UP.value
    await batch.save(update_fields=["state"])
    for attempt in attempts:
        attempt.evidence = evidence
        await attempt.save(update_fields=["evidence"])
        transfer = await BankTransfer.select_for_update().get(id=attempt.transfer_id)
        await outgoing.take_out(transfer, attempt, AttemptState.GIVEN_UP)
    return batch


async def _planned(transfer_id: UUID) -> BankTransfer:
    transfer = await BankTransfer.select_for_update().get_or_none(id=transfer_id)
    if transfer is None:
        raise NotFound(what="transfer")
    return transfer


@operation(scope=Scope.FINANCE, returns=BankTransfer)
async def stop_bank_transfer(actor: Actor, command: StopBankTransfer) -> BankTransfer:
    """Do not make a transfer that nobody has ordered: its amount joins the partner's next statement.

    Raises NotFound, TransferNotPlanned, InvalidInput.
    """
    reason = _words("reason", command.reason)
    transfer = await _planned(command.transfer_id)
    if transfer.state != TransferState.PLANNED:
        raise TransferNotPlanned(state=TransferState(transfer.state))
    await outgoing.stop(transfer, reason)
    return transfer


@operation(scope=Scope.FINANCE, returns=BankTransfer)
async def pay_by_hand(actor: Actor, command: PayByHand) -> BankTransfer:
    """Say that a payment was ordered at a bank by hand. It counts when a second person has said the same.

    Raises NotFound, WrongRail, TransferNotPlanned, BankDetailsUnusable, EvidenceDiffers, SecondPersonNeeded,
    InvalidInput.
    """
    reference, evidence = (
        _words("reference", command.reference, REFERENCE_LENGTH),
        _words("evidence", command.evidence),
    )
    if command.paid_on > clock.today("Etc/GMT-14"):
        raise InvalidInput.at("paidOn", "This day has not come yet.")
    transfer = await _planned(command.transfer_id)
    if transfer.rail != Rail.MANUAL:
        raise WrongRail(rail=Rail(transfer.rail))
    return await _by_hand(actor, transfer, reference, command.paid_on, evidence)


async def _by_hand(
    actor: Actor, transfer: BankTransfer, reference: str, paid_on: date, evidence: str
) -> BankTransfer:
    if transfer.state != TransferState.PLANNED:
        raise TransferNotPlanned(state=TransferState(transfer.state))
    said = await BankAttempt.get_or_none(transfer_id=transfer.id, state=AttemptState.MADE.value)
    if said is None:
        await batches.note_by_hand(transfer, reference, paid_on, evidence, actor.id)
        return transfer
    is_same = (said.reference, said.paid_on) == (reference, paid_on)
    if said.made_by == actor.id and is_same:
        raise SecondPersonNeeded
    if said.made_by == actor.id:
        said.reference, said.paid_on, said.evidence = reference, paid_on, evidence
        await said.save(update_fields=["reference", "paid_on", "evidence"])
        return transfer
    if not is_same:
        raise EvidenceDiffers(reference=said.reference, paid_on=said.paid_on)
    await batches.confirm_by_hand(transfer, said, actor.id)
    return await BankTransfer.get(id=transfer.id)
