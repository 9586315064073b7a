"""What webhooks tell other rooms."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.kit.facts import Fact


@dataclass(frozen=True, slots=True)
class WebhookEndpointDisabled(Fact):
    """An endpoint is not told anything any more, because its server could not be reached or said so."""

    endpoint_id: UUID
    owner_id: UUID
    reason: str
