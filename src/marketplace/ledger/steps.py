"""Posting to the books, inside a transaction that somebody else opened."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from marketplace.kit import clock, database
from marketplace.kit.ids import new_id
from marketplace.ledger.accounts import AccountKey


@dataclass(frozen=True, slots=True)
class Entry:
    """`amount` units from the debit account to the credit account; both have the same unit."""

    debit: AccountKey
    credit: AccountKey
    amount: int


class Overdrawn(Exception):
    """A guarded account would go below zero: whoever posts must have made sure that it cannot."""


_OPEN = """
WITH opened AS (
    INSERT INTO account (id, owner_kind, owner_id, purpose, unit, slice, guarded, opened_at)
    SELECT *, $8::timestamptz FROM unnest(
        $1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::smallint[], $7::boolean[]
    ) ON CONFLICT DO NOTHING RETURNING id, guarded
)
INSERT INTO balance (account_id, balance) SELECT id, 0 FROM opened WHERE guarded"""
_POST = """
WITH cause AS (
    INSERT INTO journal (id, reason, ref_type, ref_id, booked_at, effective_on, corrects_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
)
INSERT INTO transfer (id, journal_id, debit_account_id, credit_account_id, unit, amount)
SELECT t.id, $1, t.debit, t.credit, t.unit, t.amount
FROM unnest($8::uuid[], $9::uuid[], $10::uuid[], $11::text[], $12::bigint[])
    AS t (id, debit, credit, unit, amount)"""
_MOVE = """
WITH change AS (SELECT * FROM unnest($1::uuid[], $2::bigint[]) AS c (account_id, amount)),
locked AS MATERIALIZED (
    SELECT account_id FROM balance WHERE account_id = ANY ($1) ORDER BY account_id FOR UPDATE
)
UPDATE balance SET balance = balance.balance + change.amount
FROM change JOIN locked USING (account_id)
WHERE balance.account_id = change.account_id AND balance.balance + change.amount >= 0
RETURNING balance.account_id"""


async def open_accounts(keys: Sequence[AccountKey]) -> None:
    """Make the accounts that do not exist yet; guarded ones with a balance of zero."""
    rows = sorted(set(keys), key=lambda key: key.id)
    await database.execute(
        _OPEN,
        [key.id for key in rows],
        [key.owner_kind.value for key in rows],
        [key.owner_id for key in rows],
        [key.purpose.value for key in rows],
        [key.unit for key in rows],
        [key.slice for key in rows],
        [key.guarded for key in rows],
        clock.now(),
    )


async def _move_guarded(entries: Sequence[Entry]) -> None:
    changes: dict[UUID, int] = defaultdict(int)
    for entry in entries:
        if entry.debit.guarded:
            changes[entry.debit.id] -= entry.amount
        if entry.credit.guarded:
            changes[entry.credit.id] += entry.amount
    changes = {id: amount for id, amount in changes.items() if amount}
    if changes:
        moved = await database.rows(_MOVE, list(changes), list(changes.values()))
        if len(moved) != len(changes):
            raise Overdrawn


async def post(
    reason: str,
    ref_type: str,
    ref_id: UUID,
    entries: Sequence[Entry],
    *,
    effective_on: date | None = None,
    booked_at: datetime | None = None,
    corrects: UUID | None = None,
) -> UUID:
    """Write one journal with its transfers; returns its id.

    Entries of amount zero are left out; there must be one that is not. (reason, ref_id) can be posted once:
    the database refuses a second time. Raises Overdrawn when a guarded account would go below zero.
    """
    entries = [entry for entry in entries if entry.amount]
    if not entries or any(entry.amount < 0 for entry in entries):
        raise ValueError("a journal needs entries, each with an amount above zero")
    if any(entry.debit.unit != entry.credit.unit for entry in entries):
        raise ValueError("an entry moves units of one kind")
    await open_accounts([key for entry in entries for key in (entry.debit, entry.credit)])
    journal_id = new_id()
    await database.execute(
        _POST,
        journal_id,
        reason,
        ref_type,
        ref_id,
        booked_at or clock.now(),
        effective_on or clock.today(),
        corrects,
        [new_id() for _ in entries],
        [entry.debit.id for entry in entries],
        [entry.credit.id for entry in entries],
        [entry.debit.unit for entry in entries],
        [entry.amount for entry in entries],
    )
    await _move_guarded(entries)
    return journal_id


_ONE_SLICE = """
SELECT account_id FROM balance WHERE account_id = ANY ($1) AND balance >= $2
ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED"""
_ALL_SLICES = """
SELECT account_id, balance FROM balance WHERE account_id = ANY ($1) ORDER BY account_id FOR UPDATE"""


async def draw(slices: Sequence[AccountKey], amount: int) -> list[tuple[AccountKey, int]] | None:
    """Choose slices of one fund that together hold `amount`, and lock them; None when all do not.

    A free slice that is full enough is taken alone, so that two draws seldom wait for each other.
    """
    by_id = {key.id: key for key in slices}
    one = await database.row(_ONE_SLICE, list(by_id), amount)
    if one is not None:
        return [(by_id[one["account_id"]], amount)]
    drawn: list[tuple[AccountKey, int]] = []
    for row in await database.rows(_ALL_SLICES, list(by_id)):
        part = min(row["balance"], amount)
        if part:
            drawn.append((by_id[row["account_id"]], part))
            amount -= part
    return None if amount else drawn
