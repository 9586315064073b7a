"""A proxy in front of PostgreSQL that cuts connections: anywhere, just before a COMMIT arrives, and just after.

After is the worst: the transaction is committed, and who asked for it never hears so.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from typing import Final

COMMIT: Final = b"Q\x00\x00\x00\x0cCOMMIT;\x00"
"""The simple query that ends a transaction, as asyncpg sends it."""
SLOW_S: Final = 0.05


class Cutter:
    """What is cut, how often, and how often that was done."""

    def __init__(self, socket: Path, random: Random) -> None:
        self._socket = socket
        self._random = random
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.before_commit = 0.0
        self.after_commit = 0.0
        self.cuts: Counter[str] = Counter()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Stand between one client and the server until either goes away, or they are cut."""
        try:
            from_server, to_server = await asyncio.open_unix_connection(self._socket)
        except OSError:
            writer.transport.abort()
            return
        self._open.add(writer)
        ways = [
            asyncio.create_task(self._to_server(reader, to_server)),
            asyncio.create_task(self._to_client(from_server, writer)),
        ]
        with suppress(OSError):
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in done:
                way.exception()
        for way in ways:
            way.cancel()
        for each in (writer, to_server):
            each.transport.abort()
        self._open.discard(writer)

    async def _to_server(self, reader: asyncio.StreamReader, to_server: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            chance = self._random.random() if COMMIT in data else 1.0
            if chance < self.before_commit:
                self.cuts["before commit"] += 1
                return
            to_server.write(data)
            await to_server.drain()
            if chance < self.before_commit + self.after_commit:
                await asyncio.sleep(SLOW_S)
                self.cuts["after commit"] += 1
                return

    async def _to_client(self, from_server: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await from_server.read(65536):
            writer.write(data)
            await writer.drain()

    def cut(self, share: float) -> None:
        """Cut this share of what is open, whatever it is doing."""
        for writer in list(self._open):
            if self._random.random() < share:
                self.cuts["anywhere"] += 1
                writer.transport.abort()


@asynccontextmanager
async def cutting(socket: Path, port: int, random: Random) -> AsyncGenerator[Cutter]:
    """The proxy on a port, in front of the server that listens on a socket."""
    cutter = Cutter(socket, random)
    server = await asyncio.start_server(cutter.accept, "127.0.0.1", port)
    try:
        yield cutter
    finally:
        server.close()
        cutter.cut(1.0)
