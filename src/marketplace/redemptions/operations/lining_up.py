"""Waiting for what is sold out: a place in the line, and leaving it."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from marketplace.catalog import queries as shelves
from marketplace.catalog import steps as catalog
from marketplace.catalog.models import Item, MemberTake, OfferStatus, StockMode
from marketplace.catalog.refusals import ClosedReason, NotAvailable
from marketplace.kit import clock
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound
from marketplace.redemptions import lining_up, steps
from marketplace.redemptions.models import WaitingPlace, WaitingState
from marketplace.redemptions.refusals import NotWaiting, StillAvailable, TooManyPlaces
from marketplace.storefront.queries import Priced, price_item

MOST_PLACES: Final = 10
AT_ONCE: Final = 100
"""How many units of one item are handed on in one transaction."""
IN_LINE: Final = (WaitingState.WAITING.value, WaitingState.OFFERED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitForItem(Command):
    """What is sold out and would be taken all the same."""

    item_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class StopWaiting(Command):
    """A place that is not wanted any more."""

    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeLine(Command):
    """An item that people wait for."""

    item_id: UUID


@operation(scope=Scope.REDEEM, returns=WaitingPlace)
async def wait_for_item(actor: Actor, command: WaitForItem) -> WaitingPlace:
    """Afterwards the member is in the line for one unit, once however often they ask, and is told their turn.

    Nothing is paid or set aside, and limits count nothing before it is redeemed. Raises what `price_item` raises
    but OfferSoldOut, InvalidInput for what cannot sell out, StillAvailable or TooManyPlaces.
    """
    priced = await price_item(actor.id, command.item_id, reserved=1)
    if priced.item.stock_mode == StockMode.UNLIMITED:
        raise InvalidInput.at("itemId", "This does not sell out. Redeem it at once.")
    await _must_be_allowed_one(actor.id, priced)
    await steps.one_at_a_time("wait", actor.id)
    mine = await WaitingPlace.filter(member_id=actor.id, state__in=IN_LINE)
    if known := next((place for place in mine if place.item_id == priced.item.id), None):
        return known
    if len(mine) >= MOST_PLACES:
        raise TooManyPlaces(most=MOST_PLACES)
    if not await catalog.is_sold_out(priced.item.id):
        raise StillAvailable
    return await WaitingPlace.create(
        member_id=actor.id, item_id=priced.item.id, state=WaitingState.WAITING.value, asked_at=clock.now()
    )


async def _must_be_allowed_one(member_id: UUID, priced: Priced) -> None:
    """Raises NotAvailable for whom a limit would refuse one more today."""
    full = await shelves.limit_reached(member_id, priced.offer.id) if priced.offer.limits else None
    most = priced.item.max_per_member
    counted = (
        await MemberTake.get_or_none(item_id=priced.item.id, member_id=member_id) if most is not None else None
    )
    if full or (counted is not None and most is not None and counted.units >= most):
        raise NotAvailable.because(ClosedReason.LIMIT_REACHED)


@operation(scope=Scope.REDEEM, returns=WaitingPlace)
async def stop_waiting(actor: Actor, command: StopWaiting) -> WaitingPlace:
    """The member leaves the line; those behind move up. Raises NotFound or NotWaiting."""
    place = await WaitingPlace.select_for_update().get_or_none(id=command.place_id, member_id=actor.id)
    if place is None:
        raise NotFound(what="waiting place")
    if place.state != WaitingState.WAITING:
        raise NotWaiting
    place.state, place.ended_at = WaitingState.LEFT.value, clock.now()
    await place.save(update_fields=["state", "ended_at"])
    return place


@operation(scope=Scope.SYSTEM, returns=Item)
async def serve_line(actor: Actor, command: ServeLine) -> Item:
    """Offer what is on the shelf, such as new stock, to those who wait; close the line for what is gone."""
    item, moment = await Item.get(id=command.item_id).select_related("offer"), clock.now()
    has_begun = item.starts_at is not None and item.starts_at <= moment
    if item.active and item.offer.status == OfferStatus.PUBLISHED and not has_begun:
        await lining_up.hand_on(item, AT_ONCE)
    else:
        waiting = WaitingPlace.filter(item_id=item.id, state=WaitingState.WAITING.value)
        await waiting.update(state=WaitingState.CLOSED.value, ended_at=moment)
    return item
