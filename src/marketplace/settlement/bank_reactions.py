"""What settlement does when a bank has told of a payout: `app/wiring.py` ties these handlers to facts of banking.

Each runs in the transaction of the fact, with the payout's row locked. *Sent* is a bank's word (pain.002), *in the
bank* a debit on our account (camt), *returned* a credit of it: separate states from separate evidence.
"""

from typing import Final

from marketplace.banking.facts import (
    BankTransferAccepted,
    BankTransferBooked,
    BankTransferHeld,
    BankTransferOrdered,
    BankTransferPartlyReturned,
    BankTransferRejected,
    BankTransferReturned,
)
from marketplace.banking.models import BankTransfer, Hold, TransferState
from marketplace.banking.steps import match
from marketplace.kit.rails import Rail
from marketplace.settlement import moving, steps
from marketplace.settlement.models import PayoutReason, PayoutState
from marketplace.settlement.moving import Found

_HELD: Final = {
    Hold.NO_BANK_DETAILS: PayoutReason.NO_BANK_DETAILS,
    Hold.BANK_DETAILS_CHANGING: PayoutReason.BANK_DETAILS_CHANGING,
    Hold.PARTNER_SUSPENDED: PayoutReason.PARTNER_SUSPENDED,
    Hold.WAITING_FOR_FUNDS: PayoutReason.WAITING_FOR_FUNDS,
    Hold.RAIL_CANNOT_REACH: PayoutReason.RAIL_CANNOT_REACH,
}


def waits_for(rail: str, hold: str | None) -> PayoutReason:
    """Why a planned payout through a bank has not left."""
    if hold is not None:
        return _HELD[Hold(hold)]
    return PayoutReason.AWAITS_BATCH if rail == Rail.SEPA else PayoutReason.AWAITS_HAND


async def transfer_held(fact: BankTransferHeld) -> None:
    """PLANNED stays PLANNED, and says why. An order that the bank never had is planned again."""
    found = await _locked(fact.transfer)
    if found is not None:
        await moving.wait(found, waits_for(fact.transfer.rail, fact.transfer.hold))


async def transfer_ordered(fact: BankTransferOrdered) -> None:
    """PLANNED stays PLANNED: the bank may have it, and has not said so."""
    found = await _locked(fact.transfer)
    if found is not None:
        await moving.wait(found, PayoutReason.WITH_BANK)


async def transfer_accepted(fact: BankTransferAccepted) -> None:
    """PLANNED -> SENT: the bank does it."""
    found = await _locked(fact.transfer)
    if found and found.state == PayoutState.PLANNED:
        await moving.send(found)


async def transfer_booked(fact: BankTransferBooked) -> None:
    """SENT -> IN_BANK, also when nobody had told that it was sent; the entry is explained."""
    found = await _locked(fact.transfer)
    if found and found.state == PayoutState.PLANNED:
        await moving.send(found)
    if found and found.state == PayoutState.SENT:
        journal = await moving.arrive(found)
        if fact.entry is not None:
            await match(fact.entry, journal, found.payout.amount_minor)


async def transfer_returned(fact: BankTransferReturned) -> None:
    """IN_BANK -> SENT -> FAILED: it is ours again, owed again, and joins the next statement."""
    found = await _locked(fact.transfer)
    if found and found.state == PayoutState.IN_BANK:
        why = fact.entry.return_reason or "returned"
        journal = await moving.take_back(found, why)
        await match(fact.entry, journal, found.payout.amount_minor)
        await moving.fail(found, PayoutReason.BANK_RETURNED, why)


async def transfer_partly_returned(fact: BankTransferPartlyReturned) -> None:
    """IN_BANK stays IN_BANK: the part that is ours again is owed again, as an adjustment on the next statement."""
    found = await _locked(fact.transfer)
    if found and found.state == PayoutState.IN_BANK:
        journal = await moving.take_back_part(
            found, fact.entry.amount_minor, fact.transfer.returned_minor, fact.entry.return_reason or "returned"
        )
        await match(fact.entry, journal, fact.entry.amount_minor)


async def transfer_rejected(fact: BankTransferRejected) -> None:
    """PLANNED or SENT -> FAILED: nothing has left, and the amount joins the next statement."""
    found = await _locked(fact.transfer)
    if found and found.state in {PayoutState.PLANNED, PayoutState.SENT}:
        was_stopped = fact.transfer.ordered_at is None and fact.transfer.state == TransferState.REJECTED
        reason = PayoutReason.STOPPED if was_stopped else PayoutReason.BANK_REJECTED
        await moving.fail(found, reason, fact.code)


async def _locked(transfer: BankTransfer) -> Found | None:
    return await moving.locked(transfer.ref_id) if transfer.purpose == steps.PURPOSE else None
