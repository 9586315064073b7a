"""Writes of settlement, inside a transaction that somebody else opened."""

from uuid import UUID

from marketplace.banking.steps import plan_transfer as plan_bank_transfer
from marketplace.kit import clock, database
from marketplace.kit.ids import new_id
from marketplace.kit.money import Money
from marketplace.kit.rails import Rail
from marketplace.payments.steps import plan_transfer
from marketplace.settlement.models import (
    Adjustment,
    AdjustmentState,
    DisputeState,
    LineDispute,
    Payout,
    PayoutEvent,
    PayoutReason,
    PayoutState,
    SettlementRun,
    Statement,
)
from marketplace.settlement.routes import Route
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


async def propose(proposed_by: UUID, partner_id: UUID, amount: Money, reason: str) -> Adjustment:
    """Note a correction of what a partner is owed; somebody else decides on it."""
    return await Adjustment.create(
        partner_id=partner_id,
        amount_minor=amount.minor,
        currency=amount.currency,
        reason=reason,
        state=AdjustmentState.PROPOSED.value,
        proposed_by=proposed_by,
        proposed_at=clock.now(),
    )


async def close_dispute(adjustment: Adjustment, state: DisputeState) -> None:
    """The correction of a disputed line was decided on: the dispute is accepted, or open again."""
    dispute = await LineDispute.select_for_update().get_or_none(
        adjustment_id=adjustment.id, state=DisputeState.PROPOSED.value
    )
    if dispute is not None:
        dispute.state, dispute.decided_at = state.value, clock.now()
        await dispute.save(update_fields=["state", "decided_at"])


async def open_payout(statement: Statement, decision: Decision, route: Route) -> Payout:
    """Write down what becomes of the closing balance, and plan the transfer when it is paid."""
    payout = Payout(
        id=new_id(),
        statement_id=statement.id,
        state=decision.state.value,
        reason=decision.reason.value if decision.reason else None,
        requirements=list(decision.requirements),
        not_before=decision.not_before,
        amount_minor=statement.closing_minor,
        currency=statement.currency,
        created_at=clock.now(),
    )
    rail = route.rail(statement.currency) if decision.state is PayoutState.PLANNED else None
    if rail is Rail.STRIPE and route.account is not None:
        cause = (PURPOSE, payout.id)
        outbound = await plan_transfer(*cause, route.account.id, payout.amount_minor, payout.currency)
        payout.rail, payout.outbound_id = rail.value, outbound.id
    elif rail is not None:
        amount = (payout.amount_minor, payout.currency)
        transfer = await plan_bank_transfer(
            PURPOSE, payout.id, statement.partner_id, rail.value, *amount, statement.number
        )
        payout.rail, payout.bank_transfer_id = rail.value, transfer.id
        waits = PayoutReason.AWAITS_BATCH if rail is Rail.SEPA else PayoutReason.AWAITS_HAND
        payout.reason = waits.value
    await database.add(payout)
    await note(payout)
    return payout


async def note(payout: Payout) -> PayoutEvent:
    """Keep where the payout stands now in its history; the row's id is what its journal refers to."""
    event = PayoutEvent(
        payout_id=payout.id, state=payout.state, reason=payout.reason, detail=payout.detail, at=clock.now()
    )
    return await database.add(event)
