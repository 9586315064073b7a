"""Writes of settlement, inside a transaction that somebody else opened."""

from uuid import UUID

from marketplace.kit import clock, database
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.ledger.queries import fund as balance_of_fund
from marketplace.ledger.steps import Entry, draw, post
from marketplace.members.models import Program
from marketplace.members.steps import fund
from marketplace.payments.steps import plan_transfer
from marketplace.settlement.models import (
    Payout,
    PayoutEvent,
    PayoutState,
    SettlementRun,
    Statement,
    TopUp,
    TopUpMethod,
    TopUpState,
)
from marketplace.settlement.rules import Decision

PURPOSE = "STATEMENT"
"""What payments knows our transfers as; the reference is the payout's id."""

_BEGIN = "UPDATE settlement_run SET partners = partners_done + $2 WHERE id = $1"
_DONE = "UPDATE settlement_run SET partners_done = least(partners, partners_done + $2) WHERE id = $1"
_FINISH = """
UPDATE settlement_run SET state = 'FINISHED', finished_at = $2, partners = partners_done
WHERE id = $1 AND state = 'RUNNING'"""


async def are_to_do(run: SettlementRun, count: int) -> None:
    """So many partners are still to be looked at in a run."""
    await database.execute(_BEGIN, run.id, count)


async def are_done(run: SettlementRun, count: int) -> None:
    """So many partners more have been looked at in a run."""
    await database.execute(_DONE, run.id, count)


async def finish(run: SettlementRun) -> None:
    """Every partner of the run has been looked at."""
    await database.execute(_FINISH, run.id, clock.now())


async def open_payout(statement: Statement, decision: Decision, account_id: UUID | None) -> Payout:
    """Write down what becomes of the closing balance, and plan the transfer when it is paid."""
    payout = Payout(
        statement_id=statement.id,
        state=decision.state.value,
        reason=decision.reason.value if decision.reason else None,
        requirements=list(decision.requirements),
        not_before=decision.not_before,
        amount_minor=statement.closing_minor,
        currency=statement.currency,
        created_at=clock.now(),
    )
    if decision.state is PayoutState.PLANNED and account_id is not None:
        outbound = await plan_transfer(PURPOSE, payout.id, account_id, payout.amount_minor, payout.currency)
        payout.outbound_id = outbound.id
    await database.add(payout)
    await note(payout)
    return payout


async def note(payout: Payout) -> PayoutEvent:
    """Keep where the payout stands now in its history; the row's id is what its journal refers to."""
    event = PayoutEvent(
        payout_id=payout.id, state=payout.state, reason=payout.reason, detail=payout.detail, at=clock.now()
    )
    return await database.add(event)


async def complete_top_up(top_up: TopUp) -> None:
    """The money is there: the program's funding rises by it, once. The row is locked by the caller."""
    if top_up.state == TopUpState.SUCCEEDED:
        return
    purpose = Purpose.STRIPE_CLEARING if top_up.method == TopUpMethod.STRIPE else Purpose.BANK_CLEARING
    program = await Program.get(id=top_up.program_id)
    source = accounts.house(purpose, top_up.currency)
    await fund(program, top_up.amount_minor, source, ref_type="top_up", ref_id=top_up.id)
    top_up.state, top_up.succeeded_at, top_up.failure = TopUpState.SUCCEEDED.value, clock.now(), None
    await top_up.save(update_fields=["state", "succeeded_at", "failure", "evidence", "confirmed_by"])


async def return_top_up(top_up: TopUp) -> None:
    """The money went back to the payer: the funding falls by it, as far as members have not spent it.

    What they have spent, the marketplace bears until the program makes it good. The row is locked by the caller.
    """
    if top_up.state != TopUpState.SUCCEEDED:
        return
    slices = accounts.funding_slices(top_up.program_id, top_up.currency)
    drawn = await draw(slices, top_up.amount_minor)
    if drawn is None:  # and every slice is locked now
        left = await balance_of_fund(slices)
        drawn = (await draw(slices, left) if left else None) or []
    uncovered = top_up.amount_minor - sum(part for _, part in drawn)
    clearing = accounts.house(Purpose.STRIPE_CLEARING, top_up.currency)
    ours = accounts.house(Purpose.ADJUSTMENTS, top_up.currency)
    entries = [Entry(slice, clearing, part) for slice, part in drawn]
    await post("funding.returned", "top_up", top_up.id, [*entries, Entry(ours, clearing, uncovered)])
    top_up.state, top_up.uncovered_minor = TopUpState.RETURNED.value, uncovered
    await top_up.save(update_fields=["state", "uncovered_minor"])
