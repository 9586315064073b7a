"""Announcing what has changed: the relay takes committed changes in batches and NOTIFYs every server process.

NOTIFY takes a lock that all commits share, so no request ever does it: one transaction of the relay does it
for a whole batch. A batch is taken away in the transaction that announces it, so a relay that dies in between
leaves it to the next.
"""

from operator import itemgetter
from typing import Any
from uuid import UUID

import orjson
from psycopg import AsyncConnection

from marketplace.app.telling import FAN_OUT, TOLD
from marketplace.kit import clock
from marketplace.kit.changes import CHANNEL, Changed, announcements
from marketplace.kit.ids import new_id

BATCH = 1_000

_TAKE = """
DELETE FROM change WHERE id IN (SELECT id FROM change ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id, topic, subject_id, audience, state"""
_HAND_OVER = """
INSERT INTO outbox_message (id, task, payload, due_at, attempts)
SELECT %s, %s, %s::jsonb, %s, 0 WHERE EXISTS (SELECT FROM webhook_endpoint WHERE enabled)"""


async def announce_once(connection: AsyncConnection[Any]) -> int:
    """Announce one batch of changes, in one transaction; returns how many."""
    async with connection.transaction():
        cursor = await connection.execute(_TAKE, (BATCH,))
        taken = sorted(await cursor.fetchall(), key=itemgetter(0))
        changes = (Changed(topic, subject, _ids(audience)) for _, topic, subject, audience, _ in taken)
        for text in announcements(changes):
            await connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, text))
        if told := [row for row in taken if (row[1], row[4]) in TOLD]:
            await _hand_over(connection, told)
    return len(taken)


async def _hand_over(connection: AsyncConnection[Any], told: list[tuple[Any, ...]]) -> None:
    """Have webhooks written for these changes, if anybody has an endpoint."""
    lines = [[id, topic, str(subject), audience.split(), state] for id, topic, subject, audience, state in told]
    payload = orjson.dumps({"changes": orjson.dumps(lines).decode()}).decode()
    await connection.execute(_HAND_OVER, (new_id(), FAN_OUT, payload, clock.now()))


def _ids(audience: str) -> tuple[UUID, ...]:
    return tuple(map(UUID, audience.split()))
