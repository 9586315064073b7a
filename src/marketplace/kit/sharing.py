"""Commands of different actors in one transaction: read for together, written together, committed once.

Each command has a seat. What it writes waits there, apart from its neighbours', until its body has ended; what a
body refused, or left behind when its caller went away, is dropped. So a body may only ask by a `SharedRead`, which
is one statement for all who ask. Whatever else it asks raises `Apart`, and all that goes wrong with what is shared
is `Undone`: then nothing has happened, and each of them runs again in a transaction of its own, which decides.
`docs/decisions/redemptions-share-transactions.md` says why.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Final, Generic, TypeVar
from weakref import WeakKeyDictionary

from marketplace.kit import database, metrics
from marketplace.kit.connections import Apart
from marketplace.kit.writes import Writes

__all__ = ["Apart", "SharedRead", "Undone", "seat"]

MOST: Final = 32
"""Commands in one transaction."""
AT_ONCE: Final = 2
"""Transactions of one process: while one of them waits for the database, the bodies of the other run."""

WITHIN_S: Final = 10.0
"""So long one may take: whoever shares it is not to wait for a database that does not answer any more."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Undone(Apart):
    """The transaction failed that a command shared with others."""


class SharedRead(Generic[K, V]):
    """A question that is asked once for many: by all who share a transaction, or for one who is alone.

    `fetch` gets each key once and answers those of which it knows something.
    """

    def __init__(self, fetch: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> None:
        self.fetch = fetch

    async def ask(self, key: K) -> V | None:
        """What is known of the key, or None."""
        mine = _seat.get()
        if mine is None:
            return (await self.fetch([key])).get(key)
        if mine.writes.must_be_written():
            raise Apart("it asks for what it may have written itself")
        return await mine.opened.result().asked(mine, self, key)


class Seat:
    """One command's place in a transaction that is opened for it and others."""

    def __init__(self, who: Hashable) -> None:
        self.who = who
        self.writes = Writes()
        self.opened: asyncio.Future[Shared] = asyncio.get_running_loop().create_future()
        self.moves = False
        """Whether its body runs now, and does neither wait nor has ended."""

    def leave(self) -> None:
        """What it writes is not wanted, unless that is on its way already. Nobody waits for it any more."""
        if self.opened.done() and not self.opened.cancelled() and self.opened.exception() is None:
            self.opened.result().leave(self)


_seat: ContextVar[Seat | None] = ContextVar("seat", default=None)


class Shared:
    """One transaction of several seats. It goes on whenever none of the bodies moves."""

    def __init__(self, seats: Sequence[Seat]) -> None:
        self._seats = seats
        self._moving = 0
        self._at_rest = asyncio.Event()
        self._asked: dict[SharedRead[Any, Any], dict[Any, list[tuple[Seat, asyncio.Future[Any]]]]] = {}
        self._ended: dict[Seat, asyncio.Future[None]] = {}
        self._failed: Exception | None = None

    async def asked(self, seat: Seat, read: SharedRead[K, V], key: K) -> V | None:
        """The answer, once everybody rests and all have been asked for."""
        future = self._rest(seat)
        self._asked.setdefault(read, {}).setdefault(key, []).append((seat, future))
        return await future

    async def end(self, seat: Seat) -> None:
        """What the seat writes is wanted; returns when it is committed."""
        self._ended[seat] = future = self._rest(seat)
        await future

    def leave(self, seat: Seat) -> None:
        """See `Seat.leave`."""
        self._ended.pop(seat, None)
        if seat.moves:
            self._stop(seat)

    def _rest(self, seat: Seat) -> asyncio.Future[Any]:
        if self._failed is not None:
            raise self._failed
        self._stop(seat)
        return asyncio.get_running_loop().create_future()

    def _stop(self, seat: Seat) -> None:
        seat.moves = False
        self._moving -= 1
        if not self._moving:
            self._at_rest.set()

    def _go(self, seat: Seat, future: asyncio.Future[V], answer: V) -> None:
        if not future.done():  # else whoever asked has gone away
            seat.moves = True
            self._moving += 1
            future.set_result(answer)

    async def run(self) -> None:
        """Answer what is asked, write what waits, commit, and tell the seats; what fails is told, too."""
        try:
            async with asyncio.timeout(WITHIN_S), database.transaction():
                for seat in self._seats:
                    self._go(seat, seat.opened, self)
                await self._answer()
                database.take_over([seat.writes for seat in self._ended])
        except BaseException as error:
            self._fail(error)
            if not isinstance(error, Exception):
                raise
            return
        metrics.shared.observe(len(self._ended))
        for future in self._ended.values():
            if not future.done():
                future.set_result(None)

    async def _answer(self) -> None:
        """Until every body has ended or left."""
        while self._moving:
            await self._at_rest.wait()
            self._at_rest.clear()
            answers = [(asking, await read.fetch(list(asking))) for read, asking in self._asked.items()]
            self._asked = {}
            for asking, found in answers:
                for key, those in asking.items():
                    for seat, future in those:
                        self._go(seat, future, found.get(key))

    def _told(self, error: BaseException) -> Exception:
        """One who is alone is told what happened, as everybody is of a database that is away; others run apart."""
        shown = len(self._seats) == 1 or database.is_away(error)
        if shown and isinstance(error, Exception) and not isinstance(error, TimeoutError):
            return error
        return Undone(type(error).__name__)

    def _fail(self, error: BaseException) -> None:
        self._failed = failed = self._told(error)
        asked = [future for asking in self._asked.values() for those in asking.values() for _, future in those]
        for future in (*(seat.opened for seat in self._seats), *asked, *self._ended.values()):
            if not future.done():
                future.set_exception(failed)
                future.exception()  # whoever asked may have gone away


class Sharing:
    """Who waits for a seat in this process, and who has one."""

    def __init__(self) -> None:
        self._waiting: deque[Seat] = deque()
        self._aboard: set[Hashable] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, seat: Seat) -> None:
        """Let it have its turn, together with all who come in the same turn of the loop."""
        self._waiting.append(seat)
        if len(self._waiting) in (1, MOST):
            asyncio.get_running_loop().call_soon(self._start)

    def _start(self) -> None:
        while self._may_start() and (seats := self._next()):
            task = asyncio.get_running_loop().create_task(self._run(seats))
            self._tasks.add(task)
            task.add_done_callback(self._over)

    def _may_start(self) -> bool:
        """A full one may start beside others; what is not full yet gathers until there is none."""
        return not self._tasks or (len(self._tasks) < AT_ONCE and len(self._waiting) >= MOST)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._start()

    def _next(self) -> list[Seat]:
        """The first who wait, one for each actor: whoever comes second is to see what the first one did."""
        chosen: list[Seat] = []
        passed: list[Seat] = []
        while self._waiting and len(chosen) < MOST:
            seat = self._waiting.popleft()
            if seat.opened.done():  # it went away
                continue
            if seat.who in self._aboard:
                passed.append(seat)
            else:
                self._aboard.add(seat.who)
                chosen.append(seat)
        self._waiting.extendleft(reversed(passed))
        return chosen

    async def _run(self, seats: Sequence[Seat]) -> None:
        try:
            await Shared(seats).run()
        finally:
            self._aboard.difference_update(seat.who for seat in seats)


_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, Sharing] = WeakKeyDictionary()


@asynccontextmanager
async def seat(who: Hashable) -> AsyncGenerator[None]:
    """A transaction for the block that others may share; committed when the block is left without an error.

    One who is alone in it is told what goes wrong as it is. Raises Apart when the block needs a transaction of its
    own, Undone when others were in this one and it failed: nothing has happened then.
    """
    mine = Seat(who)
    _of_loops.setdefault(asyncio.get_running_loop(), Sharing()).add(mine)
    try:
        shared = await mine.opened
        with database.seated(mine.writes):
            token = _seat.set(mine)
            try:
                yield
            finally:
                _seat.reset(token)
        await shared.end(mine)
    except BaseException:
        mine.leave()
        raise
