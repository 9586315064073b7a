"""Tickets and rights: shown by members, used with partners."""

import strawberry

from marketplace.catalog.refusals import NotAvailable, OfferSoldOut
from marketplace.kit.graphql import BigInt, Info, Node, WriteInput, actor_of, mutation
from marketplace.kit.refusals import NotFound
from marketplace.members.refusals import ProgramLimitReached, ProgramUnfunded
from marketplace.points.refusals import InsufficientPoints
from marketplace.redemptions import operations, queries
from marketplace.redemptions.graphql.types import RedemptionType, key_of
from marketplace.redemptions.models import Redemption
from marketplace.redemptions.refusals import (
    CancellationClosed,
    CardNotTaken,
    NotValidNow,
    PriceChanged,
    ProofInvalid,
    ProofUsed,
    RedemptionClosed,
)


@strawberry.type(name="Proof", description="What you show at a door or a till. Keep it to yourself until then.")
class ProofType:
    number: str = strawberry.field(description="The number of the ticket or right, for people.")
    text: str = strawberry.field(description="The signed text that the QR code holds.")
    svg: str = strawberry.field(description="The QR code as an SVG document.")
    png: str = strawberry.field(description="The QR code as a PNG in base64.")
    redemption: RedemptionType = strawberry.field(description="The redemption it belongs to.")


async def _shown(redemption: Redemption) -> ProofType:
    proof = await queries.proof_of(redemption.id)
    assert proof is not None
    return ProofType(
        number=proof.number,
        text=proof.text,
        svg=proof.svg,
        png=proof.png,
        redemption=RedemptionType.of(redemption),
    )


@strawberry.input(description="Whose ticket or right to show.")
class ShowProofInput(WriteInput):
    redemption_id: strawberry.ID = strawberry.field(description="The redemption's global id.")

    def command(self) -> operations.ShowProof:
        return operations.ShowProof(
            idempotency_key=self.idempotency_key, redemption_id=key_of("redemption", self.redemption_id)
        )


@strawberry.input(description="Which ticket was scanned.")
class CheckInTicketInput(WriteInput):
    proof: str = strawberry.field(description="The text of the QR code.")

    def command(self) -> operations.CheckInTicket:
        return operations.CheckInTicket(idempotency_key=self.idempotency_key, proof=self.proof)


@strawberry.input(description="Which right was scanned.")
class UseEntitlementInput(WriteInput):
    proof: str = strawberry.field(description="The text of the QR code.")

    def command(self) -> operations.UseEntitlement:
        return operations.UseEntitlement(idempotency_key=self.idempotency_key, proof=self.proof)


@strawberry.input(description="Which booking to move, and where.")
class RescheduleBookingInput(WriteInput):
    redemption_id: strawberry.ID = strawberry.field(description="The booking's redemption.")
    item_id: strawberry.ID = strawberry.field(description="The other session of the same offer.")
    expected_points: BigInt = strawberry.field(
        description="The price of the other session that the person saw, for all seats; a dearer one is refused."
    )

    def command(self) -> operations.RescheduleBooking:
        return operations.RescheduleBooking(
            idempotency_key=self.idempotency_key,
            redemption_id=key_of("redemption", self.redemption_id),
            item_id=key_of("item", self.item_id, what="reward"),
            expected_points=self.expected_points,
        )


@strawberry.type
class ProofMutation:
    @mutation(
        gives=ProofType,
        refuses=[NotFound, RedemptionClosed, CardNotTaken],
        description="Show the QR code of your ticket or right. It is noted each time.",
    )
    async def show_proof(self, info: Info, input: ShowProofInput) -> ProofType | None:
        return await _shown(await operations.show_proof(actor_of(info), input.command()))

    @mutation(
        gives=RedemptionType,
        refuses=[ProofInvalid, ProofUsed, NotValidNow, RedemptionClosed],
        description="Let the holder of a ticket in, once.",
    )
    async def check_in_ticket(self, info: Info, input: CheckInTicketInput) -> Node | None:
        return RedemptionType.of(await operations.check_in_ticket(actor_of(info), input.command()))

    @mutation(
        gives=RedemptionType,
        refuses=[ProofInvalid, ProofUsed, NotValidNow, RedemptionClosed],
        description="Grant what a right is for: once, a membership until it ends.",
    )
    async def use_entitlement(self, info: Info, input: UseEntitlementInput) -> Node | None:
        return RedemptionType.of(await operations.use_entitlement(actor_of(info), input.command()))

    @mutation(
        gives=RedemptionType,
        refuses=[
            NotFound,
            RedemptionClosed,
            CancellationClosed,
            ProofUsed,
            NotAvailable,
            PriceChanged,
            InsufficientPoints,
            ProgramUnfunded,
            ProgramLimitReached,
            OfferSoldOut,
        ],
        description="Move your booking to another session of the same offer, as long as it could be cancelled.",
    )
    async def reschedule_booking(self, info: Info, input: RescheduleBookingInput) -> Node | None:
        return RedemptionType.of(await operations.reschedule_booking(actor_of(info), input.command()))
