"""Rows that are read in part: a dataclass, each attribute's SQL, and which of them one statement takes.

An attribute that was not taken is not there: reading it raises AttributeError, so a partial row is never
mistaken for one whose column is null.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Generic, TypeVar, cast, get_origin

import orjson
from tortoise.models import Model

R = TypeVar("R")
M = TypeVar("M", bound=Model)
Decode = Callable[[Any], Any]


def select_list(model: type[Model], table: str) -> str:
    """All columns of a model for a select list, named `table.field`."""
    meta: Any = model._meta  # pyright: ignore[reportPrivateUsage]
    return ", ".join(f'{table}.{column} AS "{table}.{name}"' for name, column in meta.fields_db_projection.items())


def model_of(model: type[M], record: Mapping[str, Any], prefix: str) -> M:
    """The model in a record with its columns, each named with the prefix."""
    meta: Any = model._meta  # pyright: ignore[reportPrivateUsage]
    facts = {name: record[prefix + name] for name in meta.fields_db_projection}
    return model._init_from_db(**facts)  # pyright: ignore[reportPrivateUsage]


def as_model(model: type[M], row: Any) -> M:
    """The model with the attributes of a row; what the row does not have is not there."""
    meta: Any = model._meta  # pyright: ignore[reportPrivateUsage]
    facts = {name: getattr(row, name) for name in meta.fields_db_projection if hasattr(row, name)}
    return model._init_from_db(**facts)  # pyright: ignore[reportPrivateUsage]


class Rows(Generic[R]):
    """What can be read of one kind of row: a frozen dataclass with slots, and each attribute's SQL.

    `always` names the attributes that are taken with any others. JSON columns are read where the attribute is
    a dict or a list.
    """

    def __init__(self, row: type[R], columns: Mapping[str, str], *, always: Iterable[str] = ()) -> None:
        named = {field.name: field.type for field in fields(cast(Any, row))}
        if named.keys() != columns.keys():
            raise TypeError(f"{row.__name__} and its columns differ: {sorted(named.keys() ^ columns.keys())}")
        self.row = row
        self.columns = columns
        self.always = frozenset(always)
        self._put = {name: getattr(row, name).__set__ for name in named}
        self._json = {name for name, kind in named.items() if get_origin(kind) in (dict, list)}
        self._readings: dict[frozenset[str] | None, Reading[R]] = {}

    def reading(self, names: Iterable[str] | None = None) -> "Reading[R]":
        """How to read these attributes and those that are always taken; all of them without names."""
        wanted = None if names is None else self.always.union(names)
        found = self._readings.get(wanted)
        if found is None:
            taken = [name for name in self.columns if wanted is None or name in wanted]
            puts = [(self._put[name], orjson.loads if name in self._json else None) for name in taken]
            found = self._readings[wanted] = Reading(self.row, {name: self.columns[name] for name in taken}, puts)
        return found


class Reading(Generic[R]):
    """Some attributes of a row: their SQL for a select list, and how a record becomes a row."""

    def __init__(
        self, row: type[R], columns: Mapping[str, str], puts: Sequence[tuple[Any, Decode | None]]
    ) -> None:
        self._columns = columns
        self.width = len(puts)
        self._row = row
        self._puts = [(index, put, decode) for index, (put, decode) in enumerate(puts)]

    def sql(self, prefix: str = "") -> str:
        """The select list, each column named as its attribute, with a prefix where others stand beside it."""
        return ", ".join(f'{column} AS "{prefix}{name}"' for name, column in self._columns.items())

    def row(self, record: Sequence[Any], start: int = 0) -> R:
        """The row in a record whose columns begin at `start`."""
        made = object.__new__(self._row)
        for index, put, decode in self._puts:
            value = record[start + index]
            put(made, value if decode is None or value is None else decode(value))
        return made


class Pick(Generic[R]):
    """What one statement shall read: a row's attributes, and those of rows that are joined to it.

    The statement puts `sql` into its select list and `joins` after its tables, and turns each record into a row
    by `row`, which also keeps the joined rows in `joined`, by name and key.
    """

    def __init__(self, own: Reading[R], joins: Sequence["Joined"] = ()) -> None:
        self._own = own
        self._joins = [(join, start) for join, start in zip(joins, _starts(own.width, joins), strict=True)]
        beside = [join.reading.sql(f"{join.name}.") for join in joins if join.reading.width]
        self.sql = ", ".join([own.sql(), *beside])
        self.joins = " ".join(join.clause for join in joins)
        self.joined: dict[str, dict[Any, Any]] = {join.name: {} for join in joins}

    def row(self, record: Sequence[Any]) -> R:
        """The row of one record."""
        made = self._own.row(record)
        for join, start in self._joins:
            kept, key = self.joined[join.name], getattr(made, join.key)
            if key not in kept:
                kept[key] = join.build(join.reading.row(record, start))
        return made


class Joined:
    """A row beside another: joined by `clause` (empty where the statement does so anyway), found under `key`."""

    def __init__(
        self, name: str, reading: Reading[Any], *, key: str, clause: str, build: Callable[[Any], Any]
    ) -> None:
        self.name = name
        self.reading = reading
        self.key = key
        self.clause = clause
        self.build = build


def _starts(width: int, joins: Sequence[Joined]) -> list[int]:
    starts: list[int] = []
    for join in joins:
        starts.append(width)
        width += join.reading.width
    return starts
