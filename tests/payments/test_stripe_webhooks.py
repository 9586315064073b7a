"""Events: signed, delivered by HTTP, again when refused; twice, late, out of order, forged or never."""

import json
import time

import pytest

from marketplace.payments.answers import BadSignature
from marketplace.payments.client import StripeGateway
from marketplace.payments.stand_in.webhooks import signature
from tests.payments.conftest import unique
from tests.payments.stand_in import SECRET, Inbox, StandIn

pytestmark = pytest.mark.anyio


async def test_a_transfer_is_told_by_a_signed_event(stand_in: StandIn, gateway: StripeGateway, inbox: Inbox):
    sent = await transfer(stand_in, gateway)

    events = await received(gateway, inbox, 2)

    assert [(event.type, event.account) for event in events] == [
        ("account.updated", sent.destination),
        ("transfer.created", None),
    ]
    assert events[1].object["id"] == sent.id
    assert (await gateway.event(events[1].id)).object["transfer_group"] == "group"


async def test_a_refused_delivery_comes_again(stand_in: StandIn, gateway: StripeGateway, inbox: Inbox):
    inbox.answers = [500, 503, 200]
    await stand_in.webhook_fault("drop", event="account.updated")
    await transfer(stand_in, gateway)

    events = await received(gateway, inbox, 3)

    assert len({event.id for event in events}) == 1


async def test_an_event_may_come_twice(stand_in: StandIn, gateway: StripeGateway, inbox: Inbox):
    await stand_in.webhook_fault("twice", event="transfer.created")
    await transfer(stand_in, gateway)

    events = await received(gateway, inbox, 3)

    assert [event.type for event in events].count("transfer.created") == 2


async def test_an_event_may_come_late_and_out_of_order(stand_in: StandIn, gateway: StripeGateway, inbox: Inbox):
    await stand_in.webhook_fault("drop", event="account.updated")
    await stand_in.webhook_fault("out_of_order", event="transfer.created")
    sent = await transfer(stand_in, gateway)
    await gateway.reverse_transfer(sent.id, key=unique())

    events = await received(gateway, inbox, 2)

    assert [event.type for event in events] == ["transfer.reversed", "transfer.created"]


async def test_a_dropped_event_is_still_listed(stand_in: StandIn, gateway: StripeGateway, inbox: Inbox):
    await stand_in.webhook_fault("drop", event="transfer.created")
    await transfer(stand_in, gateway)

    events = await received(gateway, inbox, 1)

    assert [event.type for event in events] == ["account.updated"]
    assert await stand_in.order("deliveries", "GET")


async def test_a_forged_event_is_told_from_the_true_one(stand_in: StandIn, gateway: StripeGateway, inbox: Inbox):
    await stand_in.webhook_fault("drop", event="account.updated")
    await stand_in.webhook_fault("forged", event="transfer.created")
    sent = await transfer(stand_in, gateway)

    forged, true = await inbox.holds(2)

    with pytest.raises(BadSignature):
        gateway.verified(forged[1], forged[0])
    assert gateway.verified(true[1], true[0]).object["amount"] == sent.amount


async def test_an_old_or_absent_signature_is_refused(gateway: StripeGateway):
    payload = json.dumps({"id": "evt_1", "object": "event", "type": "x", "created": 1, "data": {"object": {}}})
    old = signature(payload, SECRET, int(time.time()) - 400)

    for header in (old, None, "", "t=1", "nonsense"):
        with pytest.raises(BadSignature):
            gateway.verified(payload.encode(), header)
    good = signature(payload, SECRET, int(time.time()))
    assert gateway.verified(payload.encode(), good).id == "evt_1"


async def transfer(stand_in: StandIn, gateway: StripeGateway):
    account = await gateway.create_connected_account(country="DE", key=unique(), metadata={})
    await stand_in.order(f"accounts/{account.id}/onboard")
    await stand_in.balance(5000)
    return await gateway.send_transfer(
        amount=1000, currency="EUR", destination=account.id, transfer_group="group", key=unique()
    )


async def received(gateway: StripeGateway, inbox: Inbox, count: int):
    return [gateway.verified(body, header) for header, body in await inbox.holds(count)]
