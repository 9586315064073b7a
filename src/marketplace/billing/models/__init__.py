"""Tables of billing."""

from marketplace.billing.models.credit import CreditChange, CreditChangeState, CreditLine
from marketplace.billing.models.receipts import Origin, Receipt, Takeback, TakebackCause
from marketplace.billing.models.top_ups import TopUp, TopUpMethod, TopUpState

__all__ = [
    "CreditChange",
    "CreditChangeState",
    "CreditLine",
    "Origin",
    "Receipt",
    "Takeback",
    "TakebackCause",
    "TopUp",
    "TopUpMethod",
    "TopUpState",
]
