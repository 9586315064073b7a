"""Tables of billing."""

from marketplace.billing.models.receipts import Origin, Receipt, Takeback, TakebackCause
from marketplace.billing.models.top_ups import TopUp, TopUpMethod, TopUpState

__all__ = ["Origin", "Receipt", "Takeback", "TakebackCause", "TopUp", "TopUpMethod", "TopUpState"]
