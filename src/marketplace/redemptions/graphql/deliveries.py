"""What partners do: answer credits, send parcels, or say that they cannot."""

import strawberry

from marketplace.kit.graphql import Info, Node, WriteInput, actor_of, mutation
from marketplace.kit.refusals import NotFound
from marketplace.redemptions import operations
from marketplace.redemptions.graphql.types import RedemptionType, key_of
from marketplace.redemptions.refusals import NoContractInForce, NotOnItsWay, RedemptionClosed


@strawberry.input(description="Which credit was carried out.")
class ConfirmCreditInput(WriteInput):
    redemption_id: strawberry.ID = strawberry.field(description="The redemption's global id.")

    def command(self) -> operations.ConfirmCredit:
        return operations.ConfirmCredit(
            idempotency_key=self.idempotency_key, redemption_id=key_of("redemption", self.redemption_id)
        )


@strawberry.input(description="Which credit cannot be carried out, and why.")
class RefuseCreditInput(WriteInput):
    redemption_id: strawberry.ID = strawberry.field(description="The redemption's global id.")
    reason: str = strawberry.field(description="Why, in 1 to 300 characters; the member sees it.")

    def command(self) -> operations.RefuseCredit:
        return operations.RefuseCredit(
            idempotency_key=self.idempotency_key,
            redemption_id=key_of("redemption", self.redemption_id),
            reason=self.reason,
        )


@strawberry.input(description="Which parcel was sent, and how.")
class ShipRedemptionInput(WriteInput):
    redemption_id: strawberry.ID = strawberry.field(description="The redemption's global id.")
    carrier: str = strawberry.field(description="Who carries it, in 1 to 80 characters.")
    tracking: str = strawberry.field(description="The carrier's number for it, in 1 to 120 characters.")
    tracking_url: str | None = strawberry.field(default=None, description="Where one can follow it, https only.")

    def command(self) -> operations.ShipRedemption:
        return operations.ShipRedemption(
            idempotency_key=self.idempotency_key,
            redemption_id=key_of("redemption", self.redemption_id),
            carrier=self.carrier,
            tracking=self.tracking,
            tracking_url=self.tracking_url,
        )


@strawberry.input(description="Which parcel has arrived.")
class MarkDeliveredInput(WriteInput):
    redemption_id: strawberry.ID = strawberry.field(description="The redemption's global id.")

    def command(self) -> operations.MarkDelivered:
        return operations.MarkDelivered(
            idempotency_key=self.idempotency_key, redemption_id=key_of("redemption", self.redemption_id)
        )


@strawberry.input(description="What cannot be delivered, and why.")
class FailRedemptionInput(WriteInput):
    redemption_id: strawberry.ID = strawberry.field(description="The redemption's global id.")
    reason: str = strawberry.field(description="Why, in 1 to 300 characters; the member sees it.")

    def command(self) -> operations.FailRedemption:
        return operations.FailRedemption(
            idempotency_key=self.idempotency_key,
            redemption_id=key_of("redemption", self.redemption_id),
            reason=self.reason,
        )


@strawberry.type
class PartnerMutation:
    @mutation(
        gives=RedemptionType,
        refuses=[NotFound, RedemptionClosed, NoContractInForce],
        description="Say that brand currency is in the member's account with you. From then on you are owed.",
    )
    async def confirm_credit(self, info: Info, input: ConfirmCreditInput) -> Node | None:
        return RedemptionType.of(await operations.confirm_credit(actor_of(info), input.command()))

    @mutation(
        gives=RedemptionType,
        refuses=[NotFound, RedemptionClosed],
        description="Say that brand currency cannot be credited. The member gets everything back.",
    )
    async def refuse_credit(self, info: Info, input: RefuseCreditInput) -> Node | None:
        return RedemptionType.of(await operations.refuse_credit(actor_of(info), input.command()))

    @mutation(
        gives=RedemptionType,
        refuses=[NotFound, RedemptionClosed, NoContractInForce],
        description="Say that all still to be sent is with its carrier, in one parcel. From then on you are owed.",
    )
    async def ship_redemption(self, info: Info, input: ShipRedemptionInput) -> Node | None:
        return RedemptionType.of(await operations.ship_redemption(actor_of(info), input.command()))

    @mutation(gives=RedemptionType, refuses=[NotFound, NotOnItsWay], description="Say that a parcel has arrived.")
    async def mark_delivered(self, info: Info, input: MarkDeliveredInput) -> Node | None:
        return RedemptionType.of(await operations.mark_delivered(actor_of(info), input.command()))

    @mutation(
        gives=RedemptionType,
        refuses=[NotFound, RedemptionClosed],
        description="Say that what is pending cannot be delivered. The member gets everything back.",
    )
    async def fail_redemption(self, info: Info, input: FailRedemptionInput) -> Node | None:
        return RedemptionType.of(await operations.fail_redemption(actor_of(info), input.command()))
