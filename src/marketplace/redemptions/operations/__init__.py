"""Doors of the redemptions room: one per thing that somebody can do."""

from marketplace.redemptions.operations.codes import ReissueCode, RevealCode, reissue_code, reveal_code
from marketplace.redemptions.operations.redeeming import RedeemOffer, redeem_offer
from marketplace.redemptions.operations.undoing import (
    CancelRedemption,
    RefundRedemption,
    cancel_redemption,
    refund_redemption,
)

__all__ = [
    "CancelRedemption",
    "RedeemOffer",
    "RefundRedemption",
    "ReissueCode",
    "RevealCode",
    "cancel_redemption",
    "redeem_offer",
    "refund_redemption",
    "reissue_code",
    "reveal_code",
]
