"""What members and support do with redemptions."""

import strawberry

from marketplace.catalog.refusals import NotAvailable, OfferSoldOut
from marketplace.donations.refusals import CharityNotOpen, DonationTooSmall
from marketplace.kit.graphql import BigInt, CountryCode, Info, MoneyInput, Node, WriteInput, actor_of, mutation
from marketplace.kit.inputs import built_at_once
from marketplace.kit.refusals import NotFound
from marketplace.members.refusals import ProgramLimitReached, ProgramUnfunded
from marketplace.points.refusals import InsufficientPoints
from marketplace.redemptions import operations, queries
from marketplace.redemptions.addresses import Address
from marketplace.redemptions.graphql.types import RedemptionType, key_of, key_or_none
from marketplace.redemptions.models import CodeReveal
from marketplace.redemptions.refusals import (
    CancellationClosed,
    CardAmountChanged,
    CardNotOffered,
    CardNotTaken,
    CodeFrozen,
    CodeStopped,
    InvalidAddress,
    InvalidMembershipNumber,
    NoCode,
    PriceChanged,
    QuoteLapsed,
    RedemptionClosed,
    ReservationOver,
    TooFewPoints,
)


@strawberry.input(description="Where a parcel goes.")
class AddressInput:
    name: str = strawberry.field(description="Who receives it.")
    line1: str = strawberry.field(description="Street and number.")
    city: str = strawberry.field(description="Town or city.")
    country: CountryCode = strawberry.field(description="ISO 3166-1 code.")
    line2: str = strawberry.field(default="", description="What else helps to find it.")
    postal_code: str = strawberry.field(default="", description="Postal code, where the country has them.")
    region: str = strawberry.field(default="", description="State or province, where the country needs it.")

    def address(self) -> Address:
        """As the rules read it."""
        return Address(
            name=self.name,
            line1=self.line1,
            city=self.city,
            country=self.country,
            line2=self.line2,
            postal_code=self.postal_code,
            region=self.region,
        )


@strawberry.input(description="One reward, what you saw as its price, and what its kind needs.")
class RewardLineInput:
    item_id: strawberry.ID = strawberry.field(description="The item's global id.")
    expected_points: BigInt = strawberry.field(
        description="The price in points that the person saw, for all lots or units; a dearer price is refused."
    )
    amount: MoneyInput | None = strawberry.field(
        default=None, description="How much, for an item that leaves the amount to you."
    )
    lots: int | None = strawberry.field(
        default=None, description="How many lots of brand currency; one if absent."
    )
    quantity: int | None = strawberry.field(
        default=None, description="How many units of merchandise, or seats; one if absent."
    )
    reservation_id: strawberry.ID | None = strawberry.field(
        default=None, description="The reservation of exactly these units, which this uses up."
    )
    quote_id: strawberry.ID | None = strawberry.field(
        default=None, description="A quote for these lots of brand currency, whose price still holds."
    )
    membership_number: str | None = strawberry.field(
        default=None, description="Your number with the brand, for brand currency."
    )
    address: AddressInput | None = strawberry.field(default=None, description="Where merchandise is sent.")
    message: str | None = strawberry.field(default=None, description="A word to the charity, with a donation.")
    card: MoneyInput | None = strawberry.field(
        default=None,
        description="The most that your card pays of it, as `cardQuote` says: then `expectedPoints` are what you "
        "pay in points, and the reward waits until you have confirmed the card with `startCardPayment`.",
    )
    device: str | None = strawberry.field(
        default=None,
        description="A lasting name of the person's device, to 200 characters; only a print is kept.",
    )

    def line(self, idempotency_key: str) -> operations.RedeemOffer:
        """The command; raises InvalidInput or NotFound."""
        return operations.RedeemOffer(
            idempotency_key=idempotency_key,
            item_id=key_of("item", self.item_id, what="reward"),
            expected_points=self.expected_points,
            amount=self.amount.money("amount") if self.amount else None,
            lots=self.lots,
            quantity=self.quantity,
            quote_id=key_or_none("exchangeQuote", self.quote_id) if self.quote_id else None,
            reservation_id=key_or_none("reservation", self.reservation_id) if self.reservation_id else None,
            membership_number=self.membership_number,
            address=self.address.address() if self.address else None,
            message=self.message,
            card=self.card.money("card") if self.card else None,
            device=self.device,
        )


@built_at_once
@strawberry.input(description="What to redeem, what you saw as its price, and what its kind needs.")
class RedeemOfferInput(RewardLineInput, WriteInput):
    def command(self) -> operations.RedeemOffer:
        """The command; raises InvalidInput or NotFound."""
        return self.line(self.idempotency_key)


@strawberry.input(description="Which redemption to take back.")
class CancelRedemptionInput(WriteInput):
    redemption_id: strawberry.ID = strawberry.field(description="The redemption's global id.")

    def command(self) -> operations.CancelRedemption:
        return operations.CancelRedemption(
            idempotency_key=self.idempotency_key, redemption_id=key_of("redemption", self.redemption_id)
        )


@strawberry.input(description="Whose code to show.")
class RevealCodeInput(WriteInput):
    redemption_id: strawberry.ID = strawberry.field(description="The redemption's global id.")

    def command(self) -> operations.RevealCode:
        return operations.RevealCode(
            idempotency_key=self.idempotency_key, redemption_id=key_of("redemption", self.redemption_id)
        )


@strawberry.input(description="Whose code to exchange, and why.")
class ReissueCodeInput(WriteInput):
    redemption_id: strawberry.ID = strawberry.field(description="The redemption's global id.")
    reason: str = strawberry.field(description="Why, in 1 to 300 characters; kept for the audit.")

    def command(self) -> operations.ReissueCode:
        return operations.ReissueCode(
            idempotency_key=self.idempotency_key,
            redemption_id=key_of("redemption", self.redemption_id),
            reason=self.reason,
        )


@strawberry.type(description="A code in the clear. Every reveal is noted before the code leaves.")
class RevealedCode:
    code: str = strawberry.field(description="The code, or the link, of the voucher.")
    redemption: RedemptionType = strawberry.field(description="The redemption it belongs to.")


async def _revealed(reveal: CodeReveal) -> RevealedCode:
    """The plaintext, after the reveal is committed; raises CodeFrozen or CodeStopped for what happened since."""
    redemption = await reveal.redemption
    code = await queries.plaintext_of(reveal)
    if code is None:
        stopped = await queries.stopped_at(redemption)
        if stopped is not None:
            raise CodeStopped(stopped_at=stopped)
        raise CodeFrozen(current=redemption.state)
    return RevealedCode(code=code, redemption=RedemptionType.of(redemption))


@strawberry.type
class MemberMutation:
    @mutation(
        gives=RedemptionType,
        refuses=[
            NotFound,
            NotAvailable,
            PriceChanged,
            QuoteLapsed,
            ReservationOver,
            InvalidMembershipNumber,
            InvalidAddress,
            InsufficientPoints,
            ProgramUnfunded,
            ProgramLimitReached,
            CharityNotOpen,
            DonationTooSmall,
            OfferSoldOut,
            CardNotOffered,
            TooFewPoints,
            CardAmountChanged,
        ],
        description="Exchange points for one reward, or points and a card.",
    )
    async def redeem_offer(self, info: Info, input: RedeemOfferInput) -> Node | None:
        return RedemptionType.of(await operations.redeem_offer(actor_of(info), input.command()))

    @mutation(
        gives=RevealedCode,
        refuses=[NotFound, NoCode, CodeFrozen, CodeStopped, CardNotTaken],
        description="Show the code of your voucher. It is noted each time.",
    )
    async def reveal_code(self, info: Info, input: RevealCodeInput) -> RevealedCode | None:
        return await _revealed(await operations.reveal_code(actor_of(info), input.command()))

    @mutation(
        gives=RedemptionType,
        refuses=[NotFound, NoCode, CodeFrozen, OfferSoldOut],
        description="Give the member another code for one that does not work.",
    )
    async def reissue_code(self, info: Info, input: ReissueCodeInput) -> Node | None:
        return RedemptionType.of(await operations.reissue_code(actor_of(info), input.command()))

    @mutation(
        gives=RedemptionType,
        refuses=[NotFound, RedemptionClosed, CancellationClosed],
        description="Take back what is still pending, or a booking by its session's rule.",
    )
    async def cancel_redemption(self, info: Info, input: CancelRedemptionInput) -> Node | None:
        return RedemptionType.of(await operations.cancel_redemption(actor_of(info), input.command()))
