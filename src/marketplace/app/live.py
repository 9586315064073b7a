"""Connections that stay open: how many somebody may have, how long their token lets them, and how they end.

Nobody is asked for a token again while a connection is idle, so each has a seat here: it ends when the
token does, looks again when something about its holder has changed, and is told when the process goes.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from uuid import UUID

import structlog

from marketplace.app.asking import languages_of
from marketplace.app.errors import HttpRefusal
from marketplace.kit import clock, database, metrics
from marketplace.kit.actor import Actor
from marketplace.kit.changes import Changed, Hub, hub
from marketplace.kit.messages import noted

ACCESS = "access"
"""The topic of changes of what somebody may do."""

LOOK_AGAIN_AFTER = timedelta(minutes=5)
LOOKS_AT_ONCE = 20
SWEEP_S = 1.0
log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCaps:
    """How much may stay open: connections in this process, of one actor, and subscriptions on one socket."""

    connections: int = 20_000
    connections_each: int = 20
    subscriptions_each: int = 100


class Seat:
    """One open connection, whose it is, and what they read. `end` is called at most once, from outside."""

    def __init__(
        self, actor: Actor | None, ask: Callable[[], Awaitable[object]], languages: tuple[str, ...]
    ) -> None:
        self.actor = actor
        self.languages = languages
        self.until = actor.until if actor else None
        self.looked_at = clock.now()
        self.end: Callable[[HttpRefusal], None] = lambda reason: None
        self._ask = ask

    async def renewed(self) -> object:
        """A context for one more answer; raises HttpRefusal when the token does not allow what it did."""
        context = await self._ask()
        actor: Actor | None = getattr(context, "actor", None)
        if _power(actor) != _power(self.actor):
            raise _not_any_more(noted("What this token may do has changed. Connect again."))
        self.looked_at = clock.now()
        self.languages = languages_of(context)
        return context

    async def look_again(self) -> None:
        """End the connection if its token does not work any more; what else goes wrong is tried again later."""
        try:
            await self.renewed()
        except HttpRefusal as refusal:
            self.end(refusal)
        except Exception as error:  # noqa: BLE001
            if not database.is_away(error):
                log.warning("cannot look again", error=type(error).__name__)


class Live:
    """Every open connection of this process."""

    def __init__(self, caps: LiveCaps | None = None, heard: Hub = hub) -> None:
        self.caps = caps or LiveCaps()
        self.subscriptions = 0
        self._seats: dict[UUID | None, set[Seat]] = defaultdict(set)
        self._taken = 0
        self._leaving = False
        self._empty = asyncio.Event()
        self._empty.set()
        self._hub = heard
        self._looks = asyncio.Semaphore(LOOKS_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def connections(self) -> int:
        """How many are open."""
        return self._taken

    def seat(
        self, actor: Actor | None, ask: Callable[[], Awaitable[object]], languages: tuple[str, ...] = ()
    ) -> Seat:
        """A seat to be taken; raises HttpRefusal when there is none for this actor."""
        key = actor.id if actor else None
        if self._leaving or self._taken >= self.caps.connections:
            raise HttpRefusal(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "UNAVAILABLE",
                noted("Connect again in a moment."),
                {"Retry-After": "1"},
            )
        if actor is not None and len(self._seats.get(key, ())) >= self.caps.connections_each:
            raise HttpRefusal(
                HTTPStatus.TOO_MANY_REQUESTS,
                "TOO_MANY_CONNECTIONS",
                noted("You have {most} connections open: close one, or subscribe on it."),
                facts={"most": self.caps.connections_each},
            )
        return Seat(actor, ask, languages)

    @contextmanager
    def taken(self, seat: Seat) -> Generator[None]:
        """Hold the seat while the connection is open."""
        key = seat.actor.id if seat.actor else None
        self._seats[key].add(seat)
        self._taken += 1
        metrics.connections.inc()
        self._empty.clear()
        try:
            yield
        finally:
            self._taken -= 1
            metrics.connections.dec()
            self._seats[key].discard(seat)
            if not self._seats[key]:
                del self._seats[key]
            if not self._taken:
                self._empty.set()

    @contextmanager
    def subscribed(self) -> Generator[None]:
        """Count one subscription while it is open."""
        self.subscriptions += 1
        metrics.subscriptions.inc()
        try:
            yield
        finally:
            self.subscriptions -= 1
            metrics.subscriptions.dec()

    async def watch(self) -> None:
        """End what has expired and look again at the others now and then, for ever."""
        stop = self._hub.watch(ACCESS, self._somebody_changed)
        try:
            while True:
                await asyncio.sleep(SWEEP_S)
                self._sweep(clock.now())
        finally:
            stop()

    async def go_away(self, within_s: float) -> None:
        """Take no more connections, end all there are, and wait for them to be gone, but no longer than this."""
        self._leaving = True
        told = noted("This server goes away. Connect again.")
        reason = HttpRefusal(HTTPStatus.SERVICE_UNAVAILABLE, "GOING_AWAY", told)
        for seat in list(self._all()):
            seat.end(reason)
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._empty.wait()

    def _all(self) -> Iterator[Seat]:
        for seats in self._seats.values():
            yield from seats

    def _sweep(self, now: datetime) -> None:
        for seat in list(self._all()):
            if seat.until is not None and now >= seat.until:
                seat.end(_not_any_more(noted("This token has expired. Connect again with a new one.")))
            elif now - seat.looked_at > LOOK_AGAIN_AFTER:
                seat.looked_at = now
                self._look_again(seat)

    def _somebody_changed(self, change: Changed) -> None:
        for seat in list(self._seats.get(change.subject, ())):
            self._look_again(seat)

    def _look_again(self, seat: Seat) -> None:
        async def look() -> None:
            async with self._looks:
                await seat.look_again()

        task = asyncio.create_task(look())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _power(actor: Actor | None) -> object:
    """Who it is and what they may do."""
    return actor and (actor.kind, actor.id, actor.scopes)


def _not_any_more(text: str) -> HttpRefusal:
    return HttpRefusal(HTTPStatus.UNAUTHORIZED, "UNAUTHENTICATED", text)
