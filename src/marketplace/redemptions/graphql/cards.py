"""A card that pays the rest of a price: what it would pay, how it stands, and the secret to confirm it with."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import (
    BigInt,
    Info,
    MoneyInput,
    MoneyType,
    WriteInput,
    actor_of,
    actor_with,
    batched,
    describe_enum,
    extend,
    mutation,
)
from marketplace.kit.refusals import BadUserInput, InvalidInput, NotFound, Refusal
from marketplace.payments import card_jobs
from marketplace.payments.cards import OPEN
from marketplace.payments.models import CardPayment, CardState
from marketplace.payments.queries import cards_for
from marketplace.payments.refusals import PaymentsUnavailable
from marketplace.redemptions import cards, operations
from marketplace.redemptions.graphql.types import RedemptionType, key_of
from marketplace.redemptions.models import Redemption, WaitsFor
from marketplace.redemptions.refusals import CardNotAwaited
from marketplace.storefront.cash import least_points
from marketplace.storefront.graphql import WhyNot
from marketplace.storefront.queries import price_item

describe_enum(
    WaitsFor,
    "What a pending redemption waits for before it goes to the brand.",
    name="RedemptionWaitsFor",
    CARD="The member confirms the card that pays the rest: `startCardPayment`.",
    IN_REVIEW="A person looks at it before it goes on. Points and reward are kept for the member meanwhile.",
)
describe_enum(
    CardState,
    "Where the card's part of a price stands.",
    name="CardPaymentState",
    AWAITING="The member has to confirm the card.",
    AUTHORISED="The card's bank has set the money aside.",
    CAPTURING="The money is being taken.",
    CAPTURED="The card has paid.",
    RELEASING="What was set aside is being let go; nothing is taken.",
    RELEASED="Nothing was taken.",
    FAILED="The bank's authorisation ended; nothing was taken.",
)


@strawberry.type(description="The part of a price that a card pays.")
class CardPart:
    amount: MoneyType = strawberry.field(description="What it pays, in the program's home currency.")
    state: CardState = strawberry.field(description="Where that stands.")
    decline_code: str | None = strawberry.field(
        description="Why the card was declined last, in Stripe's words; another can be tried until `expiresAt`."
    )
    expires_at: datetime = strawberry.field(description="Until when it can be confirmed.")
    charged_at: datetime | None = strawberry.field(description="When the money was taken; null before.")

    @classmethod
    def of(cls, card: CardPayment) -> "CardPart":
        return cls(
            amount=MoneyType.minor(card.amount_minor, card.currency),
            state=CardState(card.state),
            decline_code=card.decline_code,
            expires_at=card.expires_at,
            charged_at=card.captured_at,
        )


async def _cards(_info: Info, keys: list[UUID]) -> dict[UUID, CardPayment]:
    return await cards_for(cards.PURPOSE, keys)


@extend(RedemptionType)
class RedemptionCard:
    """The card beside the points."""

    @strawberry.field(
        description="What a card pays of it; null when points pay it all, and for the brand's partner."
    )
    async def card(self, info: Info, redemption: strawberry.Parent[RedemptionType]) -> CardPart | None:
        row: Redemption = redemption.row
        if not row.card_minor or actor_of(info).kind is ActorKind.PARTNER:
            return None
        card = await batched(info, "cards of redemptions", _cards, row.id)
        return CardPart.of(card) if card else None

    @strawberry.field(description="What it waits for; null when it waits for the brand, or not at all.")
    def waits_for(self, redemption: strawberry.Parent[RedemptionType]) -> WaitsFor | None:
        return WaitsFor(redemption.row.waits_for) if redemption.row.waits_for else None


@strawberry.type(description="What points and a card would pay together.")
class CardQuote:
    points: BigInt = strawberry.field(description="What the points pay.")
    card: MoneyType | None = strawberry.field(description="What the card pays; null when it cannot or need not.")
    full_points: BigInt | None = strawberry.field(description="What it costs in points alone.")
    least_points: BigInt | None = strawberry.field(description="The fewest points that have to be among it.")
    why_not: WhyNot | None = strawberry.field(description="Why it cannot be paid so; null when it can.")


@strawberry.type
class CardQuery:
    @strawberry.field(description="What your card would pay of a reward besides so many points.")
    async def card_quote(
        self,
        info: Info,
        item_id: Annotated[strawberry.ID, strawberry.argument(description="The item's global id.")],
        points: Annotated[BigInt, strawberry.argument(description="How many points you would pay.")],
        lots: Annotated[int, strawberry.argument(description="How many lots, for brand currency.")] = 1,
        amount: Annotated[
            MoneyInput | None, strawberry.argument(description="The amount, for an item that leaves it to you.")
        ] = None,
    ) -> CardQuote:
        actor = actor_with(info, Scope.CATALOG_READ, ActorKind.MEMBER)
        if points < 0 or not 1 <= lots <= 100:
            raise BadUserInput("Ask about points from 0 on, and 1 to 100 lots.")
        try:
            minor = amount.money("amount").minor if amount else None
            priced = await price_item(actor.id, key_of("item", item_id, what="reward"), minor)
        except InvalidInput as wrong:
            raise BadUserInput(wrong.problems[0].message) from None
        except Refusal as refusal:
            return CardQuote(
                points=points, card=None, full_points=None, least_points=None,
                why_not=WhyNot.of(refusal, info.context.languages),
            )  # fmt: skip
        full = priced.points * lots
        part, refused = None, None
        try:
            part = cards.part_of(priced, lots, points)
        except Refusal as refusal:
            refused = refusal
        return CardQuote(
            points=BigInt(min(points, full)),
            card=MoneyType.minor(part.minor, part.currency) if part else None,
            full_points=BigInt(full),
            least_points=BigInt(least_points(full, priced.policy)),
            why_not=WhyNot.of(refused, info.context.languages) if refused else None,
        )


@strawberry.input(description="Whose card is to be confirmed.")
class StartCardPaymentInput(WriteInput):
    redemption_id: strawberry.ID = strawberry.field(description="The redemption's global id.")

    def command(self) -> operations.StartCardPayment:
        return operations.StartCardPayment(
            idempotency_key=self.idempotency_key, redemption_id=key_of("redemption", self.redemption_id)
        )


@strawberry.type(description="What your app confirms the card with, by Stripe's own form. Do not store it.")
class CardToConfirm:
    client_secret: str = strawberry.field(description="For Stripe's form; it shows nothing but this payment.")
    card: CardPart = strawberry.field(description="What the card pays, and until when it can be confirmed.")
    redemption: RedemptionType = strawberry.field(description="What it is for.")


@strawberry.type
class CardMutation:
    @mutation(
        gives=CardToConfirm,
        refuses=[NotFound, CardNotAwaited, PaymentsUnavailable],
        description="Get the secret with which your app confirms the card that pays the rest of a price.",
    )
    async def start_card_payment(self, info: Info, input: StartCardPaymentInput) -> CardToConfirm | None:
        card = await operations.start_card_payment(actor_of(info), input.command())
        intent = await card_jobs.intent_of(card)
        row, card = await Redemption.get(id=card.ref_id), await CardPayment.get(id=card.id)
        if card.state not in OPEN or intent.client_secret is None:
            raise CardNotAwaited(current=row.state)
        return CardToConfirm(
            client_secret=intent.client_secret, card=CardPart.of(card), redemption=RedemptionType.of(row)
        )
