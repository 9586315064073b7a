"""Declaring what a field takes: of its own row, of rows beside it, and of rows fetched for all of them together.

The declaration stands on the field, and the field's resolver is the only code that makes its value: resolved
plainly it fetches what it needs, planned it finds everything at hand.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from operator import attrgetter
from typing import Any

import strawberry

from marketplace.kit.rows import Rows

PLANNED = "planned"
DIRECT = "planned directly"


class Varies(Enum):
    """What a field's value goes by, beside rows that were read and what is remembered of the caller.

    CALLER: facts that are this caller's alone, such as a wallet. CLOCK: it is another one each second. OFTEN: what
    changes too often to be noted, such as how many units are left. LIST: rows that are not on the page. PLACE: it
    takes a variable.
    """

    CALLER = "caller"
    CLOCK = "clock"
    OFTEN = "often"
    LIST = "list"
    PLACE = "place"


@dataclass(frozen=True, eq=False)
class Join:
    """A row beside another, such as an offer's brand: its columns stand in the same statement.

    `clause` is the SQL that joins it, empty where the statement does so anyway; `key` is the attribute of the
    row that names it, and `build` makes its GraphQL value. Resolvers find that in `info.context.at_hand[name]`.
    """

    name: str
    rows: Rows[Any]
    key: str
    build: Callable[[Any], Any]
    clause: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a need is to fetch: for which parents, with which arguments of which calls, and which columns."""

    root: Any
    parents: Sequence[Any]
    calls: Sequence[Mapping[str, Any]]
    columns: frozenset[str]
    at_hand: dict[str, dict[Any, Any]]


@dataclass(frozen=True, slots=True)
class Use:
    """A need, and which columns of its rows are used."""

    need: "Need"
    columns: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Need:
    """Something fetched once for all rows of a plan: a nested list, or figures that resolvers take.

    `fetch` puts what it found into `asked.at_hand[name]`, or where the resolvers' own loaders keep it. `rows`
    are those of a nested list, `reads` the columns it takes of the plan's rows, `uses` what it fetches before.
    With `nested`, a source whose statement can nest them does so while no call has arguments: nothing is fetched.
    """

    name: str
    fetch: Callable[[Any, Asked], Awaitable[None]]
    rows: Rows[Any] | None = None
    reads: tuple[str, ...] = ()
    uses: tuple[Use, ...] = ()
    nested: "Nesting | None" = None

    def __call__(self, *columns: str) -> Use:
        """This need, with columns of its rows."""
        return Use(self, columns)


@dataclass(frozen=True, slots=True)
class Nesting:
    """Rows nested in those of a plan: `clause` is one JSON array of them, with `{values}` for what is taken.

    `key` says under which key of `at_hand` their resolver looks, from the row and what the statement was given.
    `own` says of one of them that it shows what is this caller's alone.
    """

    clause: str
    key: Callable[[Any, Mapping[str, Any]], Any]
    own: Callable[[Any], bool] = lambda row: False


@dataclass(frozen=True, slots=True)
class Planned:
    """How a field is planned: the columns it reads, what must be at hand, and whose rows its value is made of."""

    reads: tuple[str, ...] = ()
    uses: tuple[Use, ...] = ()
    gives: Join | Need | None = None
    varies: tuple[Varies, ...] = ()


def planned(
    *,
    description: str,
    reads: tuple[str, ...] = (),
    uses: tuple[Use, ...] = (),
    gives: Join | Need | None = None,
    varies: tuple[Varies, ...] = (),
) -> Any:
    """Publish a resolver as a field that plans can answer.

    The resolver may read only `reads` of its row, and may wait only for what `uses` and `gives` put at hand. What
    its value goes by beside those is in `varies`.
    """
    metadata: dict[Any, Any] = {PLANNED: Planned(reads, uses, gives, varies)}
    return strawberry.field(description=description, metadata=metadata)


def directly(*, description: str) -> Any:
    """Publish a root resolver that answers by `answer`, and for whom nothing but `info` stands before it."""
    return strawberry.field(description=description, metadata={DIRECT: True})


@dataclass(frozen=True, eq=False)
class Source:
    """What a planned field is made of: rows, the classes that stand for them, and how an answer tells its own.

    With `nests` its statements nest rows: those values that they are given (see `Pick.select`) name which.
    """

    rows: Rows[Any]
    classes: frozenset[type]
    parents: Callable[[Any], Sequence[Any]]
    nests: tuple[str, ...] | None = None
    row: Callable[[Any], Any] = attrgetter("row")


@dataclass(eq=False)
class Frame:
    """The columns and joins that a selection takes of one kind of row."""

    rows: Rows[Any]
    columns: set[str] = field(default_factory=set[str])
    joins: dict[Join, "Frame"] = field(default_factory=dict[Join, "Frame"])

    def read(self, names: tuple[str, ...]) -> None:
        """Take these columns too."""
        unknown = set(names) - self.rows.columns.keys()
        if unknown:
            raise Unplannable(f"{self.rows.row.__name__} has no {sorted(unknown)}")
        self.columns.update(names)


class Unplannable(Exception):
    """This selection, or this answer, must be made by the plain path."""
