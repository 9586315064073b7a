"""Money that arrives for a program and goes back, inside a transaction that somebody else opened.

Whoever calls a step holds the program's row (`lock_program`), so that money of one program comes and goes one
after the other; members redeem meanwhile.
"""

from dataclasses import dataclass
from uuid import UUID

from marketplace.billing import coalition, invoicing
from marketplace.billing.models import (
    Invoice,
    InvoiceKind,
    Origin,
    Receipt,
    Takeback,
    TakebackCause,
    TopUp,
    TopUpState,
)
from marketplace.kit import clock, database
from marketplace.kit.ids import new_id
from marketplace.ledger import accounts
from marketplace.ledger.accounts import AccountKey
from marketplace.ledger.models import Purpose
from marketplace.ledger.queries import balance
from marketplace.ledger.queries import fund as balance_of_fund
from marketplace.ledger.steps import Entry, draw, post
from marketplace.members.models import Program
from marketplace.members.steps import fund

_RETURNED = "SELECT coalesce(sum(amount_minor), 0)::bigint FROM funding_takeback WHERE receipt_id = $1"


@dataclass(frozen=True, slots=True)
class Arrived:
    """Money that is there: how that is known, under which entry, and the account of ours that it stands on."""

    origin: Origin
    entry: str
    amount_minor: int
    source: AccountKey


async def lock_program(program_id: UUID) -> Program:
    """Be the only one who moves the program's money in; nobody who redeems waits for it."""
    return await Program.select_for_update(no_key=True).get(id=program_id)


def uncovered(program: Program) -> AccountKey:
    """What the marketplace advanced for money that went back after it was spent; it stands below zero."""
    return accounts.program(program.id, Purpose.UNCOVERED, program.home_currency)


async def take_in(
    program: Program,
    arrived: Arrived,
    top_up: TopUp | None = None,
    invoice: Invoice | None = None,
) -> Receipt:
    """The program's funding rises by what arrived; first of all what it left uncovered is made good.

    It pays what is billed to the program: the invoice that it names, then the oldest; of a partner's nothing.
    The same entry is taken in once: a second time the first receipt is the answer.
    """
    before = await Receipt.get_or_none(origin=arrived.origin.value, entry=arrived.entry)
    if before is not None:
        return before
    owed = uncovered(program)
    recovered = min(arrived.amount_minor, -await balance(owed))
    id, rest = new_id(), arrived.amount_minor - recovered
    good = Entry(arrived.source, owed, recovered)
    journal = await fund(program, rest, arrived.source, ref_type="funding_receipt", ref_id=id, also=[good])
    receipt = Receipt(
        id=id,
        program_id=program.id,
        top_up_id=top_up.id if top_up else None,
        origin=arrived.origin.value,
        entry=arrived.entry,
        amount_minor=arrived.amount_minor,
        recovered_minor=recovered,
        currency=program.home_currency,
        journal_id=journal,
        received_at=clock.now(),
    )
    await database.add(receipt)
    if invoice is None or invoice.kind == InvoiceKind.CREDIT:
        await invoicing.pay_with(receipt, invoice)
    if top_up is not None:
        await _stand(top_up, received=arrived.amount_minor)
    return receipt


async def take_back(
    program: Program,
    receipt: Receipt,
    cause: TakebackCause,
    entry: str,
    amount_minor: int,
    goal: AccountKey,
    *,
    code: str | None = None,
) -> Takeback | None:
    """Money went back to the payer: the funding falls by it, as far as members have not spent it.

    What they have spent stands as uncovered, and the next money that arrives makes it good. What the money had
    paid is open again and says why, with the bank's `code`; points that it had brought leave their budget. The
    same entry is taken back once, and no receipt beyond its amount: None when nothing of it is left.
    """
    before = await Takeback.get_or_none(cause=cause.value, entry=entry)
    if before is not None:
        return before
    amount_minor = min(amount_minor, receipt.amount_minor - await returned_of(receipt))
    if amount_minor <= 0:
        return None
    slices = accounts.funding_slices(program.id, program.home_currency)
    drawn = await draw(slices, amount_minor)
    if drawn is None:  # and every slice is locked now
        left = await balance_of_fund(slices)
        drawn = (await draw(slices, left) if left else None) or []
    missing = amount_minor - sum(part for _, part in drawn)
    entries = [Entry(slice, goal, part) for slice, part in drawn]
    id = new_id()
    journal = await post(
        "funding.returned", "funding_takeback", id, [*entries, Entry(uncovered(program), goal, missing)]
    )
    takeback = Takeback(
        id=id,
        receipt_id=receipt.id,
        cause=cause.value,
        entry=entry,
        amount_minor=amount_minor,
        uncovered_minor=missing,
        journal_id=journal,
        taken_at=clock.now(),
    )
    await database.add(takeback)
    kept = receipt.amount_minor - await returned_of(receipt)
    for invoice in await invoicing.unpay(receipt, kept, cause, code):
        if invoice.kind == InvoiceKind.COALITION:
            await coalition.payment_went_back(invoice, program, takeback)
    if receipt.top_up_id is not None:
        top_up = await TopUp.select_for_update().get(id=receipt.top_up_id)
        await _stand(top_up, returned=amount_minor, uncovered=missing)
    return takeback


async def returned_of(receipt: Receipt) -> int:
    """How much of a receipt went back, in minor units."""
    return int(await database.value(_RETURNED, receipt.id))


async def _stand(top_up: TopUp, *, received: int = 0, returned: int = 0, uncovered: int = 0) -> None:
    """Keep what of a top-up came and went, and where it stands by that. Its row is locked."""
    top_up.received_minor += received
    top_up.returned_minor += returned
    if returned:
        top_up.uncovered_minor = (top_up.uncovered_minor or 0) + uncovered
    kept = top_up.received_minor - top_up.returned_minor
    if kept <= 0:
        top_up.state = TopUpState.RETURNED.value
    elif top_up.received_minor >= top_up.amount_minor:
        top_up.state, top_up.failure = TopUpState.SUCCEEDED.value, None
        top_up.succeeded_at = top_up.succeeded_at or clock.now()
    else:
        top_up.state = TopUpState.PENDING.value
    await top_up.save()
