"""What every call to Stripe has in common: how it fails, and how Stripe counts money."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import stripe

from marketplace.payments.answers import Busy, Refused, Unknown

P = ParamSpec("P")
T = TypeVar("T")
PAGE = 100
IN_HUNDREDTHS = frozenset({"ISK", "UGX"})
"""Currencies without decimals that Stripe counts in hundredths (docs.stripe.com/currencies#special-cases)."""


def stripe_amount(minor: int, currency: str) -> int:
    """Minor units of ISO 4217 as Stripe counts them."""
    return minor * 100 if currency.upper() in IN_HUNDREDTHS else minor


def minor_amount(amount: int, currency: str) -> int:
    """What Stripe says as minor units of ISO 4217; hundredths that do not exist are a bug of theirs or ours."""
    if currency.upper() not in IN_HUNDREDTHS:
        return amount
    whole, rest = divmod(amount, 100)
    if rest:
        raise ValueError(f"{amount} is no whole amount of {currency}")
    return whole


def classified(call: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Turn the SDK's errors into Refused, Unknown or Busy (docs.stripe.com/api/errors).

    401 counts as Busy: nothing was done, and the call is right again once the key is.
    """

    @wraps(call)
    async def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await call(*args, **kwargs)
        except stripe.IdempotencyError as clash:
            if clash.code == "idempotency_key_in_use":
                raise Busy(str(clash)) from clash
            raise
        except (stripe.CardError, stripe.InvalidRequestError, stripe.PermissionError) as refusal:
            code = refusal.code or (refusal.error and refusal.error.code) or "invalid_request"
            if code == "lock_timeout":
                raise Busy(str(refusal)) from refusal
            raise Refused(code, refusal.user_message or str(refusal)) from refusal
        except (stripe.RateLimitError, stripe.AuthenticationError) as busy:
            raise Busy(str(busy)) from busy
        except stripe.StripeError as lost:
            stored = (lost.headers or {}).get("idempotent-replayed") == "true"
            raise Unknown(f"{type(lost).__name__}: {lost.user_message or lost}", stored=stored) from lost

    return wrapped
