"""Rows that are read in part: a dataclass, each attribute's SQL, and which of them one statement takes.

An attribute that was not taken is not there: reading it raises AttributeError, so a partial row is never
mistaken for one whose column is null.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import fields
from datetime import datetime
from functools import cache
from typing import Any, Generic, TypeVar, cast, get_args, get_origin
from uuid import UUID

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


def new(model: type[M], **values: Any) -> M:
    """A new row, as the model's own constructor makes it but many times faster: for the hottest writes.

    The values are of their columns' types, and rows that it refers to are given by their ids. Raises TypeError for
    what is no column.
    """
    blank, defaults, names = _blank(model)
    if not names.issuperset(values):
        raise TypeError(f"{model.__name__} has no {', '.join(sorted(values.keys() - names))}")
    row = model.__new__(model)
    attributes = vars(row)
    attributes.update(blank, _await_when_save={})
    for name, default in defaults:
        if name not in values:
            attributes[name] = default()
    attributes.update(values)
    return row


@cache
def _blank(model: type[Model]) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]], frozenset[str]]:
    """What every new row has, what makes the other defaults, and the names of all columns."""
    meta: Any = model._meta  # pyright: ignore[reportPrivateUsage]
    blank: dict[str, Any] = {"_partial": False, "_saved_in_db": False, "_custom_generated_pk": False}
    defaults: list[tuple[str, Callable[[], Any]]] = []
    for name in meta.fields_db_projection:
        default = meta.fields_map[name].default
        if callable(default):
            defaults.append((name, default))
        elif default is None or isinstance(default, int | str | float | bytes):
            blank[name] = default
        else:
            defaults.append((name, lambda default=default: deepcopy(default)))
    return blank, defaults, frozenset(meta.fields_db_projection)


class Rows(Generic[R]):
    """What can be read of one kind of row: a frozen dataclass with slots, and each attribute's SQL.

    `always` names the attributes that are taken with any others, `moments` those from which on a row means
    something else. JSON columns are read where the attribute is a dict or a list.
    """

    def __init__(
        self,
        row: type[R],
        columns: Mapping[str, str],
        *,
        always: Iterable[str] = (),
        moments: Iterable[str] = (),
    ) -> None:
        named = {field.name: field.type for field in fields(cast(Any, row))}
        if named.keys() != columns.keys():
            raise TypeError(f"{row.__name__} and its columns differ: {sorted(named.keys() ^ columns.keys())}")
        self.row = row
        self.columns = columns
        self.always = frozenset(always)
        self.moments = tuple(moments)
        self._put = {name: getattr(row, name).__set__ for name in named}
        self._json = {name for name, kind in named.items() if get_origin(kind) in (dict, list)}
        self._from_json = {name: _from_json(kind) for name, kind in named.items()}
        self._readings: dict[frozenset[str] | None, Reading[R]] = {}

    def reading(self, names: Iterable[str] | None = None) -> "Reading[R]":
        """How to read these attributes and those that are always taken; all of them without names."""
        wanted = None if names is None else self.always.union(names)
        found = self._readings.get(wanted)
        if found is None:
            taken = [name for name in self.columns if wanted is None or name in wanted]
            puts = [(self._put[name], orjson.loads if name in self._json else None) for name in taken]
            in_json = [(self._put[name], self._from_json[name]) for name in taken]
            columns = {name: self.columns[name] for name in taken}
            moments = tuple(name for name in self.moments if name in columns)
            found = self._readings[wanted] = Reading(self.row, columns, puts, in_json, moments)
        return found


def _from_json(kind: Any) -> Decode | None:
    """How a value of this type is read from JSON that PostgreSQL wrote, where it does not stand as it is."""
    kinds = {kind, *get_args(kind)}
    return datetime.fromisoformat if datetime in kinds else UUID if UUID in kinds else None


class Reading(Generic[R]):
    """Some attributes of a row: their SQL for a select list, and how a record becomes a row."""

    def __init__(
        self,
        row: type[R],
        columns: Mapping[str, str],
        puts: Sequence[tuple[Any, Decode | None]],
        in_json: Sequence[tuple[Any, Decode | None]],
        moments: tuple[str, ...],
    ) -> None:
        self._columns = columns
        self.width = len(puts)
        self._row = row
        self._puts = [(index, put, decode) for index, (put, decode) in enumerate(puts)]
        self._in_json = in_json
        self._moments = moments

    def sql(self, prefix: str = "") -> str:
        """The select list, each column named as its attribute, with a prefix where others stand beside it."""
        return ", ".join(f'{column} AS "{prefix}{name}"' for name, column in self._columns.items())

    def values(self) -> str:
        """The select list without names, for a row inside a JSON array."""
        return ", ".join(self._columns.values())

    def row_in_json(self, values: Sequence[Any]) -> R:
        """The row of values that stood in a JSON array."""
        made = object.__new__(self._row)
        for (put, decode), value in zip(self._in_json, values, strict=True):
            put(made, value if decode is None or value is None else decode(value))
        return made

    def moments(self, row: R) -> list[datetime]:
        """The moments from which on the row means something else, of those that were taken."""
        return [moment for name in self._moments if (moment := getattr(row, name)) is not None]

    def row(self, record: Sequence[Any], start: int = 0) -> R:
        """The row in a record whose columns begin at `start`."""
        made = object.__new__(self._row)
        for index, put, decode in self._puts:
            value = record[start + index]
            put(made, value if decode is None or value is None else decode(value))
        return made


class Selection(Generic[R]):
    """What a statement shall read, for any number of requests: a row, and rows joined to it or nested in it."""

    def __init__(self, own: Reading[R], joins: Sequence["Joined"] = (), nested: Sequence["Nested"] = ()) -> None:
        self.own = own
        self.joined = list(zip(joins, _starts(own.width, joins), strict=True))
        self.nested = nested
        beside = [join.reading.sql(f"{join.name}.") for join in joins if join.reading.width]
        self.sql = ", ".join([own.sql(), *beside, *(each.sql() for each in nested)])
        self.width = own.width + sum(join.reading.width for join in joins) + len(nested)
        self.joins = " ".join(join.clause for join in joins)
        self.names = [each.name for each in (*joins, *nested)]


class Pick(Generic[R]):
    """What one statement shall read: a row's attributes, and those of rows that are joined to it or nested in it.

    The statement puts `select` into its select list and `joins` after its tables, and turns each record into a row
    by `row`, which also keeps the joined and the nested rows in `at_hand`, by name and key.
    """

    def __init__(self, of: Selection[R]) -> None:
        self.of = of
        self.at_hand: dict[str, dict[Any, Any]] = {name: {} for name in of.names}
        self.given: dict[str, Any] = {}

    @property
    def joins(self) -> str:
        """What joins the rows beside."""
        return self.of.joins

    @property
    def nested(self) -> Sequence["Nested"]:
        """The rows that are nested."""
        return self.of.nested

    def select(self, bind: Callable[[object], str], **given: Any) -> str:
        """The select list, with a placeholder for each of the given values that it names as `{name}`."""
        self.given = given
        sql = self.of.sql
        for name, value in given.items():
            if f"{{{name}}}" in sql:
                sql = sql.replace(f"{{{name}}}", bind(value))
        return sql

    def row(self, record: Any) -> R:
        """The row of one record."""
        made = self.of.own.row(record)
        for join, start in self.of.joined:
            kept, key = self.at_hand[join.name], getattr(made, join.key)
            if key not in kept:
                kept[key] = join.build(join.reading.row(record, start))
        for nested in self.of.nested:
            self.at_hand[nested.name][nested.key(made, self.given)] = nested.rows(record)
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


class Nested:
    """Rows nested in another, in one JSON array: `clause` says which and in which order, `{values}` of each."""

    def __init__(
        self, name: str, reading: Reading[Any], *, clause: str, key: Callable[[Any, Mapping[str, Any]], Any]
    ) -> None:
        self.name = name
        self.key = key
        self.reading = reading
        self._clause = clause

    def sql(self) -> str:
        """The array as one column, named as the rows are."""
        return f'{self._clause.replace("{values}", self.reading.values())} AS "{self.name}"'

    def rows(self, record: Any) -> list[Any]:
        """The rows in the array of a record."""
        text = record[self.name]
        return [self.reading.row_in_json(values) for values in orjson.loads(text)] if text else []


def _starts(width: int, joins: Sequence[Joined]) -> list[int]:
    starts: list[int] = []
    for join in joins:
        starts.append(width)
        width += join.reading.width
    return starts
