"""A connection that writes what waits before it does anything else, so that no statement misses it."""

from collections.abc import Callable, Iterable
from typing import Any, cast

import asyncpg
from tortoise.exceptions import IntegrityError

from marketplace.kit import tracing
from marketplace.kit.writes import Writes, statement


class Apart(Exception):
    """What is asked for needs a transaction of its own, and not one that others share (`kit/sharing.py`)."""


class NoConnection:
    """In the place of a connection where commands share a transaction: nobody asks on his own there."""

    def __getattr__(self, name: str) -> Any:
        raise Apart("it asks the database by itself")


def is_open(driver: Any) -> bool:
    """Whether a connection can be asked; one that was cut is the pool's already, and says so by an error."""
    try:
        return not driver.is_closed()
    except asyncpg.InterfaceError:
        return False


async def connect(*given: Any, **named: Any) -> Any:
    """As asyncpg does. Whatever keeps the server from being reached is a server that does not listen.

    So are a Unix socket that is not there, and a name without an address or with several that all refuse.
    """
    try:
        return await cast(Any, asyncpg).connect(*given, **named)
    except ConnectionError:
        raise
    except OSError as error:
        raise ConnectionRefusedError("nobody listens at the server's address") from error


class Connection(asyncpg.Connection):
    """A pooled connection without session state, so giving it back needs no reset query.

    `writes` are those of the transaction that is open on it.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        cast(Any, super()).__init__(*given, **named)
        self.writes = Writes()

    def _driver(self) -> Any:
        """What asyncpg does; its signatures say nothing of types."""
        return super()

    def get_reset_query(self) -> str:
        """Nothing was set, so nothing is to be reset."""
        return ""

    async def write(self) -> None:
        """Write all that waits, in one statement. Raises what the database or a part says against it."""
        parts = self.writes.take()
        if not parts:
            return
        sql, values = statement(parts)
        try:
            answers = await self._driver().fetchrow(sql, *values)
        except asyncpg.IntegrityConstraintViolationError as error:
            raise IntegrityError(error) from error
        for part in parts:
            part.written(answers)

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        """As asyncpg does, after what waits; a transaction's end is the end of what waits, too."""
        if query.startswith("ROLLBACK"):
            self.writes.forget()
        elif self.writes.must_be_written():
            await self.write()
        status = await self._driver().execute(query, *args, timeout=timeout)
        if self.writes.when_committed and query.startswith("COMMIT"):
            then, self.writes.when_committed = self.writes.when_committed, []
            _run(then)
        return status

    async def executemany(self, command: str, args: Iterable[Any], *, timeout: float | None = None) -> None:
        """As asyncpg does, after what waits."""
        if self.writes.must_be_written():
            await self.write()
        await self._driver().executemany(command, args, timeout=timeout)

    async def fetch(self, query: str, *args: Any, **options: Any) -> list[Any]:
        """As asyncpg does, after what waits."""
        if self.writes.must_be_written():
            await self.write()
        return await self._driver().fetch(query, *args, **options)

    async def fetchrow(self, query: str, *args: Any, **options: Any) -> Any:
        """As asyncpg does, after what waits."""
        if self.writes.must_be_written():
            await self.write()
        return await self._driver().fetchrow(query, *args, **options)

    async def fetchval(self, query: str, *args: Any, **options: Any) -> Any:
        """As asyncpg does, after what waits."""
        if self.writes.must_be_written():
            await self.write()
        return await self._driver().fetchval(query, *args, **options)


class TracedConnection(Connection):
    """A connection whose statements are spans of the work that waits for them."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        cast(Any, self).add_query_logger(tracing.log_statement)


def _run(then: list[Callable[[], None]]) -> None:
    for each in then:
        each()
