"""Carrying out runs: partner by partner, each in a transaction of its own, so that a run can be cut off anywhere.

What a cut-off run leaves is taken by the next one, whoever starts it: a partner's statement stands whole with
its payout and its transfer, or not at all.
"""

import asyncio
from collections.abc import Callable
from datetime import date
from uuid import UUID

import structlog

from marketplace.kit import clock, database
from marketplace.kit.actor import SYSTEM
from marketplace.kit.ids import new_id
from marketplace.kit.jobs import job, periodic
from marketplace.kit.refusals import InProgress
from marketplace.partners.models import Schedule
from marketplace.settlement import queries, rules
from marketplace.settlement.models import RunState, SettlementRun, Statement
from marketplace.settlement.operations import Settle, SettlePartner, order_run, settle_partner
from marketplace.settlement.queries import Case
from marketplace.settlement.refusals import NothingToSettle

LAST_PLACE_ON_EARTH = "Etc/GMT+12"
"""A day that is over here is over everywhere."""
TRIES = 20
_FINISH = "UPDATE settlement_run SET state = 'FINISHED', finished_at = $2 WHERE id = $1 AND state = 'RUNNING'"
Progress = Callable[[int, int], None]
log = structlog.get_logger()


def _silent(done: int, total: int) -> None:
    """Nobody watches."""


async def settle_until(until: date, *, progress: Progress = _silent) -> list[Statement]:
    """Settle every partner up to and with a day, here and now; returns the statements that this made.

    `progress(done, total)` is told how many partners have been looked at. Raises PeriodNotOver.
    """
    run = await order_run(SYSTEM, Settle(idempotency_key=new_id().hex, until=until))
    return await carry_out(run, progress)


async def carry_out(run: SettlementRun, progress: Progress = _silent) -> list[Statement]:
    """Settle who is still to be settled in a run. A partner that fails does not keep others from being paid."""
    schedule = Schedule(run.schedule) if run.schedule else None
    cases = await queries.cases(run.until, schedule)
    issued: list[Statement] = []
    failures: list[Exception] = []
    for done, case in enumerate(cases):
        progress(done, len(cases))
        try:
            statement = await _settle_one(run, case)
        except Exception as error:
            log.exception("settling failed", run=str(run.id), partner=str(case.partner_id))
            failures.append(error)
        else:
            issued += [statement] if statement else []
    progress(len(cases), len(cases))
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {len(cases)} partners could not be settled", failures)
    await database.execute(_FINISH, run.id, clock.now())
    return issued


async def _settle_one(run: SettlementRun, case: Case) -> Statement | None:
    key = f"{run.id.hex}:{case.partner_id.hex}:{case.currency}"
    command = SettlePartner(idempotency_key=key, run_id=run.id, partner_id=case.partner_id, currency=case.currency)
    for _ in range(TRIES):
        try:
            return await settle_partner(SYSTEM, command)
        except NothingToSettle:
            return None
        except InProgress:
            await asyncio.sleep(0.1)
    raise InProgress


@job("settlement.run")
async def run_ordered(run_id: str) -> None:
    """Carry out a run that somebody ordered."""
    await carry_out(await SettlementRun.get(id=UUID(run_id)))


@periodic("settlement.run_due", "30 12 * * *")
async def run_due() -> None:
    """Settle the partners of each schedule up to its newest period that is over everywhere."""
    for schedule in Schedule:
        until = rules.last_period_end(schedule, clock.today(LAST_PLACE_ON_EARTH))
        key = f"schedule:{schedule}:{until}"
        run = await order_run(SYSTEM, Settle(idempotency_key=key, until=until, schedule=schedule))
        if run.state == RunState.RUNNING:
            await carry_out(run)
