"""Stripe for tests: the stand-in, or Stripe itself when STRIPE_TEST_KEY names a test key."""

import os
import uuid
from collections.abc import AsyncGenerator, Generator

import pytest
import stripe

from marketplace.payments.answers import AccountState
from marketplace.payments.client import StripeGateway
from marketplace.payments.gateway import talking_to
from tests.payments.outbound import Payments, listen
from tests.payments.stand_in import KEY, SECRET, Inbox, Letterbox, StandIn, free_port, running, served
from tests.payments.stripe_itself import StripeItself

TEST_KEY = os.environ.get("STRIPE_TEST_KEY")


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[StandIn, str, Letterbox]]:
    """One stand-in and one place for webhooks, for all tests of this worker."""
    letterbox, folder = Letterbox(), tmp_path_factory.mktemp("stripe")
    with served(letterbox.app(), free_port()) as webhooks, running(folder) as stand_in:
        yield stand_in, webhooks, letterbox


@pytest.fixture
def inbox(servers: tuple[StandIn, str, Letterbox]) -> Inbox:
    """Where this test's webhooks go; the stand-in has forgotten everything before."""
    stand_in, webhooks, letterbox = servers
    stand_in.order_now("reset")
    name, inbox = letterbox.new()
    stand_in.order_now("webhook", url=f"{webhooks}/{name}")
    return inbox


@pytest.fixture
def stand_in(request: pytest.FixtureRequest) -> StandIn:
    """Our stand-in and its control surface; tests that use it by name cannot run against Stripe."""
    if TEST_KEY:
        pytest.skip("needs the stand-in's control surface")
    request.getfixturevalue("inbox")
    return request.getfixturevalue("servers")[0]


@pytest.fixture
async def gateway(request: pytest.FixtureRequest) -> AsyncGenerator[StripeGateway]:
    """The door to the SDK, in front of the stand-in or of Stripe."""
    if TEST_KEY:
        opened = StripeGateway(TEST_KEY, timeout_s=30)
    else:
        stand_in: StandIn = request.getfixturevalue("stand_in")
        opened = StripeGateway(KEY, api_base=stand_in.url, webhook_secrets=(SECRET,), timeout_s=0.5)
    yield opened
    await opened.close()


@pytest.fixture
async def sdk(stand_in: StandIn) -> AsyncGenerator[stripe.StripeClient]:
    """The bare SDK in front of the stand-in, for what our door does not offer."""
    http = stripe.HTTPXClient()
    yield stripe.StripeClient(KEY, http_client=http, base_addresses={"api": stand_in.url})
    await http.close_async()


@pytest.fixture
async def payments(db: None, stand_in: StandIn, inbox: Inbox, gateway: StripeGateway) -> AsyncGenerator[Payments]:
    """Our payments room, its database empty, in front of a stand-in whose balance is 1,000.00 EUR."""
    listen()
    await stand_in.balance(100_000)
    with talking_to(gateway):
        yield Payments(stand_in, inbox, gateway)


@pytest.fixture
def world(request: pytest.FixtureRequest, gateway: StripeGateway) -> "World":
    stand_in = None if TEST_KEY else request.getfixturevalue("stand_in")
    return World(gateway, stand_in)


class World:
    """What a behavioural test needs of the outside, whichever Stripe it runs against."""

    def __init__(self, gateway: StripeGateway, stand_in: StandIn | None) -> None:
        self.gateway, self._stand_in = gateway, stand_in

    async def account(self, country: str = "DE") -> AccountState:
        """A connected account that has finished onboarding."""
        if self._stand_in is None:
            return await StripeItself(str(TEST_KEY)).onboarded_account(country)
        account = await self.gateway.create_connected_account(country=country, key=unique(), metadata={})
        await self._stand_in.order(f"accounts/{account.id}/onboard")
        return await self.gateway.account_state(account.id)

    async def fund(self, amount: int, currency: str = "EUR") -> None:
        """Make at least `amount` available, by a card whose money is available at once."""
        payment = await self.gateway.create_payment(
            amount=amount * 2 + 1000, currency=currency, key=unique(), metadata={}, transfer_group=unique()
        )
        await self.gateway.confirm_payment(payment.id, payment_method="pm_card_bypassPending", key=unique())


def unique() -> str:
    return str(uuid.uuid4())
