"""Answers that are kept for everybody who sees the same: bounded in bytes, and dropped when the catalogue changes.

What a page goes by beside its request is the caller's standpoint (program, tier, country, languages, prices in
force) and the rows it shows. For a fraction of a second after the database was asked for both, by every process
for itself, a page is believed. Past that its witness is asked: one statement that finds its rows again, and says
whether anything of them or of the caller has changed. A page is no promise: redeeming prices again.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from marketplace.kit import clock, database, stamps
from marketplace.kit.graphql import Context
from marketplace.kit.plans import Keeping, Witness

CALLER_SEEN_WITHIN: Final = timedelta(seconds=1)
OVERHEAD: Final = 2_500
"""A page's key, and its witness with the statement."""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer's data as JSON, as of a stamp, from when it was made until its time is over."""

    data: bytes
    stamp: str
    since: datetime
    until: datetime
    witnesses: Sequence[Witness]

    async def is_found_again(self, actor: Any) -> bool:
        """Whether all of it is as it was."""
        for witness in self.witnesses:
            if not await witness.agrees(actor):
                return False
        return True


class KeptPages:
    """The pages of this process, by request and standpoint; the least recently asked for go first."""

    def __init__(self, most_bytes: int = 0, believed: timedelta = timedelta()) -> None:
        self._most = most_bytes
        self._believed = believed
        self._pages: OrderedDict[tuple[bytes, Hashable], Page] = OrderedDict()
        self._bytes = 0
        self._stamp = ""
        self._looked_at: datetime | None = None
        self._looking = asyncio.Lock()

    def to_keep(self) -> Keeping | None:
        """Where those who make a page say whether it may be kept; None when none is."""
        return Keeping() if self._most else None

    async def get(self, body: bytes, context: Context) -> bytes | None:
        """The data that is kept for this request and caller, if it holds; raises Moved for one who has moved."""
        key = (body, context.standpoint)
        page, now = self._pages.get(key), clock.now()
        if page is None:
            return None
        if not page.since <= now < page.until or not await self._holds(page, context, now):
            self._drop(key)
            return None
        self._pages.move_to_end(key)
        return page.data

    async def _holds(self, page: Page, context: Context, now: datetime) -> bool:
        seen = context.seen_at
        if self._believed and seen is not None and timedelta() <= now - seen < CALLER_SEEN_WITHIN:
            return page.stamp == await self._stamp_of(now)
        return await page.is_found_again(context.actor)

    def put(self, body: bytes, context: Context, data: bytes, keeping: Keeping) -> None:
        """Keep an answer, if what made it says that it lasts."""
        size = len(body) + len(data) + OVERHEAD
        if not keeping.lasting or len(keeping.stamps) != 1 or size > self._most // 10:
            return
        key, (stamp,) = (body, context.standpoint), keeping.stamps
        self._drop(key)
        self._pages[key] = Page(data, stamp, clock.now(), keeping.until, keeping.witnesses)
        self._bytes += size
        while self._bytes > self._most:
            self._drop(next(iter(self._pages)))

    def _drop(self, key: tuple[bytes, Hashable]) -> None:
        page = self._pages.pop(key, None)
        if page is not None:
            self._bytes -= len(key[0]) + len(page.data) + OVERHEAD

    async def _stamp_of(self, now: datetime) -> str:
        """The catalogue's stamp as it was a moment ago at most, asked once for all who wait."""
        if self._fresh(now):
            return self._stamp
        async with self._looking:
            if not self._fresh(now):
                self._stamp = await database.value(f"SELECT {stamps.stamp('catalogue')}")
                self._looked_at = now
        return self._stamp

    def _fresh(self, now: datetime) -> bool:
        return self._looked_at is not None and timedelta() <= now - self._looked_at < self._believed
