"""Being told that a drop opens soon."""

from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from datetime import datetime
from functools import partial
from uuid import UUID

from marketplace.catalog.models import Drop, DropReminder
from marketplace.kit.changes import hub, patiently

TOPIC = "dropReminder"
MOST = 50


async def told(member_id: UUID) -> AsyncGenerator[Drop]:
    """Each drop that the member is reminded of from now on; what a broken connection missed is made good."""
    async with aclosing(hub.follow(TOPIC, member_id)) as news:
        async for each in news:
            for drop in await patiently(partial(_these, member_id, each.subjects, each.missed_since)):
                yield drop


async def _these(member_id: UUID, wanted: Collection[UUID], since: datetime | None) -> list[Drop]:
    mine = DropReminder.filter(member_id=member_id, told_at__isnull=False)
    mine = mine.filter(told_at__gte=since) if since is not None else mine.filter(id__in=list(wanted))
    return [row.drop for row in await mine.order_by("told_at").limit(MOST).select_related("drop")]
