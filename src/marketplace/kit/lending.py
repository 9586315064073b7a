"""Connections that the hottest reads hand to one another, without giving them back to the pool in between.

A pool's acquire and release take as long as asking for a page does. At most half of a pool is in hand, and none
while somebody may wait for one, or when nothing was read for a moment: writers have the whole pool then.
"""

import asyncio
from typing import Any, Final
from weakref import WeakKeyDictionary

from marketplace.kit.connections import is_open

IDLE_S: Final = 0.05


class Hand:
    """The connections of one pool that are in hand."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._idle: list[Any] = []
        self._held = 0
        self._closing = False
        self._reads = 0
        self._watching: asyncio.Task[None] | None = None

    async def fetch(self, sql: str, values: tuple[object, ...]) -> list[Any]:
        """The rows of one statement. A connection on which something went wrong is the pool's again."""
        driver = await self._take()
        try:
            found = await driver.fetch(sql, *values)
        except BaseException:
            await self._give_back(driver)
            raise
        if self._closing or self._pool_is_empty():
            await self._give_back(driver)
            return found
        self._reads += 1
        self._idle.append(driver)
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())
        return found

    def _pool_is_empty(self) -> bool:
        """Whether the next who asks the pool would wait. Its own counts walk through all of it each time."""
        return self._pool._queue.empty()

    async def _watch(self) -> None:
        """Give back what is idle once nothing was read for a moment, and end."""
        before = -1
        while self._reads != before:
            before = self._reads
            await asyncio.sleep(IDLE_S)
        self._watching = None
        await self._let_go()

    async def _let_go(self) -> None:
        while self._idle:
            await self._give_back(self._idle.pop())

    async def _take(self) -> Any:
        while self._idle:
            driver = self._idle.pop()
            if is_open(driver):
                return driver
            await self._give_back(driver)
        self._held += 1
        try:
            return await self._pool.acquire()
        except BaseException:
            self._held -= 1
            raise

    async def _give_back(self, driver: Any) -> None:
        self._held -= 1
        await self._pool.release(driver)

    @property
    def is_full(self) -> bool:
        """Whether everything that may be in hand is, and is busy."""
        return not self._idle and self._held >= self._pool.get_max_size() // 2

    async def empty(self) -> None:
        """Give the pool back what is idle now, and the rest as soon as it is."""
        self._closing = True
        if self._watching is not None:
            self._watching.cancel()
        await self._let_go()


_hands: WeakKeyDictionary[Any, Hand] = WeakKeyDictionary()


async def fetch(client: Any, sql: str, values: tuple[object, ...]) -> list[Any]:
    """The rows of one statement, outside of any transaction, over the pool of a client of Tortoise's."""
    hand = _hands.get(client)
    if hand is None or hand.is_full:
        async with client.acquire_connection() as driver:
            if hand is None and client._pool is not None:
                _hands[client] = Hand(client._pool)
            return await driver.fetch(sql, *values)
    return await hand.fetch(sql, values)


async def empty(client: Any) -> None:
    """Let go of everything, before the client closes."""
    hand = _hands.pop(client, None)
    if hand is not None:
        await hand.empty()
