"""Closing the books up to a day, and opening them again: what finance does with periods."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from marketplace.kit import clock, database
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound, SamePerson
from marketplace.ledger import balances, checks
from marketplace.ledger.balances import AsOf
from marketplace.ledger.models import PeriodClose, PeriodState
from marketplace.ledger.queries import closed_until
from marketplace.ledger.refusals import (
    BooksDisagree,
    NotTheLastPeriod,
    PeriodAlreadyClosed,
    PeriodNotReopening,
    PeriodStillOpen,
)

LOCK = "period close"  # the trigger on `journal` takes it too, shared
OPEN_DAYS = 2
"""The last two days stay open: somewhere on earth they are not over, and the trigger need not look at them."""
WORDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePeriod(Command):
    """Up to and with which day, and a note for whoever reads it later."""

    until: date
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeReopening(Command):
    """Which period shall be opened again, and why."""

    period_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideReopening(Command):
    """Which proposal is decided on."""

    period_id: UUID


async def _must_agree() -> None:
    """Raise BooksDisagree when the rows of the books do not prove each other."""
    found = [f"{each.check}: {each.subject}" for check in checks.ARITHMETIC async for each in check()]
    if found:
        raise BooksDisagree(violations=len(found), first=found[0])


@operation(scope=Scope.FINANCE, returns=PeriodClose)
async def close_period(actor: Actor, command: ClosePeriod) -> PeriodClose:
    """Close the books up to and with a day. Afterwards nothing counts on a day of the period any more.

    What comes late is booked all the same, and counts on the first open day. The books are proved before, and the
    digest of the trial balance that was closed is kept. Raises PeriodStillOpen, PeriodAlreadyClosed,
    BooksDisagree, InvalidInput.
    """
    if len(command.note) > WORDS:
        raise InvalidInput.at("note", "Use up to {most} characters.", most=WORDS)
    latest = clock.today() - timedelta(days=OPEN_DAYS)
    if command.until > latest:
        raise PeriodStillOpen(until=command.until, latest=latest)
    await _must_agree()
    await database.lock(LOCK)
    closed = await closed_until()
    if closed is not None and closed >= command.until:
        raise PeriodAlreadyClosed(closed_until=closed)
    lines = await balances.trial_balance(AsOf(effective_on=command.until))
    return await PeriodClose.create(
        until=command.until,
        state=PeriodState.CLOSED.value,
        note=command.note.strip(),
        digest=balances.digest(lines),
        closed_by=actor.id,
        closed_at=clock.now(),
    )


async def _last_period(period_id: UUID) -> PeriodClose:
    """The period, locked, if it is the last one that is closed; raises NotFound, NotTheLastPeriod."""
    await database.lock(LOCK)
    period = await PeriodClose.select_for_update().get_or_none(id=period_id)
    if period is None:
        raise NotFound(what="period")
    closed = await closed_until()
    if closed is not None and period.until != closed:
        raise NotTheLastPeriod(closed_until=closed)
    return period


@operation(scope=Scope.FINANCE, returns=PeriodClose)
async def propose_reopening(actor: Actor, command: ProposeReopening) -> PeriodClose:
    """Propose to open the last period again; it stays closed until somebody else agrees.

    Raises InvalidInput without a reason, NotFound, NotTheLastPeriod, PeriodNotReopening when it is open already.
    A proposal of somebody else is left as it is.
    """
    reason = command.reason.strip()
    if not 0 < len(reason) <= WORDS:
        raise InvalidInput.at("reason", "Give a reason of 1 to {most} characters.", most=WORDS)
    period = await _last_period(command.period_id)
    if period.state == PeriodState.REOPENED:
        raise PeriodNotReopening(period_state=PeriodState(period.state))
    if period.state == PeriodState.CLOSED:
        period.state, period.reason = PeriodState.REOPENING.value, reason
        period.reopening_by, period.reopening_at = actor.id, clock.now()
        await period.save(update_fields=["state", "reason", "reopening_by", "reopening_at"])
    return period


async def _decided(actor: Actor, command: DecideReopening) -> PeriodClose:
    period = await _last_period(command.period_id)
    if period.state != PeriodState.REOPENING:
        raise PeriodNotReopening(period_state=PeriodState(period.state))
    return period


@operation(scope=Scope.FINANCE, returns=PeriodClose)
async def approve_reopening(actor: Actor, command: DecideReopening) -> PeriodClose:
    """Open a period again that somebody else proposed to open. The row stays, as the trace of it.

    Raises NotFound, NotTheLastPeriod, PeriodNotReopening, SamePerson.
    """
    period = await _decided(actor, command)
    if period.reopening_by == actor.id:
        raise SamePerson
    period.state, period.reopened_by, period.reopened_at = PeriodState.REOPENED.value, actor.id, clock.now()
    await period.save(update_fields=["state", "reopened_by", "reopened_at"])
    return period


@operation(scope=Scope.FINANCE, returns=PeriodClose)
async def decline_reopening(actor: Actor, command: DecideReopening) -> PeriodClose:
    """Leave a period closed that somebody proposed to open; who proposed it may take it back so, too.

    Raises NotFound, NotTheLastPeriod, PeriodNotReopening.
    """
    period = await _decided(actor, command)
    period.state, period.reason, period.reopening_by, period.reopening_at = (
        PeriodState.CLOSED.value,
        None,
        None,
        None,
    )
    await period.save(update_fields=["state", "reason", "reopening_by", "reopening_at"])
    return period
