"""Doors of lines of credit: one person of finance proposes a limit, another one decides."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.billing import credit
from marketplace.billing.models import CreditChange, CreditChangeState
from marketplace.billing.operations.words import must_be_words
from marketplace.billing.refusals import CreditChangeDecided
from marketplace.billing.steps import lock_program
from marketplace.kit import clock
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.money import Money
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound, Problem, SamePerson, WrongCurrency
from marketplace.members.models import Program

LONGEST_DAYS = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeCreditLine(Command):
    """How far a program may spend beyond what it has paid in, and within how many days it pays an invoice."""

    program_id: UUID
    limit: Money
    payment_days: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideCreditLine(Command):
    """Which proposal is decided on."""

    change_id: UUID


@operation(scope=Scope.FINANCE, returns=CreditChange)
async def propose_credit_line(actor: Actor, command: ProposeCreditLine) -> CreditChange:
    """Propose a limit; nothing changes before somebody else approves.

    Raises InvalidInput, NotFound, WrongCurrency.
    """
    reason = must_be_words("reason", command.reason)
    problems: list[Problem] = []
    if command.limit.minor < 0:
        problems.append(Problem("limit.amount", "Give no less than nothing."))
    if not 0 <= command.payment_days <= LONGEST_DAYS:
        problems.append(Problem("paymentDays", "Give 0 to {most} days.", {"most": LONGEST_DAYS}))
    if problems:
        raise InvalidInput(problems=problems)
    program = await Program.get_or_none(id=command.program_id)
    if program is None:
        raise NotFound(what="program")
    if program.home_currency != command.limit.currency:
        raise WrongCurrency(expected=program.home_currency, given=command.limit.currency)
    return await CreditChange.create(
        program_id=program.id,
        limit_minor=command.limit.minor,
        currency=program.home_currency,
        payment_days=command.payment_days,
        reason=reason,
        state=CreditChangeState.PROPOSED.value,
        proposed_by=actor.id,
        proposed_at=clock.now(),
    )


async def _decided(actor: Actor, change_id: UUID, state: CreditChangeState) -> tuple[Program, CreditChange]:
    named = await CreditChange.get_or_none(id=change_id)
    if named is None:
        raise NotFound(what="proposal")
    program = await lock_program(named.program_id)
    change = await CreditChange.select_for_update().get(id=named.id)
    if change.state != CreditChangeState.PROPOSED:
        raise CreditChangeDecided(state=CreditChangeState(change.state))
    if change.proposed_by == actor.id:
        raise SamePerson
    change.state, change.decided_by, change.decided_at = state.value, actor.id, clock.now()
    await change.save(update_fields=["state", "decided_by", "decided_at"])
    return program, change


@operation(scope=Scope.FINANCE, returns=CreditChange)
async def approve_credit_line(actor: Actor, command: DecideCreditLine) -> CreditChange:
    """Let another person's limit hold from now on.

    Raises NotFound, SamePerson for one's own proposal, CreditChangeDecided, CreditLineInUse.
    """
    program, change = await _decided(actor, command.change_id, CreditChangeState.APPROVED)
    await credit.set_limit(program, change.limit_minor, change.payment_days, ref_id=change.id)
    return change


@operation(scope=Scope.FINANCE, returns=CreditChange)
async def decline_credit_line(actor: Actor, command: DecideCreditLine) -> CreditChange:
    """Turn another person's limit down; nothing changes. Raises NotFound, SamePerson, CreditChangeDecided."""
    return (await _decided(actor, command.change_id, CreditChangeState.DECLINED))[1]
