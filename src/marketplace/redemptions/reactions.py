"""What redemptions do when something happened to a transfer. Runs in the transaction that records it."""

from uuid import UUID

from marketplace.kit import clock
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.ledger.steps import Entry, post
from marketplace.members.models import Program
from marketplace.members.steps import any_slice, release_funding
from marketplace.payments.facts import TransferRefused, TransferReversed, TransferSent
from marketplace.payments.steps import trace
from marketplace.points.steps import give_back, release, spend_held
from marketplace.redemptions.models import CashRedemption, CashState

CASH = "cash_redemption"
"""The purpose of its transfers, and how the books name it."""


async def _locked(purpose: str, id: UUID, state: CashState) -> CashRedemption | None:
    """The cash redemption that a transfer is for, locked; None when it is not there any more, or not ours."""
    if purpose != CASH:
        return None
    found = await CashRedemption.select_for_update().get(id=id)
    return found if found.state == state else None


def _clearing(row: CashRedemption) -> accounts.AccountKey:
    return accounts.house(Purpose.STRIPE_CLEARING, row.currency)


async def cash_was_sent(fact: TransferSent) -> None:
    """The money has left: the points are spent, and FUNDING_HELD -> STRIPE_CLEARING."""
    row = await _locked(fact.outbound.purpose, fact.outbound.ref_id, CashState.PENDING)
    if row is None:
        return
    program: Program = await row.program
    await spend_held(await row.hold, program.id, program.unit)
    held = accounts.program(program.id, Purpose.FUNDING_HELD, row.currency)
    journal = await post("cash.sent", CASH, row.id, [Entry(held, _clearing(row), row.amount_minor)])
    await trace(journal, str(fact.outbound.stripe_id), -row.amount_minor, row.currency)
    row.state, row.fulfilled_at = CashState.FULFILLED.value, clock.now()
    await row.save(update_fields=["state", "fulfilled_at"])


async def cash_was_refused(fact: TransferRefused) -> None:
    """No money has moved and none will: points and funding go back."""
    row = await _locked(fact.outbound.purpose, fact.outbound.ref_id, CashState.PENDING)
    if row is not None:
        await give_cash_back(row, f"refused: {fact.code}")


async def give_cash_back(row: CashRedemption, reason: str) -> None:
    """Put points and funding back of what is PENDING; the row must be locked."""
    program: Program = await row.program
    await release(await row.hold, program.unit)
    await release_funding(program, row.amount_minor, ref_type=CASH, ref_id=row.id)
    await _close(row, CashState.FAILED, reason)


async def cash_was_reversed(fact: TransferReversed) -> None:
    """All of the money has come back: so do the points, to their lots, and STRIPE_CLEARING -> FUNDING."""
    row = await _locked(fact.outbound.purpose, fact.outbound.ref_id, CashState.FULFILLED)
    if row is None:
        return
    program: Program = await row.program
    await give_back(await row.hold, program.id, program.unit, row.points, ref_type=CASH, ref_id=row.id)
    entry = Entry(_clearing(row), any_slice(program), row.amount_minor)
    journal = await post("cash.reversed", CASH, row.id, [entry])
    for reversal, minor in fact.reversals:
        await trace(journal, reversal, minor, row.currency)
    await _close(row, CashState.REFUNDED, "the transfer was reversed")


async def _close(row: CashRedemption, state: CashState, reason: str) -> None:
    row.state, row.closed_at, row.closed_reason = state.value, clock.now(), reason[:300]
    row.waits_for = None
    await row.save(update_fields=["state", "closed_at", "closed_reason", "waits_for"])
