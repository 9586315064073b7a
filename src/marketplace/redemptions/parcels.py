"""Parcels of merchandise: which units are in them and where they are. The redemption's row is locked for all this.

`shipment` is the order with its address; it shows where its parcels are taken together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from marketplace.kit import clock, database
from marketplace.redemptions import events
from marketplace.redemptions.facts import Change
from marketplace.redemptions.models import Parcel, ParcelState, Redemption, Shipment, ShipmentState
from marketplace.redemptions.refusals import NotOnItsWay

ENDS: Final = {
    ParcelState.DELIVERED: Change.PARCEL_DELIVERED,
    ParcelState.LOST: Change.PARCEL_LOST,
    ParcelState.RETURNED: Change.PARCEL_RETURNED,
}
_TO_SEND = """
SELECT r.quantity
    - coalesce((SELECT sum(quantity) FROM refund WHERE redemption_id = r.id), 0)
    - coalesce((SELECT sum(units) FROM parcel WHERE redemption_id = r.id AND state NOT IN ('LOST', 'RETURNED')), 0)
FROM redemption r WHERE r.id = $1"""


@dataclass(frozen=True, slots=True)
class Way:
    """Who carries a parcel, under which number, and where one can follow it."""

    carrier: str
    tracking: str
    url: str | None = None


async def units_to_send(redemption: Redemption) -> int:
    """Units that are neither refunded nor in a parcel that is packed, on its way or delivered."""
    return max(int(await database.value(_TO_SEND, redemption.id)), 0)


async def of_redemption(redemption: Redemption, state: ParcelState | None = None) -> list[Parcel]:
    """Its parcels, the first one first."""
    found = Parcel.filter(redemption_id=redemption.id).order_by("number")
    return await (found if state is None else found.filter(state=state.value))


async def pack(redemption: Redemption, units: int) -> Parcel:
    """Put units into the next parcel."""
    number = 1 + await Parcel.filter(redemption_id=redemption.id).count()
    parcel = await Parcel.create(
        redemption_id=redemption.id,
        number=number,
        units=units,
        state=ParcelState.PACKED.value,
        packed_at=clock.now(),
    )
    await _show(redemption)
    await events.tell(redemption, Change.PARCEL_PACKED, parcel=number)
    return parcel


async def send(redemption: Redemption, parcel: Parcel, way: Way) -> None:
    """A packed parcel is on its way."""
    parcel.state, parcel.shipped_at = ParcelState.SHIPPED.value, clock.now()
    parcel.carrier, parcel.tracking, parcel.tracking_url = way.carrier, way.tracking, way.url
    await parcel.save(update_fields=["state", "shipped_at", "carrier", "tracking", "tracking_url"])
    await _show(redemption)
    await events.tell(redemption, Change.PARCEL_SHIPPED, parcel=parcel.number, carrier=way.carrier)


async def end(redemption: Redemption, parcel: Parcel, state: ParcelState) -> None:
    """A parcel on its way has come to an end."""
    parcel.state, parcel.ended_at = state.value, clock.now()
    await parcel.save(update_fields=["state", "ended_at"])
    await _show(redemption)
    await events.tell(redemption, ENDS[state], parcel=parcel.number)


async def deliver_all(redemption: Redemption) -> None:
    """All parcels on their way have arrived; raises NotOnItsWay when there is none."""
    moving = await of_redemption(redemption, ParcelState.SHIPPED)
    if not moving:
        raise NotOnItsWay(current=(await Shipment.get(redemption_id=redemption.id)).state)
    for parcel in moving:
        await end(redemption, parcel, ParcelState.DELIVERED)


def together(parcels: Sequence[Parcel], to_send: int) -> ShipmentState:
    """Where an order is whose parcels are there, with so many units still to be sent."""
    states = {ParcelState(parcel.state) for parcel in parcels}
    if ParcelState.SHIPPED in states:
        return ShipmentState.SHIPPED
    if ParcelState.DELIVERED in states:
        waiting = to_send or ParcelState.PACKED in states
        return ShipmentState.SHIPPED if waiting else ShipmentState.DELIVERED
    for state in (ParcelState.PACKED, ParcelState.LOST, ParcelState.RETURNED):
        if state in states:
            return ShipmentState(state.value)
    return ShipmentState.ORDERED


async def _show(redemption: Redemption) -> None:
    """Let the order show where its parcels are, with the newest of them."""
    parcels = await of_redemption(redemption)
    sent = [parcel for parcel in parcels if parcel.shipped_at is not None]
    newest = sent[-1] if sent else None
    state = together(parcels, await units_to_send(redemption))
    arrived = [parcel.ended_at for parcel in sent if parcel.state == ParcelState.DELIVERED and parcel.ended_at]
    await Shipment.filter(redemption_id=redemption.id).update(
        state=state.value,
        carrier=newest and newest.carrier,
        tracking=newest and newest.tracking,
        shipped_at=sent[0].shipped_at if sent else None,
        delivered_at=max(arrived) if arrived and state is ShipmentState.DELIVERED else None,
    )
