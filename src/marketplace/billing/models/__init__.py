"""Tables of billing."""

from marketplace.billing.models.top_ups import TopUp, TopUpMethod, TopUpState

__all__ = ["TopUp", "TopUpMethod", "TopUpState"]
