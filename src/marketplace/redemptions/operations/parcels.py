"""What partners do with merchandise: pack it, send it, and say where each parcel is."""

from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from marketplace.catalog.models import OfferKind
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound, Problem
from marketplace.redemptions import events, parcels, queries, steps
from marketplace.redemptions.models import Parcel, ParcelState, Redemption, RedemptionState
from marketplace.redemptions.refusals import ParcelMoved, RedemptionClosed, UnitsSpokenFor


@dataclass(frozen=True, slots=True, kw_only=True)
class PackParcel(Command):
    """So many units of a redemption are in one parcel."""

    redemption_id: UUID
    units: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipParcel(Command):
    """A carrier has a parcel."""

    parcel_id: UUID
    carrier: str
    tracking: str
    tracking_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipRedemption(Command):
    """A carrier has all that is still to be sent, in one parcel."""

    redemption_id: UUID
    carrier: str
    tracking: str
    tracking_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveParcel(Command):
    """A parcel has arrived, was lost, or came back."""

    parcel_id: UUID
    state: ParcelState


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkDelivered(Command):
    """All that is on its way has arrived."""

    redemption_id: UUID


def sound_way(carrier: str, tracking: str, url: str | None) -> parcels.Way:
    """Who carries a parcel under which number; raises InvalidInput with all that is wrong."""
    way = parcels.Way(carrier.strip(), tracking.strip(), url.strip() if url else None)
    problems = [
        Problem(path, "Write 1 to {limit} characters.", {"limit": limit})
        for path, text, limit in (("carrier", way.carrier, 80), ("tracking", way.tracking, 120))
        if not 0 < len(text) <= limit
    ]
    if way.url is not None and (urlsplit(way.url).scheme != "https" or not 0 < len(way.url) <= 500):
        problems.append(Problem("trackingUrl", "Give an address that begins with https://, or none."))
    if problems:
        raise InvalidInput(problems=problems)
    return way


async def _to_be_sent(actor: Actor, redemption_id: UUID) -> Redemption:
    """Merchandise of which something can be sent, locked; raises NotFound or RedemptionClosed."""
    redemption = await queries.locked(actor, redemption_id)
    if redemption.kind != OfferKind.MERCHANDISE:
        raise NotFound(what="redemption")
    if redemption.state not in (RedemptionState.PENDING, RedemptionState.FULFILLED):
        raise RedemptionClosed(current=redemption.state)
    return redemption


async def _pack(redemption: Redemption, units: int | None) -> Parcel:
    left = await parcels.units_to_send(redemption)
    wanted = left if units is None else units
    if not 1 <= wanted <= left:
        raise UnitsSpokenFor(units_left=left)
    return await parcels.pack(redemption, wanted)


async def _send(redemption: Redemption, parcel: Parcel, way: parcels.Way) -> None:
    """The carrier has it; with the first parcel the redemption is fulfilled."""
    await parcels.send(redemption, parcel, way)
    if redemption.state == RedemptionState.PENDING:
        await steps.spend(redemption, await redemption.program, await steps.title_of(redemption))
        await redemption.save(update_fields=["state", "fulfilled_at"])
        await events.tell(redemption)


@operation(scope=Scope.FULFIL, returns=Parcel)
async def pack_parcel(actor: Actor, command: PackParcel) -> Parcel:
    """Some units are packed; without a number, all that are still to be sent.

    Raises NotFound, RedemptionClosed or UnitsSpokenFor.
    """
    return await _pack(await _to_be_sent(actor, command.redemption_id), command.units)


@operation(scope=Scope.FULFIL, returns=Parcel)
async def ship_parcel(actor: Actor, command: ShipParcel) -> Parcel:
    """A packed parcel is with a carrier. With the first one the points are posted and the partner is owed.

    Raises InvalidInput, NotFound, RedemptionClosed, ParcelMoved or NoContractInForce.
    """
    way = sound_way(command.carrier, command.tracking, command.tracking_url)
    parcel, redemption = await _own(actor, command.parcel_id)
    if redemption.state not in (RedemptionState.PENDING, RedemptionState.FULFILLED):
        raise RedemptionClosed(current=redemption.state)
    if parcel.state != ParcelState.PACKED:
        raise ParcelMoved(current=parcel.state)
    await _send(redemption, parcel, way)
    return parcel


@operation(scope=Scope.FULFIL, returns=Redemption)
async def ship_redemption(actor: Actor, command: ShipRedemption) -> Redemption:
    """Everything still to be sent is with a carrier in one parcel: the points are posted, the partner is owed.

    Raises InvalidInput, NotFound, RedemptionClosed or NoContractInForce.
    """
    way = sound_way(command.carrier, command.tracking, command.tracking_url)
    redemption = await _to_be_sent(actor, command.redemption_id)
    if redemption.state != RedemptionState.PENDING:
        raise RedemptionClosed(current=redemption.state)
    for parcel in await parcels.of_redemption(redemption, ParcelState.PACKED):
        await _send(redemption, parcel, way)
    if await parcels.units_to_send(redemption):
        await _send(redemption, await _pack(redemption, None), way)
    return redemption


@operation(scope=Scope.FULFIL, returns=Parcel)
async def move_parcel(actor: Actor, command: MoveParcel) -> Parcel:
    """A parcel that is on its way has arrived, was lost or came back; the books stay as they are.

    What was lost or came back can be packed again, or refunded. Raises NotFound, InvalidInput or ParcelMoved.
    """
    if command.state not in parcels.ENDS:
        raise InvalidInput.at("state", "A parcel that is on its way arrives, is lost or comes back.")
    parcel, redemption = await _own(actor, command.parcel_id)
    if parcel.state != ParcelState.SHIPPED:
        raise ParcelMoved(current=parcel.state)
    await parcels.end(redemption, parcel, command.state)
    return parcel


@operation(scope=Scope.FULFIL, returns=Redemption)
async def mark_delivered(actor: Actor, command: MarkDelivered) -> Redemption:
    """All parcels on their way have arrived; the books stay as they are. Raises NotFound or NotOnItsWay."""
    redemption = await queries.locked(actor, command.redemption_id)
    if redemption.kind != OfferKind.MERCHANDISE:
        raise NotFound(what="redemption")
    await parcels.deliver_all(redemption)
    return redemption


async def _own(actor: Actor, parcel_id: UUID) -> tuple[Parcel, Redemption]:
    """A parcel of the actor with its redemption, whose row is locked; raises NotFound."""
    found = await queries.beside(Parcel, actor).get_or_none(id=parcel_id)
    if found is None:
        raise NotFound(what="parcel")
    redemption = await queries.locked(actor, found.redemption_id)
    return await Parcel.get(id=parcel_id), redemption
