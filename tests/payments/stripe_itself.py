"""What only Stripe itself needs: an account onboarded by its documented test values."""

import asyncio
import time

import stripe

from marketplace.payments.answers import AccountState
from marketplace.payments.client import account_state


class StripeItself:
    """Stripe with a test key."""

    def __init__(self, key: str) -> None:
        self._stripe = stripe.StripeClient(key, http_client=stripe.HTTPXClient(timeout=60))

    async def onboarded_account(self, country: str) -> AccountState:
        """A custom account with the values of docs.stripe.com/connect/testing-verification."""
        made = await self._stripe.v1.accounts.create_async(
            {
                "type": "custom",
                "country": country,
                "email": "jenny.rosen@example.com",
                "business_type": "individual",
                "capabilities": {"transfers": {"requested": True}},
                "business_profile": {"mcc": "5734", "url": "https://accessible.stripe.com"},
                "individual": {
                    "first_name": "Jenny",
                    "last_name": "Rosen",
                    "email": "jenny.rosen@example.com",
                    "phone": "+4930123456",
                    "dob": {"day": 1, "month": 1, "year": 1901},
                    "address": {"line1": "address_full_match", "city": "Berlin", "postal_code": "10115"},
                },
                "external_account": {
                    "object": "bank_account",
                    "country": "DE",
                    "currency": "eur",
                    "account_number": "DE89370400440532013000",
                },
                "tos_acceptance": {"date": int(time.time()), "ip": "8.8.8.8"},
            }
        )
        state = None
        for _ in range(30):
            state = account_state((await self._stripe.v1.accounts.retrieve_async(made.id)).to_dict())
            if state.transfers_active:
                return state
            await asyncio.sleep(1)
        raise AssertionError(f"Stripe does not enable the account: {state}")
