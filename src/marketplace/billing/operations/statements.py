"""Doors of statements: what a program is told of its account."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from marketplace.billing import stating
from marketplace.billing.models import ProgramStatement
from marketplace.billing.refusals import ProgramPeriodNotOver, ProgramStatementStands
from marketplace.billing.steps import lock_program
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import NotFound
from marketplace.members.models import Program


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueProgramStatement(Command):
    """Whose account is stated, up to and with which of its days."""

    program_id: UUID
    until: date


@operation(scope=Scope.FINANCE, returns=ProgramStatement)
async def issue_program_statement(actor: Actor, command: IssueProgramStatement) -> ProgramStatement:
    """State a program's account from where the last statement ended, and bill what it owes.

    Raises NotFound, ProgramPeriodNotOver, ProgramStatementStands.
    """
    if not await Program.exists(id=command.program_id):
        raise NotFound(what="program")
    return await _issue(command)


@operation(scope=Scope.SYSTEM, returns=ProgramStatement)
async def issue_due_statement(actor: Actor, command: IssueProgramStatement) -> ProgramStatement:
    """The same by the clock. Raises ProgramPeriodNotOver, ProgramStatementStands."""
    return await _issue(command)


async def _issue(command: IssueProgramStatement) -> ProgramStatement:
    program = await lock_program(command.program_id)
    latest = stating.last_day_over(program.timezone)
    if command.until > latest:
        raise ProgramPeriodNotOver(until=command.until, timezone=program.timezone, latest=latest)
    statement = await stating.issue(program, command.until)
    if statement is None:
        last = await ProgramStatement.filter(program_id=program.id).order_by("-sequence").first()
        assert last is not None
        raise ProgramStatementStands(number=last.number, until=last.period_until)
    return statement
