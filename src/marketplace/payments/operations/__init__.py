"""The doors of payments."""

from marketplace.payments.operations.accounts import (
    PAYEES,
    CreatePayoutOnboardingLink,
    create_payout_onboarding_link,
)
from marketplace.payments.operations.balance import (
    CloseStripeDay,
    ExplainStripeTransaction,
    StripeOwnPurpose,
    close_stripe_day,
    explain_stripe_transaction,
)

__all__ = [
    "PAYEES",
    "CloseStripeDay",
    "CreatePayoutOnboardingLink",
    "ExplainStripeTransaction",
    "StripeOwnPurpose",
    "close_stripe_day",
    "create_payout_onboarding_link",
    "explain_stripe_transaction",
]
