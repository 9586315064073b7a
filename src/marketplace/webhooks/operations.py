"""What owners do with their endpoints and deliveries."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from marketplace.kit import clock, database, ids, vault
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound
from marketplace.kit.settings import settings
from marketplace.webhooks import queries, rules, steps
from marketplace.webhooks.models import Delivery, DeliveryState, Endpoint, Event, EventType, Owner

REPLAY_AT_MOST = 1_000
_SHOWN_ONCE = "_secret_shown_once"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateWebhookEndpoint(Command):
    """Where to tell what; no types means all."""

    url: str
    types: tuple[EventType, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateWebhookEndpoint(Command):
    """What is to be different; None leaves it as it is."""

    id: UUID
    url: str | None = None
    types: tuple[EventType, ...] | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OneEndpoint(Command):
    """Something about one endpoint."""

    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayWebhookDeliveries(Command):
    """Tell again what one endpoint was to be told: one delivery, or all that failed since a moment."""

    delivery_id: UUID | None = None
    endpoint_id: UUID | None = None
    since: datetime | None = None


def _must_be_sound(url: str) -> None:
    problem = rules.url_problem(url, plain_http=not settings().production)
    if problem is not None:
        raise InvalidInput.at("url", problem)


def _names(types: tuple[EventType, ...]) -> list[str]:
    return sorted({each.value for each in types or tuple(EventType)} | {EventType.WEBHOOK_TEST.value})


def _with_new_secret(endpoint: Endpoint) -> None:
    secret = rules.new_secret()
    endpoint.secret = vault.seal(secret)
    setattr(endpoint, _SHOWN_ONCE, secret)


def secret_of(endpoint: Endpoint) -> str | None:
    """The secret that this very call has made; a repeat has none."""
    return getattr(endpoint, _SHOWN_ONCE, None)


@operation(scope=Scope.WEBHOOKS_MANAGE, returns=Endpoint)
async def create_webhook_endpoint(actor: Actor, command: CreateWebhookEndpoint) -> Endpoint:
    """Register a URL; its secret is told by `secret_of` once. Raises InvalidInput."""
    _must_be_sound(command.url)
    await database.lock("webhook_endpoint", actor.id)
    if await queries.endpoints_of(actor).count() >= rules.MOST_ENDPOINTS:
        raise InvalidInput.at("url", "You have as many endpoints as there may be: delete one first.")
    endpoint = Endpoint(
        owner_kind=actor.kind.value,
        owner_id=actor.id,
        url=command.url,
        types=_names(command.types),
        created_at=clock.now(),
    )
    _with_new_secret(endpoint)
    await endpoint.save(force_create=True)
    return endpoint


@operation(scope=Scope.WEBHOOKS_MANAGE, returns=Endpoint)
async def update_webhook_endpoint(actor: Actor, command: UpdateWebhookEndpoint) -> Endpoint:
    """Change the URL or the types, disable, or enable again. Raises NotFound or InvalidInput."""
    endpoint = await queries.locked_endpoint(actor, command.id)
    if command.url is not None:
        _must_be_sound(command.url)
        endpoint.url = command.url
    if command.types is not None:
        endpoint.types = _names(command.types)
    if command.enabled is not None:
        endpoint.enabled = command.enabled
        endpoint.disabled_reason = None if command.enabled else "disabled by its owner"
    await endpoint.save(update_fields=["url", "types", "enabled", "disabled_reason"])
    return endpoint


@operation(scope=Scope.WEBHOOKS_MANAGE, returns=Endpoint)
async def rotate_webhook_secret(actor: Actor, command: OneEndpoint) -> Endpoint:
    """A new secret; for 24 hours messages carry the signatures of both. Raises NotFound."""
    endpoint = await queries.locked_endpoint(actor, command.id)
    endpoint.old_secret, endpoint.old_secret_until = endpoint.secret, clock.now() + rules.OVERLAP
    _with_new_secret(endpoint)
    await endpoint.save(update_fields=["secret", "old_secret", "old_secret_until"])
    return endpoint


@operation(scope=Scope.WEBHOOKS_MANAGE, returns=Endpoint)
async def delete_webhook_endpoint(actor: Actor, command: OneEndpoint) -> Endpoint:
    """Tell this URL nothing more; its log stays readable. Raises NotFound."""
    endpoint = await queries.locked_endpoint(actor, command.id)
    endpoint.enabled, endpoint.deleted_at, endpoint.disabled_reason = False, clock.now(), "deleted"
    await endpoint.save(update_fields=["enabled", "deleted_at", "disabled_reason"])
    return endpoint


@operation(scope=Scope.WEBHOOKS_MANAGE, returns=Event)
async def send_test_webhook(actor: Actor, command: OneEndpoint) -> Event:
    """Tell one endpoint a `webhook.test`. Raises NotFound, or InvalidInput for one that is disabled."""
    endpoint = await queries.locked_endpoint(actor, command.id)
    if not endpoint.enabled:
        raise InvalidInput.at("id", "This endpoint is disabled: enable it first.")
    data = {"endpoint": ids.public("webhookEndpoint", endpoint.id)}
    event = await steps.tell(
        steps.Happened(EventType.WEBHOOK_TEST, Owner(actor.kind.value), actor.id, data), [endpoint]
    )
    assert event is not None
    return event


@operation(scope=Scope.WEBHOOKS_MANAGE, returns=Delivery)
async def replay_webhook_delivery(actor: Actor, command: ReplayWebhookDeliveries) -> Delivery:
    """Tell one event to its endpoint again. Raises NotFound."""
    found = await queries.deliveries_of(actor).select_for_update().get_or_none(id=command.delivery_id)
    if found is None:
        raise NotFound(what="webhook delivery")
    if found.state != DeliveryState.PENDING:
        await steps.again(found)
    return found


@operation(scope=Scope.WEBHOOKS_MANAGE, returns=Endpoint)
async def replay_webhook_deliveries(actor: Actor, command: ReplayWebhookDeliveries) -> Endpoint:
    """Tell an endpoint again all that it was not told since a moment, at most 1,000. Raises NotFound."""
    assert command.endpoint_id is not None
    assert command.since is not None
    endpoint = await queries.locked_endpoint(actor, command.endpoint_id)
    since = ids.first_at(max(command.since, clock.now() - timedelta(days=90)))
    failed = queries.deliveries_of(actor, DeliveryState.FAILED).filter(endpoint_id=endpoint.id, id__gte=since)
    for delivery in await failed.select_for_update().order_by("id").limit(REPLAY_AT_MOST):
        await steps.again(delivery)
    return endpoint
