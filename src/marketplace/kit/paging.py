"""Keyset pages: opaque cursors, at most 100 rows, never an OFFSET."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

import orjson
from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.queryset import QuerySet

from marketplace.kit.refusals import BadUserInput

MAX_PAGE = 100
DEFAULT_PAGE = 20
T = TypeVar("T")
M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of rows with the cursor of each."""

    items: Sequence[T]
    cursors: Sequence[str]
    has_next: bool
    has_previous: bool


class Cursors(Sequence[str], Generic[T]):
    """The cursors of rows, each made when somebody looks: most pages are asked for their last one only."""

    def __init__(self, rows: Sequence[T], cursor: Callable[[T], str]) -> None:
        self._rows = rows
        self._cursor = cursor

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        return self._cursor(cast(T, self._rows[index]))


def encode_cursor(*values: object) -> str:
    """An opaque cursor holding the sort values of a row."""
    return base64.urlsafe_b64encode(orjson.dumps(values, default=str)).decode().rstrip("=")


def decode_cursor(cursor: str, width: int) -> list[Any]:
    """The sort values inside a cursor; raises BadUserInput when it is not one of ours."""
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        raise BadUserInput("This cursor is not one that a page of this list gave.") from None
    if not isinstance(values, list) or len(values) != width:  # pyright: ignore[reportUnknownArgumentType]
        raise BadUserInput("This cursor belongs to another list.")
    return values  # pyright: ignore[reportUnknownVariableType]


def id_of_cursor(cursor: str) -> UUID:
    """The id in a cursor of a list that is sorted by id alone; raises BadUserInput."""
    try:
        return UUID(decode_cursor(cursor, 1)[0])
    except (TypeError, ValueError, AttributeError):
        raise BadUserInput("This cursor is not one that a page of this list gave.") from None


def page_size(first: int | None, last: int | None = None) -> int:
    """How many rows to return; raises BadUserInput outside 1..100 or when both ends are asked."""
    if first is not None and last is not None:
        raise BadUserInput("Ask for `first` or for `last`, not for both.")
    size = first if first is not None else last
    if size is None:
        return DEFAULT_PAGE
    if not 0 <= size <= MAX_PAGE:
        raise BadUserInput(f"A page has 0 to {MAX_PAGE} rows; {size} were asked for.")
    return size


def _typed(field: Any, value: Any) -> Any:
    kind = field.field_type
    try:
        if kind is datetime:
            return datetime.fromisoformat(value)
        if kind is UUID:
            return UUID(value)
        return kind(value)
    except (TypeError, ValueError):
        raise BadUserInput("This cursor is not one that a page of this list gave.") from None


async def page_of(
    query: QuerySet[M],
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    sort: str = "-id",
) -> Page[M]:
    """One page of a query by (sort column, id). `sort` is a column with `-` for descending."""
    size = page_size(first, last)
    backwards = last is not None
    column, descending = sort.removeprefix("-"), sort.startswith("-")
    columns = [column] if column == "id" else [column, "id"]
    for cursor, onward in ((after, True), (before, False)):
        if cursor is not None:
            query = query.filter(_beyond(query.model, columns, cursor, "lt" if descending is onward else "gt"))
    order = [("-" if descending is not backwards else "") + name for name in columns]
    rows = await query.order_by(*order).limit(size + 1)
    more, rows = len(rows) > size, list(rows[:size])
    if backwards:
        rows.reverse()
    cursors = [encode_cursor(*(getattr(row, name) for name in columns)) for row in rows]
    has_next = before is not None if backwards else more
    has_previous = more if backwards else after is not None
    return Page(rows, cursors, has_next, has_previous)


def _beyond(model: type[Model], columns: list[str], cursor: str, comparison: str) -> Q:
    fields: dict[str, Any] = cast(Any, model)._meta.fields_map
    values = [
        _typed(fields[name], value)
        for name, value in zip(columns, decode_cursor(cursor, len(columns)), strict=True)
    ]
    if len(columns) == 1:
        return Q(**{f"{columns[0]}__{comparison}": values[0]})
    return Q(**{f"{columns[0]}__{comparison}": values[0]}) | Q(
        **{columns[0]: values[0], f"id__{comparison}": values[1]}
    )


def page_of_rows(
    rows: Sequence[T],
    cursor: Callable[[T], str],
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Page[T]:
    """A page of rows that a statement found in its own order, one more than were asked for (see `page_size`).

    With `last` the statement read backwards.
    """
    size, backwards = page_size(first, last), last is not None
    more, kept = len(rows) > size, list(rows[:size])
    if backwards:
        kept.reverse()
    has_next = before is not None if backwards else more
    has_previous = more if backwards else after is not None
    return Page(kept, Cursors(kept, cursor), has_next, has_previous)
