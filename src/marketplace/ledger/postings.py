"""What one transaction posts to the books, gathered, and the SQL that writes it."""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from marketplace.kit.memory import Known, Lately
from marketplace.kit.writes import Clauses, Raced
from marketplace.ledger.accounts import AccountKey

_JOURNALS = """
INSERT INTO journal (id, reason, ref_type, ref_id, booked_at, effective_on, corrects_id)
SELECT * FROM unnest(${0}::uuid[], ${1}::text[], ${2}::text[], ${3}::uuid[], ${4}::timestamptz[], ${5}::date[],
    ${6}::uuid[])"""
_TRANSFERS = """
INSERT INTO transfer (id, journal_id, debit_account_id, credit_account_id, unit, amount)
SELECT * FROM unnest(${7}::uuid[], ${8}::uuid[], ${9}::uuid[], ${10}::uuid[], ${11}::text[], ${12}::bigint[])"""
_LOCKED = """
SELECT account_id FROM balance WHERE account_id = ANY (${13}::uuid[]) ORDER BY account_id FOR UPDATE"""
_MOVED = """
UPDATE balance SET balance = balance.balance + change.amount
FROM unnest(${13}::uuid[], ${14}::bigint[]) AS change (account_id, amount) JOIN balance_locked USING (account_id)
WHERE balance.account_id = change.account_id AND balance.balance + change.amount >= 0
RETURNING 1"""
_OPENED = """
INSERT INTO account (id, owner_kind, owner_id, purpose, unit, slice, guarded, opened_at)
SELECT * FROM unnest(${15}::uuid[], ${16}::text[], ${17}::uuid[], ${18}::text[], ${19}::text[], ${20}::smallint[],
    ${21}::boolean[], ${22}::timestamptz[])
ON CONFLICT DO NOTHING RETURNING 1"""
_BEGUN = """
INSERT INTO balance AS kept (account_id, balance) SELECT * FROM unnest(${23}::uuid[], ${24}::bigint[])
ON CONFLICT (account_id) DO UPDATE SET balance = kept.balance + excluded.balance WHERE excluded.balance <> 0"""
_PARAMETERS: Final = 25
_MOVES: Final = ("balance_locked", _LOCKED), ("balance_moved", _MOVED)
_OPENS: Final = ("account_opened", _OPENED), ("balance_begun", _BEGUN)

open_already: Known[UUID] = Known(100_000)
"""Accounts that are there: an account is never closed, so nobody has to look again."""
full_lately: Lately[tuple[UUID, int]] = Lately(10_000, seconds=1.0)
"""Slices of funds that held far more than amounts of so many binary digits a moment ago."""


class Overdrawn(Raced):
    """A guarded account would go below zero: somebody was faster, or whoever posts has not made sure of it."""


class Postings:
    """Journals with their transfers, the accounts they need, and what they change of guarded balances.

    Only what the transaction changes altogether is checked and written: points that are held and spent at once
    do not touch the balance of held points.
    """

    tables = frozenset({"journal", "transfer", "account", "balance"})

    def __init__(self) -> None:
        self._journals: list[tuple[UUID, str, str, UUID, datetime, date, UUID | None]] = []
        self._transfers: list[tuple[UUID, UUID, UUID, UUID, str, int]] = []
        self._changes: dict[UUID, int] = defaultdict(int)
        self._unknown: dict[UUID, AccountKey] = {}
        self._opened_at: datetime | None = None

    def journal(
        self,
        id: UUID,
        reason: str,
        ref: tuple[str, UUID],
        dates: tuple[datetime, date],
        corrects: UUID | None,
    ) -> None:
        """Write a journal."""
        self._journals.append((id, reason, *ref, *dates, corrects))
        self._opened_at = dates[0]

    def transfer(self, id: UUID, journal: UUID, debit: AccountKey, credit: AccountKey, amount: int) -> None:
        """Write a transfer of a journal."""
        for key, change in ((debit, -amount), (credit, amount)):
            if key.id not in open_already:
                self._unknown[key.id] = key
            if key.guarded:
                self._changes[key.id] += change
        self._transfers.append((id, journal, debit.id, credit.id, debit.unit, amount))

    def touches(self, keys: Sequence[AccountKey]) -> bool:
        """Whether the balance of any of these accounts is to be changed."""
        return any(self._changes.get(key.id) for key in keys)

    def used(self) -> list[UUID]:
        """Accounts that are there once this is committed."""
        return list(self._unknown)

    def _begun(self) -> dict[UUID, int]:
        """Balances that may have to be made, with what is first put there; nobody takes from an unknown one."""
        guarded = [id for id, key in self._unknown.items() if key.guarded]
        return {id: self._changes.get(id, 0) for id in sorted(guarded) if self._changes.get(id, 0) >= 0}

    def _moved(self) -> dict[UUID, int]:
        begun = self._begun()
        return {id: amount for id, amount in self._changes.items() if amount and id not in begun}

    def shape(self) -> Hashable:
        """Whether accounts may have to be opened."""
        return "postings", bool(self._unknown)

    def sql(self, first: int) -> Clauses:
        """INSERTs, and the guarded balances, locked in the order of their ids."""
        clauses = {"journal_posted": _JOURNALS, "transfer_posted": _TRANSFERS, **dict(_MOVES)}
        if self._unknown:
            clauses |= dict(_OPENS)
        numbers = range(first, first + _PARAMETERS)
        return Clauses(
            {name: sql.format(*numbers) for name, sql in clauses.items()},
            {"balances_moved": "(SELECT count(*) FROM balance_moved)"},
            first=("journal_posted", "transfer_posted"),
        )

    def values(self) -> Sequence[object]:
        """Columns of all that is written."""
        moved = self._moved()
        values: list[object] = [*_columns(self._journals, 7), *_columns(self._transfers, 6)]
        values += [list(moved), list(moved.values())]
        if self._unknown:
            keys = sorted(self._unknown.values(), key=lambda key: key.id)
            facts = [
                (key.id, key.owner_kind.value, key.owner_id, key.purpose.value, key.unit, key.slice, key.guarded)
                for key in keys
            ]
            begun = self._begun()
            values += [*_columns(facts, 7), [self._opened_at] * len(keys), list(begun), list(begun.values())]
        return values

    def join(self, other: "Postings") -> None:
        """Its journals, too: only what both change together is checked."""
        self._journals += other._journals
        self._transfers += other._transfers
        self._unknown |= other._unknown
        self._opened_at = self._opened_at or other._opened_at
        for id, amount in other._changes.items():
            self._changes[id] += amount

    def written(self, answers: Mapping[str, Any]) -> None:
        """Raises Overdrawn when a guarded account would have gone below zero."""
        if answers["balances_moved"] != len(self._moved()):
            full_lately.clear()
            raise Overdrawn


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
