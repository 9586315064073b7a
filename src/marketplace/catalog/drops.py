"""Doors of drops: limited stock that opens at an instant, weekly if wanted, and reminders of it.

The dates of a drop are those of its offer, so whoever prices, lists or redeems asks the rule that is there
already: before it opens an offer is closed, by the server's clock, and says when it opens.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from marketplace.catalog import steps
from marketplace.catalog.facts import DropOpensSoon
from marketplace.catalog.models import Drop, DropReminder, Offer, OfferStatus
from marketplace.catalog.publishing import refresh_listings
from marketplace.catalog.refusals import DropHasOpened
from marketplace.kit import clock, database, facts, outbox
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotAllowed, NotFound, Problem

REMIND_BEFORE = timedelta(minutes=10)
MOST_DAYS = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDrop(Command):
    """When an offer opens and ends, and after how many days the next drop of it follows."""

    offer_id: UUID
    opens_at: datetime
    ends_at: datetime
    every_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindMeOfDrop(Command):
    """Tell me before it opens."""

    drop_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DropIsDue(Command):
    """Something about a drop that its time has come for."""

    drop_id: UUID


def _problems(command: PlanDrop, moment: datetime) -> list[Problem]:
    every, lasts = command.every_days, command.ends_at - command.opens_at
    facts = {"most": MOST_DAYS}
    checks = [
        (command.opens_at > moment, Problem("opensAt", "A drop opens in the future.")),
        (lasts > timedelta(), Problem("endsAt", "A drop ends after it opens.")),
        (every is None or 0 < every <= MOST_DAYS, Problem("everyDays", "Give 1 to {most} days.", facts)),
        (
            every is None or timedelta(days=every) >= lasts,
            Problem("everyDays", "The next one follows after the end."),
        ),
    ]
    return [problem for sound, problem in checks if not sound]


@operation(scope=Scope.CATALOG_MANAGE, returns=Drop)
async def plan_drop(actor: Actor, command: PlanDrop) -> Drop:
    """Close a published offer until an instant, and open it then until another one.

    Raises InvalidInput, or NotFound for an offer that is not published.
    """
    if problems := _problems(command, clock.now()):
        raise InvalidInput(problems=problems)
    offer = await Offer.filter(id=command.offer_id, status=OfferStatus.PUBLISHED.value).select_for_update().first()
    if offer is None:
        raise NotFound(what="offer")
    return await _planned(offer, command.opens_at, command.ends_at, command.every_days)


async def _planned(offer: Offer, opens_at: datetime, ends_at: datetime, every_days: int | None) -> Drop:
    known = await Drop.get_or_none(offer_id=offer.id, opens_at=opens_at)
    if known is not None:
        raise InvalidInput.at("opensAt", "A drop of this offer opens then already.")
    offer.published_from, offer.published_until = opens_at, ends_at
    await offer.save(update_fields=["published_from", "published_until"])
    await refresh_listings([offer.id])
    drop = Drop(offer_id=offer.id, opens_at=opens_at, ends_at=ends_at, every_days=every_days)
    await database.add(drop)
    await outbox.enqueue("catalog.remind_of_drop", due_at=opens_at - REMIND_BEFORE, drop_id=str(drop.id))
    if every_days is not None:
        await outbox.enqueue("catalog.repeat_drop", due_at=ends_at, drop_id=str(drop.id))
    return drop


@operation(scope=Scope.CATALOG_READ, returns=DropReminder)
async def remind_me_of_drop(actor: Actor, command: RemindMeOfDrop) -> DropReminder:
    """Note that the member wants to be told, once however often they ask. Raises NotFound or DropHasOpened."""
    if actor.kind is not ActorKind.MEMBER:
        raise NotAllowed("Only members are reminded.")
    drop = await Drop.get_or_none(id=command.drop_id, offer__status=OfferStatus.PUBLISHED.value)
    if drop is None:
        raise NotFound(what="drop")
    if drop.opens_at <= clock.now():
        raise DropHasOpened
    known = await DropReminder.get_or_none(drop_id=drop.id, member_id=actor.id)
    return known or await database.add(DropReminder(drop_id=drop.id, member_id=actor.id, asked_at=clock.now()))


@operation(scope=Scope.SYSTEM, returns=Drop)
async def remind_of_drop(actor: Actor, command: DropIsDue) -> Drop:
    """Say that a drop opens soon, with everybody who asked; those who ask later are not told."""
    drop = await Drop.filter(id=command.drop_id).select_for_update().get()
    if drop.reminded_at is None:
        drop.reminded_at = clock.now()
        await drop.save(update_fields=["reminded_at"])
        members = [row.member_id for row in await DropReminder.filter(drop_id=drop.id).only("id", "member_id")]
        await steps.tell_of_drop(drop.id, members)
        await facts.state(DropOpensSoon(drop.id, drop.offer_id, drop.opens_at, tuple(members)))
    return drop


@operation(scope=Scope.SYSTEM, returns=Drop)
async def repeat_drop(actor: Actor, command: DropIsDue) -> Drop:
    """Plan the drop that follows one that has ended, with the units that are in stock by then.

    It is the first that is still to come, when the worker was away for long. An offer that was retired, or
    that has other dates by now, is left alone.
    """
    drop = await Drop.get(id=command.drop_id)
    offer = await Offer.filter(id=drop.offer_id).select_for_update().get()
    planned = (offer.status, offer.published_from, offer.published_until)
    if drop.every_days is None or planned != (OfferStatus.PUBLISHED, drop.opens_at, drop.ends_at):
        return drop
    step, opens_at = timedelta(days=drop.every_days), drop.opens_at
    while opens_at <= clock.now():
        opens_at += step
    return await _planned(offer, opens_at, opens_at + (drop.ends_at - drop.opens_at), drop.every_days)
