"""A proxy in front of PostgreSQL that cuts connections: anywhere, just before a COMMIT arrives, and just after.

After is the worst: the transaction is committed, and who asked for it never hears so.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final, cast

COMMIT: Final = b"Q\x00\x00\x00\x0cCOMMIT;\x00"
"""The simple query that ends a transaction, as asyncpg sends it."""
COMMITTED_WITHIN_S: Final = 0.2


@dataclass
class _Line:
    """One client's connection with its own to the server; a deaf one passes no answer on any more."""

    client: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    server: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    deaf: bool = False


class Cutter:
    """What is cut, how often, and how often that was done."""

    def __init__(self, socket: Path, random: Random) -> None:
        self._socket = socket
        self.random = random
        self._open: set[asyncio.StreamWriter] = set()
        self._lines: set[asyncio.Task[None]] = set()
        self.before_commit = 0.0
        self.after_commit = 0.0
        """How many of the COMMITs are cut so."""
        self.cuts: Counter[str] = Counter()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Stand between one client and the server until either goes away, or they are cut."""
        try:
            line = _Line((reader, writer), await asyncio.open_unix_connection(self._socket))
        except OSError:
            writer.transport.abort()
            return
        self._open.add(writer)
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._lines.add(task)
        task.add_done_callback(self._lines.discard)
        ways = [asyncio.create_task(self._ask(line)), asyncio.create_task(self._answer(line))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for _, end in (line.client, line.server):
            end.transport.abort()
        self._open.discard(writer)

    async def _ask(self, line: _Line) -> None:
        while data := await line.client[0].read(65536):
            chance = self.random.random() if COMMIT in data else 1.0
            if chance < self.before_commit:
                self.cuts["before commit"] += 1
                return
            line.deaf = chance < self.before_commit + self.after_commit
            line.server[1].write(data)
            await line.server[1].drain()
            if line.deaf:
                await asyncio.sleep(COMMITTED_WITHIN_S)
                self.cuts["after commit"] += 1
                return

    async def _answer(self, line: _Line) -> None:
        while data := await line.server[0].read(65536):
            if line.deaf:
                await asyncio.sleep(2 * COMMITTED_WITHIN_S)
                return
            line.client[1].write(data)
            await line.client[1].drain()

    def cut(self, share: float) -> None:
        """Cut this share of what is open, whatever it is doing."""
        for writer in list(self._open):
            if self.random.random() < share:
                self.cuts["anywhere"] += 1
                writer.transport.abort()

    async def end(self) -> None:
        """Cut all, and see them gone."""
        self.cut(1.0)
        await asyncio.gather(*self._lines)


@asynccontextmanager
async def cutting(socket: Path, port: int, random: Random) -> AsyncGenerator[Cutter]:
    """The proxy on a port, in front of the server that listens on a socket."""
    cutter = Cutter(socket, random)
    server = await asyncio.start_server(cutter.accept, "127.0.0.1", port)
    try:
        yield cutter
    finally:
        server.close()
        await cutter.end()
