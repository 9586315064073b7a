"""How each kind of reward arrives, as those see it who need to."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Union
from uuid import UUID

import strawberry

from marketplace.catalog.models import OfferKind
from marketplace.donations import queries as donations
from marketplace.donations.graphql import PledgeType
from marketplace.donations.models import Pledge
from marketplace.kit import ids
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.graphql import BigInt, CountryCode, Info, actor_of, batched, describe_enum
from marketplace.redemptions import queries
from marketplace.redemptions.models import (
    Booking,
    Credit,
    CreditState,
    Entitlement,
    EntitlementState,
    Redemption,
    Right,
    Shipment,
    ShipmentState,
)

describe_enum(
    ShipmentState,
    "Where a parcel is.",
    ORDERED="The brand has been asked to send it.",
    PACKED="It is packed.",
    SHIPPED="The carrier has it, or a part of it.",
    DELIVERED="All of it has arrived.",
    LOST="The carrier has lost it.",
    RETURNED="It came back to its sender undelivered.",
)
describe_enum(
    CreditState,
    "Whether brand currency has been credited.",
    REQUESTED="The brand has been asked to credit it.",
    CREDITED="It is in the member's account with the brand.",
    REFUSED="The brand could not credit it; everything was put back.",
)


describe_enum(
    Right,
    "What an entitlement gives a right to.",
    name="EntitlementRight",
    SAMPLE="A sample.",
    UPGRADE="Something better than what was booked.",
    MEMBERSHIP="A membership, as often as one likes until it ends.",
    FREE_SHIPPING="Delivery without its price.",
)
describe_enum(
    EntitlementState,
    "Where a right stands.",
    ACTIVE="It can be used.",
    USED="It was used.",
    EXPIRED="It has ended.",
)


@strawberry.type(name="Entitlement", description="A right with a brand. `showProof` shows it at the till.")
class EntitlementType:
    right: Right = strawberry.field(description="What it gives a right to.")
    number: str = strawberry.field(description="Its number, for people.")
    state: EntitlementState = strawberry.field(description="Where it stands.")
    starts_at: datetime = strawberry.field(description="From when it is valid.")
    ends_at: datetime = strawberry.field(description="Until when it is valid.")
    used_at: datetime | None = strawberry.field(description="When it was used, a membership the last time.")


@strawberry.type(description="A voucher: a code, a link or an entitlement.")
class VoucherFulfilment:
    has_code: bool = strawberry.field(description="Whether `revealCode` has something to show.")
    revealed_at: datetime | None = strawberry.field(description="When the code was first shown.")
    expires_at: datetime | None = strawberry.field(description="Until when the code can be used, if it ends.")
    stopped_at: datetime | None = strawberry.field(
        description="Since when the code is stopped, because it may have leaked; null when it works."
    )
    entitlement: EntitlementType | None = strawberry.field(description="The right it gives; null for codes.")


@strawberry.type(description="Brand currency for an account with the brand.")
class CreditFulfilment:
    credit_state: CreditState = strawberry.field(description="Whether it has been credited.")
    membership_number: str | None = strawberry.field(
        description="The number to credit; shown to its owner, the brand and support."
    )
    lots: int = strawberry.field(description="How many lots were taken.")
    units: BigInt = strawberry.field(description="How many units are credited.")
    refused_lots: int = strawberry.field(description="How many of the lots could not be credited: refunded.")
    answered_at: datetime | None = strawberry.field(description="When the brand answered.")
    refused_reason: str | None = strawberry.field(description="Why the brand could not credit it.")


@strawberry.type(description="Where a parcel goes.")
class PostalAddress:
    name: str = strawberry.field(description="Who receives it.")
    line1: str = strawberry.field(description="Street and number.")
    line2: str = strawberry.field(description="What else helps to find it; empty when nothing.")
    city: str = strawberry.field(description="Town or city.")
    postal_code: str = strawberry.field(description="Postal code; empty where there is none.")
    region: str = strawberry.field(description="State or province; empty where there is none.")
    country: CountryCode = strawberry.field(description="ISO 3166-1 code.")


@strawberry.type(description="Merchandise in a parcel.")
class ShipmentFulfilment:
    shipment_state: ShipmentState = strawberry.field(description="Where the parcel is.")
    address: PostalAddress | None = strawberry.field(
        description="Where it goes; shown to its owner, the brand and support, until it is erased."
    )
    carrier: str | None = strawberry.field(description="Who carries it.")
    tracking: str | None = strawberry.field(description="The carrier's number for it.")
    shipped_at: datetime | None = strawberry.field(description="When the carrier took it.")
    delivered_at: datetime | None = strawberry.field(description="When it arrived.")
    redemption_id: strawberry.Private[UUID]


@strawberry.type(description="A seat in a session.")
class BookingFulfilment:
    ticket: str = strawberry.field(description="The ticket number, to be shown at the door.")
    starts_at: datetime = strawberry.field(description="When the session begins.")
    cancel_until: datetime | None = strawberry.field(
        description="Until when it can be cancelled or moved; null when it cannot."
    )
    seats: int = strawberry.field(description="How many people it lets in.")
    checked_in_at: datetime | None = strawberry.field(description="When it was used at the door.")
    moved_from: strawberry.ID | None = strawberry.field(description="The redemption it was moved from, if it was.")


@strawberry.type(description="A donation, acknowledged at once.")
class DonationFulfilment:
    acknowledgement_number: str = strawberry.field(description="The number of the acknowledgement.")
    pledge: PledgeType = strawberry.field(description="What became of the donation.")


Fulfilment = Annotated[
    Union[  # noqa: UP007
        VoucherFulfilment, CreditFulfilment, ShipmentFulfilment, BookingFulfilment, DonationFulfilment
    ],
    strawberry.union("Fulfilment", description="How a reward arrives, by its kind."),
]
Rows = Callable[[Info, list[UUID]], Awaitable[Mapping[UUID, Any]]]


def _may_see_person(actor: Actor) -> bool:
    """Whether fulfilment needs what names the member to be shown to this actor."""
    return actor.kind in (ActorKind.MEMBER, ActorKind.PARTNER) or actor.may(Scope.SUPPORT)


def _rows_of(model: Any) -> Rows:
    async def fetch(_info: Info, keys: list[UUID]) -> Mapping[UUID, Any]:
        return {row.redemption_id: row for row in await model.filter(redemption_id__in=keys)}

    return fetch


async def _vouchers(_info: Info, keys: list[UUID]) -> Mapping[UUID, Any]:
    return await queries.vouchers(keys)


async def _pledges(_info: Info, keys: list[UUID]) -> Mapping[UUID, Any]:
    return await donations.pledges_of(keys)


_credits, _shipments, _bookings = _rows_of(Credit), _rows_of(Shipment), _rows_of(Booking)
_entitlements = _rows_of(Entitlement)


async def _own(info: Info, name: str, rows: Rows, row: Redemption) -> Any:
    """The row that every redemption of its kind has beside it."""
    found = await batched(info, name, rows, row.id)
    assert found is not None, f"{row.id} has no {name}"
    return found


async def _entitlement(info: Info, row: Redemption) -> EntitlementType | None:
    found: Entitlement | None = await batched(info, "entitlement", _entitlements, row.id)
    if found is None:
        return None
    return EntitlementType(
        right=Right(found.gives),
        number=found.number,
        state=EntitlementState(found.state),
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        used_at=found.used_at,
    )


async def _voucher(info: Info, row: Redemption) -> VoucherFulfilment:
    found: queries.VoucherFacts = await _own(info, "voucher", _vouchers, row)
    return VoucherFulfilment(
        has_code=found.has_code,
        revealed_at=row.revealed_at,
        expires_at=found.expires_at,
        stopped_at=found.stopped_at,
        entitlement=await _entitlement(info, row),
    )


async def _credit(info: Info, row: Redemption) -> CreditFulfilment:
    found: Credit = await _own(info, "credit", _credits, row)
    return CreditFulfilment(
        credit_state=CreditState(found.state),
        membership_number=found.membership_number if _may_see_person(actor_of(info)) else None,
        lots=found.lots,
        units=BigInt(found.units),
        refused_lots=found.refused_lots,
        answered_at=found.answered_at,
        refused_reason=found.refused_reason,
    )


async def _shipment(info: Info, row: Redemption) -> ShipmentFulfilment:
    found: Shipment = await _own(info, "shipment", _shipments, row)
    shown = found.address and _may_see_person(actor_of(info))
    return ShipmentFulfilment(
        shipment_state=ShipmentState(found.state),
        address=PostalAddress(**found.address) if shown else None,
        carrier=found.carrier,
        tracking=found.tracking,
        shipped_at=found.shipped_at,
        delivered_at=found.delivered_at,
        redemption_id=row.id,
    )


async def _booking(info: Info, row: Redemption) -> BookingFulfilment:
    found: Booking = await _own(info, "booking", _bookings, row)
    return BookingFulfilment(
        ticket=found.ticket,
        starts_at=found.starts_at,
        cancel_until=found.cancel_until,
        seats=row.quantity,
        checked_in_at=found.checked_in_at,
        moved_from=strawberry.ID(ids.public("redemption", found.moved_from_id)) if found.moved_from_id else None,
    )


async def _donation(info: Info, row: Redemption) -> DonationFulfilment:
    found: Pledge = await _own(info, "pledge of redemption", _pledges, row)
    return DonationFulfilment(acknowledgement_number=found.number, pledge=PledgeType.of(found))


_BY_KIND: Mapping[OfferKind, Callable[[Info, Redemption], Awaitable[Any]]] = {
    OfferKind.VOUCHER: _voucher,
    OfferKind.BRAND_CURRENCY: _credit,
    OfferKind.MERCHANDISE: _shipment,
    OfferKind.EXPERIENCE: _booking,
    OfferKind.DONATION: _donation,
}


async def fulfilment_of(info: Info, row: Redemption) -> Any:
    """The fulfilment of a redemption as the caller may see it."""
    return await _BY_KIND[OfferKind(row.kind)](info, row)
