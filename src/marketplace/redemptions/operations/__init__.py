"""Doors of the redemptions room: one per thing that somebody can do."""

from marketplace.redemptions.operations.cashing import RedeemForCash, ReverseCash, redeem_for_cash, reverse_cash
from marketplace.redemptions.operations.codes import ReissueCode, RevealCode, reissue_code, reveal_code
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
from marketplace.redemptions.operations.paying import StartCardPayment, start_card_payment
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
    "MarkDelivered",
    "RedeemForCash",
    "RedeemOffer",
    "RefundRedemption",
    "RefuseCredit",
    "ReissueCode",
    "RevealCode",
    "ReverseCash",
    "ShipRedemption",
    "StartCardPayment",
    "cancel_redemption",
    "confirm_credit",
    "fail_overdue",
    "fail_redemption",
    "mark_delivered",
    "redeem_for_cash",
    "redeem_offer",
    "refund_redemption",
    "refuse_credit",
    "reissue_code",
    "reveal_code",
    "reverse_cash",
    "ship_redemption",
    "start_card_payment",
]
