"""What a program tells: events, that they hold, and that they went back."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from marketplace.earning import reversing, spending, steps, told
from marketplace.earning.crediting import credit
from marketplace.earning.judging import lock_members
from marketplace.earning.models import EarningEvent, Grant, Reversal
from marketplace.earning.refusals import EarningReferenceReused, EventNotOpen, NothingPending
from marketplace.earning.told import Told
from marketplace.earning.words import EventState, EventType, GrantState
from marketplace.kit import clock
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.money import Money
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound
from marketplace.members.models import Member, Program
from marketplace.members.rules import problems_of_texts

CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEvent(Command):
    """Something a person did."""

    told: Told


@operation(scope=Scope.POINTS_AWARD, returns=EarningEvent)
async def record_event(actor: Actor, command: RecordEvent) -> EarningEvent:
    """Write an event down, once for each of the program's references, and give what its rules say.

    Without a member of that reference it waits until they enrol. Raises EarningReferenceReused, NotFound,
    ReferralRefused, InvalidInput.
    """
    if problems := told.problems(command.told, clock.now() + CLOCKS_DIFFER):
        raise InvalidInput(problems=problems)
    return await steps.record(await Program.get(id=actor.id), command.told)


async def _event_of(actor: Actor, reference: str) -> EarningEvent:
    """The event of a reference, with its lock; raises NotFound."""
    await steps.lock_event(actor.id, reference)
    event = (
        await EarningEvent.get_or_none(program_id=actor.id, reference=reference) if len(reference) <= 200 else None
    )
    if event is None:
        raise NotFound(what="event")
    return event


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmEvent(Command):
    """An event holds: its pending points may come."""

    reference: str


@operation(scope=Scope.POINTS_AWARD, returns=EarningEvent)
async def confirm_event(actor: Actor, command: ConfirmEvent) -> EarningEvent:
    """Turn the pending points of an event into lots now. Raises NotFound, NothingPending."""
    event = await _event_of(actor, command.reference)
    found = await Grant.filter(event_id=event.id, state=GrantState.PENDING.value)
    await lock_members(grant.member_id for grant in found)
    pending = await Grant.filter(event_id=event.id, state=GrantState.PENDING.value).order_by("id")
    if not pending:
        raise NothingPending(reference=command.reference)
    program = await Program.get(id=actor.id)
    for grant in pending:
        await credit(program, grant)
    return event


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseEvent(Command):
    """A purchase went back: all that is left of it, or an amount. `reversal_reference` names it once."""

    reference: str
    reversal_reference: str
    reason: str
    amount: Money | None = None


@operation(scope=Scope.POINTS_AWARD, returns=Reversal)
async def reverse_event(actor: Actor, command: ReverseEvent) -> Reversal:
    """Take back what the returned part had given, by the program's rule for points that are spent already.

    The same reversal with the same facts answers the one there is. Raises NotFound, EarningReferenceReused,
    EventNotOpen, InvalidInput.
    """
    texts = [("reversalReference", command.reversal_reference, 1, 200), ("reason", command.reason, 1, 200)]
    if problems := list(problems_of_texts(texts)):
        raise InvalidInput(problems=problems)
    event = await _event_of(actor, command.reference)
    known = await Reversal.get_or_none(program_id=actor.id, reference=command.reversal_reference)
    minor = command.amount.minor if command.amount else None
    if known is not None:
        if (known.event_id, known.amount_minor, known.reason) != (event.id, minor, command.reason):
            raise EarningReferenceReused(reference=command.reversal_reference)
        return known
    if event.state in (EventState.REVERSED, EventState.EXPIRED):
        raise EventNotOpen(current=EventState(event.state))
    _must_be_left(event, command.amount)
    reversal = await Reversal.create(
        program_id=actor.id,
        event_id=event.id,
        reference=command.reversal_reference,
        amount_minor=minor,
        reason=command.reason,
        at=clock.now(),
    )
    await reversing.reverse(await Program.get(id=actor.id), event, reversal)
    return reversal


def _must_be_left(event: EarningEvent, amount: Money | None) -> None:
    if amount is None:
        return
    left = (event.amount_minor or 0) - event.returned_minor
    if amount.currency != event.currency:
        raise InvalidInput.at("amount.currency", "Give the currency of the event.")
    if not 0 < amount.minor <= left:
        most = Money(left, amount.currency)
        raise InvalidInput.at("amount", "Give at most {most}: that is what has not gone back yet.", most=most)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimEvent(Command):
    """A waiting event whose member may be there now."""

    event_id: UUID


@operation(scope=Scope.SYSTEM, returns=EarningEvent)
async def claim_event(actor: Actor, command: ClaimEvent) -> EarningEvent:
    """Give a waiting event to its member, with its own date; one that waited too long expires."""
    event = await EarningEvent.get(id=command.event_id)
    await steps.lock_event(event.program_id, event.reference)
    event = await EarningEvent.get(id=command.event_id)
    if event.state == EventState.WAITING:
        await steps.claim(event)
    return event


@dataclass(frozen=True, slots=True, kw_only=True)
class CountSpend(Command):
    """A purchase that waits for an exchange rate, of which there is one now."""

    event_id: UUID


@operation(scope=Scope.SYSTEM, returns=EarningEvent)
async def count_spend(actor: Actor, command: CountSpend) -> EarningEvent:
    """Count towards levels what a purchase cost that waited for a rate; leaves alone what waits no longer."""
    event = await EarningEvent.get(id=command.event_id)
    await steps.lock_event(event.program_id, event.reference)
    event = await EarningEvent.get(id=command.event_id).select_related("program")
    await spending.count_waiting(event.program, event)
    return event


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditGrant(Command):
    """Pending points whose day has come."""

    grant_id: UUID


@operation(scope=Scope.SYSTEM, returns=Grant)
async def credit_grant(actor: Actor, command: CreditGrant) -> Grant:
    """Turn pending points whose day has come into a lot; leaves alone what is credited or reversed."""
    grant = await Grant.get(id=command.grant_id)
    await lock_members([grant.member_id])
    grant = await Grant.get(id=command.grant_id).prefetch_related("rule__program")
    if grant.state == GrantState.PENDING and grant.pending_until and grant.pending_until <= clock.now():
        program: Program = grant.rule.program
        await credit(program, grant)
    return grant


@dataclass(frozen=True, slots=True, kw_only=True)
class TellDay(Command):
    """A day that the calendar brings to a member, for one rule."""

    member_id: UUID
    type: EventType
    rule_code: str
    reference: str


@operation(scope=Scope.SYSTEM, returns=EarningEvent)
async def tell_day(actor: Actor, command: TellDay) -> EarningEvent:
    """Record an event of the calendar, once: the reference names member, rule and day."""
    member = await Member.get(id=command.member_id).select_related("program")
    event = Told(
        type=command.type, reference=command.reference, custom_name=command.rule_code, member_id=member.id
    )
    return await steps.record(member.program, event)
