"""Cash and non-cash side by side: what an amount of points buys."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from marketplace.catalog.graphql import ItemType, item_of
from marketplace.catalog.models import OfferKind
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import BigInt, CountryCode, Info, MoneyType, actor_with
from marketplace.kit.money import worth_of
from marketplace.kit.refusals import BadUserInput, NotAllowed, Refusal
from marketplace.storefront import choices, rules
from marketplace.storefront.choices import Choice
from marketplace.storefront.graphql.pricing import PricePassport, WhyNot, shopper_of
from marketplace.storefront.rules import CashOut, Shopper


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
    choices: list[RewardChoice] = strawberry.field(
        description=f"Up to {choices.SHOWN}, the most worth for a point first."
    )


@strawberry.type(description="What the points are as cash, by the program's policy.")
class CashChoice:
    amount: MoneyType | None = strawberry.field(description="What would be paid out; null when it cannot be.")
    worth_per_thousand: MoneyType | None = strawberry.field(
        description="What 1,000 points are paid out as, to compare with rewards; null when they cannot be."
    )
    rate_bp: int = strawberry.field(description="The share of a point's value that is paid out, in basis points.")
    least_points: BigInt = strawberry.field(description="The fewest points that are paid out at a time.")
    most_points_per_month: BigInt = strawberry.field(
        description="The most points that are paid out in a calendar month."
    )
    countries: list[CountryCode] = strawberry.field(description="Where the program pays cash.")
    why_not: WhyNot | None = strawberry.field(
        description="Why these points cannot be paid out to you, whatever your wallet holds; null when they can."
    )

    @classmethod
    def of(cls, shopper: Shopper, points: int, languages: Sequence[str]) -> "CashChoice":
        policy = shopper.cash
        found: CashOut | None = None
        refused: Refusal | None = None
        try:
            found = rules.cash_out(shopper, points)
        except Refusal as refusal:
            refused = refusal
        currency = shopper.home_currency
        return cls(
            amount=MoneyType.minor(found.amount_minor, currency) if found else None,
            worth_per_thousand=MoneyType.minor(found.worth_per_thousand_minor, currency) if found else None,
            rate_bp=policy.rate_bp,
            least_points=BigInt(policy.min_points),
            most_points_per_month=BigInt(policy.max_points),
            countries=[CountryCode(country) for country in policy.countries],
            why_not=WhyNot.of(refused, languages) if refused else None,
        )


@strawberry.type(description="What an amount of points buys, cash and non-cash side by side.")
class RedemptionChoices:
    points: BigInt = strawberry.field(description="The points that were asked about.")
    worth: MoneyType | None = strawberry.field(
        description="Their full value at today's point value; null before the program has stated one."
    )
    kinds: list[KindChoices] = strawberry.field(description="Rewards, kind by kind.")
    cash: CashChoice = strawberry.field(description="The other choice.")


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
        value, currency = shopper.point_value, shopper.home_currency
        return RedemptionChoices(
            points=points,
            worth=MoneyType.minor(worth_of(points, currency, value), currency) if value else None,
            kinds=[
                KindChoices(kind=kind, choices=[RewardChoice.of(choice, shopper, points) for choice in best])
                for kind, best in found.items()
            ],
            cash=CashChoice.of(shopper, points, info.context.languages),
        )
