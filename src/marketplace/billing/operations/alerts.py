"""Doors of alerts: what a program wants to be told of, and looking whether it is so."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.billing import alerts
from marketplace.billing.models import FundingAlert
from marketplace.billing.steps import lock_program
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.money import Money
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotAllowed, Problem, WrongCurrency
from marketplace.members.models import Program

LONGEST_DAYS = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFundingAlert(Command):
    """Below which amount, or for how few days, the asking program wants to be told; neither: never."""

    below: Money | None
    days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAtFunding(Command):
    """Whose money to look at."""

    program_id: UUID


@operation(scope=Scope.PROGRAM_FUND, returns=Program)
async def set_funding_alert(actor: Actor, command: SetFundingAlert) -> Program:
    """Say when the program wants to be told that its money runs low; a look follows at once.

    Raises InvalidInput, WrongCurrency.
    """
    if actor.kind is not ActorKind.PROGRAM:
        raise NotAllowed("Only a program's own server sets its alert.")
    problems: list[Problem] = []
    if command.below is not None and command.below.minor < 0:
        problems.append(Problem("below.amount", "Give no less than nothing."))
    if command.days is not None and not 1 <= command.days <= LONGEST_DAYS:
        problems.append(Problem("days", "Give 1 to {most} days.", {"most": LONGEST_DAYS}))
    if problems:
        raise InvalidInput(problems=problems)
    program = await lock_program(actor.id)
    if command.below is not None and command.below.currency != program.home_currency:
        raise WrongCurrency(expected=program.home_currency, given=command.below.currency)
    alert = await FundingAlert.get_or_none(program_id=program.id)
    below = command.below.minor if command.below else None
    if alert is None:
        await FundingAlert.create(program_id=program.id, below_minor=below, days=command.days)
    else:
        alert.below_minor, alert.days = below, command.days
        await alert.save(update_fields=["below_minor", "days"])
    await alerts.look(program)
    return program


@operation(scope=Scope.SYSTEM, returns=Program)
async def look_at_funding(actor: Actor, command: LookAtFunding) -> Program:
    """See whether the program's money has run low, and tell it, once for each crossing."""
    program = await lock_program(command.program_id)
    await alerts.look(program)
    return program
