"""Tables of settlement."""

from marketplace.settlement.models.adjustments import Adjustment, AdjustmentState
from marketplace.settlement.models.disputes import DisputeState, LineDispute
from marketplace.settlement.models.invoices import CommissionInvoice, InvoiceKind, InvoiceSeries
from marketplace.settlement.models.payouts import Payout, PayoutEvent, PayoutReason, PayoutState
from marketplace.settlement.models.statements import (
    ACCRUED_AS,
    DraftLine,
    LineKind,
    RunState,
    SettlementRun,
    Statement,
    StatementLine,
)

__all__ = [
    "ACCRUED_AS",
    "Adjustment",
    "AdjustmentState",
    "CommissionInvoice",
    "DisputeState",
    "DraftLine",
    "InvoiceKind",
    "InvoiceSeries",
    "LineDispute",
    "LineKind",
    "Payout",
    "PayoutEvent",
    "PayoutReason",
    "PayoutState",
    "RunState",
    "SettlementRun",
    "Statement",
    "StatementLine",
]
