"""What Stripe answers, in our own words: frozen values that other rooms may hold, and three failures.

Amounts are minor units; currencies are ISO 4217 in capitals; times are Unix seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class StripeFailure(Exception):
    """Base of Refused, Unknown and Busy."""


class Refused(StripeFailure):
    """Stripe said no; nothing happened, and the same call would be refused again."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Unknown(StripeFailure):
    """The answer was lost or was no answer: it may have happened. Look before calling again.

    `stored`: Stripe keeps this error under the key and will answer nothing else to it, so the call has
    come to its end and a look-up is final.
    """

    def __init__(self, detail: str, *, stored: bool = False) -> None:
        super().__init__(detail)
        self.stored = stored


class Busy(StripeFailure):
    """Stripe did not take the call now; the same call with the same key may be made later."""


class BadSignature(Exception):
    """A webhook that none of our secrets signed, or that is too old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """A connected account: whether it can be sent money, and what is missing if not."""

    id: str
    country: str
    payouts_enabled: bool
    transfers_active: bool
    details_submitted: bool
    currently_due: tuple[str, ...]
    disabled_reason: str | None
    bank_print: str | None = None
    past_due: tuple[str, ...] = ()
    deadline: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnboardingLink:
    """Where an account's holder finishes onboarding; a secret, valid for minutes."""

    url: str
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SentTransfer:
    """Money that moved from our balance into a connected account's."""

    id: str
    amount: int
    amount_reversed: int
    currency: str
    destination: str
    destination_payment: str | None
    transfer_group: str | None
    reversals: tuple[tuple[str, int], ...] = ()
    """What brought money back: Stripe's ids, each with its amount; the newest ten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeReversal:
    """Money that came back from a connected account."""

    id: str
    transfer_id: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A payment intent."""

    id: str
    status: str
    amount: int
    amount_received: int
    currency: str
    charge_id: str | None
    client_secret: str | None
    transfer_group: str | None
    error_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldInvoice:
    """An invoice: what it asks for, and where it can be paid."""

    id: str
    status: str
    total: int
    currency: str
    number: str | None
    hosted_url: str | None
    due_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeRefund:
    """Money given back to a payer."""

    id: str
    amount: int
    currency: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Balances:
    """A balance by currency."""

    available: Mapping[str, int]
    pending: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceLine:
    """One balance transaction: the balance changed by `net` = `amount` - `fee`."""

    id: str
    kind: str
    amount: int
    fee: int
    net: int
    currency: str
    source: str | None
    created: int
    available_on: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeEvent:
    """A verified event; `account` names the connected account it happened on, None means ours."""

    id: str
    type: str
    account: str | None
    created: int
    object: Mapping[str, Any]
