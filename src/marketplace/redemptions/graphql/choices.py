"""Cash among the choices: what points are as money, what is left of the period, and everything that closes it."""

from collections.abc import Sequence
from datetime import datetime

import strawberry

from marketplace.kit import clock
from marketplace.kit.graphql import BigInt, CountryCode, Info, MoneyType, extend
from marketplace.kit.refusals import Refusal
from marketplace.members.models import Period
from marketplace.payments.models import PayeeKind
from marketplace.payments.queries import account_of
from marketplace.payments.rules import why_not_payable
from marketplace.redemptions import queries
from marketplace.redemptions.refusals import PayoutAccountMissing
from marketplace.storefront import cash
from marketplace.storefront.graphql import RedemptionChoices, WhyNot
from marketplace.storefront.rules import Shopper


@strawberry.type(description="What the points are as cash, by the program's policy.")
class CashChoice:
    amount: MoneyType | None = strawberry.field(description="What would be paid out; null when it cannot be.")
    worth_per_thousand: MoneyType | None = strawberry.field(
        description="What 1,000 points are paid out as, to compare with rewards; null when they cannot be."
    )
    rate_bp: int = strawberry.field(description="The share of a point's value that is paid out, in basis points.")
    least_points: BigInt = strawberry.field(description="The fewest points that are paid out at a time.")
    most_points_per_month: BigInt = strawberry.field(
        description="The most points that are paid out in a calendar period: see `period`."
    )
    period: Period = strawberry.field(description="The calendar period that the most is for.")
    points_left: BigInt = strawberry.field(description="How many points can still be paid out in this period.")
    period_ends: datetime = strawberry.field(description="When the next period begins.")
    countries: list[CountryCode] = strawberry.field(description="Where the program pays cash.")
    why_not: WhyNot | None = strawberry.field(
        description="Why these points cannot be paid out to you, whatever your wallet holds; null when they can."
    )
    reasons: list[WhyNot] = strawberry.field(
        description="Everything that keeps them from being paid out now, your payout account too; each says what "
        "to do next."
    )

    @classmethod
    async def of(cls, shopper: Shopper, points: int, languages: Sequence[str]) -> "CashChoice":
        """By the policy of now, with what the member took in this period counted in."""
        assert shopper.member_id is not None
        standing, moment = await queries.standing_of(shopper.member_id, shopper.policy), clock.now()
        closed = list(cash.reasons(shopper, points, standing, moment))
        found = None if closed else cash.cash_out(shopper, points, standing, moment)
        reasons: list[Refusal] = list(closed)
        missing = why_not_payable(await account_of(PayeeKind.MEMBER, shopper.member_id))
        if missing is not None:
            reasons.append(PayoutAccountMissing(not_payable_reason=missing))
        policy, currency = shopper.policy, shopper.home_currency
        return cls(
            amount=MoneyType.minor(found.amount_minor, currency) if found else None,
            worth_per_thousand=MoneyType.minor(found.worth_per_thousand_minor, currency) if found else None,
            rate_bp=policy.cash_rate_bp,
            least_points=BigInt(policy.cash_min_points),
            most_points_per_month=BigInt(policy.cash_max_points),
            period=policy.cash_period,
            points_left=BigInt(max(0, policy.cash_max_points - standing.taken)),
            period_ends=standing.period_ends,
            countries=[CountryCode(country) for country in policy.cash_countries],
            why_not=WhyNot.of(closed[0], languages) if closed else None,
            reasons=[WhyNot.of(reason, languages) for reason in reasons],
        )


@extend(RedemptionChoices)
class CashAmongChoices:
    """The other choice, beside the rewards."""

    @strawberry.field(description="The other choice.")
    async def cash(self, info: Info, choices: strawberry.Parent[RedemptionChoices]) -> CashChoice:
        return await CashChoice.of(choices.shopper, choices.points, info.context.languages)
