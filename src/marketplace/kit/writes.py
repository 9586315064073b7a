"""Writes of one transaction that wait for each other, so that one statement writes them all.

A step says what shall be written: a new row, an amount to be added, or a part of its own. It is written before
the next statement of the transaction, whichever that is, and at the latest before it commits
(`kit/connections.py`): nobody ever reads a state that lacks it, and a transaction that reads first and writes
then sends one statement for all of its rows. `docs/decisions/writes-wait-for-each-other.md` has the measurements.
"""

from collections import defaultdict
from collections.abc import Callable, Generator, Hashable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, TypeVar

from tortoise.models import Model

_TEXTS = ("VARCHAR", "CHAR", "TEXT")


class Raced(Exception):
    """What was read before has changed when it was to be written; whoever runs again reads it anew."""


@dataclass(frozen=True, slots=True)
class Clauses:
    """The SQL of one part: its WITH clauses by name, and what the statement shall answer, by name.

    `first` names the clauses that are done before a part that comes `last`, because it locks a row that many wait
    for.
    """

    clauses: Mapping[str, str]
    answers: Mapping[str, str]
    first: Sequence[str] = ()
    last: bool = False


class Part(Protocol):
    """Some of the writes of one statement. Parts of one shape have one SQL, so the server plans it once."""

    @property
    def tables(self) -> frozenset[str]:
        """Which tables it writes."""
        ...

    def shape(self) -> Hashable:
        """What its SQL depends on."""
        ...

    def sql(self, first: int) -> Clauses:
        """Its SQL, with parameters from $first on."""
        ...

    def values(self) -> Sequence[object]:
        """The parameters."""
        ...

    def join(self, other: Any) -> None:
        """Write what another part of this kind was to write, too."""
        ...

    def written(self, answers: Mapping[str, Any]) -> None:
        """Look at what the statement answered; raises when it did not write what was meant."""
        ...


P = TypeVar("P", bound=Part)


@lru_cache(maxsize=256)
def _columns(model: type[Model]) -> tuple[list[tuple[str, Callable[[Any, Any], Any]]], list[str], list[str]]:
    """The fields of a model with what turns their values for the driver, their columns and array types."""
    meta: Any = model._meta  # pyright: ignore[reportPrivateUsage]
    names: dict[str, str] = meta.fields_db_projection
    fields: dict[str, Any] = {name: meta.fields_map[name] for name in names}
    types = [str(field.get_for_dialect("postgres", "SQL_TYPE")) for field in fields.values()]
    arrays = ["text" if kind.startswith(_TEXTS) else kind.split("(")[0] for kind in types]
    return [(name, field.to_db_value) for name, field in fields.items()], list(names.values()), arrays


class NewRows:
    """Rows of one table to be inserted. Until they are written they can be changed, like any object."""

    def __init__(self, model: type[Model]) -> None:
        self.model = model
        self.table: str = model._meta.db_table  # pyright: ignore[reportPrivateUsage]
        self.tables = frozenset((self.table,))
        self.rows: list[Model] = []
        self.given: dict[str, str] = {}
        """Columns that are null in a row, by their SQL: what another part of the statement says of its {id}."""

    def shape(self) -> Hashable:
        """One row is written more cheaply than any number of them."""
        return self.table, len(self.rows) == 1, *self.given.items()

    def sql(self, first: int) -> Clauses:
        """INSERT of one row, or of as many as the arrays have."""
        _, columns, arrays = _columns(self.model)
        named = ", ".join(f'"{column}"' for column in columns)
        marks = [f"${first + place}" for place in range(len(columns))]
        if len(self.rows) == 1:
            id = f"{marks[columns.index('id')]}::uuid" if self.given else ""
            plain = zip(columns, marks, arrays, strict=True)
            values = ", ".join(
                self._value(column, f"{mark}::{kind}" if column in self.given else mark, id)
                for column, mark, kind in plain
            )
            source = f"VALUES ({values})"
        else:
            typed = ", ".join(f"{mark}::{kind}[]" for mark, kind in zip(marks, arrays, strict=True))
            source = f"SELECT * FROM unnest({typed})"
            if self.given:
                values = ", ".join(self._value(column, f'made."{column}"', "made.id") for column in columns)
                source = f"SELECT {values} FROM unnest({typed}) AS made ({named})"
        name = f"new_{self.table}"
        insert = f'INSERT INTO "{self.table}" ({named}) {source}'
        return Clauses({name: insert}, {}, first=() if self.given else (name,))

    def _value(self, column: str, value: str, id: str) -> str:
        given = self.given.get(column)
        return value if given is None else f"coalesce({value}, {given.replace('{id}', id)})"

    def values(self) -> Sequence[object]:
        """The columns of the row, or of the rows. Raises Tortoise's ValidationError for what no column holds."""
        fields, _, _ = _columns(self.model)
        if len(self.rows) == 1:
            (row,) = self.rows
            return [turned(getattr(row, name), row) for name, turned in fields]
        return [[turned(getattr(row, name), row) for row in self.rows] for name, turned in fields]

    def join(self, other: "NewRows") -> None:
        """Its rows, too."""
        self.rows.extend(other.rows)
        self.given |= other.given

    def written(self, answers: Mapping[str, Any]) -> None:
        """The database has looked at all of them."""


class Sums:
    """Amounts to be added to a whole number of rows that are there, by their key. CHECKs guard the result."""

    def __init__(self, table: str, column: str) -> None:
        self.table = table
        self.column = column
        self.tables = frozenset((table,))
        self.amounts: dict[object, int] = defaultdict(int)

    def shape(self) -> Hashable:
        """The column, and whether one row is changed: it is found by its key, whatever is known of the table."""
        return self.table, self.column, "sum", len(self.amounts) == 1

    def sql(self, first: int) -> Clauses:
        """UPDATE of the rows with these keys."""
        update = (
            f'UPDATE "{self.table}" SET "{self.column}" = "{self.column}" + ${first + 1}::bigint '
            f"WHERE id = ${first}::uuid RETURNING 1"
            if len(self.amounts) == 1
            else f'UPDATE "{self.table}" t SET "{self.column}" = t."{self.column}" + s.amount '
            f"FROM unnest(${first}::uuid[], ${first + 1}::bigint[]) AS s (id, amount) "
            "WHERE t.id = s.id RETURNING 1"
        )
        name = f"summed_{self.table}_{self.column}"
        return Clauses({name: update}, {name: f"(SELECT count(*) FROM {name})"})

    def values(self) -> Sequence[object]:
        """Keys and amounts."""
        if len(self.amounts) == 1:
            return next(iter(self.amounts.items()))
        return [list(self.amounts), list(self.amounts.values())]

    def join(self, other: "Sums") -> None:
        """Its amounts, too."""
        for key, amount in other.amounts.items():
            self.amounts[key] += amount

    def written(self, answers: Mapping[str, Any]) -> None:
        """Every row must have been there."""
        if answers[f"summed_{self.table}_{self.column}"] != len(self.amounts):
            raise LookupError(f"a row of {self.table} that an amount was added to is not there")


class Writes:
    """What waits to be written in one transaction, and what shall happen once it has committed."""

    def __init__(self) -> None:
        self._parts: dict[Hashable, Part] = {}
        self._aside = False
        self.when_committed: list[Callable[[], None]] = []

    def part(self, key: Hashable, make: Callable[[], P]) -> P:
        """The part under a key, made when there is none."""
        found = self._parts.get(key)
        if found is None:
            found = self._parts[key] = make()
        return found  # pyright: ignore[reportReturnType]

    def found(self, key: Hashable) -> Part | None:
        """The part under this key, if something of it waits."""
        return self._parts.get(key)

    def is_waiting(self, row: Model) -> bool:
        """Whether this very row is still to be inserted, so that changing the object is enough."""
        part = self._parts.get(type(row))
        return isinstance(part, NewRows) and any(each is row for each in part.rows)

    def must_be_written(self) -> bool:
        """Whether something waits that the next statement must find written."""
        return bool(self._parts) and not self._aside

    @contextmanager
    def aside(self, *tables: str) -> Generator[None]:
        """Let statements that look at nothing but these tables go before what waits, unless that is theirs."""
        before = self._aside
        self._aside = not any(part.tables.intersection(tables) for part in self._parts.values())
        try:
            yield
        finally:
            self._aside = before

    def absorb(self, those: Iterable["Writes"]) -> None:
        """Let what waits elsewhere wait here."""
        for other in those:
            for key, part in other._parts.items():
                mine = self._parts.setdefault(key, part)
                if mine is not part:
                    mine.join(part)
            self.when_committed += other.when_committed

    def take(self) -> list[Part]:
        """All that waits; afterwards nothing does."""
        parts, self._parts = list(self._parts.values()), {}
        return parts

    def forget(self) -> None:
        """The transaction was undone: nothing is to be written any more."""
        self._parts = {}
        self.when_committed = []


_texts: dict[tuple[Hashable, ...], str] = {}
MOST_TEXTS = 512


def statement(parts: Sequence[Part]) -> tuple[str, list[object]]:
    """One statement that writes all parts, with its parameters."""
    values: list[object] = []
    starts: list[int] = []
    for part in parts:
        starts.append(len(values) + 1)
        values.extend(part.values())
    shape = tuple(part.shape() for part in parts)
    text = _texts.get(shape)
    if text is None:
        if len(_texts) >= MOST_TEXTS:
            _texts.clear()
        text = _texts[shape] = _text([part.sql(start) for part, start in zip(parts, starts, strict=True)])
    return text, values


def _text(parts: Sequence[Clauses]) -> str:
    """PostgreSQL does what an answer needs when it comes to it, and everything else at the end."""
    clauses = {name: sql for part in parts for name, sql in part.clauses.items()}
    answers = {name: sql for part in parts if not part.last for name, sql in part.answers.items()}
    last = {name: sql for part in parts if part.last for name, sql in part.answers.items()}
    if last:
        first = [name for part in parts for name in part.first]
        clauses |= {name: f"{clauses[name]} RETURNING 1" for name in first}
        answers = {f"done_{name}": f"(SELECT count(*) FROM {name})" for name in first} | answers | last
    with_ = ", ".join(f"{name} AS ({sql})" for name, sql in clauses.items())
    select = ", ".join(f"{sql} AS {name}" for name, sql in answers.items())
    return f"WITH {with_} SELECT {select or '1'}"
