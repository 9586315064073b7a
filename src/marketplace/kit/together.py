"""Questions of many who ask at the same instant, asked together: one statement a turn of the loop."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Together(Generic[K, V]):
    """Whoever asks in one turn of the loop is answered by one call of `fetch`, which gets each key once.

    It remembers nothing: every answer is as fresh as if it had been asked alone. Ask outside of a transaction: the
    statement runs on a connection of its own.
    """

    def __init__(self, fetch: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]], *, most: int = 500) -> None:
        self._fetch = fetch
        self._most = most
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, key: K) -> V | None:
        """What is known of the key, or None; raises what `fetch` raises."""
        waiting = self._waiting
        future = waiting.get(key)
        if future is None:
            loop = asyncio.get_running_loop()
            if not waiting:
                loop.call_soon(self._start, waiting)
            future = waiting[key] = loop.create_future()
            if len(waiting) >= self._most:
                self._waiting = {}
        return await asyncio.shield(future)

    def _start(self, waiting: dict[K, asyncio.Future[V | None]]) -> None:
        if self._waiting is waiting:
            self._waiting = {}
        task = asyncio.get_running_loop().create_task(self._answer(waiting))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, waiting: Mapping[K, asyncio.Future[V | None]]) -> None:
        try:
            found = await self._fetch(list(waiting))
        except Exception as error:  # noqa: BLE001  # it is theirs who asked
            for future in waiting.values():
                future.set_exception(error)
                future.exception()  # whoever asked may have gone away
        else:
            for key, future in waiting.items():
                future.set_result(found.get(key))
        finally:
            for future in waiting.values():
                future.cancel()  # only when this was ended itself
