"""Writing down what is to be told, inside a transaction that somebody else opened."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from marketplace.kit import clock, database, outbox
from marketplace.kit.ids import new_id
from marketplace.webhooks.models import Delivery, DeliveryState, Endpoint, Event, EventType, Owner

DELIVER = "webhooks.deliver"


@dataclass(frozen=True, slots=True)
class Happened:
    """Something to tell one owner: global ids and states only, never a code or personal data."""

    type: EventType
    owner_kind: Owner
    owner_id: UUID
    data: dict[str, Any]
    change_id: int | None = None


async def tell(happened: Happened, endpoints: list[Endpoint]) -> Event | None:
    """An event, and a delivery of it for each endpoint that wants its type; None when it was told before."""
    event = Event(
        id=new_id(),
        owner_kind=happened.owner_kind.value,
        owner_id=happened.owner_id,
        type=happened.type.value,
        change_id=happened.change_id,
        data=happened.data,
        at=clock.now(),
    )
    if happened.change_id is not None:
        await database.lock("webhook_event", happened.change_id)
        if await Event.exists(change_id=happened.change_id, owner_id=happened.owner_id, type=event.type):
            return None
    await event.save(force_create=True)
    for endpoint in endpoints:
        delivery = await Delivery.create(
            endpoint_id=endpoint.id, event_id=event.id, owner_id=event.owner_id, state=DeliveryState.PENDING.value
        )
        await deliver(delivery, None)
    return event


async def deliver(delivery: Delivery, at: datetime | None) -> None:
    """Have a delivery tried, at once or at a moment."""
    await outbox.enqueue(DELIVER, due_at=at, delivery_id=str(delivery.id))


async def again(delivery: Delivery) -> None:
    """Begin a delivery anew: PENDING, with all its tries before it."""
    delivery.state = DeliveryState.PENDING.value
    delivery.attempts, delivery.delivered_at, delivery.next_try_at = 0, None, None
    await delivery.save(update_fields=["state", "attempts", "delivered_at", "next_try_at"])
    await deliver(delivery, None)
