"""Webhooks as their receivers live them: signed, one id however often sent, tried for days, read and replayed."""

from datetime import timedelta
from typing import Any

import pytest
from psycopg import AsyncConnection

from marketplace.app import worker
from marketplace.app.announcer import announce_once
from marketplace.app.telling import fan_out
from marketplace.catalog.models import OfferKind
from marketplace.kit import clock, database, ids, jobs
from marketplace.points.models import ExpiryNotice
from marketplace.webhooks import rules, sending
from marketplace.webhooks.checks import check_webhooks_go_to_their_owner
from marketplace.webhooks.models import Delivery, Endpoint, Event
from tests.builders import a_partner, an_item, an_offer
from tests.client import Caller, as_member, as_partner, new_key
from tests.redemptions.world import a_shopper, forbidden, partner_of, server_of
from tests.webhooks.receiver import Receiver, a_receiver

pytestmark = pytest.mark.usefixtures("db")
CREATED = "... on WebhookEndpointSecret { secret endpoint { id url types enabled } }"
ENDPOINT = "... on WebhookEndpoint { id enabled disabledReason }"
FIELDS = "id state type attempts lastStatus lastError nextTryAt"
LOG = f"{{ webhookDeliveries(first: 50) {{ totalCount nodes {{ {FIELDS} }} }} }}"


async def register(caller: Caller, receiver: Receiver, **fields: object) -> str:
    """An endpoint of the caller at the receiver; returns its id."""
    made = await caller.do("createWebhookEndpoint", CREATED, url=receiver.url, **fields)
    receiver.secret = made["secret"]
    return made["endpoint"]["id"]


async def log(caller: Caller) -> list[Any]:
    return (await caller.get(LOG))["webhookDeliveries"]["nodes"]


async def announce(url: str) -> None:
    """What the relay does with what was committed, and the jobs that follow."""
    async with await AsyncConnection.connect(worker.conninfo(url), autocommit=True) as connection:
        await announce_once(connection)
    await jobs.drain()


async def test_a_partner_and_a_program_are_told_each_step(database_url: str) -> None:
    shopper = await a_shopper()
    stars = await an_item(await an_offer(OfferKind.BRAND_CURRENCY, number_pattern=r"\d{6}"), units=100)
    brand = await partner_of(stars)
    async with a_receiver() as partners, a_receiver() as programs, a_receiver() as others:
        await register(brand, partners, types=["REDEMPTION_REQUESTED"])
        await register(server_of(shopper.program), programs)
        await register(as_partner((await a_partner()).id), others)
        taken = await shopper.redeem(stars, membershipNumber="123456", lots=1)
        await announce(database_url)
        await brand.do("confirmCredit", "... on Redemption { id }", redemptionId=taken["id"])
        await announce(database_url)

        assert partners.types == ["redemption.requested"]
        assert programs.types == ["redemption.requested", "redemption.fulfilled"]
        assert others.got == []
        headers, message = partners.got[0]
        assert message["data"] == {"redemption": taken["id"], "state": "PENDING"}
        assert headers["webhook-id"].startswith("evt_")
        member = ids.public("member", shopper.member.id)
        assert programs.got[1][1]["data"] == {"redemption": taken["id"], "state": "FULFILLED", "member": member}
        assert [row["state"] for row in await log(server_of(shopper.program))] == ["DELIVERED", "DELIVERED"]
        assert len(await log(brand)) == 1
    assert [found async for found in check_webhooks_go_to_their_owner()] == []


async def test_what_is_handed_over_twice_is_told_once() -> None:
    shopper = await a_shopper()
    async with a_receiver() as receiver:
        await register(server_of(shopper.program), receiver)
        audience = f'["{shopper.member.id}", "{shopper.member.id}", "{shopper.program.id}"]'
        change = f'[[7, "redemption", "{shopper.member.id}", {audience}, "FULFILLED"]]'
        for _ in range(2):
            await fan_out(change)
        await jobs.drain()
        assert receiver.types == ["redemption.fulfilled"]
    assert await Event.all().count() == 1


async def test_a_program_is_told_of_points_that_expire_soon(database_url: str) -> None:
    shopper = await a_shopper(points=0)
    moment = clock.now()
    async with a_receiver() as receiver:
        await register(server_of(shopper.program), receiver, types=["POINTS_EXPIRING"])
        notice = await ExpiryNotice.create(
            member=shopper.member,
            expires_at=moment + timedelta(days=7),
            days_before=7,
            points=500,
            noticed_at=moment,
        )
        await announce(database_url)

        (_, message) = receiver.got[0]
        member = ids.public("member", shopper.member.id)
        assert message["type"] == "points.expiring"
        assert message["data"] == {"notice": ids.public("notice", notice.id), "member": member}


async def test_the_secret_is_shown_once_kept_encrypted_and_rotated_with_an_overlap() -> None:
    brand = as_partner((await a_partner()).id)
    async with a_receiver() as receiver:
        key = new_key()
        made = await brand.do("createWebhookEndpoint", CREATED, url=receiver.url, idempotencyKey=key)
        again = await brand.do("createWebhookEndpoint", CREATED, url=receiver.url, idempotencyKey=key)
        assert made["secret"].startswith("whsec_")
        assert again == made | {"secret": None}
        id = made["endpoint"]["id"]
        assert made["secret"] not in str(await database.rows("SELECT * FROM webhook_endpoint"))

        rotated = await brand.do("rotateWebhookSecret", CREATED, id=id)
        assert rotated["secret"] != made["secret"]
        for secret in (made["secret"], rotated["secret"]):
            receiver.secret = secret
            await brand.do("sendTestWebhook", "... on WebhookTest { webhookId }", id=id)
            await jobs.drain()
        assert (receiver.types, receiver.forged) == (["webhook.test"] * 2, 0)
        with clock.travel(rules.OVERLAP + timedelta(minutes=1)):
            assert len(rules.signatures([rotated["secret"]], "evt_1", clock.now(), "{}").split(" ")) == 1

        receiver.secret = "whsec_" + "AAAA" * 8
        await brand.do("sendTestWebhook", "... on WebhookTest { webhookId }", id=id)
        await jobs.drain()
        assert receiver.forged == 1


@pytest.mark.parametrize("answer", [500, 307, 404])
async def test_what_is_not_taken_is_tried_again_for_three_days_then_the_endpoint_is_off(answer: int) -> None:
    brand = as_partner((await a_partner()).id)
    async with a_receiver() as receiver:
        receiver.answer = answer
        id = await register(brand, receiver)
        await brand.do("sendTestWebhook", "... on WebhookTest { webhookId }", id=id)
        await jobs.drain()
        assert len(receiver.got) == 1
        (tried,) = await log(brand)
        assert (tried["state"], tried["attempts"], tried["lastStatus"]) == ("PENDING", 1, answer)
        assert tried["nextTryAt"] is not None
        for days, _ in enumerate(rules.TRY_AFTER, start=1):
            with clock.travel(timedelta(days=2 * days)):
                await jobs.drain()
        assert len(receiver.ids) == 1 + len(rules.TRY_AFTER)
        (given_up,) = await log(brand)
        assert given_up["state"] == "FAILED"
        (endpoint,) = (await brand.get("{ webhookEndpoints { enabled disabledReason } }"))["webhookEndpoints"]
        assert endpoint == {"enabled": False, "disabledReason": "nothing could be delivered for three days"}

        receiver.answer = 200
        await brand.do("updateWebhookEndpoint", ENDPOINT, id=id, enabled=True)
        await brand.do("replayWebhookDelivery", "... on WebhookDelivery { state }", id=given_up["id"])
        await jobs.drain()
        assert (await log(brand))[0]["state"] == "DELIVERED"
        assert len(set(receiver.ids)) == 1
    assert sum(rules.TRY_AFTER, timedelta()) > timedelta(days=3)


async def test_gone_is_gone_at_once_and_all_that_failed_is_replayed_since_a_moment() -> None:
    brand = as_partner((await a_partner()).id)
    async with a_receiver() as receiver:
        receiver.answer = 410
        id = await register(brand, receiver)
        since = clock.now().isoformat()
        for _ in range(2):
            await brand.do("sendTestWebhook", "... on WebhookTest { webhookId }", id=id)
        await jobs.drain()
        assert len(receiver.got) == 1
        assert {row["state"] for row in await log(brand)} == {"FAILED"}
        refused = await brand.do("sendTestWebhook", "... on WebhookTest { webhookId }", id=id)
        assert refused["__typename"] == "InvalidInput"

        receiver.answer = 200
        await brand.do("updateWebhookEndpoint", ENDPOINT, id=id, enabled=True)
        await brand.do("replayWebhookDeliveries", ENDPOINT, id=id, since=since)
        await jobs.drain()
        assert [row["state"] for row in await log(brand)] == ["DELIVERED"] * 2


async def test_a_receiver_that_is_slow_or_never_ends_costs_little() -> None:
    async with a_receiver() as receiver:
        receiver.secret, receiver.answer = rules.new_secret(), "drip"
        assert await sending.send(receiver.url, "{}", {}, anywhere=True) == sending.Answer(200)
    answer = await sending.send("http://127.0.0.1:9/x", "{}", {}, anywhere=True)
    assert (answer.taken, answer.status) == (False, None)
    assert answer.error is not None
    assert "no connection" in answer.error


async def test_nothing_is_sent_to_what_is_not_public() -> None:
    async with a_receiver() as receiver:
        answer = await sending.send(receiver.url, "{}", {}, anywhere=False)
        assert answer == sending.Answer(error="the host has an address that is not public")
        assert (receiver.got, receiver.forged) == ([], 0)


async def test_an_endpoint_is_its_owners_alone() -> None:
    brand, stranger = as_partner((await a_partner()).id), as_partner((await a_partner()).id)
    shopper = await a_shopper()
    async with a_receiver() as receiver:
        id = await register(brand, receiver)
        await brand.do("sendTestWebhook", "... on WebhookTest { webhookId }", id=id)
        delivery = (await log(brand))[0]["id"]
        for mutation, fields in (
            ("updateWebhookEndpoint", {"id": id, "enabled": False}),
            ("rotateWebhookSecret", {"id": id}),
            ("deleteWebhookEndpoint", {"id": id}),
            ("sendTestWebhook", {"id": id}),
            ("replayWebhookDelivery", {"id": delivery}),
            ("replayWebhookDeliveries", {"id": id, "since": "2026-01-01T00:00:00Z"}),
        ):
            answer = await stranger.do(mutation, "", **fields)
            assert answer["__typename"] == "NotFound", mutation
        assert await log(stranger) == []
        assert (await stranger.get("{ webhookEndpoints { id } }"))["webhookEndpoints"] == []
        await forbidden(
            as_member(shopper.member.id, shopper.program.id), "createWebhookEndpoint", url=receiver.url
        )

        gone = await brand.do("deleteWebhookEndpoint", ENDPOINT, id=id)
        assert gone["enabled"] is False
        assert (await brand.get("{ webhookEndpoints { id } }"))["webhookEndpoints"] == []
        assert (await brand.do("sendTestWebhook", "", id=id))["__typename"] == "NotFound"
        await jobs.drain()
        assert receiver.got == []
    assert await Endpoint.all().count() == 1
    assert await Delivery.filter(state="FAILED").count() == 1


async def test_there_are_so_many_endpoints_and_no_more() -> None:
    brand = as_partner((await a_partner()).id)
    for n in range(rules.MOST_ENDPOINTS):
        await brand.do("createWebhookEndpoint", CREATED, url=f"https://x.example/{n}")
    for url in ("https://x.example/one-more", "nonsense"):
        refused = await brand.do("createWebhookEndpoint", CREATED, url=url)
        assert refused["__typename"] == "InvalidInput"
