"""Tables of billing."""

from marketplace.billing.models.alerts import FundingAlert, FundingNotice
from marketplace.billing.models.coalition import (
    CoalitionAward,
    CoalitionOrder,
    CoalitionOrderState,
    CoalitionPayment,
    CoalitionRate,
)
from marketplace.billing.models.credit import CreditChange, CreditChangeState, CreditLine
from marketplace.billing.models.receipts import Origin, Receipt, Takeback, TakebackCause
from marketplace.billing.models.statements import (
    Invoice,
    InvoiceKind,
    InvoicePayment,
    InvoiceState,
    ProgramStatement,
    ProgramStatementLine,
)
from marketplace.billing.models.top_ups import TopUp, TopUpMethod, TopUpState

__all__ = [
    "CoalitionAward",
    "CoalitionOrder",
    "CoalitionOrderState",
    "CoalitionPayment",
    "CoalitionRate",
    "CreditChange",
    "CreditChangeState",
    "CreditLine",
    "FundingAlert",
    "FundingNotice",
    "Invoice",
    "InvoiceKind",
    "InvoicePayment",
    "InvoiceState",
    "Origin",
    "ProgramStatement",
    "ProgramStatementLine",
    "Receipt",
    "Takeback",
    "TakebackCause",
    "TopUp",
    "TopUpMethod",
    "TopUpState",
]
