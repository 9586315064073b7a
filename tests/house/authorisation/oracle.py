"""Who may see a row at most, found from the rows themselves: by whom their keys lead to."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from marketplace.kit import database
from marketplace.kit.actor import Actor, ActorKind

TABLES = """
SELECT table_name AS name FROM information_schema.columns
WHERE table_schema = 'public' AND column_name = 'id' AND data_type = 'uuid' ORDER BY 1"""
OPEN_TO_ALL = frozenset({"brand", "offer", "item", "market", "category", "offer_drop"})
"""Tables of the catalogue, which anybody may read."""
OPEN_TO_ITS_MEMBERS = frozenset({"earning_rule"})
"""Tables of a program's terms, which its members may read."""
PRINCIPALS = frozenset({"program", "partner", "member"})
DISTINCT = 10
"""Texts from this length on say whose they are, when only rows of one side have them."""
NOBODYS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}|\d{4}-\d\d-\d\d")
"""Keys, days and moments tell nothing."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Every row with a key: its table, the principals it leads to, its facts; and where a telling text stands."""

    table: dict[UUID, str]
    owners: dict[UUID, frozenset[UUID]]
    texts: dict[str, frozenset[UUID]]
    facts: dict[UUID, dict[str, Any]]

    def of_side(self, principals: frozenset[UUID]) -> frozenset[UUID]:
        """The rows that lead to one of these principals and to no other."""
        return frozenset(row for row, owners in self.owners.items() if owners and owners <= principals)

    def may_see(self, actor: Actor | None, row: UUID) -> bool:
        """Whether this row could be shown to the actor; what leads to nobody is for operators."""
        if row not in self.table or self.table[row] in OPEN_TO_ALL or self.facts[row].get("kind") == "CHARITY":
            return True
        if actor is None or actor.kind is ActorKind.OPERATOR:
            return actor is not None
        if actor.kind is ActorKind.PARTNER and self.sells_points(row):
            return True
        if row == actor.program_id or self.table[row] in OPEN_TO_ITS_MEMBERS:
            return actor.program_id in self.owners[row] or actor.id in self.owners[row]
        return actor.id in self.owners[row]

    def sells_points(self, row: UUID) -> bool:
        """Whether this is a program, or its price, that every partner may know because it buys points there."""
        if self.table[row] == "coalition_rate":
            return True
        sellers = {self.facts[key]["program_id"] for key, name in self.table.items() if name == "coalition_rate"}
        return self.table[row] == "program" and str(row) in sellers

    def may_read(self, actor: Actor | None, text: str) -> bool:
        """Whether this very text could be told to the actor: it stands in a row that they may see."""
        rows = self.texts.get(text)
        return rows is None or any(self.may_see(actor, row) for row in rows)


async def every_row() -> Rows:
    """What stands in the database now."""
    found: dict[UUID, dict[str, Any]] = {}
    table: dict[UUID, str] = {}
    for name in [row["name"] for row in await database.rows(TABLES)]:
        for row in await database.rows(f'SELECT id, to_jsonb(t)::text AS facts FROM "{name}" t'):
            found[row["id"]] = orjson.loads(row["facts"])
            table[row["id"]] = name
    await _personal_data(found, table)
    owners = {key: frozenset(_owners(key, found, table)) for key in found}
    return Rows(table, owners, _texts(found, owners), found)


async def _personal_data(found: dict[UUID, dict[str, Any]], table: dict[UUID, str]) -> None:
    """Names and addresses stand in a table without a key of its own: they count as the member's facts."""
    for row in await database.rows("SELECT member_id, name, email FROM personal_data"):
        assert table[row["member_id"]] == "member"
        found[row["member_id"]] |= {"personal_name": row["name"], "personal_email": row["email"]}


def _owners(key: UUID, found: dict[UUID, dict[str, Any]], table: dict[UUID, str]) -> Iterator[UUID]:
    """The principals that a row leads to, itself among them, over however many rows."""
    seen, waiting = {key}, [key]
    while waiting:
        each = waiting.pop()
        if table[each] in PRINCIPALS:
            yield each
        for value in found[each].values():
            other = _key(value)
            if other is not None and other in found and other not in seen:
                seen.add(other)
                waiting.append(other)


def _key(value: object) -> UUID | None:
    if not isinstance(value, str) or len(value) != 36:
        return None
    try:
        return UUID(value)
    except ValueError:
        return None


def _texts(found: dict[UUID, dict[str, Any]], owners: dict[UUID, frozenset[UUID]]) -> dict[str, frozenset[UUID]]:
    """Texts of some length by the rows they stand in, but for those that also stand in a row of nobody's."""
    told: dict[str, set[UUID]] = defaultdict(set)
    for key, facts in found.items():
        for value in facts.values():
            if isinstance(value, str) and len(value) >= DISTINCT and not NOBODYS.match(value):
                told[value].add(key)
    return {text: frozenset(rows) for text, rows in told.items() if all(owners[row] for row in rows)}
