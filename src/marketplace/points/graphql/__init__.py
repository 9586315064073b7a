"""The points room's part of the graph: wallets, awards, and when points expire."""

import strawberry

from marketplace.points.graphql.awards import AwardMutation, AwardType
from marketplace.points.graphql.causes import Cause, Moved, causes_of
from marketplace.points.graphql.expiry import DatedPoints, ExpiryMutation, ExpiryPolicyType, ReturnTerms
from marketplace.points.graphql.waiting import WalletSubscription
from marketplace.points.graphql.wallet import WalletType


@strawberry.type
class Mutation(AwardMutation, ExpiryMutation):
    """What programs do with points."""


@strawberry.type
class Subscription(WalletSubscription):
    """Being told what a wallet holds."""


__all__ = [
    "AwardType",
    "Cause",
    "DatedPoints",
    "ExpiryPolicyType",
    "Moved",
    "Mutation",
    "ReturnTerms",
    "Subscription",
    "WalletType",
    "causes_of",
]
