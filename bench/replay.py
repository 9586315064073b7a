"""The statements of a real redemption as a script for pgbench, so that PostgreSQL is measured alone.

A redemption is carried out in this process and every statement is recorded with its parameters. What it made
itself (new ids, the key, the moment) becomes an expression that differs each time; what a statement found out (the
slice of the funding, the position of the code) is taken over from that statement; all else is written out.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final, cast
from uuid import UUID

from tests.statements import Sent

IDS_A_ROUND: Final = 64
HEAD: Final = f"\\set base :base + {IDS_A_ROUND}\n\\set high :client_id * 1099511627776 + :base\n"
_SLICE: Final = "ORDER BY random() LIMIT 1"
_TAKEN: Final = "UPDATE stock SET taken"


def ids_in(sent: Sequence[Sent]) -> set[UUID]:
    """Every id among the parameters."""
    flat: list[object] = []
    for value in (value for one in sent for value in one.values):
        flat += cast(list[object], value) if isinstance(value, list) else [value]
    return {id for id in map(_uuid, flat) if id is not None}


class Script:
    """One redemption as a script: its statements in order, with what changes from one to the next."""

    def __init__(self, sent: Sequence[Sent], made: set[UUID], key: str, position: int) -> None:
        self._made = {id: number for number, id in enumerate(sorted(made))}
        self._key = key
        self._position = position
        self._sent = sent
        self._slices: set[UUID] = set()
        self._taken = False

    def text(self) -> str:
        """The script."""
        return HEAD + "\n".join(map(self._statement, self._sent)) + "\n"

    def _statement(self, sent: Sent) -> str:
        sql = sent.sql.strip().rstrip(";")
        for number in range(len(sent.values), 0, -1):
            sql = sql.replace(f"${number}", self._literal(sent.values[number - 1]))
        sql = " ".join(sql.split())
        if _SLICE in sql:
            self._slices = ids_in([sent])
            return f"{sql} \\gset"
        if _TAKEN in sql:
            self._taken = True
            return f"{sql} \\gset"
        return f"{sql};"

    def _literal(self, value: object) -> str:
        match value:
            case None:
                return "NULL"
            case bool():
                return str(value).upper()
            case int() | Decimal():
                return ":taken::bigint" if self._taken and value == self._position else str(value)
            case datetime():
                return "now()"
            case date():
                return f"'{value}'::date"
            case list():
                return f"ARRAY[{', '.join(map(self._literal, cast(list[object], value)))}]"
            case _:
                return self._text(value)

    def _text(self, value: object) -> str:
        id = _uuid(value)
        if id is None:
            return "('bench-' || :high::bigint)" if value == self._key else f"'{value}'"
        if id in self._made:
            return f"('00000000-0000-7000-8000-' || lpad(to_hex(:high::bigint + {self._made[id]}), 12, '0'))::uuid"
        return ":account_id::uuid" if id in self._slices else f"'{id}'::uuid"


def _uuid(value: object) -> UUID | None:
    if isinstance(value, UUID):
        return value
    try:
        return UUID(value) if isinstance(value, str) and len(value) == 36 else None
    except ValueError:
        return None
