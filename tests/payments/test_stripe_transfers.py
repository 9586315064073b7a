"""Transfers and reversals, by the real SDK over HTTP."""

import asyncio

import pytest
import stripe

from marketplace.payments.answers import Busy, Refused, Unknown
from marketplace.payments.client import StripeGateway
from tests.payments.conftest import World, unique
from tests.payments.stand_in import StandIn

pytestmark = pytest.mark.anyio


async def test_a_transfer_moves_money_into_the_connected_accounts_balance(world: World):
    account = await world.account()
    await world.fund(5000)
    group = unique()

    sent = await world.gateway.send_transfer(
        amount=1234, currency="EUR", destination=account.id, transfer_group=group, key=unique()
    )

    assert (sent.amount, sent.currency, sent.destination) == (1234, "EUR", account.id)
    assert [found.id for found in await world.gateway.find_transfers(group)] == [sent.id]
    theirs = await world.gateway.balance(account.id)
    assert theirs.available.get("EUR", 0) + theirs.pending.get("EUR", 0) == 1234


async def test_the_same_key_sends_once(world: World):
    account = await world.account()
    await world.fund(5000)
    group, key = unique(), unique()

    twice = [
        await world.gateway.send_transfer(
            amount=700, currency="EUR", destination=account.id, transfer_group=group, key=key
        )
        for _ in range(2)
    ]

    assert twice[0] == twice[1]
    assert len(await world.gateway.find_transfers(group)) == 1


async def test_a_key_with_other_facts_is_our_bug_and_is_raised(world: World):
    account = await world.account()
    await world.fund(5000)
    group, key = unique(), unique()
    await world.gateway.send_transfer(
        amount=700, currency="EUR", destination=account.id, transfer_group=group, key=key
    )

    with pytest.raises(stripe.IdempotencyError):
        await world.gateway.send_transfer(
            amount=701, currency="EUR", destination=account.id, transfer_group=group, key=key
        )

    assert [found.amount for found in await world.gateway.find_transfers(group)] == [700]


async def test_a_transfer_beyond_the_available_balance_is_refused(stand_in: StandIn, gateway: StripeGateway):
    account = await onboarded(stand_in, gateway)
    await stand_in.balance(999)

    with pytest.raises(Refused) as refusal:
        await send(gateway, account, 1000)

    assert refusal.value.code == "balance_insufficient"
    assert (await gateway.balance()).available == {"EUR": 999}
    assert (await gateway.balance(account)).available == {"EUR": 0}


async def test_pending_money_cannot_be_transferred_until_it_is_available(
    stand_in: StandIn, gateway: StripeGateway
):
    account = await onboarded(stand_in, gateway)
    payment = await gateway.create_payment(
        amount=10_000, currency="EUR", key=unique(), metadata={}, transfer_group="g"
    )
    await gateway.confirm_payment(payment.id, payment_method="pm_card_visa", key=unique())
    with pytest.raises(Refused, match="balance_insufficient"):
        await send(gateway, account, 5000)

    await stand_in.order("clock", advance_s=2 * 24 * 3600)

    assert (await send(gateway, account, 5000)).amount == 5000


async def test_an_account_without_the_transfers_capability_gets_none(stand_in: StandIn, gateway: StripeGateway):
    await stand_in.balance(5000)
    account = await gateway.create_connected_account(country="DE", key=unique(), metadata={})

    with pytest.raises(Refused) as refusal:
        await send(gateway, account.id, 1000)

    assert refusal.value.code == "insufficient_capabilities_for_transfer"
    assert (await gateway.balance()).available == {"EUR": 5000}


async def test_a_transfer_into_another_region_is_not_allowed(stand_in: StandIn, gateway: StripeGateway):
    await stand_in.balance(5000)
    account = await onboarded(stand_in, gateway, country="JP")

    with pytest.raises(Refused, match="transfers_not_allowed"):
        await send(gateway, account, 1000)


async def test_stored_errors_are_replayed_even_when_the_cause_is_gone(stand_in: StandIn, gateway: StripeGateway):
    account, key = await onboarded(stand_in, gateway), unique()
    with pytest.raises(Refused, match="balance_insufficient"):
        await send(gateway, account, 1000, key=key)
    await stand_in.balance(5000)

    with pytest.raises(Refused, match="balance_insufficient"):
        await send(gateway, account, 1000, key=key)

    asked = await stand_in.requests("/v1/transfers")
    assert [request["replayed"] for request in asked] == [False, True]
    assert (await send(gateway, account, 1000)).amount == 1000


async def test_a_key_is_new_again_after_24_hours(stand_in: StandIn, gateway: StripeGateway):
    account, key = await onboarded(stand_in, gateway), unique()
    await stand_in.balance(5000)
    await send(gateway, account, 1000, key=key)
    await stand_in.order("clock", advance_s=24 * 3600 + 1)

    await send(gateway, account, 1000, key=key)

    assert len(await gateway.find_transfers("group")) == 2


async def test_a_key_in_use_answers_conflict(stand_in: StandIn, gateway: StripeGateway):
    account, key = await onboarded(stand_in, gateway), unique()
    await stand_in.balance(5000)
    await stand_in.fault("slow", seconds=0.8)
    impatient = StripeGateway("sk_test_x", api_base=stand_in.url, max_network_retries=0)

    first = asyncio.create_task(send(gateway, account, 1000, key=key))
    await asyncio.sleep(0.2)
    with pytest.raises(Unknown, match="in-progress"):
        await send(impatient, account, 1000, key=key)

    assert (await first).amount == 1000
    assert len(await gateway.find_transfers("group")) == 1
    await impatient.close()


@pytest.mark.parametrize("kind", ["hang_after", "drop_after"])
async def test_a_lost_answer_is_unknown_and_the_group_finds_the_transfer(
    stand_in: StandIn, gateway: StripeGateway, kind: str
):
    account = await onboarded(stand_in, gateway)
    await stand_in.balance(5000)
    await stand_in.fault(kind, times=3)

    with pytest.raises(Unknown):
        await send(gateway, account, 1000)

    found = await gateway.find_transfers("group")
    assert [transfer.amount for transfer in found] == [1000]
    assert (await gateway.balance()).available == {"EUR": 4000}
    assert len(await stand_in.requests("/v1/transfers")) == 3


async def test_the_sdk_gets_over_one_lost_answer_by_itself(stand_in: StandIn, gateway: StripeGateway):
    account = await onboarded(stand_in, gateway)
    await stand_in.balance(5000)
    await stand_in.fault("drop_after")

    await send(gateway, account, 1000)

    asked = await stand_in.requests("/v1/transfers")
    assert [request["replayed"] for request in asked] == [False, True]
    assert len(await gateway.find_transfers("group")) == 1


async def test_a_lost_request_is_unknown_and_the_group_finds_nothing(stand_in: StandIn, gateway: StripeGateway):
    account = await onboarded(stand_in, gateway)
    await stand_in.balance(5000)
    await stand_in.fault("drop_before", times=3)

    with pytest.raises(Unknown):
        await send(gateway, account, 1000)

    assert await gateway.find_transfers("group") == []


async def test_too_many_requests_is_busy_and_the_same_key_works_later(stand_in: StandIn, gateway: StripeGateway):
    account, key = await onboarded(stand_in, gateway), unique()
    await stand_in.balance(5000)
    await stand_in.fault("status", status=429)

    with pytest.raises(Busy):
        await send(gateway, account, 1000, key=key)

    assert (await send(gateway, account, 1000, key=key)).amount == 1000


async def test_a_saved_500_stays_under_its_key(stand_in: StandIn, gateway: StripeGateway):
    account, key = await onboarded(stand_in, gateway), unique()
    await stand_in.balance(5000)
    await stand_in.fault("status", status=500, saved=True)

    for _ in range(2):
        with pytest.raises(Unknown):
            await send(gateway, account, 1000, key=key)

    assert await gateway.find_transfers("group") == []
    assert (await send(gateway, account, 1000)).amount == 1000


async def test_a_wrong_key_is_busy_because_nothing_was_done(stand_in: StandIn):
    stranger = StripeGateway("pk_test_wrong", api_base=stand_in.url)

    with pytest.raises(Busy):
        await stranger.balance()
    await stranger.close()


async def test_reversals_come_back_in_parts_but_never_more_than_was_sent(world: World):
    account = await world.account()
    await world.fund(5000)
    sent = await world.gateway.send_transfer(
        amount=1000, currency="EUR", destination=account.id, transfer_group=unique(), key=unique()
    )

    part = await world.gateway.reverse_transfer(sent.id, amount=300, key=unique())
    rest = await world.gateway.reverse_transfer(sent.id, key=unique())

    assert (part.amount, rest.amount) == (300, 700)
    assert (await world.gateway.transfer(sent.id)).amount_reversed == 1000
    with pytest.raises(Refused):
        await world.gateway.reverse_transfer(sent.id, key=unique())


async def test_a_reversal_needs_the_accounts_balance(stand_in: StandIn, gateway: StripeGateway):
    account = await onboarded(stand_in, gateway)
    await stand_in.balance(5000)
    sent = await send(gateway, account, 1000)
    await stand_in.order(f"accounts/{account}/payout")

    with pytest.raises(Refused, match="balance_insufficient"):
        await gateway.reverse_transfer(sent.id, key=unique())

    assert (await gateway.balance()).available == {"EUR": 4000}


async def test_three_decimal_amounts_end_in_zero(stand_in: StandIn, gateway: StripeGateway):
    account = await onboarded(stand_in, gateway)
    await stand_in.balance(50_000, "kwd")

    with pytest.raises(Refused, match="three-decimal"):
        await send(gateway, account, 1005, currency="KWD")

    assert (await send(gateway, account, 1010, currency="KWD")).amount == 1010


async def onboarded(stand_in: StandIn, gateway: StripeGateway, country: str = "DE") -> str:
    account = await gateway.create_connected_account(country=country, key=unique(), metadata={})
    await stand_in.order(f"accounts/{account.id}/onboard")
    return account.id


async def send(gateway: StripeGateway, account: str, amount: int, *, key: str = "", currency: str = "EUR"):
    return await gateway.send_transfer(
        amount=amount, currency=currency, destination=account, transfer_group="group", key=key or unique()
    )
