"""The copy of Stripe's balance, and the check that our clearing account says the same."""

from marketplace.kit import database
from marketplace.kit.ids import new_id
from marketplace.ledger import accounts, queries
from marketplace.ledger.models import Purpose
from marketplace.ledger.steps import Entry, post
from marketplace.payments import balance, checks, steps
from marketplace.payments.models import BalanceTransaction
from tests.payments.outbound import PURPOSE, Payments, run_jobs


async def test_fees_bank_moves_and_adjustments_are_posted_once(payments: Payments):
    await paid(payments, 5000)

    assert (await balance.sync(), await balance.sync()) == (2, 0)

    assert await BalanceTransaction.all().count() == 2
    assert await standing(Purpose.STRIPE_FEES) == -175
    assert await standing(Purpose.ADJUSTMENTS) == 100_000


async def test_the_clearing_account_equals_what_stripe_says(payments: Payments):
    await paid(payments, 5000)
    await post_top_up(5000)
    planned = await payments.plan(await payments.payee(), 1000)
    await run_jobs()
    await post_sent(1000)

    assert [found async for found in checks.check_stripe_clearing()] == []
    assert -await standing(Purpose.STRIPE_CLEARING) == 100_000 + 5000 - 175 - 1000
    assert planned


async def test_money_that_the_books_do_not_know_is_found(payments: Payments):
    await paid(payments, 5000)

    found = [violation async for violation in checks.check_stripe_clearing()]

    assert [(violation.check, violation.subject) for violation in found] == [("stripe clearing", "EUR")]
    assert "the ledger says 99825, Stripe 104825" in found[0].detail


async def test_a_transfer_that_is_not_ours_is_found(payments: Payments):
    payee = await payments.payee()
    await payments.gateway.send_transfer(
        amount=700, currency="EUR", destination=str(payee.stripe_id), transfer_group="by hand", key="k"
    )
    await balance.sync()

    found = [violation async for violation in checks.check_transfers_named()]

    assert ["is no transfer of ours" in violation.detail for violation in found] == [True]


async def test_with_nothing_at_stripe_it_is_not_even_asked(payments: Payments):
    assert [found async for found in checks.check_stripe_clearing()] == []
    assert await payments.stand_in.requests("/v1/balance_transactions", "GET") == []


async def paid(payments: Payments, amount: int) -> None:
    async with database.transaction():
        await steps.plan_payment(PURPOSE, new_id(), amount, "EUR", payment_method="pm_card_visa")
    await run_jobs()


async def standing(purpose: Purpose) -> int:
    return await queries.balance(accounts.house(purpose, "EUR"))


async def post_top_up(amount: int) -> None:
    clearing = accounts.house(Purpose.STRIPE_CLEARING, "EUR")
    funding = accounts.program(new_id(), Purpose.FUNDING, "EUR")
    async with database.transaction():
        await post("test.top_up", "test", new_id(), [Entry(debit=clearing, credit=funding, amount=amount)])


async def post_sent(amount: int) -> None:
    clearing = accounts.house(Purpose.STRIPE_CLEARING, "EUR")
    connected = accounts.partner(new_id(), Purpose.STRIPE_CONNECTED, "EUR")
    async with database.transaction():
        await post("test.sent", "test", new_id(), [Entry(debit=connected, credit=clearing, amount=amount)])
