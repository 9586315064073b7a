"""Webhooks in the graph: endpoints, their log, and telling again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.kit import ids, paging
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.graphql import (
    After,
    Connection,
    First,
    Info,
    Node,
    WriteInput,
    actor_with,
    batched,
    describe_enum,
    id_of,
    mutation,
)
from marketplace.kit.refusals import NotFound
from marketplace.webhooks import operations, queries
from marketplace.webhooks.models import Delivery, DeliveryState, Endpoint, Event, EventType

PREFIX = "webhookEndpoint"
DELIVERY = "webhookDelivery"

describe_enum(
    EventType,
    "What a server can be told of.",
    name="WebhookEventType",
    REDEMPTION_REQUESTED="A member took a reward that the brand has to fulfil.",
    REDEMPTION_FULFILLED="A reward has arrived and is paid for.",
    REDEMPTION_CANCELLED="A member took a redemption back.",
    REDEMPTION_FAILED="A reward could not be delivered; everything was put back.",
    REDEMPTION_REFUNDED="A redemption was given back whole.",
    STATEMENT_ISSUED="A statement of what a partner is owed was issued.",
    PAYOUT_SENT="A payout has left.",
    PAYOUT_IN_BANK="A payout has reached the bank.",
    PAYOUT_FAILED="A payout did not go, or came back.",
    PAYOUT_PARTLY_RETURNED="The bank sent back a part of a payout: the next statement has it.",
    GIFT_CLAIMED="A gift was claimed.",
    DROP_OPENING="A drop opens in ten minutes, for a member who asked to be told, or who waits for it.",
    WAITING_OFFERED="What a member waited for in a line is set aside for them, for half an hour.",
    WAITING_PASSED="A member did not take what was offered; it went on to the next.",
    POINTS_EXPIRING="Points of a member expire soon: told once for each date and number of days.",
    UPLOAD_PUBLISHED="An uploaded file was published.",
    FUNDING_LOW="A program's money runs low: told once for each time that it does.",
    INVOICE_REOPENED="A payment of an invoice went back: it is to be paid again, and says why.",
    WEBHOOK_TEST="Nothing happened: you asked for a test.",
)
describe_enum(
    DeliveryState,
    "How telling an event to an endpoint went.",
    name="WebhookDeliveryState",
    PENDING="It is tried, now or later.",
    DELIVERED="The endpoint answered that it has it.",
    FAILED="It was given up; replay it when the endpoint works.",
)


@strawberry.type(name="WebhookEndpoint", description="A URL that is told what happens, by signed requests.")
class EndpointType(Node):
    url: str = strawberry.field(description="Where requests go.")
    types: list[EventType] = strawberry.field(description="What it is told of.")
    enabled: bool = strawberry.field(description="Whether it is told anything now.")
    disabled_reason: str | None = strawberry.field(description="Why it is not.")
    created_at: datetime = strawberry.field(description="When it was registered.")
    old_secret_until: datetime | None = strawberry.field(
        description="Until when the secret before the last rotation signs too."
    )

    @classmethod
    def of(cls, row: Endpoint) -> "EndpointType":
        return cls(
            id=strawberry.ID(ids.public(PREFIX, row.id)),
            url=row.url,
            types=[EventType(each) for each in row.types],
            enabled=row.enabled,
            disabled_reason=row.disabled_reason,
            created_at=row.created_at,
            old_secret_until=row.old_secret_until,
        )


@strawberry.type(description="An endpoint with the secret that its requests are signed with.")
class WebhookEndpointSecret:
    endpoint: EndpointType = strawberry.field(description="The endpoint.")
    secret: str | None = strawberry.field(
        description="The secret, `whsec_…`, to be kept at once: a repeat of the request answers null."
    )

    @classmethod
    def of(cls, row: Endpoint) -> "WebhookEndpointSecret":
        return cls(endpoint=EndpointType.of(row), secret=operations.secret_of(row))


@strawberry.type(name="WebhookDelivery", description="What became of telling one event to one endpoint.")
class DeliveryType(Node):
    state: DeliveryState = strawberry.field(description="How it stands.")
    attempts: int = strawberry.field(description="How often it was tried since it began.")
    last_status: int | None = strawberry.field(
        description="The HTTP status of the last try, if there was an answer."
    )
    last_error: str | None = strawberry.field(description="Why there was no answer.")
    last_tried_at: datetime | None = strawberry.field(description="When it was last tried.")
    next_try_at: datetime | None = strawberry.field(description="When it is tried again.")
    delivered_at: datetime | None = strawberry.field(description="When the endpoint took it.")
    row: strawberry.Private[Delivery]

    @strawberry.field(description="The `webhook-id` that its requests carry; ids grow with time.")
    def webhook_id(self) -> str:
        return ids.public("evt", self.row.event_id)

    @strawberry.field(description="What happened.")
    async def type(self, info: Info) -> EventType | None:
        event = await batched(info, "webhook events", _events, self.row.event_id)
        return EventType(event.type) if event else None

    @strawberry.field(description="The endpoint it goes to; null when that was deleted.")
    async def endpoint(self, info: Info) -> EndpointType | None:
        row = await batched(info, "webhook endpoints", _endpoints, self.row.endpoint_id)
        return EndpointType.of(row) if row else None

    @classmethod
    def of(cls, row: Delivery) -> "DeliveryType":
        return cls(
            id=strawberry.ID(ids.public(DELIVERY, row.id)),
            state=DeliveryState(row.state),
            attempts=row.attempts,
            last_status=row.last_status,
            last_error=row.last_error,
            last_tried_at=row.last_tried_at,
            next_try_at=row.next_try_at,
            delivered_at=row.delivered_at,
            row=row,
        )


async def _events(info: Info, keys: list[UUID]) -> Mapping[UUID, Event]:
    return {row.id: row for row in await Event.filter(id__in=keys, owner_id=_owner(info).id)}


async def _endpoints(info: Info, keys: list[UUID]) -> Mapping[UUID, Endpoint]:
    return {row.id: row for row in await queries.endpoints_of(_owner(info)).filter(id__in=keys)}


@strawberry.type(description="A test that is on its way.")
class WebhookTest:
    webhook_id: str = strawberry.field(description="The `webhook-id` that it carries.")


@strawberry.input(description="Where to tell what.")
class CreateWebhookEndpointInput(WriteInput):
    url: str = strawberry.field(description="An https URL of yours.")
    types: list[EventType] | None = strawberry.field(default=None, description="What of; everything if left out.")


@strawberry.input(description="What is to be different about an endpoint.")
class UpdateWebhookEndpointInput(WriteInput):
    id: strawberry.ID = strawberry.field(description="The endpoint.")
    url: str | None = strawberry.field(default=None, description="Another URL.")
    types: list[EventType] | None = strawberry.field(default=None, description="Other types.")
    enabled: bool | None = strawberry.field(default=None, description="Whether it is to be told anything.")


@strawberry.input(description="Which endpoint's secret to change.")
class RotateWebhookSecretInput(WriteInput):
    id: strawberry.ID = strawberry.field(description="The endpoint.")


@strawberry.input(description="Which endpoint to delete.")
class DeleteWebhookEndpointInput(WriteInput):
    id: strawberry.ID = strawberry.field(description="The endpoint.")


@strawberry.input(description="Which endpoint to test.")
class SendTestWebhookInput(WriteInput):
    id: strawberry.ID = strawberry.field(description="The endpoint.")


@strawberry.input(description="Which delivery to begin again.")
class ReplayWebhookDeliveryInput(WriteInput):
    id: strawberry.ID = strawberry.field(description="The delivery.")


@strawberry.input(description="What to tell again.")
class ReplayWebhookDeliveriesInput(WriteInput):
    id: strawberry.ID = strawberry.field(description="The endpoint.")
    since: datetime = strawberry.field(description="Whatever failed since then, at most 1,000 and 90 days.")


def _owner(info: Info) -> Actor:
    return actor_with(info, Scope.WEBHOOKS_MANAGE, ActorKind.PARTNER, ActorKind.PROGRAM)


def _one(input: WriteInput, id: str) -> operations.OneEndpoint:
    return operations.OneEndpoint(idempotency_key=input.idempotency_key, id=id_of(PREFIX, id, "id"))


@strawberry.type
class Query:
    @strawberry.field(description="Your webhook endpoints.")
    async def webhook_endpoints(self, info: Info) -> list[EndpointType]:
        return [EndpointType.of(row) for row in await queries.endpoints_of(_owner(info)).order_by("id")]

    @strawberry.field(description="What you were told and what not, newest first.")
    async def webhook_deliveries(
        self,
        info: Info,
        state: Annotated[
            DeliveryState | None, strawberry.argument(description="Only those that stand so.")
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[DeliveryType]:
        query = queries.deliveries_of(_owner(info), state)
        page = await paging.page_of(query, first=first, after=after)
        return Connection[DeliveryType].of(page, DeliveryType.of, query.count)


@strawberry.type
class Mutation:
    """What owners do with their endpoints."""

    @mutation(gives=WebhookEndpointSecret, description="Register a URL. Its secret is in this answer only.")
    async def create_webhook_endpoint(
        self, info: Info, input: CreateWebhookEndpointInput
    ) -> WebhookEndpointSecret:
        command = operations.CreateWebhookEndpoint(
            idempotency_key=input.idempotency_key, url=input.url, types=tuple(input.types or ())
        )
        return WebhookEndpointSecret.of(await operations.create_webhook_endpoint(_owner(info), command))

    @mutation(gives=EndpointType, refuses=[NotFound], description="Change an endpoint, disable or enable it.")
    async def update_webhook_endpoint(self, info: Info, input: UpdateWebhookEndpointInput) -> EndpointType:
        actor = _owner(info)
        command = operations.UpdateWebhookEndpoint(
            idempotency_key=input.idempotency_key,
            id=id_of(PREFIX, input.id, "id"),
            url=input.url,
            types=None if input.types is None else tuple(input.types),
            enabled=input.enabled,
        )
        return EndpointType.of(await operations.update_webhook_endpoint(actor, command))

    @mutation(
        gives=WebhookEndpointSecret,
        refuses=[NotFound],
        description="A new secret. For 24 hours requests carry the signatures of both.",
    )
    async def rotate_webhook_secret(self, info: Info, input: RotateWebhookSecretInput) -> WebhookEndpointSecret:
        row = await operations.rotate_webhook_secret(_owner(info), _one(input, input.id))
        return WebhookEndpointSecret.of(row)

    @mutation(gives=EndpointType, refuses=[NotFound], description="Delete an endpoint; its log stays.")
    async def delete_webhook_endpoint(self, info: Info, input: DeleteWebhookEndpointInput) -> EndpointType:
        return EndpointType.of(await operations.delete_webhook_endpoint(_owner(info), _one(input, input.id)))

    @mutation(gives=WebhookTest, refuses=[NotFound], description="Have a `webhook.test` sent to an endpoint.")
    async def send_test_webhook(self, info: Info, input: SendTestWebhookInput) -> WebhookTest:
        event = await operations.send_test_webhook(_owner(info), _one(input, input.id))
        return WebhookTest(webhook_id=ids.public("evt", event.id))

    @mutation(gives=DeliveryType, refuses=[NotFound], description="Tell an event to its endpoint again.")
    async def replay_webhook_delivery(self, info: Info, input: ReplayWebhookDeliveryInput) -> DeliveryType:
        actor = _owner(info)
        command = operations.ReplayWebhookDeliveries(
            idempotency_key=input.idempotency_key, delivery_id=id_of(DELIVERY, input.id, "id")
        )
        return DeliveryType.of(await operations.replay_webhook_delivery(actor, command))

    @mutation(
        gives=EndpointType, refuses=[NotFound], description="Tell an endpoint again what failed since a moment."
    )
    async def replay_webhook_deliveries(self, info: Info, input: ReplayWebhookDeliveriesInput) -> EndpointType:
        actor = _owner(info)
        command = operations.ReplayWebhookDeliveries(
            idempotency_key=input.idempotency_key, endpoint_id=id_of(PREFIX, input.id, "id"), since=input.since
        )
        return EndpointType.of(await operations.replay_webhook_deliveries(actor, command))
