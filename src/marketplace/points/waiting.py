"""Waiting for a wallet: what it holds now, and again whenever that has changed."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from uuid import UUID

from marketplace.kit.changes import hub, patiently
from marketplace.points.queries import Balances, balances

TOPIC = "wallet"


async def changes(member_id: UUID) -> AsyncGenerator[Balances]:
    """A wallet's balances, now and whenever they are different. The caller may see the member."""
    known: Balances | None = None
    async with aclosing(hub.follow(TOPIC, member_id)) as told:
        async for _ in told:
            found = (await patiently(partial(balances, [member_id])))[member_id]
            if found != known:
                known = found
                yield found
