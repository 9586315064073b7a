"""Setting units of merchandise or a session aside for some minutes, while the member fills in an address."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from marketplace.catalog import steps as catalog
from marketplace.catalog.models import Item, Offer, StockMode
from marketplace.catalog.refusals import OfferSoldOut
from marketplace.kit import clock, outbox
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound
from marketplace.kit.settings import settings
from marketplace.redemptions import lining_up, rules, steps
from marketplace.redemptions.lining_up import LAPSE, RESERVED
from marketplace.redemptions.models import Reservation, ReservationState, WaitingState
from marketplace.redemptions.operations import rushing
from marketplace.redemptions.refusals import ReservationOver, TooManyReservations
from marketplace.storefront.queries import price_item

MOST_OPEN: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveItem(Command):
    """Units to be set aside."""

    item_id: UUID
    quantity: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseReservation(Command):
    """Units that the member does not want any more."""

    reservation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class LapseReservation(Command):
    """The time of a reservation is over."""

    reservation_id: UUID


async def _must_not_be_in_vain(actor: Actor, command: ReserveItem) -> None:
    await rushing.must_not_be_in_vain(
        rushing.Wish(actor.id, "reserve_item", command.idempotency_key, command.item_id)
    )


@operation(scope=Scope.REDEEM, returns=Reservation, before=_must_not_be_in_vain)
async def reserve_item(actor: Actor, command: ReserveItem) -> Reservation:
    """Afterwards nobody else takes these units for a quarter of an hour; then they are there for others again.

    Nothing is paid; limits count them as taken. Raises what `price_item` raises, InvalidInput,
    TooManyReservations or OfferSoldOut.
    """
    try:
        with catalog.noticing_sold_out(command.item_id, command.quantity):
            return await _reserve(actor, command)
    except OfferSoldOut:
        raise await rushing.refusal_of(command.item_id) from None


async def _reserve(actor: Actor, command: ReserveItem) -> Reservation:
    priced = await price_item(actor.id, command.item_id)
    if priced.offer.kind not in rules.COUNTED or priced.item.stock_mode != StockMode.COUNTED:
        raise InvalidInput.at("itemId", "This need not be set aside. Redeem it at once.")
    if not 1 <= command.quantity <= rules.MAX_QUANTITY:
        raise InvalidInput.at("quantity", "Take 1 to {most} at a time.", most=rules.MAX_QUANTITY)
    await steps.one_at_a_time("reserve", actor.id)
    if await Reservation.filter(member_id=actor.id, state=ReservationState.OPEN.value).count() >= MOST_OPEN:
        raise TooManyReservations(most=MOST_OPEN)
    moment = clock.now()
    rushing.nothing_reserved.forget(priced.item.id)
    reservation = await Reservation.create(
        member_id=actor.id,
        item_id=priced.item.id,
        quantity=command.quantity,
        state=ReservationState.OPEN.value,
        reserved_at=moment,
        expires_at=moment + timedelta(seconds=settings().reserve_for_s),
    )
    await outbox.enqueue(LAPSE, due_at=reservation.expires_at, reservation_id=str(reservation.id))
    await catalog.count_for_limits(priced.offer, actor.id, command.quantity, priced.program.timezone)
    await catalog.count_for_member(priced.item, actor.id, command.quantity)
    for ref in steps.unit_refs(reservation.id, command.quantity):
        await catalog.take_stock(priced.item, ref_type=RESERVED, ref_id=ref)
    return reservation


async def claim(member_id: UUID, reservation_id: UUID, item_id: UUID, quantity: int) -> Reservation:
    """The member's own reservation of exactly this, locked and OPEN until this transaction ends.

    It is used up by `uncount` and, last of all, `free`. Raises NotFound, ReservationOver, or InvalidInput for
    another reward or number.
    """
    found = await Reservation.select_for_update().get_or_none(id=reservation_id, member_id=member_id)
    if found is None:
        raise NotFound(what="reservation")
    if found.state != ReservationState.OPEN or clock.now() >= found.expires_at:
        raise ReservationOver(until=found.expires_at)
    if found.item_id != item_id or found.quantity != quantity:
        raise InvalidInput.at("reservationId", "The reservation is for another reward, or for another number.")
    return found


async def uncount(reservation: Reservation, item: Item, offer: Offer) -> None:
    """The limits of the offer and the item do not count its units any more; those of an offer they never did."""
    if reservation.place_id is not None:
        return
    if offer.limits:
        when = reservation.reserved_at
        await catalog.uncount_for_limits(offer.id, reservation.member_id, reservation.quantity, when)
    await catalog.uncount_for_member(item, reservation.member_id, reservation.quantity)


async def free(reservation: Reservation, item: Item, state: ReservationState) -> None:
    """Put its units back and close it. Its stock stays locked: what this transaction takes next is left."""
    position = reservation.code_position
    reservation.state, reservation.code_position = state.value, None
    await reservation.save(update_fields=["state", "code_position"])
    if reservation.place_id is not None:
        ended = WaitingState.TAKEN if state is ReservationState.USED else WaitingState.PASSED
        await lining_up.end(reservation.place_id, ended)
    for ref in steps.unit_refs(reservation.id, reservation.quantity):
        await catalog.put_back(item, position, ref_type=RESERVED, ref_id=ref)


async def _end(reservation: Reservation, state: ReservationState) -> None:
    """Let its units go to those who wait, or to others."""
    item = await Item.get(id=reservation.item_id).select_related("offer")
    await uncount(reservation, item, item.offer)
    await free(reservation, item, state)
    await lining_up.hand_on(item, reservation.quantity)


@operation(scope=Scope.REDEEM, returns=Reservation)
async def release_reservation(actor: Actor, command: ReleaseReservation) -> Reservation:
    """Others can take the units again. Raises NotFound or ReservationOver."""
    found = await Reservation.select_for_update().get_or_none(id=command.reservation_id, member_id=actor.id)
    if found is None:
        raise NotFound(what="reservation")
    if found.state != ReservationState.OPEN:
        raise ReservationOver(until=found.expires_at)
    await _end(found, ReservationState.RELEASED)
    return found


@operation(scope=Scope.SYSTEM, returns=Reservation)
async def lapse_reservation(actor: Actor, command: LapseReservation) -> Reservation:
    """Others can take the units of a reservation whose job has come due; what was used or released stays so.

    The clock is not asked again: that of a worker may be behind, and the units would be lost to everybody.
    """
    reservation = await Reservation.select_for_update().get(id=command.reservation_id)
    if reservation.state == ReservationState.OPEN:
        await _end(reservation, ReservationState.LAPSED)
    return reservation
