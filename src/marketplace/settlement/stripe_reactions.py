"""Money between our balance at Stripe and our bank: the bank's entry and Stripe's payout are matched by its id.

`app/wiring.py` ties these handlers to facts of payments and banking; whichever of the two is told first waits for
the other on BANK_CLEARING. A bank writes the id in its own letters: case and signs between them do not count.
"""

import re
from uuid import UUID

from marketplace.banking import steps as bank
from marketplace.banking.facts import BankCreditReceived, BankDebitBooked
from marketplace.banking.models import BankEntry, BankMatch, Direction
from marketplace.kit import database
from marketplace.payments.facts import StripeMovedToBank

_NOT_WRITTEN = re.compile(r"[^0-9A-Z]")
# What left for the bank is below zero at Stripe, and a credit there.
_WAITING = """
SELECT b.source, p.journal_id FROM balance_transaction b JOIN stripe_posting p ON p.transaction_id = b.id
WHERE b.currency = $1 AND p.minor = $2
  AND b.type IN ('payout', 'payout_cancel', 'payout_failure', 'topup', 'topup_reversal')
  AND NOT EXISTS (SELECT FROM bank_match m WHERE m.journal_id = p.journal_id) ORDER BY b.id LIMIT 1000"""


async def bank_told(fact: BankCreditReceived | BankDebitBooked) -> None:
    """A bank has booked what Stripe paid out to us, or took from us: it says so by Stripe's id."""
    entry = fact.entry
    if entry.explained_at is not None:
        return
    gain = entry.amount_minor if entry.direction == Direction.CREDIT else -entry.amount_minor
    said = _said(entry)
    for row in await database.rows(_WAITING, entry.currency, -gain):
        if _letters(row["source"]) in said:
            await bank.match(entry, row["journal_id"], entry.amount_minor)
            return


async def stripe_told(fact: StripeMovedToBank) -> None:
    """Stripe has told of a payout to us, or of its failure: maybe the bank had booked it before."""
    told = fact.transaction
    if told.source is None or told.fee_minor or not told.amount_minor:
        return
    await _match(_letters(told.source), told.currency, -told.amount_minor, fact.journal_id)


async def _match(id: str, currency: str, gain: int, journal_id: UUID) -> None:
    direction = Direction.CREDIT if gain > 0 else Direction.DEBIT
    entries = BankEntry.filter(
        explained_at=None, currency=currency, direction=direction.value, amount_minor=abs(gain)
    )
    for entry in await entries.order_by("id").limit(1000):
        if id in _said(entry) and not await BankMatch.exists(entry_id=entry.id):
            await bank.match(entry, journal_id, entry.amount_minor)
            return


def _said(entry: BankEntry) -> str:
    """All that the bank says about an entry where an id may stand, in letters and digits."""
    texts = (
        entry.remittance,
        entry.end_to_end_id,
        entry.reference,
        entry.batch_reference,
        entry.creditor_reference,
    )
    return " ".join(_letters(text) for text in texts if text)


def _letters(text: str) -> str:
    return _NOT_WRITTEN.sub("", text.upper())
