"""Knowing by its reference whose money a bank's credit is, inside a transaction that somebody else opened.

The rule: a credit that names one reference of ours, in the program's currency, is that program's money and funds
it by itself and once, whole, whatever was asked for. Less than a top-up asked for is a part of it, and the top-up
waits for the rest; what is more funds the program, too. An order of points is paid by just what is missing of it.
Everything else stays for a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from marketplace.billing import coalition, references
from marketplace.billing.models import Invoice, InvoiceKind, InvoiceState, Origin, Receipt, TopUp
from marketplace.billing.references import Found, Pays
from marketplace.billing.steps import Arrived, lock_program, take_in
from marketplace.kit import database
from marketplace.kit.money import Money
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose

_PROGRAMS = "SELECT id FROM program WHERE left(md5(id::text), 12) = $1 LIMIT 2"

_RECEIVED = """
SELECT r.id, r.currency FROM funding_receipt r LEFT JOIN top_up t ON t.id = r.top_up_id
WHERE r.origin IN ('BANK', 'PERSON') AND (t.creditor_reference = $1
        OR EXISTS (SELECT FROM invoice_payment p JOIN invoice i ON i.id = p.invoice_id
            WHERE p.receipt_id = r.id AND i.creditor_reference = $1)
        OR (t.id IS NULL AND left(md5(r.program_id::text), 12) = $2 AND substr($1, 5, 1) = 'P'))
    AND r.amount_minor - coalesce(
        (SELECT sum(b.amount_minor) FROM funding_takeback b WHERE b.receipt_id = r.id), 0) >= $3
ORDER BY r.id DESC LIMIT 1"""


class Mismatch(StrEnum):
    """Why a credit is not taken in by itself."""

    NO_REFERENCE = "NO_REFERENCE"
    SEVERAL_REFERENCES = "SEVERAL_REFERENCES"
    UNKNOWN_REFERENCE = "UNKNOWN_REFERENCE"
    WRONG_CURRENCY = "WRONG_CURRENCY"
    CONFIRMED_BY_HAND = "CONFIRMED_BY_HAND"
    NOT_THE_AMOUNT = "NOT_THE_AMOUNT"


@dataclass(frozen=True, slots=True)
class Credit:
    """Money that a bank says somebody paid us: the texts that came with it, and the id of the bank's entry."""

    entry: str
    texts: Sequence[str]
    amount: Money


async def match_credit(credit: Credit) -> Receipt | Mismatch:
    """Take a credit in for whom its reference names; the same entry again answers the first receipt."""
    before = await Receipt.get_or_none(origin=Origin.BANK.value, entry=credit.entry)
    if before is not None:
        return before
    found = references.references_in(credit.texts)
    if len(found) != 1:
        return Mismatch.SEVERAL_REFERENCES if found else Mismatch.NO_REFERENCE
    return await _paid(credit, found[0])


async def _paid(credit: Credit, found: Found) -> Receipt | Mismatch:
    if found.pays is Pays.TOP_UP:
        return await _top_up_paid(credit, found.reference)
    if found.pays is Pays.INVOICE:
        return await _invoice_paid(credit, found.reference)
    named = await database.rows(_PROGRAMS, found.digits.lower())
    if len(named) != 1:
        return Mismatch.UNKNOWN_REFERENCE
    program = await lock_program(named[0]["id"])
    if program.home_currency != credit.amount.currency:
        return Mismatch.WRONG_CURRENCY
    return await take_in(program, _arrived(credit))


async def _top_up_paid(credit: Credit, reference: str) -> Receipt | Mismatch:
    named = await TopUp.get_or_none(creditor_reference=reference)
    if named is None:
        return Mismatch.UNKNOWN_REFERENCE
    if named.currency != credit.amount.currency:
        return Mismatch.WRONG_CURRENCY
    program = await lock_program(named.program_id)
    if await Receipt.exists(top_up_id=named.id, origin=Origin.PERSON.value):
        return Mismatch.CONFIRMED_BY_HAND
    return await take_in(program, _arrived(credit), await TopUp.select_for_update().get(id=named.id))


async def _invoice_paid(credit: Credit, reference: str) -> Receipt | Mismatch:
    named = await Invoice.get_or_none(creditor_reference=reference)
    if named is None:
        return Mismatch.UNKNOWN_REFERENCE
    if named.currency != credit.amount.currency:
        return Mismatch.WRONG_CURRENCY
    program = await lock_program(named.program_id)
    invoice = await Invoice.select_for_update().get(id=named.id)
    if invoice.kind == InvoiceKind.CREDIT:
        return await take_in(program, _arrived(credit), invoice=invoice)
    if invoice.state != InvoiceState.OPEN or invoice.amount_minor - invoice.paid_minor != credit.amount.minor:
        return Mismatch.NOT_THE_AMOUNT
    receipt = await take_in(program, _arrived(credit), invoice=invoice)
    await coalition.invoice_paid(invoice, receipt, program)
    return receipt


async def confirmed_by_hand(credit: Credit) -> Receipt | None:
    """The receipt that a person had noted of just this money: the same top-up and amount."""
    found = references.references_in(credit.texts)
    if len(found) != 1:
        return None
    return await Receipt.get_or_none(
        top_up__creditor_reference=found[0].reference,
        origin=Origin.PERSON.value,
        amount_minor=credit.amount.minor,
        currency=credit.amount.currency,
    )


async def receipt_of(credit: Credit) -> Receipt | None:
    """The receipt that a returned credit is about: the newest under its reference that is still so large."""
    found = references.references_in(credit.texts)
    if len(found) != 1:
        return None
    rows = await database.rows(_RECEIVED, found[0].reference, found[0].digits.lower(), credit.amount.minor)
    same = [row["id"] for row in rows if row["currency"] == credit.amount.currency]
    return await Receipt.get(id=same[0]) if same else None


def _arrived(credit: Credit) -> Arrived:
    source = accounts.house(Purpose.BANK_CLEARING, credit.amount.currency)
    return Arrived(Origin.BANK, credit.entry, credit.amount.minor, source)
