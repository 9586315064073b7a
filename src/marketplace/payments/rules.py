"""Decisions about money on its way: what may follow what, which key a call carries, who can be paid how."""

from datetime import datetime, timedelta
from enum import StrEnum

from marketplace.kit.messages import noted
from marketplace.payments.models import ConnectedAccount, OutboundState, OutboundTransfer

KEY_LIFE = timedelta(hours=23)
"""Stripe may forget an idempotency key after 24 hours (docs.stripe.com/api/idempotent_requests)."""
STALE_AFTER = timedelta(minutes=3)
"""A call takes at most a minute and a half with its retries: one that is older was cut off."""
LOOK_AGAIN_AFTER = timedelta(seconds=5)
BUSY_PAUSE = timedelta(seconds=30)
FUNDS_PAUSE = timedelta(minutes=10)

NOT_SENT_YET = frozenset(
    {OutboundState.PLANNED, OutboundState.IN_FLIGHT, OutboundState.UNKNOWN, OutboundState.WAITING_FOR_FUNDS}
)
SENT_BEFORE = frozenset({OutboundState.SENT, OutboundState.IN_BANK})
BUSY = "busy"
LOST = "answer_lost"
STORED = "error_stored"
INSUFFICIENT = "balance_insufficient"


class NotPayable(StrEnum):
    """Why a payee cannot be sent money now: a state with a way out, not an error."""

    NO_ACCOUNT = "NO_ACCOUNT"
    ONBOARDING_INCOMPLETE = "ONBOARDING_INCOMPLETE"
    ACCOUNT_DISABLED = "ACCOUNT_DISABLED"


# docs.stripe.com/currencies#minimum-and-maximum-charge-amounts, in minor units of ISO 4217.
LEAST_CHARGES = {
    "AED": 200, "AUD": 50, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500, "DKK": 250, "EUR": 50, "GBP": 30,
    "HKD": 400, "HUF": 17500, "INR": 50, "JPY": 50, "MXN": 1000, "MYR": 200, "NOK": 300, "NZD": 50, "PLN": 200,
    "RON": 200, "SEK": 300, "SGD": 50, "THB": 1000, "USD": 50,
}  # fmt: skip


def least_charge(currency: str) -> int:
    """The least that a card can pay, in minor units."""
    return LEAST_CHARGES.get(currency, 1)


def why_not_payable(account: ConnectedAccount | None) -> NotPayable | None:
    """The reason why an account cannot be sent money, or None when it can."""
    if account is None or account.stripe_id is None:
        return NotPayable.NO_ACCOUNT
    if account.payouts_enabled:
        return None
    return NotPayable.ONBOARDING_INCOMPLETE if account.requirements else NotPayable.ACCOUNT_DISABLED


IN_WORDS: dict[str, str] = {
    "external_account": noted("The bank account that you are paid into."),
    "individual.verification": noted("A document that shows who you are."),
    "individual": noted("Who you are: name, date of birth, address."),
    "person": noted("Who stands behind the account: name, date of birth, address."),
    "company": noted("Facts about your company."),
    "business_profile": noted("What you do, and your web site."),
    "tos_acceptance": noted("Your consent to Stripe's terms."),
}
"""Stripe's requirements by the beginning of their names, the longest first
(docs.stripe.com/connect/required-verification-information)."""
SOMETHING = noted("Something that Stripe's page will ask you for.")


def in_words(requirement: str) -> str:
    """What Stripe asks for, as a template for people."""
    return next((text for start, text in IN_WORDS.items() if requirement.startswith(start)), SOMETHING)


def key_of(outbound: OutboundTransfer) -> str:
    """The idempotency key of the current attempt. A new attempt follows only a definite end of the last."""
    return f"{outbound.id.hex}-{outbound.attempt}"


def next_attempt(outbound: OutboundTransfer) -> int:
    """The number the next call carries: the same after `busy`, so that its key still protects; else a new one."""
    return outbound.attempt if outbound.error_code in {BUSY, LOST} and outbound.attempt else outbound.attempt + 1


def must_be_looked_up(outbound: OutboundTransfer, now: datetime) -> bool:
    """Whether the key of an attempt without a definite end may have been forgotten meanwhile."""
    repeats = outbound.attempt > 0 and next_attempt(outbound) == outbound.attempt
    return repeats and outbound.attempted_at is not None and now - outbound.attempted_at > KEY_LIFE
