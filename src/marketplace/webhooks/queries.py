"""Reads of webhooks: each owner's own."""

from collections.abc import Collection
from uuid import UUID

from tortoise.queryset import QuerySet

from marketplace.kit.actor import Actor
from marketplace.kit.refusals import NotFound
from marketplace.webhooks.models import Delivery, DeliveryState, Endpoint


def endpoints_of(actor: Actor) -> QuerySet[Endpoint]:
    """The actor's endpoints that are not deleted."""
    return Endpoint.filter(owner_id=actor.id, owner_kind=actor.kind.value, deleted_at=None)


async def locked_endpoint(actor: Actor, endpoint_id: UUID) -> Endpoint:
    """One of the actor's endpoints, its row locked; raises NotFound."""
    found = await endpoints_of(actor).select_for_update().get_or_none(id=endpoint_id)
    if found is None:
        raise NotFound(what="webhook endpoint")
    return found


def deliveries_of(actor: Actor, state: DeliveryState | None = None) -> QuerySet[Delivery]:
    """The actor's deliveries, of a state if one is named."""
    query = Delivery.filter(owner_id=actor.id)
    return query if state is None else query.filter(state=state.value)


async def waiting_for(owner_ids: Collection[UUID]) -> list[Endpoint]:
    """The endpoints of these owners that are told things."""
    return await Endpoint.filter(owner_id__in=list(owner_ids), enabled=True)
