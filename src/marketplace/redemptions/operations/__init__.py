"""Doors of the redemptions room: one per thing that somebody can do."""

from marketplace.redemptions.operations.cashing import RedeemForCash, ReverseCash, redeem_for_cash, reverse_cash
from marketplace.redemptions.operations.codes import ReissueCode, RevealCode, reissue_code, reveal_code
from marketplace.redemptions.operations.freezing import (
    FreezeCodes,
    ReleaseCodes,
    TellOfFreeze,
    freeze_codes,
    release_codes,
    tell_of_freeze,
)
from marketplace.redemptions.operations.fulfilling import (
    ConfirmCredit,
    FailOverdue,
    FailRedemption,
    MarkDelivered,
    RefuseCredit,
    ShipRedemption,
    confirm_credit,
    fail_overdue,
    fail_redemption,
    mark_delivered,
    refuse_credit,
    ship_redemption,
)
from marketplace.redemptions.operations.redeeming import RedeemOffer, redeem_offer
from marketplace.redemptions.operations.undoing import (
    CancelRedemption,
    RefundRedemption,
    cancel_redemption,
    refund_redemption,
)

__all__ = [
    "CancelRedemption",
    "ConfirmCredit",
    "FailOverdue",
    "FailRedemption",
    "FreezeCodes",
    "MarkDelivered",
    "RedeemForCash",
    "RedeemOffer",
    "RefundRedemption",
    "RefuseCredit",
    "ReissueCode",
    "ReleaseCodes",
    "RevealCode",
    "ReverseCash",
    "ShipRedemption",
    "TellOfFreeze",
    "cancel_redemption",
    "confirm_credit",
    "fail_overdue",
    "fail_redemption",
    "freeze_codes",
    "mark_delivered",
    "redeem_for_cash",
    "redeem_offer",
    "refund_redemption",
    "refuse_credit",
    "reissue_code",
    "release_codes",
    "reveal_code",
    "reverse_cash",
    "ship_redemption",
    "tell_of_freeze",
]
