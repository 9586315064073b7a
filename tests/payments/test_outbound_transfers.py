"""Money out: sent once whatever goes wrong, waiting for funds, found out when the answer was lost."""

from datetime import timedelta

import pytest
import stripe

from marketplace.kit import clock, database, jobs
from marketplace.kit.ids import new_id
from marketplace.payments import jobs as payment_jobs
from marketplace.payments import steps
from marketplace.payments.models import ConnectedAccount, OutboundState, PayeeKind
from tests.payments.outbound import PURPOSE, Payments, names, row, run_jobs, sent_at_stripe


async def test_a_planned_transfer_is_sent_once(payments: Payments):
    payee = await payments.payee()
    planned = await payments.plan(payee)
    assert (await row(planned)).state == OutboundState.PLANNED

    await run_jobs()
    await payments.webhooks(1)

    sent = await row(planned)
    assert (sent.state, sent.attempt, sent.error_code) == (OutboundState.SENT, 1, None)
    assert await sent_at_stripe(payments.gateway, planned) == [1000]
    assert names() == ["AccountUpdated", "AccountUpdated", "TransferSent"]


async def test_planning_the_same_cause_again_sends_nothing_more(payments: Payments):
    payee, ref = await payments.payee(), new_id()
    first, again = [await payments.plan(payee, ref=ref) for _ in range(2)]
    await run_jobs()

    assert first == again
    assert len(await payments.stand_in.requests("/v1/transfers")) == 1
    with pytest.raises(ValueError, match="planned otherwise"):
        await payments.plan(payee, amount=999, ref=ref)


async def test_a_plan_that_rolls_back_sends_nothing(payments: Payments):
    payee = await payments.payee()
    with pytest.raises(RuntimeError):
        await plan_and_fail(payee)

    await run_jobs()

    assert await payments.stand_in.requests("/v1/transfers") == []


async def test_a_definite_refusal_ends_it(payments: Payments):
    payee = await payments.payee()
    await payments.stand_in.order(f"accounts/{payee.stripe_id}/disable")
    planned = await payments.plan(payee)

    await run_jobs()
    await run_jobs(after=timedelta(days=2))

    failed = await row(planned)
    assert (failed.state, failed.error_code) == (OutboundState.FAILED, "insufficient_capabilities_for_transfer")
    assert failed.closed_at is not None
    assert names().count("TransferRefused") == 1
    assert len(await payments.stand_in.requests("/v1/transfers")) == 1


async def test_without_funds_it_waits_and_is_sent_when_they_come(payments: Payments):
    payee = await payments.payee()
    await payments.stand_in.balance(999)
    planned = await payments.plan(payee)
    await run_jobs()
    assert (await row(planned)).state == OutboundState.WAITING_FOR_FUNDS

    await payments.stand_in.balance(5000)
    await run_jobs()
    assert (await row(planned)).state == OutboundState.WAITING_FOR_FUNDS
    await run_jobs(after=timedelta(minutes=11))

    sent = await row(planned)
    assert (sent.state, sent.attempt) == (OutboundState.SENT, 2)
    assert await sent_at_stripe(payments.gateway, planned) == [1000]
    assert names()[-2:] == ["TransferDelayed", "TransferSent"]


@pytest.mark.parametrize("kind", ["hang_after", "drop_after"])
async def test_a_lost_answer_is_found_out_and_not_sent_again(payments: Payments, kind: str):
    payee = await payments.payee()
    planned = await payments.plan(payee)
    await payments.stand_in.fault(kind, times=3)
    await run_jobs()
    assert (await row(planned)).state == OutboundState.UNKNOWN
    asked = len(await payments.stand_in.requests("/v1/transfers"))

    await run_jobs(after=timedelta(seconds=6))

    assert (await row(planned)).state == OutboundState.SENT
    assert len(await payments.stand_in.requests("/v1/transfers")) == asked
    assert await sent_at_stripe(payments.gateway, planned) == [1000]


async def test_a_lost_request_is_sent_again_under_its_own_key(payments: Payments):
    payee = await payments.payee()
    planned = await payments.plan(payee)
    await payments.stand_in.fault("drop_before", times=3)
    await run_jobs()
    assert (await row(planned)).state == OutboundState.UNKNOWN

    await run_jobs(after=timedelta(seconds=6))

    sent = await row(planned)
    assert (sent.state, sent.attempt) == (OutboundState.SENT, 1)
    [request] = await payments.stand_in.requests("/v1/transfers")
    assert request["key"] == f"{planned.hex}-1"


async def test_a_stored_error_needs_a_new_attempt(payments: Payments):
    payee = await payments.payee()
    planned = await payments.plan(payee)
    await payments.stand_in.fault("status", status=500, saved=True)
    await run_jobs()
    assert (await row(planned)).state == OutboundState.UNKNOWN

    await run_jobs(after=timedelta(seconds=6))

    sent = await row(planned)
    assert (sent.state, sent.attempt) == (OutboundState.SENT, 2)
    assert await sent_at_stripe(payments.gateway, planned) == [1000]


async def test_busy_is_tried_again_under_the_same_key(payments: Payments):
    payee = await payments.payee()
    planned = await payments.plan(payee)
    await payments.stand_in.fault("status", status=429)
    await run_jobs()
    assert (await row(planned)).state == OutboundState.PLANNED

    await run_jobs(after=timedelta(seconds=31))

    sent = await row(planned)
    assert (sent.state, sent.attempt) == (OutboundState.SENT, 1)


async def test_after_a_day_it_is_looked_up_before_anything_else(payments: Payments):
    """The first call was done and its answer lost; a busy day later Stripe may have forgotten the key."""
    payee = await payments.payee()
    planned = await payments.plan(payee)
    async with database.transaction():
        flight = await steps.take_off(planned)
    assert flight is not None
    await payments.gateway.send_transfer(
        amount=1000, currency="EUR", destination=str(payee.stripe_id), transfer_group=planned.hex,
        key=f"{planned.hex}-1",
    )  # fmt: skip
    async with database.transaction():
        await steps.record_busy(planned)
    await payments.stand_in.order("clock", advance_s=25 * 3600)

    await run_jobs(after=timedelta(hours=25))
    await run_jobs(after=timedelta(hours=26))

    assert (await row(planned)).state == OutboundState.SENT
    assert await sent_at_stripe(payments.gateway, planned) == [1000]


@pytest.mark.parametrize("sent_before_the_crash", [True, False])
async def test_a_crash_in_the_middle_is_found_by_the_recovery(payments: Payments, sent_before_the_crash: bool):
    payee = await payments.payee()
    planned = await payments.plan(payee)
    async with database.transaction():
        assert await steps.take_off(planned) is not None
    if sent_before_the_crash:
        await payments.gateway.send_transfer(
            amount=1000, currency="EUR", destination=str(payee.stripe_id), transfer_group=planned.hex,
            key=f"{planned.hex}-1",
        )  # fmt: skip
    await run_jobs()
    await payment_jobs.recover()
    assert (await row(planned)).state == OutboundState.IN_FLIGHT

    with clock.travel(timedelta(minutes=5)):
        await payment_jobs.recover()
        await payment_jobs.recover()
        await jobs.drain()

    assert (await row(planned)).state == OutboundState.SENT
    assert await sent_at_stripe(payments.gateway, planned) == [1000]
    assert names().count("TransferSent") == 1


async def test_a_lost_job_is_found_by_the_recovery(payments: Payments):
    planned = await payments.plan(await payments.payee())
    await database.execute("DELETE FROM outbox_message")

    with clock.travel(timedelta(minutes=5)):
        await payment_jobs.recover()
        await jobs.drain()

    assert (await row(planned)).state == OutboundState.SENT


async def test_two_workers_with_the_same_job_send_once(payments: Payments):
    planned = await payments.plan(await payments.payee())
    await payment_jobs.send_transfer(str(planned))
    await payment_jobs.send_transfer(str(planned))
    await run_jobs()

    assert len(await payments.stand_in.requests("/v1/transfers")) == 1


async def test_a_key_with_other_facts_stops_loudly(payments: Payments):
    payee = await payments.payee()
    planned = await payments.plan(payee)
    await payments.gateway.send_transfer(
        amount=1, currency="EUR", destination=str(payee.stripe_id), transfer_group="x", key=f"{planned.hex}-1"
    )

    with pytest.raises(stripe.IdempotencyError):
        await payment_jobs.send_transfer(str(planned))

    assert (await row(planned)).state == OutboundState.IN_FLIGHT


async def test_an_asked_for_reversal_brings_everything_back(payments: Payments):
    planned = await payments.plan(await payments.payee())
    await run_jobs()
    async with database.transaction():
        await steps.plan_reversal(planned)

    await run_jobs()

    assert (await row(planned)).state == OutboundState.REVERSED
    assert names()[-2:] == ["TransferSent", "TransferReversed"]
    assert (await payments.gateway.balance()).available == {"EUR": 100_000}


async def test_a_reversal_waits_until_the_payees_balance_covers_it(payments: Payments):
    payee = await payments.payee()
    planned = await payments.plan(payee)
    await run_jobs()
    payout = await payments.payout(payee)
    async with database.transaction():
        await steps.plan_reversal(planned)
    await run_jobs()
    assert (await row(planned)).state == OutboundState.SENT

    await payments.stand_in.order(f"payouts/{payout}/fail")
    with clock.travel(timedelta(days=1)):
        await run_jobs()

    assert (await row(planned)).state == OutboundState.REVERSED


async def test_a_country_without_stripe_says_so_on_the_account(payments: Payments):
    async with database.transaction():
        account = await steps.open_account(PayeeKind.MEMBER, new_id(), "AQ")
    await run_jobs()

    kept = await ConnectedAccount.get(id=account.id)
    assert (kept.stripe_id, kept.disabled_reason) == (None, "country_unsupported")


async def plan_and_fail(payee: ConnectedAccount) -> None:
    async with database.transaction():
        await steps.plan_transfer(PURPOSE, new_id(), payee.id, 1000, "EUR")
        raise RuntimeError
