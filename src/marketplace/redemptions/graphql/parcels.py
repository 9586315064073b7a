"""Parcels and what is sent back, as members follow them and partners work them off."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.kit import ids, paging
from marketplace.kit.graphql import (
    After,
    Connection,
    First,
    Info,
    Node,
    WriteInput,
    actor_of,
    batched,
    describe_enum,
    extend,
    load_node,
    mutation,
    node_loader,
)
from marketplace.kit.refusals import NotFound
from marketplace.redemptions import operations, queries
from marketplace.redemptions.graphql.fulfilment import ShipmentFulfilment
from marketplace.redemptions.graphql.types import RedemptionType, key_of, may_read, reader
from marketplace.redemptions.models import Parcel, ParcelState, ReturnRequest
from marketplace.redemptions.refusals import (
    NoContractInForce,
    ParcelMoved,
    RedemptionClosed,
    ReturnAnswered,
    ReturnClosed,
    ReturnUnderWay,
    UnitsSpokenFor,
)
from marketplace.redemptions.states import ReturnState

describe_enum(
    ParcelState,
    "Where one parcel is.",
    PACKED="It is packed and waits for the carrier.",
    SHIPPED="The carrier has it.",
    DELIVERED="It has arrived.",
    LOST="The carrier has lost it; its units can be packed again.",
    RETURNED="It came back undelivered; its units can be packed again.",
)
describe_enum(
    ReturnState,
    "Where a return stands.",
    REQUESTED="The member wants to send it back; the brand waits for it.",
    RECEIVED="The brand has it, and the member was refunded.",
    REFUSED="The brand does not take it back.",
)


@strawberry.type(name="Parcel", description="A parcel with some units of a redemption.")
class ParcelType(Node):
    number: int = strawberry.field(description="The first, second, … parcel of its redemption.")
    units: int = strawberry.field(description="How many units are in it.")
    state: ParcelState = strawberry.field(description="Where it is.")
    carrier: str | None = strawberry.field(description="Who carries it.")
    tracking: str | None = strawberry.field(description="The carrier's number for it.")
    tracking_url: str | None = strawberry.field(description="Where one can follow it.")
    packed_at: datetime = strawberry.field(description="When it was packed.")
    shipped_at: datetime | None = strawberry.field(description="When the carrier took it.")
    ended_at: datetime | None = strawberry.field(description="When it arrived, was lost or came back.")
    row: strawberry.Private[Parcel]

    @strawberry.field(description="The redemption it belongs to.")
    async def redemption(self, info: Info) -> RedemptionType | None:
        return await load_node(info, "redemption", self.row.redemption_id)

    @classmethod
    def of(cls, row: Parcel) -> "ParcelType":
        return cls(
            id=strawberry.ID(ids.public("parcel", row.id)),
            number=row.number,
            units=row.units,
            state=ParcelState(row.state),
            carrier=row.carrier,
            tracking=row.tracking,
            tracking_url=row.tracking_url,
            packed_at=row.packed_at,
            shipped_at=row.shipped_at,
            ended_at=row.ended_at,
            row=row,
        )


@strawberry.type(name="Return", description="Merchandise that a member wants to send back.")
class ReturnType(Node):
    state: ReturnState = strawberry.field(description="Where it stands.")
    quantity: int = strawberry.field(description="How many units.")
    reason: str = strawberry.field(description="Why the member sends it back.")
    requested_at: datetime = strawberry.field(description="When the member asked.")
    answered_at: datetime | None = strawberry.field(description="When the brand had it, or said no.")
    refused_reason: str | None = strawberry.field(description="Why the brand does not take it back.")
    row: strawberry.Private[ReturnRequest]

    @strawberry.field(description="The redemption that is sent back.")
    async def redemption(self, info: Info) -> RedemptionType | None:
        return await load_node(info, "redemption", self.row.redemption_id)

    @classmethod
    def of(cls, row: ReturnRequest) -> "ReturnType":
        return cls(
            id=strawberry.ID(ids.public("return", row.id)),
            state=ReturnState(row.state),
            quantity=row.quantity,
            reason=row.reason,
            requested_at=row.requested_at,
            answered_at=row.answered_at,
            refused_reason=row.refused_reason,
            row=row,
        )


@node_loader("parcel")
async def load_parcels(info: Info, keys: list[UUID]) -> dict[UUID, ParcelType]:
    """Those of the keys that the caller may see."""
    actor = info.context.actor
    if actor is None or not may_read(actor):
        return {}
    return {row.id: ParcelType.of(row) for row in await queries.beside(Parcel, actor).filter(id__in=keys)}


@node_loader("return")
async def load_returns(info: Info, keys: list[UUID]) -> dict[UUID, ReturnType]:
    """Those of the keys that the caller may see."""
    actor = info.context.actor
    if actor is None or not may_read(actor):
        return {}
    return {row.id: ReturnType.of(row) for row in await queries.beside(ReturnRequest, actor).filter(id__in=keys)}


async def _parcels(_info: Info, keys: list[UUID]) -> Mapping[UUID, list[Parcel]]:
    return await queries.grouped(Parcel, keys)


async def _returns(_info: Info, keys: list[UUID]) -> Mapping[UUID, list[ReturnRequest]]:
    return await queries.grouped(ReturnRequest, keys)


async def _until(_info: Info, keys: list[UUID]) -> Mapping[UUID, datetime]:
    return await queries.returnable_until(keys)


@extend(ShipmentFulfilment)
class ShipmentParts:
    """The parcels of an order, and what of it is sent back."""

    @strawberry.field(description="Its parcels, the first one first; empty until something is packed.")
    async def parcels(self, info: Info, shipment: strawberry.Parent[ShipmentFulfilment]) -> list[ParcelType]:
        rows = await batched(info, "parcels of redemption", _parcels, shipment.redemption_id) or []
        return [ParcelType.of(row) for row in rows]

    @strawberry.field(description="What the member wants to send back, or has sent back.")
    async def returns(self, info: Info, shipment: strawberry.Parent[ShipmentFulfilment]) -> list[ReturnType]:
        rows = await batched(info, "returns of redemption", _returns, shipment.redemption_id) or []
        return [ReturnType.of(row) for row in rows]

    @strawberry.field(description="Until when `requestReturn` is possible; null before it was sent.")
    async def returnable_until(
        self, info: Info, shipment: strawberry.Parent[ShipmentFulfilment]
    ) -> datetime | None:
        return await batched(info, "return window", _until, shipment.redemption_id)


@strawberry.type
class ParcelQuery:
    """What there is to be sent, and what comes back."""

    @strawberry.field(description="Parcels, newest first: your own, your brands', your members', or all.")
    async def parcels(
        self,
        info: Info,
        state: Annotated[ParcelState | None, strawberry.argument(description="Only those there.")] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[ParcelType]:
        query = queries.beside(Parcel, reader(info))
        query = query if state is None else query.filter(state=state.value)
        page = await paging.page_of(query, first=first, after=after)
        return Connection[ParcelType].of(page, ParcelType.of, query.count)

    @strawberry.field(description="Returns, newest first: your own, your brands', your members', or all.")
    async def returns(
        self,
        info: Info,
        state: Annotated[ReturnState | None, strawberry.argument(description="Only those that stand so.")] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[ReturnType]:
        query = queries.beside(ReturnRequest, reader(info))
        query = query if state is None else query.filter(state=state.value)
        page = await paging.page_of(query, first=first, after=after)
        return Connection[ReturnType].of(page, ReturnType.of, query.count)


@strawberry.input(description="Which units are in one parcel.")
class PackParcelInput(WriteInput):
    redemption_id: strawberry.ID = strawberry.field(description="The redemption's global id.")
    units: int | None = strawberry.field(
        default=None, description="How many units; all that are still to be sent when absent."
    )

    def command(self) -> operations.PackParcel:
        return operations.PackParcel(
            idempotency_key=self.idempotency_key,
            redemption_id=key_of("redemption", self.redemption_id),
            units=self.units,
        )


@strawberry.input(description="Which parcel a carrier has.")
class ShipParcelInput(WriteInput):
    parcel_id: strawberry.ID = strawberry.field(description="The parcel's global id.")
    carrier: str = strawberry.field(description="Who carries it, in 1 to 80 characters.")
    tracking: str = strawberry.field(description="The carrier's number for it, in 1 to 120 characters.")
    tracking_url: str | None = strawberry.field(default=None, description="Where one can follow it, https only.")

    def command(self) -> operations.ShipParcel:
        return operations.ShipParcel(
            idempotency_key=self.idempotency_key,
            parcel_id=key_of("parcel", self.parcel_id),
            carrier=self.carrier,
            tracking=self.tracking,
            tracking_url=self.tracking_url,
        )


@strawberry.input(description="Where a parcel that was sent is now.")
class MoveParcelInput(WriteInput):
    parcel_id: strawberry.ID = strawberry.field(description="The parcel's global id.")
    state: ParcelState = strawberry.field(description="DELIVERED, LOST or RETURNED.")

    def command(self) -> operations.MoveParcel:
        return operations.MoveParcel(
            idempotency_key=self.idempotency_key, parcel_id=key_of("parcel", self.parcel_id), state=self.state
        )


@strawberry.input(description="What you want to send back, and why.")
class RequestReturnInput(WriteInput):
    redemption_id: strawberry.ID = strawberry.field(description="The redemption's global id.")
    reason: str = strawberry.field(description="Why, in 1 to 300 characters.")
    quantity: int | None = strawberry.field(default=None, description="How many units; all when absent.")

    def command(self) -> operations.RequestReturn:
        return operations.RequestReturn(
            idempotency_key=self.idempotency_key,
            redemption_id=key_of("redemption", self.redemption_id),
            reason=self.reason,
            quantity=self.quantity,
        )


@strawberry.input(description="Which return has arrived with you.")
class ConfirmReturnInput(WriteInput):
    return_id: strawberry.ID = strawberry.field(description="The return's global id.")

    def command(self) -> operations.ConfirmReturn:
        return operations.ConfirmReturn(
            idempotency_key=self.idempotency_key, return_id=key_of("return", self.return_id)
        )


@strawberry.input(description="Which return you do not accept, and why.")
class RefuseReturnInput(WriteInput):
    return_id: strawberry.ID = strawberry.field(description="The return's global id.")
    reason: str = strawberry.field(description="Why, in 1 to 300 characters; the member sees it.")

    def command(self) -> operations.RefuseReturn:
        return operations.RefuseReturn(
            idempotency_key=self.idempotency_key, return_id=key_of("return", self.return_id), reason=self.reason
        )


@strawberry.type
class ParcelMutation:
    @mutation(
        gives=ParcelType,
        refuses=[NotFound, RedemptionClosed, UnitsSpokenFor],
        description="Put units of a redemption into a parcel; several parcels may carry one redemption.",
    )
    async def pack_parcel(self, info: Info, input: PackParcelInput) -> Node | None:
        return ParcelType.of(await operations.pack_parcel(actor_of(info), input.command()))

    @mutation(
        gives=ParcelType,
        refuses=[NotFound, RedemptionClosed, ParcelMoved, NoContractInForce],
        description="Say that a packed parcel is with its carrier. From the first one on you are owed.",
    )
    async def ship_parcel(self, info: Info, input: ShipParcelInput) -> Node | None:
        return ParcelType.of(await operations.ship_parcel(actor_of(info), input.command()))

    @mutation(
        gives=ParcelType,
        refuses=[NotFound, ParcelMoved],
        description="Say that a parcel has arrived, was lost, or came back.",
    )
    async def move_parcel(self, info: Info, input: MoveParcelInput) -> Node | None:
        return ParcelType.of(await operations.move_parcel(actor_of(info), input.command()))

    @mutation(
        gives=ReturnType,
        refuses=[NotFound, RedemptionClosed, ReturnClosed, ReturnUnderWay],
        description="Ask to send merchandise back, within its return window.",
    )
    async def request_return(self, info: Info, input: RequestReturnInput) -> Node | None:
        return ReturnType.of(await operations.request_return(actor_of(info), input.command()))

    @mutation(
        gives=ReturnType,
        refuses=[NotFound, ReturnAnswered],
        description="Say that you have what was sent back. The member is refunded, and you are owed as much less.",
    )
    async def confirm_return(self, info: Info, input: ConfirmReturnInput) -> Node | None:
        return ReturnType.of(await operations.confirm_return(actor_of(info), input.command()))

    @mutation(
        gives=ReturnType,
        refuses=[NotFound, ReturnAnswered],
        description="Say that you do not take back what a member wants to send.",
    )
    async def refuse_return(self, info: Info, input: RefuseReturnInput) -> Node | None:
        return ReturnType.of(await operations.refuse_return(actor_of(info), input.command()))
