"""Loading many rows at once: PostgreSQL's binary COPY, as the application's own role, in one transaction."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import asyncpg
import orjson

from marketplace.kit import database


class Loader:
    """One open transaction that takes rows by the thousand."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def copy(self, table: str, columns: str, rows: Iterable[Sequence[object]]) -> int:
        """Append rows to a table; `columns` are its column names, parted by blanks. Returns how many."""
        taken = list(rows)
        await self._connection.copy_records_to_table(table, columns=columns.split(), records=taken)
        return len(taken)

    async def value(self, sql: str, *values: object) -> Any:
        """The first column of the first row, or None."""
        return await self._connection.fetchval(sql, *values)

    async def rows(self, sql: str, *values: object) -> list[Any]:
        """The rows of one statement."""
        return await self._connection.fetch(sql, *values)


@asynccontextmanager
async def loading(url: str) -> AsyncGenerator[Loader]:
    """A loader; what it took is there when the block ends, and not at all when it fails."""
    settings = {"role": database.APP_ROLE}
    connection: Any = await cast(Any, asyncpg).connect(**database.credentials(url), server_settings=settings)
    try:
        await connection.set_type_codec(
            "jsonb", schema="pg_catalog", encoder=_to_jsonb, decoder=_from_jsonb, format="binary"
        )
        async with connection.transaction():
            yield Loader(connection)
    finally:
        await connection.close()


def _to_jsonb(value: object) -> bytes:
    return b"\x01" + orjson.dumps(value)


def _from_jsonb(raw: bytes) -> object:
    return orjson.loads(raw[1:])
