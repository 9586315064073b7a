"""The points room's part of the graph: wallets, awards, and when points expire."""

import strawberry

from marketplace.points.graphql.awards import AwardMutation, AwardType
from marketplace.points.graphql.causes import Cause, Moved, causes_of
from marketplace.points.graphql.expiry import DatedPoints, ExpiryMutation, ExpiryPolicyType, ReturnTerms
from marketplace.points.graphql.wallet import WalletType


@strawberry.type
class Mutation(AwardMutation, ExpiryMutation):
    """What programs do with points."""


__all__ = [
    "AwardType",
    "Cause",
    "DatedPoints",
    "ExpiryPolicyType",
    "Moved",
    "Mutation",
    "ReturnTerms",
    "WalletType",
    "causes_of",
]
