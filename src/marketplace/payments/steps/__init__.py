"""Writes about money on its way, inside a transaction that somebody else opened. None of them calls Stripe."""

from marketplace.payments.steps.incoming import (
    must_have_come,
    plan_payment,
    plan_refund,
    record_payment,
    record_refund,
)
from marketplace.payments.steps.invoices import Payer, plan_invoice, record_invoice, record_invoice_refused
from marketplace.payments.steps.outgoing import (
    open_account,
    plan_reversal,
    plan_transfer,
    record_account,
    record_busy,
    record_in_bank,
    record_not_found,
    record_payout_failed,
    record_refused,
    record_reversed,
    record_sent,
    record_unknown,
    take_off,
)
from marketplace.payments.steps.tracing import match, trace

__all__ = [
    "Payer",
    "match",
    "must_have_come",
    "open_account",
    "plan_invoice",
    "plan_payment",
    "plan_refund",
    "plan_reversal",
    "plan_transfer",
    "record_account",
    "record_busy",
    "record_in_bank",
    "record_invoice",
    "record_invoice_refused",
    "record_not_found",
    "record_payment",
    "record_payout_failed",
    "record_refund",
    "record_refused",
    "record_reversed",
    "record_sent",
    "record_unknown",
    "take_off",
    "trace",
]
