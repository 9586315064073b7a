"""Waiting for one's turn: how a member's places in lines stand now, and again after each change."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from functools import partial
from uuid import UUID

from marketplace.kit import database
from marketplace.kit.changes import hub, patiently
from marketplace.redemptions.models import WaitingPlace, WaitingState

TOPIC = "waitingPlace"
OPEN = (WaitingState.WAITING.value, WaitingState.OFFERED.value)
MOST = 100
_POSITIONS = """
SELECT w.id, count(*) AS place FROM waiting_place w JOIN waiting_place before ON before.item_id = w.item_id
    AND before.state = 'WAITING' AND (before.asked_at, before.id) <= (w.asked_at, w.id)
WHERE w.id = ANY($1::uuid[]) AND w.state = 'WAITING' GROUP BY w.id"""


async def open_of(member_ids: Sequence[UUID]) -> dict[UUID, list[WaitingPlace]]:
    """Where these members wait, or have something offered, the first asked first."""
    found: dict[UUID, list[WaitingPlace]] = {}
    for place in await WaitingPlace.filter(member_id__in=list(member_ids), state__in=OPEN).order_by("id"):
        found.setdefault(place.member_id, []).append(place)
    return found


async def positions(place_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Who is first, second, … among those who still wait."""
    return {row["id"]: row["place"] for row in await database.rows(_POSITIONS, list(place_ids))}


async def changes(member_id: UUID) -> AsyncGenerator[WaitingPlace]:
    """A member's open places as they are, and then each that changes."""
    first = True
    async with aclosing(hub.follow(TOPIC, member_id)) as told:
        async for news in told:
            everything = first or news.missed_since is not None
            for place in await patiently(partial(_these, member_id, None if everything else news.subjects)):
                yield place
            first = False


async def _these(member_id: UUID, wanted: frozenset[UUID] | None) -> list[WaitingPlace]:
    mine = WaitingPlace.filter(member_id=member_id)
    mine = mine.filter(state__in=OPEN) if wanted is None else mine.filter(id__in=list(wanted))
    return await mine.order_by("id").limit(MOST)
