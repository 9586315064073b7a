"""Cash and non-cash side by side: what an amount of points buys."""

from typing import Annotated

import strawberry

from marketplace.catalog.graphql import ItemType, item_of
from marketplace.catalog.models import OfferKind
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import BigInt, Info, MoneyType, actor_with
from marketplace.kit.money import BASIS_POINTS, worth_of
from marketplace.kit.refusals import BadUserInput, NotAllowed
from marketplace.storefront import choices
from marketplace.storefront.cash import THOUSAND
from marketplace.storefront.choices import Choice
from marketplace.storefront.graphql.pricing import ExchangeUsed, PricePassport, exchange_used, shopper_of
from marketplace.storefront.queries import rate_or_none
from marketplace.storefront.rules import Shopper
from marketplace.storefront.search import currency_of


@strawberry.type(description="One reward that the points buy.")
class RewardChoice:
    item: ItemType = strawberry.field(description="What exactly is taken; its offer says the rest.")
    points_price: PricePassport = strawberry.field(
        description="What it costs you: of a range, the most that the points buy."
    )
    times: BigInt = strawberry.field(description="How many of it the points buy.")
    points_left: BigInt = strawberry.field(description="What is left of the points after that many.")

    @classmethod
    def of(cls, choice: Choice, shopper: Shopper, points: int) -> "RewardChoice":
        return cls(
            item=item_of(choice.item, choice.offer),
            points_price=PricePassport.of(choice.price, shopper),
            times=BigInt(choice.times),
            points_left=BigInt(points - choice.times * choice.price.points),
        )


@strawberry.type(description="The best rewards of one kind that the points buy.")
class KindChoices:
    kind: OfferKind = strawberry.field(description="The kind.")
    worth_per_thousand: MoneyType | None = strawberry.field(
        description="What 1,000 points are worth as this kind of reward, before your tier's discount; null before "
        "the program has stated a point value."
    )
    worth_bp: int = strawberry.field(description="The same in basis points of the points' value.")
    points_to_go: BigInt | None = strawberry.field(
        description="When these points buy nothing of this kind: how many more the least of it takes; null when "
        "there is nothing of it in your market, or when they do."
    )
    choices: list[RewardChoice] = strawberry.field(
        description=f"Up to {choices.SHOWN}, the most worth for a point first."
    )


@strawberry.type(description="What an amount of points buys, cash and non-cash side by side.")
class RedemptionChoices:
    points: BigInt = strawberry.field(description="The points that were asked about.")
    worth: MoneyType | None = strawberry.field(
        description="Their full value at today's point value; null before the program has stated one."
    )
    kinds: list[KindChoices] = strawberry.field(description="Rewards, kind by kind.")
    exchange: ExchangeUsed | None = strawberry.field(
        description="The rate from your market's currency to the program's, with its age; null for one currency."
    )
    arm: str | None = strawberry.field(
        description="Which of the program's tested ratios these are; null for its usual ones."
    )
    least_card_points_bp: int = strawberry.field(
        description="The least share of a price that is paid in points when a card pays the rest; 10000: no card."
    )
    shopper: strawberry.Private[Shopper]


def _thousand(shopper: Shopper, kind: OfferKind) -> MoneyType | None:
    if shopper.point_value is None:
        return None
    value = shopper.point_value * shopper.policy.worth_of(kind) / BASIS_POINTS
    return MoneyType.minor(worth_of(THOUSAND, shopper.home_currency, value), shopper.home_currency)


async def _exchange(shopper: Shopper) -> ExchangeUsed | None:
    market = await currency_of(shopper.country or "")
    rate = await rate_or_none(market, shopper.home_currency) if market else None
    return exchange_used(rate, market, shopper.home_currency) if market and rate else None


@strawberry.type
class ChoicesQuery:
    @strawberry.field(description="What an amount of points buys in your market, cash and non-cash side by side.")
    async def redemption_choices(
        self,
        info: Info,
        points: Annotated[BigInt, strawberry.argument(description="How many points; at least one.")],
    ) -> RedemptionChoices:
        actor_with(info, Scope.CATALOG_READ, ActorKind.MEMBER)
        shopper = await shopper_of(info)
        if shopper is None:
            raise NotAllowed("This needs the token of an active member.")
        if points < 1:
            raise BadUserInput("Ask about at least one point.")
        found = await choices.choices(shopper, points)
        more = await choices.points_to_go(shopper, points, [kind for kind, best in found.items() if not best])
        value, currency = shopper.point_value, shopper.home_currency
        return RedemptionChoices(
            points=points,
            worth=MoneyType.minor(worth_of(points, currency, value), currency) if value else None,
            kinds=[
                KindChoices(
                    kind=kind,
                    worth_per_thousand=_thousand(shopper, kind),
                    worth_bp=shopper.policy.worth_of(kind),
                    points_to_go=None if kind not in more else BigInt(more[kind]),
                    choices=[RewardChoice.of(choice, shopper, points) for choice in best],
                )
                for kind, best in found.items()
            ],
            exchange=await _exchange(shopper),
            arm=shopper.policy.arm,
            least_card_points_bp=shopper.policy.points_share_bp,
            shopper=shopper,
        )
