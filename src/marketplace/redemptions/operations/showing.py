"""Tickets and rights, shown by their member and used with the partner, once."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from marketplace.kit import clock
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import NotFound
from marketplace.redemptions import cards, events, proofs, queries
from marketplace.redemptions.facts import Change
from marketplace.redemptions.models import (
    Booking,
    Entitlement,
    EntitlementState,
    Redemption,
    RedemptionState,
    Right,
)
from marketplace.redemptions.refusals import NotValidNow, ProofInvalid, ProofUsed, RedemptionClosed

DOORS_OPEN: Final = timedelta(hours=12)
"""A ticket is taken from so long before its session begins until so long after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowProof(Command):
    """Show the QR code of one's ticket or right."""

    redemption_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInTicket(Command):
    """A ticket was scanned at the door."""

    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UseEntitlement(Command):
    """A right was scanned at the till."""

    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireEntitlement(Command):
    """A right has ended unused."""

    redemption_id: UUID


@operation(scope=Scope.REDEEM, returns=Redemption)
async def show_proof(actor: Actor, command: ShowProof) -> Redemption:
    """Note that the owner is shown a ticket or right; the signed text leaves after this is committed.

    Raises NotFound, RedemptionClosed, or CardNotTaken while a card's part is not paid.
    """
    redemption = await queries.locked(actor, command.redemption_id)
    if redemption.state != RedemptionState.FULFILLED:
        raise RedemptionClosed(current=redemption.state)
    if await queries.proof_of(redemption.id) is None:
        raise NotFound(what="ticket")
    await cards.must_be_taken(redemption)
    return redemption


async def _behind(actor: Actor, model: type[Booking] | type[Entitlement], kind: str, text: str) -> Redemption:
    """The redemption behind a signed text, its row locked; raises ProofInvalid or RedemptionClosed."""
    number = proofs.read(kind, text)
    column = "ticket" if model is Booking else "number"
    found = await model.filter(**{column: number}).first() if number else None
    if found is None:
        raise ProofInvalid
    try:
        redemption = await queries.locked(actor, found.redemption_id)
    except NotFound:
        raise ProofInvalid from None
    if redemption.state != RedemptionState.FULFILLED:
        raise RedemptionClosed(current=redemption.state)
    return redemption


@operation(scope=Scope.FULFIL, returns=Redemption)
async def check_in_ticket(actor: Actor, command: CheckInTicket) -> Redemption:
    """The ticket's seats are taken at the door, once, and around the time of its session.

    Raises ProofInvalid, RedemptionClosed, ProofUsed or NotValidNow.
    """
    redemption = await _behind(actor, Booking, proofs.TICKET, command.proof)
    booking = await Booking.get(redemption_id=redemption.id)
    if booking.checked_in_at is not None:
        raise ProofUsed(used_at=booking.checked_in_at)
    opens, closes = booking.starts_at - DOORS_OPEN, booking.starts_at + DOORS_OPEN
    if not opens <= clock.now() <= closes:
        raise NotValidNow(valid_from=opens, valid_until=closes)
    booking.checked_in_at = clock.now()
    await booking.save(update_fields=["checked_in_at"])
    await events.tell(redemption, Change.CHECKED_IN)
    return redemption


@operation(scope=Scope.FULFIL, returns=Redemption)
async def use_entitlement(actor: Actor, command: UseEntitlement) -> Redemption:
    """A right is used with the partner: once, but a membership as often as one likes until it ends.

    Raises ProofInvalid, RedemptionClosed, ProofUsed or NotValidNow.
    """
    redemption = await _behind(actor, Entitlement, proofs.ENTITLEMENT, command.proof)
    right = await Entitlement.get(redemption_id=redemption.id)
    moment = clock.now()
    if right.state == EntitlementState.USED:
        raise ProofUsed(used_at=right.used_at)
    if not right.starts_at <= moment < right.ends_at:
        raise NotValidNow(valid_from=right.starts_at, valid_until=right.ends_at)
    right.used_at = moment
    if right.gives != Right.MEMBERSHIP:
        right.state = EntitlementState.USED.value
    await right.save(update_fields=["state", "used_at"])
    await events.tell(redemption, Change.ENTITLEMENT_USED)
    return redemption


@operation(scope=Scope.SYSTEM, returns=Redemption)
async def expire_entitlement(actor: Actor, command: ExpireEntitlement) -> Redemption:
    """A right that is over is EXPIRED; whatever happened to it before stays."""
    redemption = await queries.locked(actor, command.redemption_id)
    right = await Entitlement.get(redemption_id=redemption.id)
    if right.state == EntitlementState.ACTIVE and right.ends_at <= clock.now():
        right.state = EntitlementState.EXPIRED.value
        await right.save(update_fields=["state"])
        if redemption.state == RedemptionState.FULFILLED and right.used_at is None:
            await events.tell(redemption, Change.ENTITLEMENT_EXPIRED)
    return redemption
