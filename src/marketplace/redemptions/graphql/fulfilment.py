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
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.graphql import BigInt, CountryCode, Info, actor_of, batched, describe_enum
from marketplace.redemptions import queries
from marketplace.redemptions.models import (
    Booking,
    Credit,
    CreditState,
    Redemption,
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


@strawberry.type(description="A voucher: a code, a link or an entitlement.")
class VoucherFulfilment:
    has_code: bool = strawberry.field(description="Whether `revealCode` has something to show.")
    revealed_at: datetime | None = strawberry.field(description="When the code was first shown.")
    expires_at: datetime | None = strawberry.field(description="Until when the code can be used, if it ends.")
    stopped_at: datetime | None = strawberry.field(
        description="Since when the code is stopped, because it may have leaked; null when it works."
    )


@strawberry.type(description="Brand currency for an account with the brand.")
class CreditFulfilment:
    credit_state: CreditState = strawberry.field(description="Whether it has been credited.")
    membership_number: str | None = strawberry.field(
        description="The number to credit; shown to its owner, the brand and support."
    )
    lots: int = strawberry.field(description="How many lots were taken.")
    units: BigInt = strawberry.field(description="How many units are credited.")
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
        description="Until when it can be cancelled; null when it cannot."
    )


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


async def _own(info: Info, name: str, rows: Rows, row: Redemption) -> Any:
    """The row that every redemption of its kind has beside it."""
    found = await batched(info, name, rows, row.id)
    assert found is not None, f"{row.id} has no {name}"
    return found


async def _voucher(info: Info, row: Redemption) -> VoucherFulfilment:
    found: queries.VoucherFacts = await _own(info, "voucher", _vouchers, row)
    return VoucherFulfilment(
        has_code=found.has_code,
        revealed_at=row.revealed_at,
        expires_at=found.expires_at,
        stopped_at=found.stopped_at,
    )


async def _credit(info: Info, row: Redemption) -> CreditFulfilment:
    found: Credit = await _own(info, "credit", _credits, row)
    return CreditFulfilment(
        credit_state=CreditState(found.state),
        membership_number=found.membership_number if _may_see_person(actor_of(info)) else None,
        lots=found.lots,
        units=BigInt(found.units),
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
    return BookingFulfilment(ticket=found.ticket, starts_at=found.starts_at, cancel_until=found.cancel_until)


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
