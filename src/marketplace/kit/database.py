"""The one way to PostgreSQL: connections, transactions, and SQL on whichever of them is open.

New rows and sums of a transaction wait for each other (`kit/writes.py`); any other statement finds them written.
"""

from collections.abc import AsyncGenerator, Callable, Generator, Hashable, Iterable, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)
from contextvars import ContextVar
from secrets import token_hex
from typing import Any, Final, Protocol, TypeVar, cast
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import asyncpg
from tortoise import Tortoise
from tortoise.context import require_context
from tortoise.models import Model
from tortoise.transactions import in_transaction

from marketplace.kit import lending, memory, tracing
from marketplace.kit.connections import Connection, NoConnection, TracedConnection, connect, is_open
from marketplace.kit.writes import NewRows, P, Sums, Writes, statement

APP_ROLE: Final = "marketplace_app"
ROOMS: Final = (
    "kit",
    "ledger",
    "access",
    "webhooks",
    "partners",
    "members",
    "catalog",
    "points",
    "earning",
    "payments",
    "banking",
    "uploads",
    "donations",
    "risk",
    "redemptions",
    "gifts",
    "billing",
    "settlement",
    "finance",
)
Row = dict[str, Any]
M = TypeVar("M", bound=Model)
AWAY: Final = (
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InsufficientResourcesError,
)
_CUT: Final = {
    asyncpg.InterfaceError: "the underlying connection is closed",
    asyncpg.InternalClientError: "another operation",
}
"""What the driver says of a connection that was lost in the middle of something, and then asked to roll back."""


def credentials(url: str) -> dict[str, Any]:
    """The parts of a PostgreSQL URL, with `?host=` for a Unix socket folder."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    return {
        "host": query.get("host", [parts.hostname or "127.0.0.1"])[0],
        "port": int(query.get("port", [parts.port or 5432])[0]),
        "user": unquote(parts.username or "postgres"),
        "password": unquote(parts.password) if parts.password else None,
        "database": parts.path.removeprefix("/") or "marketplace",
    }


def config(url: str, *, role: str = APP_ROLE, pool: int = 10) -> dict[str, Any]:
    """Tortoise's configuration: one app a room. An empty role keeps the one that logged in."""
    settings = {"timezone": "UTC", "application_name": "marketplace"}
    if role:
        settings |= {"role": role, "lock_timeout": "5s", "statement_timeout": "30s"}
        settings |= {"idle_in_transaction_session_timeout": "60s"}
    kind = TracedConnection if tracing.active() else Connection
    extra = {
        "minsize": 1,
        "maxsize": pool,
        "server_settings": settings,
        "connection_class": kind,
        "connect": connect,
    }
    return {
        "connections": {
            "default": {"engine": "tortoise.backends.asyncpg", "credentials": credentials(url) | extra}
        },
        "apps": {
            room: {"models": [f"marketplace.{room}.models"], "migrations": f"migrations.{room}"} for room in ROOMS
        },
        "use_tz": True,
        "timezone": "UTC",
    }


def is_away(error: BaseException | None) -> bool:
    """Whether an error says that the database cannot be reached, went away or has no room: it may soon be back."""
    return isinstance(error, AWAY) or any(
        isinstance(error, kind) and sign in str(error) for kind, sign in _CUT.items()
    )


@asynccontextmanager
async def opened(url: str, *, role: str = APP_ROLE, pool: int = 10) -> AsyncGenerator[None]:
    """The database open for this process; closes its pool at the end."""
    memory.forget()
    await Tortoise.init(config=config(url, role=role, pool=pool), _enable_global_fallback=True)
    try:
        yield
    finally:
        await lending.empty(connection())
        await Tortoise.close_connections()


class Client(Protocol):
    """What raw SQL needs of a connection."""

    async def execute_query_dict(self, query: str, values: list[object] | None = None) -> list[Row]: ...

    async def execute_many(self, query: str, values: list[list[object]]) -> None: ...


def connection() -> Client:
    """The open transaction's connection, or the pool."""
    return cast(Client, require_context().connections.get("default"))


_writes: ContextVar[Writes | None] = ContextVar("writes", default=None)
"""What waits to be written in the transaction that is open."""


@asynccontextmanager
async def transaction() -> AsyncGenerator[None]:
    """`async with transaction():` for the few system writes that have no actor and no door.

    Where the connection was cut it raises what `is_away` knows, and whether it was committed is not known then.
    """
    try:
        async with in_transaction("default") as client:
            driver: Connection = cast(Any, client)._connection
            before = _writes.set(driver.writes)
            try:
                yield
                await driver.write()
            except asyncpg.InterfaceError as error:
                if is_open(driver):
                    raise
                raise ConnectionResetError("the connection was cut between two statements") from error
            finally:
                _writes.reset(before)
    except asyncpg.InterfaceError as error:
        before_rollback = error.__context__
        if before_rollback is None or not is_away(before_rollback):
            raise
        raise before_rollback from None  # what was cut cannot be rolled back, and need not be


def waiting() -> Writes | None:
    """What waits to be written in the open transaction; None outside of one."""
    return _writes.get()


def take_over(those: Iterable[Writes]) -> None:
    """Let the open transaction write what waits elsewhere, as if all of it had been added here."""
    writes = waiting()
    assert writes is not None, "there is no transaction to write it"
    writes.absorb(those)


@contextmanager
def seated(writes: Writes) -> Generator[None]:
    """Let the block add to `writes` as in a transaction, and ask nothing on its own: that raises Apart."""
    handler = require_context().connections
    token = handler.set("default", cast(Any, NoConnection()))
    before = _writes.set(writes)
    try:
        yield
    finally:
        _writes.reset(before)
        handler.reset(token)


async def add(row: M, **given: str) -> M:
    """A new row, written with the other writes of the transaction before anything else is asked.

    Until then it can be changed like any object. Outside of a transaction it is saved at once. A column that is
    `given` and null in the row takes the value of an SQL expression over another part of the same statement.
    """
    writes = waiting()
    if writes is None:
        await row.save(force_create=True)
        return row
    part = writes.part(type(row), lambda: NewRows(type(row)))
    part.rows.append(row)
    part.given |= given
    row._saved_in_db = True  # pyright: ignore[reportPrivateUsage]
    return row


def is_waiting(row: Model) -> bool:
    """Whether the row was added in this transaction and is not written yet."""
    writes = waiting()
    return writes is not None and writes.is_waiting(row)


async def sum_up(table: str, column: str, amounts: Mapping[UUID, int]) -> None:
    """Add amounts to a whole number of rows by their key, together with the other writes of the transaction."""
    async with part((table, column), lambda: Sums(table, column)) as sums:
        for key, amount in amounts.items():
            sums.amounts[key] += amount


def part(key: Hashable, make: Callable[[], P]) -> AbstractAsyncContextManager[P]:
    """A part of what waits, to be added to; outside of a transaction it is written right after the block."""
    writes = waiting()
    return nullcontext(writes.part(key, make)) if writes is not None else _alone(make())


@asynccontextmanager
async def _alone(made: P) -> AsyncGenerator[P]:
    yield made
    sql, values = statement([made])
    made.written((await rows(sql, *values))[0])


def aside(*tables: str) -> AbstractContextManager[None]:
    """Let the block's statements, which look at these tables only, go before what waits, unless that is theirs."""
    writes = waiting()
    return nullcontext() if writes is None else writes.aside(*tables)


async def rows(sql: str, *values: object) -> list[Row]:
    """The rows of one statement ($1 style parameters)."""
    return await connection().execute_query_dict(sql, list(values))


async def records(sql: str, *values: object) -> list[Any]:
    """The rows of one statement as the driver gives them, by position and by name: for the hottest reads."""
    client: Any = connection()
    client.log.debug("%s: %s", sql, values)
    if waiting() is None:
        return await lending.fetch(client, sql, values)
    async with client.acquire_connection() as driver:
        return await driver.fetch(sql, *values)


async def row(sql: str, *values: object) -> Row | None:
    """The first row, or None."""
    found = await rows(sql, *values)
    return found[0] if found else None


async def value(sql: str, *values: object) -> Any:
    """The first column of the first row, or None."""
    found = await row(sql, *values)
    return next(iter(found.values())) if found else None


_PATIENT = """
SELECT set_config('statement_timeout', '600s', true), set_config('cursor_tuple_fraction', '1', true),
    set_config('idle_in_transaction_session_timeout', '600s', true)"""


async def stream(sql: str, *values: object, batch: int) -> AsyncGenerator[list[Row]]:
    """The rows of one statement in batches: of one moment, and in flat memory, however many they are.

    For reports over everything, read to their end: until then the transaction of this stream is open.
    """
    async with transaction():
        await execute(_PATIENT)
        name = f"stream_{token_hex(8)}"
        await execute(f"DECLARE {name} NO SCROLL CURSOR FOR {sql}", *values)
        while found := await rows(f"FETCH {batch} FROM {name}"):
            yield found
        await execute(f"CLOSE {name}")


async def execute(sql: str, *values: object) -> None:
    """Run one statement for its effect."""
    await connection().execute_query_dict(sql, list(values))


async def lock(*parts: object) -> None:
    """Wait until no other transaction holds the lock of this name, and hold it until this one ends."""
    name = "\x1f".join(map(str, parts))
    await value("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name)
