"""Delivering: one try of one delivery a job, and what follows from its outcome."""

from uuid import UUID

import orjson

from marketplace.kit import clock, database, facts, ids, jobs, vault
from marketplace.kit.settings import settings
from marketplace.webhooks import rules, sending, steps
from marketplace.webhooks.facts import WebhookEndpointDisabled
from marketplace.webhooks.models import Delivery, DeliveryState, Endpoint, Event


@jobs.job(steps.DELIVER)
async def deliver(delivery_id: str) -> None:
    """Try a delivery that is PENDING. Two at once may both send: the receiver knows the event by its id."""
    delivery = await Delivery.get_or_none(id=UUID(delivery_id))
    if delivery is None or delivery.state != DeliveryState.PENDING:
        return
    endpoint: Endpoint = await delivery.endpoint
    if not endpoint.enabled:
        await _note(delivery, endpoint, sending.Answer(error=f"the endpoint is off: {endpoint.disabled_reason}"))
        return
    answer = await _send(endpoint, await delivery.event)
    await _note(delivery, endpoint, answer)


async def _send(endpoint: Endpoint, event: Event) -> sending.Answer:
    at = clock.now()
    id = ids.public("evt", event.id)
    message = {"type": event.type, "timestamp": event.at.isoformat(), "data": event.data}
    body = orjson.dumps(message).decode()
    keys = [endpoint.secret]
    if endpoint.old_secret and endpoint.old_secret_until and at < endpoint.old_secret_until:
        keys.append(endpoint.old_secret)
    headers = {
        "webhook-id": id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": rules.signatures(map(vault.unseal, keys), id, at, body),
        "user-agent": "marketplace-webhooks",
    }
    return await sending.send(endpoint.url, body, headers, anywhere=not settings().production)


async def _note(tried: Delivery, endpoint: Endpoint, answer: sending.Answer) -> None:
    """Write down how a try went: delivered, to be tried again, or given up, which disables the endpoint."""
    moment = clock.now()
    async with database.transaction():
        delivery = await Delivery.select_for_update().get(id=tried.id)
        if delivery.state != DeliveryState.PENDING:
            return
        delivery.attempts += 1
        delivery.last_status, delivery.last_error, delivery.last_tried_at = answer.status, answer.error, moment
        delivery.next_try_at = None
        if answer.taken:
            delivery.state, delivery.delivered_at = DeliveryState.DELIVERED.value, moment
        elif answer.status == sending.GONE or not endpoint.enabled:
            delivery.state = DeliveryState.FAILED.value
            await _disable(endpoint, "its server answered 410 Gone")
        elif (again := rules.next_try(delivery.attempts, moment)) is not None:
            delivery.next_try_at = again
            await steps.deliver(delivery, again)
        else:
            delivery.state = DeliveryState.FAILED.value
            await _disable(endpoint, "nothing could be delivered for three days")
        await delivery.save()


async def _disable(endpoint: Endpoint, reason: str) -> None:
    if await Endpoint.filter(id=endpoint.id, enabled=True).update(enabled=False, disabled_reason=reason):
        await facts.state(WebhookEndpointDisabled(endpoint.id, endpoint.owner_id, reason))
