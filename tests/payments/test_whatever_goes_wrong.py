"""Seeded drills: faults of every kind at random, workers that die at random, and money still leaves once."""

import asyncio
import contextlib
import random
from datetime import timedelta

import pytest

from marketplace.kit import clock, jobs
from marketplace.payments import jobs as payment_jobs
from marketplace.payments.client import StripeGateway
from marketplace.payments.gateway import talking_to
from marketplace.payments.models import OutboundState
from tests.payments.outbound import Payments, names, row, run_jobs, sent_at_stripe
from tests.payments.stand_in import KEY, SECRET

FAULTS = [
    {"kind": "drop_after"},
    {"kind": "drop_before"},
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 500, "saved": True},
    {"kind": "status", "status": 503},
    {"kind": "hang_after"},
]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_money_leaves_once_whatever_goes_wrong(payments: Payments, seed: int):
    await drill(payments, random.Random(seed), transfers=8)


@pytest.mark.faults
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(100, 112))
async def test_money_leaves_once_in_long_drills(payments: Payments, seed: int):
    await drill(payments, random.Random(seed), transfers=60)


async def drill(payments: Payments, dice: random.Random, *, transfers: int) -> None:
    payee = await payments.payee()
    impatient = StripeGateway(
        KEY, api_base=payments.stand_in.url, webhook_secrets=(SECRET,), timeout_s=0.3, max_network_retries=0
    )
    planned = [await payments.plan(payee, 100) for _ in range(transfers)]
    with talking_to(impatient):
        for hour in range(8):
            for fault in dice.choices(FAULTS, k=transfers // 2):
                await payments.stand_in.order(
                    "faults", **fault, method=dice.choice(["POST", "POST", "GET"]), path="/v1/transfers"
                )
            with clock.travel(timedelta(hours=hour)):
                await dying_worker(dice)
                await payment_jobs.recover()
    await payments.stand_in.order("faults", "DELETE")
    for hour in (9, 10, 11):
        await run_jobs(after=timedelta(hours=hour))
        with clock.travel(timedelta(hours=hour)):
            await payment_jobs.recover()
    await run_jobs(after=timedelta(hours=12))
    await impatient.close()

    assert [(await row(each)).state for each in planned] == [OutboundState.SENT] * transfers
    for each in planned:
        assert await sent_at_stripe(payments.gateway, each) == [100]
    assert names().count("TransferSent") == transfers
    assert (await payments.gateway.balance(payee.stripe_id)).available == {"EUR": 100 * transfers}


async def dying_worker(dice: random.Random) -> None:
    """A worker that is killed after a moment, at whatever line it stands, twice; then one that lives."""
    for _ in range(2):
        worker = asyncio.create_task(jobs.drain())
        await asyncio.sleep(dice.uniform(0.0, 0.3))
        worker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await worker
    await jobs.drain()
