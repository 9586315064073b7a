"""What partners are owed, inside a transaction that somebody else opened: accruals, and what contracts make."""

from marketplace.partners.steps.accruals import (
    Cause,
    NoContract,
    Remainder,
    TermsToday,
    accrual_of,
    accrue,
    accrue_adjustment,
    contract_on,
    contract_today,
    left_of,
    reverse_accrual,
)
from marketplace.partners.steps.charges import Charge, book_charge
from marketplace.partners.steps.netting import Netted, net_against

__all__ = [
    "Cause",
    "Charge",
    "Netted",
    "NoContract",
    "Remainder",
    "TermsToday",
    "accrual_of",
    "accrue",
    "accrue_adjustment",
    "book_charge",
    "contract_on",
    "contract_today",
    "left_of",
    "net_against",
    "reverse_accrual",
]
