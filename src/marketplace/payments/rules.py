"""Decisions about money on its way: what may follow what, which key a call carries, who can be paid how."""

from datetime import datetime, timedelta
from enum import StrEnum

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


class Rail(StrEnum):
    """How money can reach a payee."""

    STRIPE = "STRIPE"
    SEPA = "SEPA"
    MANUAL = "MANUAL"


class NotPayable(StrEnum):
    """Why a payee cannot be sent money now: a state with a way out, not an error."""

    NO_ACCOUNT = "NO_ACCOUNT"
    ONBOARDING_INCOMPLETE = "ONBOARDING_INCOMPLETE"
    ACCOUNT_DISABLED = "ACCOUNT_DISABLED"


# docs.stripe.com/connect/cross-border-payouts, for a platform in the EEA.
_EEA_AND_NEAR = (
    "AT BE BG CA CH CY CZ DE DK EE ES FI FR GB GI GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK US"
)
STRIPE_COUNTRIES = frozenset(_EEA_AND_NEAR.split())
# European Payments Council, EPC409-09: the SEPA countries that Stripe does not reach.
SEPA_COUNTRIES = frozenset({"AD", "AL", "MC", "MD", "ME", "MK", "RS", "SM", "VA"})


def rail_for(country: str) -> Rail:
    """The rail that pays in a country (ISO 3166-1)."""
    if country in STRIPE_COUNTRIES:
        return Rail.STRIPE
    return Rail.SEPA if country in SEPA_COUNTRIES else Rail.MANUAL


def why_not_payable(account: ConnectedAccount | None) -> NotPayable | None:
    """The reason why an account cannot be sent money, or None when it can."""
    if account is None or account.stripe_id is None:
        return NotPayable.NO_ACCOUNT
    if account.payouts_enabled:
        return None
    return NotPayable.ONBOARDING_INCOMPLETE if account.requirements else NotPayable.ACCOUNT_DISABLED


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
