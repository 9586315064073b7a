"""Announcing what has changed: the relay takes committed changes in batches and NOTIFYs every server process.

NOTIFY takes a lock that all commits share, so no request ever does it: one transaction of the relay does it
for a whole batch. A batch is taken away in the transaction that announces it, so a relay that dies in between
leaves it to the next.
"""

from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from marketplace.kit.changes import CHANNEL, Changed, announcements

BATCH = 1_000

_TAKE = """
DELETE FROM change WHERE id IN (SELECT id FROM change ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id, topic, subject_id, audience"""


async def announce_once(connection: AsyncConnection[Any]) -> int:
    """Announce one batch of changes, in one transaction; returns how many."""
    async with connection.transaction():
        cursor = await connection.execute(_TAKE, (BATCH,))
        taken = sorted(await cursor.fetchall())
        changes = (Changed(topic, subject, _ids(audience)) for _, topic, subject, audience in taken)
        for text in announcements(changes):
            await connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, text))
    return len(taken)


def _ids(audience: str) -> tuple[UUID, ...]:
    return tuple(map(UUID, audience.split()))
