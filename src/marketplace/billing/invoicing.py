"""Billing what is owed and noting what is paid of it, inside a transaction that somebody else opened.

The books need no posting for an invoice: what is owed stands in them already. Whoever calls a step holds the
program's row. Money of a program pays its open CREDIT invoices, first the one it names, then the oldest.
"""

from datetime import timedelta
from uuid import UUID

from marketplace.billing.models import (
    Invoice,
    InvoiceKind,
    InvoicePayment,
    InvoiceState,
    Receipt,
    TakebackCause,
)
from marketplace.billing.references import Pays, creditor_reference
from marketplace.kit import clock, database
from marketplace.kit.ids import new_id
from marketplace.members.models import Program

_SEQUENCE = "SELECT count(*) + 1 FROM invoice WHERE program_id = $1"
_BILLED = """
SELECT coalesce(sum(amount_minor - paid_minor), 0)::bigint FROM invoice
WHERE program_id = $1 AND kind = 'CREDIT' AND state = 'OPEN'"""
_PAID_BY = """
SELECT invoice_id, sum(amount_minor)::bigint AS minor FROM invoice_payment WHERE receipt_id = $1
GROUP BY invoice_id HAVING sum(amount_minor) > 0 ORDER BY invoice_id DESC"""


async def bill(
    program: Program,
    kind: InvoiceKind,
    amount_minor: int,
    days: int,
    *,
    partner_id: UUID | None = None,
    statement_id: UUID | None = None,
) -> Invoice:
    """Issue the program's next invoice, to be paid within so many of its days."""
    id, sequence = new_id(), int(await database.value(_SEQUENCE, program.id))
    day = clock.today(program.timezone)
    invoice = Invoice(
        id=id,
        number=f"INV-{program.code}-{day.year}-{sequence:05}",
        sequence=sequence,
        kind=kind.value,
        program_id=program.id,
        partner_id=partner_id,
        statement_id=statement_id,
        amount_minor=amount_minor,
        currency=program.home_currency,
        creditor_reference=creditor_reference(Pays.INVOICE, id),
        state=InvoiceState.OPEN.value,
        issued_at=clock.now(),
        due_on=day + timedelta(days=days),
    )
    await invoice.save(force_create=True)
    return invoice


async def billed_already(program: Program) -> int:
    """What the program's open CREDIT invoices bill and nobody has paid."""
    return int(await database.value(_BILLED, program.id))


async def pay_with(receipt: Receipt, named: Invoice | None = None) -> None:
    """Let a new receipt of the program pay its CREDIT invoices: the one it names, then the oldest."""
    left = receipt.amount_minor
    open_ones = await Invoice.filter(
        program_id=receipt.program_id, kind=InvoiceKind.CREDIT.value, state=InvoiceState.OPEN.value
    ).order_by("sequence")
    for invoice in sorted(open_ones, key=lambda each: (named is None or each.id != named.id, each.sequence)):
        part = min(left, invoice.amount_minor - invoice.paid_minor)
        if part:
            await pay(invoice, receipt, part)
            left -= part


async def pay(invoice: Invoice, receipt: Receipt, part: int) -> None:
    """Note that a receipt pays a part of an invoice; below zero, that it does not after all."""
    paid = InvoicePayment(invoice_id=invoice.id, receipt_id=receipt.id, amount_minor=part, at=clock.now())
    await database.add(paid)
    invoice.paid_minor += part
    is_paid = invoice.paid_minor == invoice.amount_minor
    invoice.state = (InvoiceState.PAID if is_paid else InvoiceState.OPEN).value
    invoice.paid_at = clock.now() if is_paid else None
    await invoice.save(update_fields=["paid_minor", "state", "paid_at"])


async def settle(invoice: Invoice) -> None:
    """All of it is paid without a receipt: by netting."""
    invoice.paid_minor, invoice.paid_at = invoice.amount_minor, clock.now()
    invoice.state = InvoiceState.PAID.value
    await invoice.save(update_fields=["paid_minor", "state", "paid_at"])


async def cancel(invoice: Invoice) -> None:
    """Nothing of it is to be paid any more. It is OPEN, and nothing was paid."""
    invoice.state = InvoiceState.CANCELLED.value
    await invoice.save(update_fields=["state"])


async def unpay(receipt: Receipt, kept_minor: int, cause: TakebackCause, code: str | None) -> list[Invoice]:
    """What is kept of a receipt is all that it still pays: the youngest invoices are open again for the rest.

    They say why; returns them.
    """
    opened: list[Invoice] = []
    paid = {row["invoice_id"]: row["minor"] for row in await database.rows(_PAID_BY, receipt.id)}
    too_much = sum(paid.values()) - kept_minor
    for invoice in await Invoice.filter(id__in=list(paid)).order_by("-sequence"):
        part = min(too_much, paid[invoice.id])
        if part > 0:
            await pay(invoice, receipt, -part)
            invoice.reopened_at, invoice.reopened_by = clock.now(), cause.value
            invoice.reopened_code = code[:35] if code else None
            await invoice.save(update_fields=["reopened_at", "reopened_by", "reopened_code"])
            opened.append(invoice)
            too_much -= part
    return opened
