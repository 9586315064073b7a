"""Money in: payment intents with test cards, refunds, and the balance transactions they leave."""

import pytest
import stripe

from marketplace.payments.answers import BalanceLine, Payment, Refused
from marketplace.payments.client import StripeGateway, minor_amount, stripe_amount
from tests.payments.conftest import World, unique
from tests.payments.stand_in import StandIn

pytestmark = pytest.mark.anyio


async def test_a_good_card_pays(world: World):
    paid = await pay(world.gateway, 5000)

    assert (paid.status, paid.amount_received) == ("succeeded", 5000)
    assert (await world.gateway.payment(paid.id)).charge_id == paid.charge_id


async def test_a_declined_card_is_refused_and_another_may_be_tried(world: World):
    asked = await ask(world.gateway, 5000)

    with pytest.raises(Refused) as refusal:
        await world.gateway.confirm_payment(asked.id, payment_method="pm_card_visa_chargeDeclined", key=unique())

    assert refusal.value.code == "card_declined"
    assert (await world.gateway.payment(asked.id)).status == "requires_payment_method"
    second = await world.gateway.confirm_payment(asked.id, payment_method="pm_card_visa", key=unique())
    assert second.status == "succeeded"


async def test_an_amount_under_the_minimum_is_refused(world: World):
    with pytest.raises(Refused) as refusal:
        await ask(world.gateway, 49)

    assert refusal.value.code == "amount_too_small"


async def test_a_cancelled_payment_cannot_be_confirmed(world: World):
    asked = await ask(world.gateway, 5000)
    assert (await world.gateway.cancel_payment(asked.id, key=unique())).status == "canceled"

    with pytest.raises(Refused, match="payment_intent_unexpected_state"):
        await world.gateway.confirm_payment(asked.id, payment_method="pm_card_visa", key=unique())


async def test_refunds_never_exceed_the_payment(world: World):
    paid = await pay(world.gateway, 5000)
    await world.gateway.refund(paid.id, amount=2000, key=unique())

    with pytest.raises(Refused):
        await world.gateway.refund(paid.id, amount=3001, key=unique())

    assert (await world.gateway.refund(paid.id, key=unique())).amount == 3000
    with pytest.raises(Refused, match="charge_already_refunded"):
        await world.gateway.refund(paid.id, key=unique())


async def test_every_movement_has_a_balance_transaction_and_they_sum_to_the_balance(
    stand_in: StandIn, gateway: StripeGateway
):
    paid = await pay(gateway, 10_000, "pm_card_bypassPending")
    await gateway.refund(paid.id, amount=1000, key=unique())
    account = await gateway.create_connected_account(country="DE", key=unique(), metadata={})
    await stand_in.order(f"accounts/{account.id}/onboard")
    sent = await gateway.send_transfer(
        amount=2000, currency="EUR", destination=account.id, transfer_group="g", key=unique()
    )
    await gateway.reverse_transfer(sent.id, amount=500, key=unique())

    lines = await all_lines(gateway)

    assert [(line.kind, line.amount, line.fee) for line in lines] == [
        ("charge", 10_000, 320),
        ("refund", -1000, 0),
        ("transfer", -2000, 0),
        ("transfer_refund", 500, 0),
    ]
    assert (await gateway.balance()).available == {"EUR": sum(line.net for line in lines)}


async def test_balance_transactions_are_read_on_from_the_last_one_known(stand_in: StandIn, gateway: StripeGateway):
    for amount in range(1, 231):
        await stand_in.balance(amount)
    lines = await all_lines(gateway)
    assert [line.net for line in lines] == [1] * 230

    rest = [page async for page in gateway.balance_lines(newer_than=lines[9].id)]

    assert [line for page in rest for line in page] == lines[10:]
    assert [len(page) for page in rest] == [100, 100, 20]


async def test_zero_decimal_currencies_have_no_cents(stand_in: StandIn, gateway: StripeGateway):
    paid = await pay(gateway, 5000, currency="JPY")

    assert (paid.amount, paid.currency) == (5000, "JPY")
    assert [line.fee for line in await all_lines(gateway)] == [145]


async def test_money_can_be_authorised_first_and_captured_in_part(sdk: stripe.StripeClient):
    intent = await sdk.v1.payment_intents.create_async(
        {"amount": 5000, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True,
         "capture_method": "manual"}
    )  # fmt: skip
    assert (intent.status, intent.amount_capturable) == ("requires_capture", 5000)

    taken = await sdk.v1.payment_intents.capture_async(intent.id, {"amount_to_capture": 4000})

    assert (taken.status, taken.amount_received) == ("succeeded", 4000)


async def ask(gateway: StripeGateway, amount: int, currency: str = "EUR") -> Payment:
    return await gateway.create_payment(
        amount=amount, currency=currency, key=unique(), metadata={"for": "top-up"}, transfer_group=unique()
    )


async def pay(gateway: StripeGateway, amount: int, method: str = "pm_card_visa", currency: str = "EUR") -> Payment:
    asked = await ask(gateway, amount, currency)
    return await gateway.confirm_payment(asked.id, payment_method=method, key=unique())


async def all_lines(gateway: StripeGateway) -> list[BalanceLine]:
    return [line async for page in gateway.balance_lines() for line in page]


async def test_a_krona_without_aurar_is_a_hundred_at_stripe(world: World):
    """docs.stripe.com/currencies#special-cases: 5,000 ISK are said as 500000, and read back as 5,000."""
    assert (stripe_amount(5000, "ISK"), stripe_amount(5000, "JPY"), stripe_amount(5000, "EUR")) == (
        500_000,
        5000,
        5000,
    )
    with pytest.raises(ValueError, match="no whole amount"):
        minor_amount(500_050, "isk")

    asked = await ask(world.gateway, 5000, currency="ISK")

    assert (asked.amount, asked.currency) == (5000, "ISK")
