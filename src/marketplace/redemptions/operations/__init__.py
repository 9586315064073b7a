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
    RefuseCredit,
    confirm_credit,
    fail_overdue,
    fail_redemption,
    refuse_credit,
)
from marketplace.redemptions.operations.parcels import (
    MarkDelivered,
    MoveParcel,
    PackParcel,
    ShipParcel,
    ShipRedemption,
    mark_delivered,
    move_parcel,
    pack_parcel,
    ship_parcel,
    ship_redemption,
)
from marketplace.redemptions.operations.paying import StartCardPayment, start_card_payment
from marketplace.redemptions.operations.redeeming import RedeemOffer, redeem_offer
from marketplace.redemptions.operations.returning import (
    ConfirmReturn,
    RefuseReturn,
    RequestReturn,
    confirm_return,
    refuse_return,
    request_return,
)
from marketplace.redemptions.operations.reviewing import DecideReview, decide_review
from marketplace.redemptions.operations.splitting import MOST_LINES, RedeemSplit, redeem_split
from marketplace.redemptions.operations.undoing import (
    CancelRedemption,
    RefundRedemption,
    cancel_redemption,
    refund_redemption,
)

__all__ = [
    "MOST_LINES",
    "CancelRedemption",
    "ConfirmCredit",
    "ConfirmReturn",
    "DecideReview",
    "FailOverdue",
    "FailRedemption",
    "FreezeCodes",
    "MarkDelivered",
    "MoveParcel",
    "PackParcel",
    "RedeemForCash",
    "RedeemOffer",
    "RedeemSplit",
    "RefundRedemption",
    "RefuseCredit",
    "RefuseReturn",
    "ReissueCode",
    "ReleaseCodes",
    "RequestReturn",
    "RevealCode",
    "ReverseCash",
    "ShipParcel",
    "ShipRedemption",
    "StartCardPayment",
    "TellOfFreeze",
    "cancel_redemption",
    "confirm_credit",
    "confirm_return",
    "decide_review",
    "fail_overdue",
    "fail_redemption",
    "freeze_codes",
    "mark_delivered",
    "move_parcel",
    "pack_parcel",
    "redeem_for_cash",
    "redeem_offer",
    "redeem_split",
    "refund_redemption",
    "refuse_credit",
    "refuse_return",
    "reissue_code",
    "release_codes",
    "request_return",
    "reveal_code",
    "reverse_cash",
    "ship_parcel",
    "ship_redemption",
    "start_card_payment",
    "tell_of_freeze",
]
