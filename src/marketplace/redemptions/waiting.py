"""Waiting for redemptions: how they stand now, and again after each change, as the one who waits may see them."""

from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from datetime import datetime
from functools import partial
from uuid import UUID

from tortoise.expressions import Q, Subquery

from marketplace.kit import ids
from marketplace.kit.actor import Actor
from marketplace.kit.changes import hub, patiently
from marketplace.redemptions.models import Redemption, RedemptionEvent
from marketplace.redemptions.queries import visible_to

TOPIC = "redemption"
PAGE = 100


async def one(actor: Actor, redemption_id: UUID) -> AsyncGenerator[Redemption | None]:
    """One redemption, now and after each change; None, and the end, when there is no such one for the actor."""
    async with aclosing(hub.follow(TOPIC, redemption_id)) as told:
        async for _ in told:
            row = await patiently(partial(_one, actor, redemption_id))
            yield row
            if row is None:
                return


async def every(actor: Actor, since: datetime | None) -> AsyncGenerator[Redemption]:
    """Each of the actor's redemptions that changes from now on, and first those that changed since a moment."""
    async with aclosing(hub.follow(TOPIC, actor.id)) as told:
        async for news in told:
            if news.subjects:
                for row in await patiently(partial(_these, actor, news.subjects)):
                    yield row
            since = news.missed_since or since
            if since is not None:
                async for row in _since(actor, since):
                    yield row
                since = None


async def _one(actor: Actor, redemption_id: UUID) -> Redemption | None:
    return await visible_to(actor).get_or_none(id=redemption_id)


async def _these(actor: Actor, wanted: Collection[UUID]) -> list[Redemption]:
    return await visible_to(actor).filter(id__in=list(wanted)).order_by("id")


async def _since(actor: Actor, since: datetime) -> AsyncGenerator[Redemption]:
    """All that changed since a moment, page by page."""
    after = UUID(int=0)
    while page := await patiently(partial(_page_since, actor, since, after)):
        for row in page:
            yield row
        after = page[-1].id


async def _page_since(actor: Actor, since: datetime, after: UUID) -> list[Redemption]:
    told = RedemptionEvent.filter(id__gte=ids.first_at(since)).values("redemption_id")
    changed = (
        Q(redeemed_at__gte=since) | Q(fulfilled_at__gte=since) | Q(closed_at__gte=since) | Q(id__in=Subquery(told))
    )
    return await visible_to(actor).filter(changed, id__gt=after).order_by("id").limit(PAGE)
