"""What must always be true of webhooks."""

from collections.abc import AsyncIterator

from marketplace.kit import database
from marketplace.kit.checks import Check, Violation

_FOREIGN = """
SELECT d.id FROM webhook_delivery d JOIN webhook_event v ON v.id = d.event_id
JOIN webhook_endpoint e ON e.id = d.endpoint_id
WHERE d.owner_id <> v.owner_id OR d.owner_id <> e.owner_id"""


async def check_webhooks_go_to_their_owner() -> AsyncIterator[Violation]:
    """What happened to one owner is told at that owner's endpoints only."""
    for row in await database.rows(_FOREIGN):
        yield Violation("webhooks go to their owner", f"delivery {row['id']}", "its event is somebody else's")


CHECKS: tuple[Check, ...] = (check_webhooks_go_to_their_owner,)
