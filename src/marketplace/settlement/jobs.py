"""Carrying out runs: some partners in each transaction, so that a run can be cut off anywhere.

What a cut-off run leaves is taken by the next one, whoever starts it: a partner's statement stands whole with
its payout and its transfer, or not at all.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

import asyncpg
import structlog

from marketplace.kit import clock
from marketplace.kit.actor import SYSTEM
from marketplace.kit.ids import new_id
from marketplace.kit.jobs import job, periodic
from marketplace.kit.refusals import InProgress
from marketplace.partners.models import Schedule
from marketplace.settlement import issuing, rules, steps
from marketplace.settlement.cases import Case, drafted, newest_statements
from marketplace.settlement.issuing import Draft
from marketplace.settlement.models import RunState, SettlementRun, Statement
from marketplace.settlement.operations import Settle, SettlePartners, order_run, settle_partners
from marketplace.settlement.refusals import NothingToSettle

LAST_PLACE_ON_EARTH = "Etc/GMT+12"
"""A day that is over here is over everywhere."""
TRIES = 20
AT_ONCE = 100
"""Partners whose statements are issued in one transaction."""
Progress = Callable[[int, int], None]
log = structlog.get_logger()


def _silent(done: int, total: int) -> None:
    """Nobody watches."""


async def settle_until(until: date, *, progress: Progress = _silent, at_once: int = AT_ONCE) -> list[Statement]:
    """Settle every partner up to and with a day, here and now; returns the statements that this made.

    `progress(done, total)` is told how many partners have been looked at. Raises PeriodNotOver.
    """
    run = await order_run(SYSTEM, Settle(idempotency_key=new_id().hex, until=until))
    return await carry_out(run, progress, at_once)


async def carry_out(run: SettlementRun, progress: Progress = _silent, at_once: int = AT_ONCE) -> list[Statement]:
    """Settle who is still to be settled in a run, so many partners in each transaction.

    A partner that fails does not keep others from being paid. Whom another run was faster with
    is looked at anew, because that run may have ended on an earlier day.
    """
    before = {row.id for row in await Statement.filter(run_id=run.id).only("id")}
    for _ in range(TRIES):
        overtaken = await _go(run, progress, at_once)
        if not overtaken:
            break
    else:
        raise InProgress
    await steps.finish(run)
    return await Statement.filter(run_id=run.id, id__not_in=before).order_by("id")


async def _go(run: SettlementRun, progress: Progress, at_once: int) -> bool:
    """One draft, and the statements of all of its cases; whether another run was faster with some of them."""
    newest = await newest_statements()  # as of before the draft: who has another by then was settled meanwhile
    draft = await _drafted(run)
    found = await drafted(run.until, draft.id, Schedule(run.schedule) if run.schedule else None)
    cases = [replace(case, previous_id=newest.get((case.partner_id, case.currency))) for case in found]
    await steps.are_to_do(run, len(cases))
    overtaken, failures = False, list[Exception]()
    for done in range(0, len(cases), at_once):
        progress(done, len(cases))
        log.info("settling", run=str(run.id), done=done, partners=len(cases))
        overtaken |= await _settle(run, draft, cases[done : done + at_once], failures)
    progress(len(cases), len(cases))
    await issuing.forget(draft)
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {len(cases)} partners could not be settled", failures)
    return overtaken


async def _settle(run: SettlementRun, draft: Draft, cases: Sequence[Case], failures: list[Exception]) -> bool:
    """Settle some cases in one transaction, or one by one when that fails; whether any was overtaken."""
    try:
        return await _settle_at_once(run, draft, cases)
    except Exception as error:
        if len(cases) > 1:
            return any([await _settle(run, draft, [case], failures) for case in cases])
        log.exception("settling failed", run=str(run.id), partner=str(cases[0].partner_id))
        failures.append(error)
        return False


async def _settle_at_once(run: SettlementRun, draft: Draft, cases: Sequence[Case]) -> bool:
    key = f"{draft.id.hex}:{cases[0].partner_id.hex}:{cases[0].currency}:{len(cases)}"
    command = SettlePartners(idempotency_key=key, run_id=run.id, draft=draft, cases=tuple(cases))
    for _ in range(TRIES):
        try:
            await settle_partners(SYSTEM, command)
        except NothingToSettle:
            return True
        except InProgress:
            await asyncio.sleep(0.1)
        else:
            return False
    raise InProgress


async def _drafted(run: SettlementRun) -> Draft:
    """A draft of a run, tried until whoever is booking for long has ended."""
    for _ in range(TRIES):
        try:
            return await issuing.draft(run)
        except asyncpg.LockNotAvailableError:
            await asyncio.sleep(0.5)
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
