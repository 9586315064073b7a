"""Inserting many rows of plain facts with one statement, on the transaction that is open."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from marketplace.kit import database


async def insert(table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Append rows, each a mapping of column to value; all have the same columns."""
    listed = list(rows)
    if not listed:
        return
    columns = ", ".join(f'"{name}"' for name in listed[0])
    text = orjson.dumps(listed, default=str).decode()
    await database.execute(
        f'INSERT INTO "{table}" ({columns}) SELECT {columns} '
        f'FROM jsonb_populate_recordset(NULL::"{table}", $1::jsonb)',
        text,
    )
