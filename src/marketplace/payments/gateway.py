"""Which Stripe this process talks to: from the settings, one client for each event loop."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from marketplace.kit.settings import settings
from marketplace.payments.client import StripeGateway

STAND_IN = "http://127.0.0.1:12111"
_opened: WeakKeyDictionary[asyncio.AbstractEventLoop, StripeGateway] = WeakKeyDictionary()
_chosen: list[StripeGateway] = []


def gateway() -> StripeGateway:
    """Stripe as the settings say; without a key, the stand-in at STRIPE_API_BASE or on its usual port."""
    if _chosen:
        return _chosen[-1]
    loop = asyncio.get_running_loop()
    if loop not in _opened:
        _opened[loop] = _from_settings()
    return _opened[loop]


def _from_settings() -> StripeGateway:
    given = settings()
    secret = given.stripe_webhook_secret.get_secret_value() if given.stripe_webhook_secret else "whsec_stand_in"
    secrets = tuple(part.strip() for part in secret.split(",") if part.strip())
    if given.stripe_api_key is None:
        return StripeGateway(
            "sk_test_stand_in", api_base=given.stripe_api_base or STAND_IN, webhook_secrets=secrets
        )
    return StripeGateway(
        given.stripe_api_key.get_secret_value(), api_base=given.stripe_api_base, webhook_secrets=secrets
    )


async def close() -> None:
    """Give this loop's connections back; part of the program's stop."""
    opened = _opened.pop(asyncio.get_running_loop(), None)
    if opened is not None:
        await opened.close()


@contextmanager
def talking_to(chosen: StripeGateway) -> Generator[None]:
    """Talk to this one while the block runs."""
    _chosen.append(chosen)
    try:
        yield
    finally:
        _chosen.remove(chosen)
