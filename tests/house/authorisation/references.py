"""Which row of one side an input's id is about."""

from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from graphql import get_named_type

from marketplace.kit import ids
from marketplace.kit.graphql import node_loaders
from tests.house.authorisation.oracle import OPEN_TO_ALL, Rows
from tests.house.authorisation.world import Side

TABLES = {"charity": "partner", "drop": "offer_drop", "grant": "earning_grant", "return": "return_request"}
"""Prefixes of global ids whose table goes by another name."""


@cache
def table_of(prefix: str) -> str:
    """The table that the rows of a prefix stand in: `topUp` in `top_up`."""
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in prefix)
    return TABLES.get(prefix, snake)


@dataclass(frozen=True, slots=True)
class References:
    """Ids of one side; where it has none, of nothing. Unless `there`, only what is open to all is there."""

    rows: Rows
    side: Side
    there: bool = True

    def of(self, root_field: str) -> "Chosen":
        """The ids for the arguments of a root field."""
        return Chosen(self, root_field)

    def id_of(self, prefix: str) -> str:
        """A row of this side behind a prefix."""
        wanted = [
            row
            for row, table in self.rows.table.items()
            if table == table_of(prefix) and self.rows.owners[row] & self.side.principals
        ]
        if prefix == "charity":
            wanted = [self.side.charity.id]
        is_there = self.there or table_of(prefix) in OPEN_TO_ALL
        return ids.public(prefix, wanted[0] if wanted and is_there else ids.new_id())


@dataclass(frozen=True, slots=True)
class Chosen:
    """The ids for one root field: by the name of the argument, or of the field where that says nothing."""

    references: References
    root_field: str

    def wants(self, name: str, kind: Any) -> bool:
        """Whether an optional input is given too."""
        return str(cast("object", get_named_type(kind))) == "ID"

    def text_for(self, name: str) -> str:
        """A sound text for an input of this name."""
        if name.lower().endswith("url"):
            return "https://example.org/back"
        return self.references.side.member.reference if name == "reference" else "a text of some length"

    def id_for(self, name: str) -> str:
        """The id that an input of this name is about."""
        return self.references.id_of(self._prefix(name))

    def _prefix(self, name: str) -> str:
        said = name.removesuffix("Id").removesuffix("Ids")
        if said in node_loaders():
            return said
        if name == "owner":
            return "program"
        field = self.root_field.lower()
        meant = [prefix for prefix in node_loaders() if prefix.lower().endswith(said.lower())]
        meant = meant or [prefix for prefix in node_loaders() if field.endswith(prefix.lower())]
        return max(meant, key=len) if meant else "partner"
