"""Changes: what whoever waits is told after the commit, here as it reaches the waiting of this process.

A trigger notes a change in the transaction that makes it, so no path to a row can forget it; the relay
(`app/announcer.py`) announces what is committed in batches, with ids only; and each process that has
anybody waiting listens. Whoever is woken reads the row again as itself, so an announcement shows
nothing. One that is missed, because a connection broke, is made good by waking everybody.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast
from uuid import UUID

import asyncpg
import structlog

from marketplace.kit import clock, database

T = TypeVar("T")
CHANNEL = "marketplace_changes"
AT_MOST = 1_000
"""How many ids may wait for one follower; one who is slower is told that it missed some."""
MADE_GOOD_PER_S = 500
"""How many followers a second are woken after a broken connection, so that they do not all ask at once."""
COMMITS_WITHIN = timedelta(minutes=2)
"""How long after a row's own timestamp its transaction may have been committed."""
PROBE_S = 10.0
AGAIN_S = 1.0
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Changed:
    """One thing that changed: its topic and id, and the ids of those it concerns."""

    topic: str
    subject: UUID
    audience: tuple[UUID, ...]

    @classmethod
    def parse(cls, line: str) -> "Changed":
        """Read a line as it is announced: `topic subject audience…`."""
        topic, subject, *audience = line.split(" ")
        return cls(topic, UUID(subject), tuple(map(UUID, audience)))

    def __str__(self) -> str:
        return " ".join([self.topic, self.subject.hex, *(one.hex for one in self.audience)])


@dataclass(frozen=True, slots=True)
class News:
    """What a follower woke up to: these changed; and from `missed_since` on there may be others."""

    subjects: frozenset[UUID]
    missed_since: datetime | None = None


class Follower:
    """Somebody who waits for changes. What comes while it is busy is kept as a set of ids, never as a queue."""

    __slots__ = ("_missed_since", "_subjects", "_waiter")

    def __init__(self) -> None:
        self._subjects: set[UUID] = set()
        self._missed_since: datetime | None = None
        self._waiter: asyncio.Future[None] | None = None

    def tell(self, subject: UUID) -> None:
        """Something changed; past the cap it is only known that things did."""
        if len(self._subjects) >= AT_MOST:
            self.miss(clock.now() - COMMITS_WITHIN)
        else:
            self._subjects.add(subject)
        self._wake()

    def miss(self, since: datetime) -> None:
        """Anything may have changed since then."""
        self._missed_since = min(since, self._missed_since or since)
        self._wake()

    async def news(self) -> News:
        """Wait until there is something to know."""
        if not self._subjects and self._missed_since is None:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        told = News(frozenset(self._subjects), self._missed_since)
        self._subjects.clear()
        self._missed_since = None
        return told

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


@dataclass(slots=True)
class Hub:
    """Who waits for what in this process, and the connection over which changes are heard."""

    _followers: dict[tuple[str, UUID], set[Follower]] = field(default_factory=lambda: defaultdict(set[Follower]))
    _watchers: dict[str, list[Callable[[Changed], None]]] = field(
        default_factory=lambda: defaultdict(list[Callable[[Changed], None]])
    )
    heard_at: datetime | None = None
    following: int = 0

    async def follow(self, topic: str, key: UUID) -> AsyncGenerator[News]:
        """News of a topic that concern a subject or an audience; the first says only that one is listening.

        The follower stands before the first is yielded, so what is read after it cannot miss a change.
        """
        follower = Follower()
        self._followers[topic, key].add(follower)
        self.following += 1
        try:
            yield News(frozenset())
            while True:
                yield await follower.news()
        finally:
            self.following -= 1
            self._followers[topic, key].discard(follower)
            if not self._followers[topic, key]:
                del self._followers[topic, key]

    def watch(self, topic: str, watcher: Callable[[Changed], None]) -> Callable[[], None]:
        """Call a function for every change of a topic; returns how to stop."""
        self._watchers[topic].append(watcher)
        return lambda: self._watchers[topic].remove(watcher)

    def hear(self, lines: str) -> None:
        """Pass on what was announced."""
        self.heard_at = clock.now()
        changes = [Changed.parse(line) for line in lines.splitlines()]
        for change in changes:
            for watcher in self._watchers.get(change.topic, ()):
                watcher(change)
        for change in changes:
            for key in {change.subject, *change.audience}:
                for follower in self._followers.get((change.topic, key), ()):
                    follower.tell(change.subject)

    def make_good(self) -> None:
        """Tell everybody that they may have missed something, spread over as long as reading it all takes."""
        since = (self.heard_at or clock.now()) - COMMITS_WITHIN
        waiting = {one for group in self._followers.values() for one in group}
        loop = asyncio.get_running_loop()
        for follower in waiting:
            loop.call_later(random.uniform(0, len(waiting) / MADE_GOOD_PER_S), follower.miss, since)  # noqa: S311

    async def listen(self, url: str) -> None:
        """Hear what is announced, for ever; a lost connection is opened again and what was missed made good."""
        while True:
            try:
                connection = await _listening(url, self.hear)
            except Exception as error:  # noqa: BLE001  # whatever it is, we try again
                log.warning("changes cannot be heard", error=type(error).__name__)
            else:
                self.make_good()
                self.heard_at = clock.now()
                try:
                    with suppress(Exception):
                        await self._hold(connection)
                finally:
                    connection.terminate()
                log.warning("changes are not heard any more")
            await asyncio.sleep(AGAIN_S)

    async def _hold(self, connection: Any) -> None:
        """Return or raise once the connection is of no use."""
        closed = asyncio.Event()

        def lost(_connection: object) -> None:
            closed.set()

        connection.add_termination_listener(lost)
        while not closed.is_set():
            async with asyncio.timeout(PROBE_S):
                await connection.fetchval("SELECT 1")
            self.heard_at = clock.now()
            with suppress(TimeoutError):
                async with asyncio.timeout(PROBE_S):
                    await closed.wait()


async def _listening(url: str, hear: Callable[[str], None]) -> Any:
    async with asyncio.timeout(PROBE_S):
        connection = await cast(Any, asyncpg).connect(
            **database.credentials(url), server_settings={"application_name": "marketplace changes"}
        )

    def heard(_connection: object, _pid: int, _channel: str, payload: str) -> None:
        hear(payload)

    await connection.add_listener(CHANNEL, heard)
    return connection


async def patiently(read: Callable[[], Awaitable[T]]) -> T:
    """What `read` answers; while the database is away, ask again."""
    while True:
        try:
            return await read()
        except Exception as error:
            if not database.is_away(error):
                raise
            await asyncio.sleep(AGAIN_S)


def announcements(changes: Iterable[Changed], most_bytes: int = 7_900) -> list[str]:
    """The changes as texts for NOTIFY, which takes less than 8,000 bytes each; what is said twice is said once."""
    texts: list[str] = []
    lines: list[str] = []
    size = 0
    for line in dict.fromkeys(map(str, changes)):
        if lines and size + len(line) + 1 > most_bytes:
            texts.append("\n".join(lines))
            lines, size = [], 0
        lines.append(line)
        size += len(line) + 1
    return [*texts, "\n".join(lines)] if lines else texts


hub = Hub()
