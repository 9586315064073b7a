"""What the kinds of Stripe's balance transactions mean for the books, and who says what one was.

docs.stripe.com/reports/balance-transaction-types; a kind that is not named here waits for a person, too.
"""

from enum import StrEnum

from marketplace.ledger.models import Purpose


class Says(StrEnum):
    """Who knows what a balance transaction was."""

    CAUSE = "CAUSE"
    """What caused it is a row of ours, whose room posts it: a charge, a refund, a transfer or its reversal."""
    FEE = "FEE"
    """What Stripe takes for its service."""
    BANK = "BANK"
    """Money between our balance and our bank, whose entry waits on BANK_CLEARING."""
    DISPUTE = "DISPUTE"
    """What a payer disputes; the room whose payment it is posts the other side to DISPUTED."""
    PERSON = "PERSON"
    """Anything else: it bears on ADJUSTMENTS until a person says what it was."""


_CAUSED = {"charge", "payment", "refund", "payment_refund", "transfer", "transfer_refund", "transfer_cancel"}
_BANK = {"payout", "payout_cancel", "payout_failure", "topup", "topup_reversal"}
_FEES = {"stripe_fee", "stripe_fx_fee", "tax_fee"}
_DISPUTES = ("du_", "dp_")
"""What the ids of disputes begin with."""
BY_THEMSELVES = sorted(_CAUSED | _BANK | _FEES)
"""Kinds that are explained once journals say all of their amount."""

POSTED_TO = {
    Says.FEE: Purpose.STRIPE_FEES,
    Says.BANK: Purpose.BANK_CLEARING,
    Says.DISPUTE: Purpose.DISPUTED,
    Says.PERSON: Purpose.ADJUSTMENTS,
}
"""Where the amount of each stands when it is told; what has a cause is posted by that."""


def who_says(kind: str, source: str | None) -> Says:
    """Who knows what a balance transaction of this kind was, by the id of what it came from."""
    if kind == "adjustment" and (source or "").startswith(_DISPUTES):
        return Says.DISPUTE
    for says, kinds in ((Says.CAUSE, _CAUSED), (Says.FEE, _FEES), (Says.BANK, _BANK)):
        if kind in kinds:
            return says
    return Says.PERSON
