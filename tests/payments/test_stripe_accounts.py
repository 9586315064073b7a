"""Connected accounts: onboarding by link, what is missing, and payouts to the bank."""

import httpx
import pytest
import stripe

from marketplace.payments.answers import AccountState, Refused
from marketplace.payments.client import StripeGateway
from tests.payments.conftest import World, unique
from tests.payments.stand_in import StandIn

pytestmark = pytest.mark.anyio
BACK = {"return_url": "https://example.com/return", "refresh_url": "https://example.com/again"}


async def test_a_new_account_cannot_be_paid_and_says_what_is_missing(world: World):
    account = await world.gateway.create_connected_account(
        country="DE", key=unique(), metadata={"owner": "partner"}
    )

    assert not account.transfers_active
    assert not account.payouts_enabled
    assert "external_account" in account.currently_due


async def test_an_account_is_made_once_per_key(world: World):
    key = unique()
    made = [await world.gateway.create_connected_account(country="DE", key=key, metadata={}) for _ in range(2)]

    assert made[0].id == made[1].id


async def test_a_country_without_stripe_is_refused(world: World):
    with pytest.raises(Refused):
        await world.gateway.create_connected_account(country="AQ", key=unique(), metadata={})


async def test_finishing_the_hosted_form_enables_payouts(stand_in: StandIn, gateway: StripeGateway):
    account = await new_account(gateway)
    link = await gateway.onboarding_link(account.id, **BACK)

    async with httpx.AsyncClient() as browser:
        form = await browser.get(link.url)
        done = await browser.post(link.url, data={"outcome": "complete"})

    assert account.id in form.text
    assert (done.status_code, done.headers["location"]) == (303, BACK["return_url"])
    after = await gateway.account_state(account.id)
    assert (after.payouts_enabled, after.transfers_active, after.currently_due) == (True, True, ())


async def test_leaving_the_form_changes_nothing(stand_in: StandIn, gateway: StripeGateway):
    account = await new_account(gateway)
    link = await gateway.onboarding_link(account.id, **BACK)

    async with httpx.AsyncClient() as browser:
        await browser.post(link.url, data={"outcome": "incomplete"})

    assert await gateway.account_state(account.id) == account


async def test_a_used_or_expired_link_leads_to_the_refresh_url(stand_in: StandIn, gateway: StripeGateway):
    account = await new_account(gateway)
    used, old = [await gateway.onboarding_link(account.id, **BACK) for _ in range(2)]

    async with httpx.AsyncClient() as browser:
        await browser.post(used.url)
        again = await browser.get(used.url)
        await stand_in.order("clock", advance_s=301)
        late = await browser.get(old.url)

    assert again.headers["location"] == late.headers["location"] == BACK["refresh_url"]


async def test_a_disabled_account_says_why(stand_in: StandIn, gateway: StripeGateway):
    account = await onboarded(stand_in, gateway)
    await stand_in.order(f"accounts/{account}/disable", reason="rejected.fraud")

    state = await gateway.account_state(account)

    assert (state.payouts_enabled, state.disabled_reason) == (False, "rejected.fraud")


async def test_an_automatic_payout_names_the_transfers_it_carries(stand_in: StandIn, gateway: StripeGateway):
    account = await onboarded(stand_in, gateway)
    await stand_in.balance(10_000)
    first, second = [await send(gateway, account, amount) for amount in (1000, 2000)]
    payouts = await stand_in.order(f"accounts/{account}/payout")
    third = await send(gateway, account, 500)
    later = await stand_in.order(f"accounts/{account}/payout")

    assert [payout["amount"] for payout in (*payouts, *later)] == [3000, 500]
    assert set(await gateway.payout_transfers(account, payouts[0]["id"])) == {first, second}
    assert await gateway.payout_transfers(account, later[0]["id"]) == [third]


async def test_a_payout_that_failed_after_paid_is_carried_by_the_next(stand_in: StandIn, gateway: StripeGateway):
    account = await onboarded(stand_in, gateway)
    await stand_in.balance(10_000)
    sent = await send(gateway, account, 1000)
    [payout] = await stand_in.order(f"accounts/{account}/payout")
    await stand_in.order(f"payouts/{payout['id']}/paid")

    failed = await stand_in.order(f"payouts/{payout['id']}/fail", code="account_closed")

    assert (failed["status"], failed["failure_code"]) == ("failed", "account_closed")
    assert (await gateway.balance(account)).available == {"EUR": 1000}
    [again] = await stand_in.order(f"accounts/{account}/payout")
    assert await gateway.payout_transfers(account, again["id"]) == [sent]


async def test_a_manual_payout_cannot_be_broken_down(
    stand_in: StandIn, gateway: StripeGateway, sdk: stripe.StripeClient
):
    account = await onboarded(stand_in, gateway)
    await stand_in.balance(10_000)
    await send(gateway, account, 1000)
    made = await sdk.v1.payouts.create_async({"amount": 400, "currency": "eur"}, {"stripe_account": account})

    with pytest.raises(Refused, match="automatic"):
        await gateway.payout_transfers(account, made.id)

    assert (await gateway.balance(account)).available == {"EUR": 600}
    with pytest.raises(stripe.InvalidRequestError, match="insufficient"):
        await sdk.v1.payouts.create_async({"amount": 601, "currency": "eur"}, {"stripe_account": account})


async def new_account(gateway: StripeGateway) -> AccountState:
    return await gateway.create_connected_account(country="DE", key=unique(), metadata={})


async def onboarded(stand_in: StandIn, gateway: StripeGateway) -> str:
    account = await new_account(gateway)
    await stand_in.order(f"accounts/{account.id}/onboard")
    return account.id


async def send(gateway: StripeGateway, account: str, amount: int) -> str:
    sent = await gateway.send_transfer(
        amount=amount, currency="EUR", destination=account, transfer_group=unique(), key=unique()
    )
    return sent.id
