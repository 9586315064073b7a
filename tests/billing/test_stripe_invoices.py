"""A program pays in by an invoice of Stripe's: sent once, booked once, taken back as any other payment."""

from typing import Any

import httpx
import pytest
from dirty_equals import IsPartialDict, IsStr

from marketplace.app import wiring
from marketplace.billing.models import Receipt, TopUp
from marketplace.kit import clock, database, ids
from marketplace.ledger.models import Purpose
from marketplace.members.models import Program
from marketplace.payments import balance
from marketplace.payments.jobs import recover
from marketplace.payments.models import BalanceTransaction, InboundPayment, StripeInvoice
from marketplace.payments.rules import BUSY_PAUSE, STALE_AFTER
from tests import builders
from tests.billing.test_top_up_program import available
from tests.books import violations
from tests.client import as_program
from tests.payments.outbound import Payments, run_jobs
from tests.payments.stand_in import KEY
from tests.settlement.books import FINANCE, euros, house

pytestmark = pytest.mark.usefixtures("db")
SHOWN = """... on TopUp { id state failure method
    invoice { number state hostedUrl dueOn isOverdue sentAt lastFailure } }"""
INVOICE = """query($id: ID!) { node(id: $id) { ... on TopUp { state failure
    invoice { number state hostedUrl isOverdue sentAt lastFailure } } } }"""
SENT = 4  # invoice.created, payment_intent.created, invoice.finalized, invoice.sent
TO = {"email": "accounts@northern.example", "dueInDays": 14}


async def ask(program: Program, amount: str = "1000.00", **fields: Any) -> Any:
    facts: dict[str, Any] = {"method": "STRIPE_INVOICE", "reference": "PO-7", "invoice": TO} | fields
    return await as_program(program.id).do("topUpProgram", SHOWN, amount=euros(amount), **facts)


async def asked(payments: Payments, amount: str = "1000.00") -> tuple[Program, str]:
    """A program whose invoice is sent; with the invoice's id at Stripe."""
    wiring.wire()
    program = await builders.a_program()
    await ask(program, amount)
    await run_jobs()
    await payments.webhooks(SENT)
    return program, str((await StripeInvoice.get()).stripe_id)


async def shown(program: Program) -> Any:
    id = ids.public("topUp", (await TopUp.get()).id)
    return (await as_program(program.id).get(INVOICE, id=id))["node"]


async def test_an_invoice_is_sent_shown_and_paid_and_funds_once(payments: Payments) -> None:
    wiring.wire()
    program = await builders.a_program()
    first = await ask(program)
    again = await ask(program)
    await run_jobs()
    await payments.webhooks(SENT)

    assert first == IsPartialDict(state="PENDING", invoice=IsPartialDict(state="PLANNED", number=None))
    assert again["id"] == first["id"]
    open_one = await shown(program)
    assert open_one["invoice"] == IsPartialDict(
        state="OPEN", number=IsStr(min_length=5), hostedUrl=IsStr(regex="http.*"), isOverdue=False, sentAt=IsStr()
    )
    assert await available(program) == "0.00"

    invoice = str((await StripeInvoice.get()).stripe_id)
    await payments.stand_in.order(f"invoices/{invoice}/pay", payment_method="pm_card_bypassPending")
    await payments.webhooks(5)
    paid, told = await shown(program), payments.inbox.got[-3:]
    for signature, body in told[::-1]:
        await payments.knock(signature, body)
    await run_jobs()
    await balance.sync()

    assert paid == IsPartialDict(state="SUCCEEDED", invoice=IsPartialDict(state="PAID"))
    assert await available(program) == "1000.00"
    assert await Receipt.all().count() == 1
    assert await house(Purpose.STRIPE_FEES) == -(29_30 + 2_00)
    told_by_stripe = await BalanceTransaction.filter(type__in=["charge", "stripe_fee"], explained_at=None).count()
    assert told_by_stripe == 0
    assert await violations() == []


@pytest.mark.parametrize("lost", ["/v1/customers", "/v1/invoices", "/v1/invoiceitems"])
async def test_an_answer_that_is_lost_makes_no_second_invoice(payments: Payments, lost: str) -> None:
    wiring.wire()
    program = await builders.a_program()
    await payments.stand_in.fault("drop_after", path=lost, times=3)
    await ask(program)
    await run_jobs(after=BUSY_PAUSE)
    await run_jobs(after=2 * BUSY_PAUSE)

    assert (await shown(program))["invoice"]["state"] == "OPEN"
    made = {each["id"]: each for each in await payments.stand_in.requests("/v1/invoices") if not each["replayed"]}
    lines = [each for each in await payments.stand_in.requests("/v1/invoiceitems") if not each["replayed"]]
    assert (len(made), len(lines)) == (1, 1)


async def test_a_day_later_a_lost_invoice_is_looked_for_not_made_again(payments: Payments) -> None:
    """Its key is forgotten by then: only the look among the customer's invoices finds it."""
    wiring.wire()
    program = await builders.a_program()
    await payments.stand_in.fault("drop_after", path="/v1/invoices", times=3)
    await ask(program)
    await run_jobs()
    await payments.stand_in.order("clock", advance_s=25 * 3600)
    await run_jobs(after=BUSY_PAUSE)

    assert (await shown(program))["invoice"]["state"] == "OPEN"
    assert len([each for each in await payments.stand_in.requests("/v1/invoices") if not each["replayed"]]) == 1


async def test_a_job_that_is_lost_is_taken_up_again(payments: Payments) -> None:
    wiring.wire()
    program = await builders.a_program()
    await ask(program)
    await database.execute("DELETE FROM outbox_message")
    with clock.travel(2 * STALE_AFTER):
        await recover()
        await run_jobs()

    assert (await shown(program))["invoice"]["state"] == "OPEN"


async def test_a_declined_card_leaves_it_open_and_another_pays_it(payments: Payments) -> None:
    program, invoice = await asked(payments)
    await payments.stand_in.order(f"invoices/{invoice}/pay", payment_method="pm_card_chargeDeclined")
    await payments.webhooks(2)
    declined = await shown(program)
    await payments.stand_in.order(f"invoices/{invoice}/pay", payment_method="pm_card_visa")
    await payments.webhooks(5)

    assert declined == IsPartialDict(state="PENDING", failure=None)
    assert declined["invoice"] == IsPartialDict(state="OPEN", lastFailure="generic_decline")
    assert await shown(program) == IsPartialDict(state="SUCCEEDED", invoice=IsPartialDict(lastFailure=None))
    async with httpx.AsyncClient() as payer:
        page = await payer.get(declined["invoice"]["hostedUrl"])
        twice = await payer.post(declined["invoice"]["hostedUrl"])
    assert "It is paid" in page.text
    assert twice.status_code == 400
    assert await available(program) == "1000.00"


@pytest.mark.parametrize(("ending", "state"), [("void", "VOID"), ("mark_uncollectible", "UNCOLLECTIBLE")])
async def test_one_that_will_not_be_paid_ends_the_top_up(payments: Payments, ending: str, state: str) -> None:
    program, invoice = await asked(payments)
    await payments.stand_in.order(f"invoices/{invoice}/overdue")
    await payments.webhooks(1)
    late = await shown(program)
    await at_stripe(payments, invoice, ending)
    await payments.webhooks(2 if ending == "void" else 1)
    ended = await shown(program)

    assert late == IsPartialDict(state="PENDING", invoice=IsPartialDict(state="OPEN"))
    assert ended == IsPartialDict(state="FAILED", failure=f"invoice_{state.lower()}")
    assert ended["invoice"]["state"] == state
    if state == "UNCOLLECTIBLE":
        await payments.stand_in.order(f"invoices/{invoice}/pay", payment_method="pm_card_visa")
        await payments.webhooks(5)
        assert await shown(program) == IsPartialDict(state="SUCCEEDED", invoice=IsPartialDict(state="PAID"))
    assert await available(program) == ("0.00" if state == "VOID" else "1000.00")
    await balance.sync()
    assert await violations() == []


async def test_paid_elsewhere_is_no_money_at_stripe(payments: Payments) -> None:
    """Somebody notes at Stripe that it was paid another way: nothing is there, so nothing funds."""
    program, invoice = await asked(payments)
    await at_stripe(payments, invoice, "pay", paid_out_of_band=True)
    await payments.webhooks(3)

    assert await shown(program) == IsPartialDict(
        state="FAILED", failure="paid_elsewhere", invoice=IsPartialDict(state="PAID")
    )
    assert (await available(program), await Receipt.all().count()) == ("0.00", 0)


async def test_events_that_are_forged_late_or_out_of_order_change_nothing(payments: Payments) -> None:
    """The charge's dispute is told before the invoice is paid, which is told last, after a forgery of it."""
    program, invoice = await asked(payments, "500.00")
    await payments.stand_in.webhook_fault("forged", "invoice.paid")
    await payments.stand_in.order(f"invoices/{invoice}/pay", payment_method="pm_card_bypassPending")
    payment = await InboundPayment.get()
    dispute = await payments.stand_in.order(f"payment_intents/{payment.stripe_id}/dispute")
    got = (await payments.inbox.holds(payments.brought + 7))[payments.brought :]
    for signature, body in got[::-1]:
        payments.answers.append((await payments.knock(signature, body)).status_code)
        await run_jobs()
    payments.brought += 7

    assert payments.answers.count(400) == 1
    assert await available(program) == "0.00"
    assert (await shown(program))["state"] == "RETURNED"
    await payments.stand_in.order(f"disputes/{dispute['id']}/close", won=True)
    await payments.webhooks(1)
    await balance.sync()
    assert await available(program) == "500.00"
    await payments.gateway.refund(str(payment.stripe_id), key="all")
    await payments.webhooks(2)
    await balance.sync()
    assert (await available(program), (await shown(program))["state"]) == ("0.00", "RETURNED")
    assert await Receipt.all().count() == 2
    assert await violations() == []


async def test_what_cannot_be_billed_is_refused_and_what_stripe_refuses_is_said(payments: Payments) -> None:
    wiring.wire()
    program = await builders.a_program()
    wrong = await ask(program, "0.40", invoice={"email": "nobody", "dueInDays": 91})
    other = await ask(program, method="BANK_TRANSFER")
    nobody = await ask(program, invoice=None)
    await ask(program, "1000000.00")
    await run_jobs()
    by_hand = await FINANCE.do(
        "confirmTopUp", "", topUpId=ids.public("topUp", (await TopUp.get()).id), evidence="entry 9"
    )

    assert {each["path"] for each in wrong["problems"]} == {"invoice.email", "invoice.dueInDays", "amount.amount"}
    assert [each["path"] for each in other["problems"]] == ["invoice"]
    assert [each["path"] for each in nobody["problems"]] == ["invoice.email"]
    refused = await shown(program)
    assert refused == IsPartialDict(state="FAILED", failure="amount_too_large")
    assert refused["invoice"] == IsPartialDict(state="REFUSED", lastFailure="amount_too_large")
    assert by_hand["__typename"] == "TopUpConfirmsItself"


async def at_stripe(payments: Payments, invoice: str, verb: str, **fields: Any) -> None:
    """What somebody does in Stripe's dashboard."""
    async with httpx.AsyncClient(base_url=payments.stand_in.url) as http:
        told = {name: str(value).lower() for name, value in fields.items()}
        answer = await http.post(
            f"/v1/invoices/{invoice}/{verb}", data=told, headers={"Authorization": f"Bearer {KEY}"}
        )
    assert answer.status_code == 200, answer.text
