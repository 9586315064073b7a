"""Doors of billing, one for each thing an actor can do."""

from marketplace.billing.operations.alerts import (
    LookAtFunding,
    SetFundingAlert,
    look_at_funding,
    set_funding_alert,
)
from marketplace.billing.operations.coalition import (
    AwardCoalitionPoints,
    OrderCoalitionPoints,
    ReverseCoalitionOrder,
    SetCoalitionRate,
    award_coalition_points,
    order_coalition_points,
    reverse_coalition_order,
    set_coalition_rate,
)
from marketplace.billing.operations.credit import (
    DecideCreditLine,
    ProposeCreditLine,
    approve_credit_line,
    decline_credit_line,
    propose_credit_line,
)
from marketplace.billing.operations.receipts import ReturnFunding, return_funding
from marketplace.billing.operations.statements import (
    IssueProgramStatement,
    issue_due_statement,
    issue_program_statement,
)
from marketplace.billing.operations.top_ups import ConfirmTopUp, TopUpProgram, confirm_top_up, top_up_program

__all__ = [
    "AwardCoalitionPoints",
    "ConfirmTopUp",
    "DecideCreditLine",
    "IssueProgramStatement",
    "LookAtFunding",
    "OrderCoalitionPoints",
    "ProposeCreditLine",
    "ReturnFunding",
    "ReverseCoalitionOrder",
    "SetCoalitionRate",
    "SetFundingAlert",
    "TopUpProgram",
    "approve_credit_line",
    "award_coalition_points",
    "confirm_top_up",
    "decline_credit_line",
    "issue_due_statement",
    "issue_program_statement",
    "look_at_funding",
    "order_coalition_points",
    "propose_credit_line",
    "return_funding",
    "reverse_coalition_order",
    "set_coalition_rate",
    "set_funding_alert",
    "top_up_program",
]
