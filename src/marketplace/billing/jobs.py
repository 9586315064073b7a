"""What the clock brings: alerts of low funding, and the statements of months that are over."""

import asyncio
from contextlib import suppress

import structlog

from marketplace.billing import stating
from marketplace.billing.models import FundingAlert
from marketplace.billing.operations import (
    IssueProgramStatement,
    LookAtFunding,
    issue_due_statement,
    look_at_funding,
)
from marketplace.billing.refusals import ProgramPeriodNotOver, ProgramStatementStands
from marketplace.kit.actor import SYSTEM
from marketplace.kit.ids import new_id
from marketplace.kit.jobs import periodic
from marketplace.kit.refusals import InProgress
from marketplace.members.models import Program

log = structlog.get_logger()


@periodic("billing.look_at_funding", "*/10 * * * *")
async def look() -> None:
    """Look at every program that wants to be told."""
    for alert in await FundingAlert.all().order_by("program_id"):
        with suppress(InProgress):
            command = LookAtFunding(idempotency_key=new_id().hex, program_id=alert.program_id)
            await look_at_funding(SYSTEM, command)
        await asyncio.sleep(0)


@periodic("billing.issue_statements", "35 * * * *")
async def issue_due() -> None:
    """State the newest month that is over for each program, once. One that fails keeps no other back."""
    failures: list[Exception] = []
    for program in await Program.all().order_by("id"):
        until = stating.month_end_before(stating.last_day_over(program.timezone) + stating.ONE_DAY)
        key = f"{program.id.hex}:{until}"
        command = IssueProgramStatement(idempotency_key=key, program_id=program.id, until=until)
        try:
            with suppress(ProgramStatementStands, ProgramPeriodNotOver, InProgress):
                await issue_due_statement(SYSTEM, command)
        except Exception as error:
            log.exception("stating failed", program=program.code)
            failures.append(error)
    if failures:
        raise ExceptionGroup(f"{len(failures)} programs could not be stated", failures)
