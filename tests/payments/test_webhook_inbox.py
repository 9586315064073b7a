"""What Stripe tells us, through our own door: once, whatever comes twice, late, out of order or forged."""

import json
import time

from marketplace.kit import database
from marketplace.kit.ids import new_id
from marketplace.payments import client, steps
from marketplace.payments.answers import MadeRefund
from marketplace.payments.models import (
    ConnectedAccount,
    InboundPayment,
    InboundState,
    OutboundState,
    OutboundTransfer,
    StripeEvent,
)
from marketplace.payments.stand_in.webhooks import signature
from tests.payments.outbound import PURPOSE, Payments, names, row, run_jobs, sent_at_stripe
from tests.payments.stand_in import SECRET


async def test_a_transfer_can_be_known_from_its_event_alone(payments: Payments):
    planned = await payments.plan(await payments.payee())
    await payments.stand_in.fault("drop_after", times=3)
    await run_jobs()
    assert (await row(planned)).state == OutboundState.UNKNOWN

    await payments.webhooks(1)

    assert (await row(planned)).state == OutboundState.SENT
    assert names().count("TransferSent") == 1


async def test_an_event_that_comes_twice_is_processed_once(payments: Payments):
    payee = await payments.payee()
    await payments.stand_in.webhook_fault("twice", event="transfer.created")
    await payments.plan(payee)
    await run_jobs()

    await payments.webhooks(2)

    assert payments.answers[-2:] == [200, 200]
    assert names().count("TransferSent") == 1
    assert await StripeEvent.filter(type="transfer.created").count() == 1


async def test_a_reversal_told_before_the_transfer_is_understood(payments: Payments):
    payee = await payments.payee()
    await payments.stand_in.fault("drop_after", times=3)
    await payments.stand_in.webhook_fault("out_of_order", event="transfer.created")
    planned = await payments.plan(payee)
    await run_jobs()
    [sent] = await payments.gateway.find_transfers(planned.hex)
    await payments.gateway.reverse_transfer(sent.id, key="back")

    await payments.webhooks(1)
    assert (await row(planned)).state == OutboundState.REVERSED
    await payments.webhooks(1)

    assert (await row(planned)).state == OutboundState.REVERSED
    assert names()[-2:] == ["TransferSent", "TransferReversed"]
    assert [event.type for event in await StripeEvent.all().order_by("-received_at").limit(2)] == [
        "transfer.created",
        "transfer.reversed",
    ]


async def test_a_forged_event_is_turned_away_and_leaves_nothing(payments: Payments):
    payee = await payments.payee()
    await payments.stand_in.webhook_fault("forged", event="transfer.created")
    await payments.plan(payee)
    await run_jobs()

    await payments.webhooks(2)

    assert payments.answers[-2:] == [400, 200]
    assert await StripeEvent.filter(type="transfer.created").count() == 1


async def test_an_event_about_somebody_else_is_kept_and_answered(payments: Payments):
    payload = json.dumps(
        {"id": "evt_x", "object": "event", "type": "transfer.created", "created": 1, "data": {"object": {
            "id": "tr_x", "amount": 5, "currency": "eur", "destination": "acct_x", "transfer_group": "theirs"}}}
    )  # fmt: skip
    odd = payload.replace("evt_x", "evt_y").replace("transfer.created", "moon.rose")
    for text in (payload, odd):
        answer = await payments.knock(signature(text, SECRET, int(time.time())), text.encode())
        assert answer.status_code == 200
    await run_jobs()

    kept = {event.stripe_id: event.outcome for event in await StripeEvent.all()}
    assert kept == {"evt_x": "unknown here", "evt_y": "not for us"}
    assert await OutboundTransfer.all().count() == 0


async def test_a_payout_brings_to_the_bank_exactly_what_it_carries(payments: Payments):
    payee, other = await payments.payee(), await payments.payee()
    carried = [await payments.plan(payee, amount) for amount in (1000, 2000)]
    foreign = await payments.plan(other)
    await run_jobs()
    payout = await payments.payout(payee)
    later = await payments.plan(payee, 500)
    await run_jobs()
    await payments.stand_in.order(f"payouts/{payout}/paid")

    await payments.webhooks(4 + 3)

    states = [(await row(each)).state for each in (*carried, foreign, later)]
    assert states == ["IN_BANK", "IN_BANK", "SENT", "SENT"]
    assert {(await row(each)).stripe_payout_id for each in carried} == {payout}
    assert names().count("PayoutPaid") == 2


async def test_a_payout_may_fail_after_it_was_paid(payments: Payments):
    payee = await payments.payee()
    planned = await payments.plan(payee)
    await run_jobs()
    payout = await payments.payout(payee)
    await payments.stand_in.order(f"payouts/{payout}/paid")
    await payments.webhooks(4)
    assert (await row(planned)).state == OutboundState.IN_BANK

    await payments.stand_in.order(f"payouts/{payout}/fail", code="account_closed")
    await payments.webhooks(1)

    back = await row(planned)
    assert (back.state, back.in_bank_at, back.stripe_payout_id) == (OutboundState.SENT, None, None)
    assert names()[-3:] == ["TransferSent", "PayoutPaid", "PayoutFailed"]

    second = await payments.payout(payee)
    await payments.stand_in.order(f"payouts/{second}/paid")
    await payments.webhooks(3)
    assert (await row(planned)).stripe_payout_id == second


async def test_paid_told_after_failed_changes_nothing(payments: Payments):
    payee = await payments.payee()
    planned = await payments.plan(payee)
    await run_jobs()
    payout = await payments.payout(payee)
    await payments.webhooks(2)
    await payments.stand_in.webhook_fault("drop", event="payout.reconciliation_completed")
    await payments.stand_in.webhook_fault("out_of_order", event="payout.paid")
    await payments.stand_in.order(f"payouts/{payout}/paid")
    await payments.stand_in.order(f"payouts/{payout}/fail")

    await payments.webhooks(2)

    assert (await row(planned)).state == OutboundState.SENT
    assert "PayoutPaid" not in names()
    told = {event.type: event.outcome for event in await StripeEvent.all()}
    assert told["payout.paid"] == "failed meanwhile"


async def test_a_reversal_after_the_bank_says_that_it_was_there(payments: Payments):
    payee = await payments.payee()
    planned = await payments.plan(payee)
    await run_jobs()
    payout = await payments.payout(payee)
    await payments.stand_in.order(f"payouts/{payout}/paid")
    await payments.webhooks(4)
    await payments.stand_in.order("balance", account=payee.stripe_id, currency="eur", amount=5000)
    await payments.gateway.reverse_transfer(str((await row(planned)).stripe_id), key="clawback")

    await payments.webhooks(1)

    assert (await row(planned)).state == OutboundState.REVERSED
    assert names()[-3:] == ["TransferSent", "PayoutPaid", "TransferReversed"]


async def test_an_account_event_keeps_no_personal_data(payments: Payments):
    payee = await payments.payee()

    event = await StripeEvent.get(type="account.updated")

    assert set(event.payload) == {"id", "object", "payouts_enabled", "requirements", "capabilities"}
    assert (await ConnectedAccount.get(id=payee.id)).payouts_enabled


async def test_a_payment_event_keeps_neither_secret_nor_card(payments: Payments):
    payment = await a_payment("pm_card_visa")
    await run_jobs()
    await payments.webhooks(3)

    event = await StripeEvent.get(type="payment_intent.succeeded")

    assert (await InboundPayment.get(id=payment.id)).stripe_id == event.payload["id"]
    assert not {"client_secret", "payment_method"} & event.payload.keys()


async def test_a_disabled_account_is_known_to_be_so(payments: Payments):
    payee = await payments.payee()
    await payments.stand_in.order(f"accounts/{payee.stripe_id}/disable", reason="rejected.fraud")

    await payments.webhooks(1)

    account = await ConnectedAccount.get(id=payee.id)
    assert (account.payouts_enabled, account.disabled_reason) == (False, "rejected.fraud")


async def test_a_payment_is_taken_and_told_once(payments: Payments):
    payment = await a_payment("pm_card_visa")
    await run_jobs()
    await payments.webhooks(3)

    assert (await InboundPayment.get(id=payment.id)).state == InboundState.SUCCEEDED
    assert names() == ["PaymentSucceeded"]


async def test_a_payment_whose_answer_was_lost_is_known_from_its_event(payments: Payments):
    await payments.stand_in.fault("drop_after", path="/v1/payment_intents/", times=3)
    payment = await a_payment("pm_card_visa")
    await run_jobs()
    assert (await InboundPayment.get(id=payment.id)).state == InboundState.PENDING

    await payments.webhooks(3)

    assert (await InboundPayment.get(id=payment.id)).state == InboundState.SUCCEEDED
    assert names() == ["PaymentSucceeded"]


async def test_a_declined_payment_fails_with_its_code(payments: Payments):
    payment = await a_payment("pm_card_visa_chargeDeclined")
    await run_jobs()

    failed = await InboundPayment.get(id=payment.id)
    assert (failed.state, failed.error_code) == (InboundState.FAILED, "card_declined")
    await payments.webhooks(2)
    assert names() == ["PaymentFailed"]


async def test_a_refund_is_told_once(payments: Payments):
    payment = await a_payment("pm_card_visa")
    await run_jobs()
    async with database.transaction():
        await steps.plan_refund(payment.id)
    await run_jobs()
    await payments.webhooks(5)

    assert (await InboundPayment.get(id=payment.id)).state == InboundState.REFUNDED
    assert names() == ["PaymentSucceeded", "ChargeRefunded"]


async def test_nothing_is_sent_by_listening(payments: Payments):
    planned = await payments.plan(await payments.payee())
    await run_jobs()
    await payments.webhooks(1)
    await run_jobs()

    assert await sent_at_stripe(payments.gateway, planned) == [1000]


async def a_payment(method: str) -> InboundPayment:
    async with database.transaction():
        return await steps.plan_payment(PURPOSE, new_id(), 5000, "EUR", payment_method=method)


async def test_a_refund_told_before_the_payment_is_understood(payments: Payments):
    async with database.transaction():
        payment = await steps.plan_payment(PURPOSE, new_id(), 5000, "EUR", payment_method="pm_card_visa")
    gone = MadeRefund(id="re_1", amount=5000, currency="EUR", status="succeeded")
    came = {"id": "pi_1", "status": "succeeded", "amount": 5000, "amount_received": 5000, "currency": "eur"}
    async with database.transaction():
        await steps.record_payment(payment.id, client.payment(came | {"status": "processing"}))

    async with database.transaction():
        await steps.record_refund(payment.id, "ch_1", gone)
    async with database.transaction():
        await steps.record_payment(payment.id, client.payment(came))
        await steps.record_refund(payment.id, "ch_1", gone)

    assert (await InboundPayment.get(id=payment.id)).state == InboundState.REFUNDED
    assert names() == ["PaymentSucceeded", "ChargeRefunded"]
