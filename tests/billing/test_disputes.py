"""A top-up that its payer disputes is taken back at once, and funds again when the dispute is won."""

import pytest

from marketplace.app import wiring
from marketplace.billing.models import Receipt, Takeback, TopUp
from marketplace.kit import ids
from marketplace.ledger.models import Purpose
from marketplace.members.models import Program
from marketplace.payments import balance
from marketplace.payments.models import BalanceTransaction, InboundPayment, PaymentDispute
from tests import builders
from tests.billing.test_top_up_program import available, pay_in
from tests.books import violations
from tests.client import as_program
from tests.payments.outbound import Payments, run_jobs
from tests.settlement.books import FINANCE, house, sell

pytestmark = pytest.mark.usefixtures("db")
TAKEN = (
    """{ fundingReceipts { nodes { takebacks { cause amount { amount } uncovered { amount } reference } } } }"""
)
UNCOVERED = "{ program { funding { uncovered { amount } } } }"


async def a_paid_top_up(payments: Payments) -> tuple[Program, str]:
    wiring.wire()
    program = await builders.a_program()
    await pay_in(program, method="STRIPE", paymentMethod="pm_card_bypassPending")
    await run_jobs()
    await payments.webhooks(3)
    payment = await InboundPayment.get()
    assert payment.stripe_id
    assert await available(program) == "1000.00"
    return program, payment.stripe_id


async def uncovered(program: Program) -> str:
    return (await as_program(program.id).get(UNCOVERED))["program"]["funding"]["uncovered"]["amount"]


@pytest.mark.parametrize(("won", "left", "owed"), [(True, "700.00", "0.00"), (False, "0.00", "300.00")])
async def test_a_dispute_takes_the_money_and_what_is_won_comes_back(
    payments: Payments, won: bool, left: str, owed: str
) -> None:
    program, intent = await a_paid_top_up(payments)
    await sell(program, await builders.a_partner(), 300_00, days_ago=0)

    dispute = await payments.stand_in.order(f"payment_intents/{intent}/dispute")
    await payments.webhooks(1)

    assert (await available(program), await uncovered(program)) == ("0.00", "300.00")
    assert (await TopUp.get()).state == "RETURNED"
    ((said),) = (await as_program(program.id).get(TAKEN))["fundingReceipts"]["nodes"][0]["takebacks"]
    assert said == {
        "cause": "DISPUTE", "amount": {"amount": "1000.00"}, "uncovered": {"amount": "300.00"},
        "reference": dispute["id"],
    }  # fmt: skip
    await balance.sync()
    assert await house(Purpose.DISPUTED) == 0
    await payments.stand_in.order(f"disputes/{dispute['id']}/close", won=won)
    await payments.webhooks(1)
    await balance.sync()

    assert (await available(program), await uncovered(program)) == (left, owed)
    assert (await TopUp.get()).state == ("SUCCEEDED" if won else "RETURNED")
    assert (await PaymentDispute.get()).state == ("WON" if won else "LOST")
    assert await house(Purpose.DISPUTED) == 0
    assert await violations() == []


async def test_a_part_that_is_disputed_and_told_late_and_twice_is_taken_once(payments: Payments) -> None:
    program, intent = await a_paid_top_up(payments)

    dispute = await payments.stand_in.order(f"payment_intents/{intent}/dispute", amount=400_00)
    await payments.stand_in.order(f"disputes/{dispute['id']}/close", won=False)
    await payments.inbox.holds(payments.brought + 2)
    opened, closed = payments.inbox.got[payments.brought : payments.brought + 2]
    for signature, body in (closed, opened, closed):
        await payments.knock(signature, body)
    await run_jobs()

    assert await available(program) == "600.00"
    assert ((await PaymentDispute.get()).state, await Takeback.all().count()) == ("LOST", 1)
    assert (await TopUp.get()).state == "SUCCEEDED"
    await balance.sync()
    assert await violations() == []


async def test_what_came_through_stripe_is_not_returned_by_hand(payments: Payments) -> None:
    program, _ = await a_paid_top_up(payments)

    answer = await FINANCE.do(
        "returnFunding", "", receiptId=ids.public("fundingReceipt", (await Receipt.get()).id), evidence="entry 9",
        amount={"amount": "1.00", "currency": "EUR"},
    )  # fmt: skip

    assert answer["__typename"] == "ReceiptTellsItself"
    assert await available(program) == "1000.00"


async def test_an_inquiry_moves_no_money(payments: Payments) -> None:
    program, intent = await a_paid_top_up(payments)

    await payments.stand_in.order(f"payment_intents/{intent}/dispute", inquiry=True)
    await payments.webhooks(1)

    assert await available(program) == "1000.00"
    assert await PaymentDispute.all().count() == 0
    await balance.sync()
    assert await violations() == []


async def test_a_refund_after_a_won_dispute_takes_back_all_and_is_one_transaction(payments: Payments) -> None:
    """The money stands on two receipts by then: what was never disputed, and what came back."""
    program, intent = await a_paid_top_up(payments)
    dispute = await payments.stand_in.order(f"payment_intents/{intent}/dispute", amount=400_00)
    await payments.stand_in.order(f"disputes/{dispute['id']}/close", won=True)
    await payments.webhooks(2)
    await payments.gateway.refund(intent, key="all of it")
    await payments.webhooks(2)
    await balance.sync()

    assert await available(program) == "0.00"
    assert await Takeback.filter(cause="REFUND").count() == 2
    assert await BalanceTransaction.filter(type="refund", explained_at=None).count() == 0
    assert await violations() == []
