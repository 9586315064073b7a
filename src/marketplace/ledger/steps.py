"""Posting to the books, inside a transaction that somebody else opened."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from random import choice
from typing import NamedTuple
from uuid import UUID

from marketplace.kit import clock, database
from marketplace.kit.ids import new_id
from marketplace.kit.sharing import SharedRead
from marketplace.ledger.accounts import AccountKey
from marketplace.ledger.postings import Overdrawn, Postings, full_lately, open_already

__all__ = ["Entry", "Overdrawn", "draw", "open_accounts", "post"]


@dataclass(frozen=True, slots=True)
class Entry:
    """`amount` units from the debit account to the credit account; both have the same unit."""

    debit: AccountKey
    credit: AccountKey
    amount: int


_OPEN = """
WITH opened AS (
    INSERT INTO account (id, owner_kind, owner_id, purpose, unit, slice, guarded, opened_at)
    SELECT *, $8::timestamptz FROM unnest(
        $1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::smallint[], $7::boolean[]
    ) ON CONFLICT DO NOTHING RETURNING id, guarded
)
INSERT INTO balance (account_id, balance) SELECT id, 0 FROM opened WHERE guarded"""


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
    """Write one journal with its transfers; returns its id. It waits for the transaction's other writes.

    Entries of amount zero are left out; there must be one that is not. (reason, ref_id) can be posted once:
    the database refuses a second time. Overdrawn is raised, when all is written, if a guarded account went
    below zero.
    """
    entries = [entry for entry in entries if entry.amount]
    if not entries or any(entry.amount < 0 for entry in entries):
        raise ValueError("a journal needs entries, each with an amount above zero")
    if any(entry.debit.unit != entry.credit.unit for entry in entries):
        raise ValueError("an entry moves units of one kind")
    journal_id, dates = new_id(), (booked_at or clock.now(), effective_on or clock.today())
    async with _postings() as postings:
        postings.journal(journal_id, reason, (ref_type, ref_id), dates, corrects)
        for entry in entries:
            postings.transfer(new_id(), journal_id, entry.debit, entry.credit, entry.amount)
    return journal_id


def _postings() -> AbstractAsyncContextManager[Postings]:
    """What this transaction posts; the accounts it opens are known once it is committed."""
    writes = database.waiting()
    if writes is not None and writes.found(Postings) is None:
        made = writes.part(Postings, Postings)
        writes.when_committed.append(lambda: open_already.remember(made.used()))
    return database.part(Postings, Postings)


def _touches(keys: Sequence[AccountKey]) -> bool:
    """Whether the transaction changes the balance of any of these accounts, and has not written it yet."""
    writes = database.waiting()
    postings = writes.found(Postings) if writes is not None else None
    return isinstance(postings, Postings) and postings.touches(keys)


FULL = 64
"""A slice that holds so many times what is drawn is not emptied by those who draw at the same moment."""
_FULL_SLICES = """
SELECT b.account_id, w.least FROM unnest($1::uuid[], $2::bigint[]) AS w (account_id, least)
JOIN balance b ON b.account_id = w.account_id AND b.balance >= w.least"""
_ONE_SLICE = """
SELECT account_id FROM balance WHERE account_id = ANY ($1) AND balance >= $2
ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED"""
_ALL_SLICES = """
SELECT account_id, balance FROM balance WHERE account_id = ANY ($1) ORDER BY account_id FOR UPDATE"""


class _Funds(NamedTuple):
    """Slices of one fund, and what a full one of them holds at least."""

    slices: tuple[UUID, ...]
    least: int


async def _full_slices(funds: Sequence[_Funds]) -> dict[_Funds, list[UUID]]:
    pairs = [(slice, fund.least) for fund in funds for slice in fund.slices]
    rows = await database.rows(_FULL_SLICES, [slice for slice, _ in pairs], [least for _, least in pairs])
    full = {(row["account_id"], row["least"]) for row in rows}
    return {fund: [slice for slice in fund.slices if (slice, fund.least) in full] for fund in funds}


_full = SharedRead(_full_slices)


async def draw(slices: Sequence[AccountKey], amount: int) -> list[tuple[AccountKey, int]] | None:
    """Choose slices of one fund that together hold `amount`; None when all do not.

    One that is full, or was a moment ago, is taken as it is: the posting itself locks it, and sees to it that it
    stays above zero. Of others a free one that holds enough is locked, so that two draws seldom wait for each
    other; only when there is none are all of them locked.
    """
    by_id = {key.id: key for key in slices}
    digits = amount.bit_length()
    full = [key for key in slices if (key.id, digits) in full_lately]
    if full:
        return [(choice(full), amount)]  # noqa: S311 (spreads load)
    with nullcontext() if _touches(slices) else database.aside():
        found = await _full.ask(_Funds(tuple(by_id), FULL << digits))
        if found:
            full_lately.remember((slice, digits) for slice in found)
            return [(by_id[choice(found)], amount)]  # noqa: S311
        free = await database.row(_ONE_SLICE, list(by_id), amount)
    if free is not None:
        return [(by_id[free["account_id"]], amount)]
    drawn: list[tuple[AccountKey, int]] = []
    for row in await database.rows(_ALL_SLICES, list(by_id)):
        part = min(row["balance"], amount)
        if part:
            drawn.append((by_id[row["account_id"]], part))
            amount -= part
    return None if amount else drawn
