"""Who bears a discount, as prices and redemptions show it."""

from collections.abc import Sequence

import strawberry

from marketplace.kit.graphql import MoneyType, describe_enum
from marketplace.storefront.bearers import Bearer, Borne

describe_enum(
    Bearer,
    "Who pays for a tier's discount.",
    PROGRAM="The program whose tier gives it.",
    PARTNER="The partner that sells the reward: it is owed that much less.",
)


@strawberry.type(description="What one of those who bear a discount pays of it.")
class DiscountBearer:
    bearer: Bearer = strawberry.field(description="Who pays.")
    share_bp: int = strawberry.field(description="The share that was agreed, in basis points: 5000 is half.")
    amount: MoneyType = strawberry.field(description="What that is, in the program's home currency.")

    @classmethod
    def of(cls, found: Sequence[Borne], currency: str) -> "list[DiscountBearer]":
        """The bearers, with their amounts in a currency."""
        return [
            cls(bearer=each.bearer, share_bp=each.share_bp, amount=MoneyType.minor(each.minor, currency))
            for each in found
        ]
