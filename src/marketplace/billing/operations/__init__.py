"""Doors of billing, one for each thing an actor can do."""

from marketplace.billing.operations.credit import (
    DecideCreditLine,
    ProposeCreditLine,
    approve_credit_line,
    decline_credit_line,
    propose_credit_line,
)
from marketplace.billing.operations.top_ups import ConfirmTopUp, TopUpProgram, confirm_top_up, top_up_program

__all__ = [
    "ConfirmTopUp",
    "DecideCreditLine",
    "ProposeCreditLine",
    "TopUpProgram",
    "approve_credit_line",
    "confirm_top_up",
    "decline_credit_line",
    "propose_credit_line",
    "top_up_program",
]
