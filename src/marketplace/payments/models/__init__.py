"""Tables of money on its way."""

from marketplace.payments.models.cards import CardPayment, CardRefund, CardRefundState, CardState
from marketplace.payments.models.incoming import (
    DisputeState,
    InboundPayment,
    InboundState,
    PaymentDispute,
    PaymentRefund,
)
from marketplace.payments.models.invoices import StripeCustomer, StripeInvoice, StripeInvoiceState
from marketplace.payments.models.outgoing import ConnectedAccount, OutboundState, OutboundTransfer, PayeeKind
from marketplace.payments.models.told import (
    BalanceReading,
    BalanceTransaction,
    StripeDay,
    StripeEvent,
    StripePosting,
)

__all__ = [
    "BalanceReading",
    "BalanceTransaction",
    "CardPayment",
    "CardRefund",
    "CardRefundState",
    "CardState",
    "ConnectedAccount",
    "DisputeState",
    "InboundPayment",
    "InboundState",
    "OutboundState",
    "OutboundTransfer",
    "PayeeKind",
    "PaymentDispute",
    "PaymentRefund",
    "StripeCustomer",
    "StripeDay",
    "StripeEvent",
    "StripeInvoice",
    "StripeInvoiceState",
    "StripePosting",
]
