"""The redemptions' part of the graph: types, reads and writes."""

import strawberry

from marketplace.redemptions.graphql.baskets import BasketMutation
from marketplace.redemptions.graphql.batches import BatchMutation, BatchQuery
from marketplace.redemptions.graphql.cards import CardMutation, CardQuery
from marketplace.redemptions.graphql.cash import CashMutation, CashQuery, CashRedemptionType
from marketplace.redemptions.graphql.choices import CashChoice
from marketplace.redemptions.graphql.deliveries import PartnerMutation
from marketplace.redemptions.graphql.freezes import FreezeMutation, FreezeQuery
from marketplace.redemptions.graphql.lines import LineMutation, LineSubscription, MemberLines
from marketplace.redemptions.graphql.parcels import ParcelMutation, ParcelQuery
from marketplace.redemptions.graphql.proofs import ProofMutation
from marketplace.redemptions.graphql.quotes import QuoteMutation
from marketplace.redemptions.graphql.reads import RedemptionQuery
from marketplace.redemptions.graphql.refunds import RefundMutation, RefundQuery
from marketplace.redemptions.graphql.reservations import MemberReservations, ReservationMutation
from marketplace.redemptions.graphql.reviews import ReviewedRedemptions, ReviewMutation
from marketplace.redemptions.graphql.timeline import RedemptionEventType
from marketplace.redemptions.graphql.types import RedemptionType
from marketplace.redemptions.graphql.waiting import RedemptionSubscription
from marketplace.redemptions.graphql.wallets import WalletSavings
from marketplace.redemptions.graphql.writes import MemberMutation


@strawberry.type
class Query(RedemptionQuery, CashQuery, CardQuery, RefundQuery, FreezeQuery, ParcelQuery, BatchQuery):
    """Following redemptions, of rewards and of cash."""


@strawberry.type
class Mutation(
    MemberMutation,
    BasketMutation,
    CashMutation,
    CardMutation,
    RefundMutation,
    ReviewMutation,
    PartnerMutation,
    FreezeMutation,
    ParcelMutation,
    BatchMutation,
    QuoteMutation,
    ProofMutation,
    ReservationMutation,
    LineMutation,
):
    """What members, support and partners do."""


@strawberry.type
class Subscription(RedemptionSubscription, LineSubscription):
    """Being told what becomes of redemptions."""


__all__ = [
    "CashChoice",
    "CashRedemptionType",
    "MemberLines",
    "MemberReservations",
    "Mutation",
    "Query",
    "RedemptionEventType",
    "RedemptionType",
    "ReviewedRedemptions",
    "Subscription",
    "WalletSavings",
]
