"""Balances as of any past moment, and the way from a total to its rows and back. Reads for finance."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from marketplace.kit import database
from marketplace.kit.paging import Page, decode_cursor, encode_cursor, page_of_rows, page_size
from marketplace.kit.refusals import BadUserInput
from marketplace.ledger.models import Purpose

_END = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class AsOf:
    """A moment of the books: what was booked by then, or what counts up to and with a day. One of the two."""

    booked_by: datetime | None = None
    effective_on: date | None = None

    @property
    def clause(self) -> str:
        """SQL over a journal `j`; its value is parameter $1."""
        return "j.effective_on <= $1" if self.effective_on is not None else "j.booked_at <= $1"

    @property
    def value(self) -> date | datetime:
        """The parameter."""
        found = self.effective_on if self.effective_on is not None else self.booked_by
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class Line:
    """What all accounts of one purpose, owner and unit add up to; the balance is credits minus debits."""

    owner_kind: str
    purpose: str
    unit: str
    accounts: int
    debits: int
    credits: int

    @property
    def balance(self) -> int:
        """Credits minus debits."""
        return self.credits - self.debits


_TRIAL = """
WITH moved AS (
    SELECT t.credit_account_id AS account_id, 0 AS debit, t.amount AS credit
    FROM transfer t JOIN journal j ON j.id = t.journal_id WHERE {clause}
    UNION ALL
    SELECT t.debit_account_id, t.amount, 0
    FROM transfer t JOIN journal j ON j.id = t.journal_id WHERE {clause}
), by_account AS (SELECT account_id, sum(debit) AS debit, sum(credit) AS credit FROM moved GROUP BY account_id)
SELECT a.owner_kind, a.purpose, a.unit, count(*) AS accounts, sum(b.debit)::bigint AS debits,
    sum(b.credit)::bigint AS credits
FROM by_account b JOIN account a ON a.id = b.account_id
GROUP BY a.owner_kind, a.purpose, a.unit ORDER BY a.unit, a.owner_kind, a.purpose"""


async def trial_balance(as_of: AsOf) -> list[Line]:
    """Every kind of account with what was debited and credited by then. In each unit the two sides are equal."""
    return [Line(**row) for row in await database.rows(_TRIAL.format(clause=as_of.clause), as_of.value)]


def digest(lines: Sequence[Line]) -> str:
    """SHA-256 over the lines of a trial balance, each `unit|owner|purpose|debits|credits` and a newline."""
    told = "".join(f"{x.unit}|{x.owner_kind}|{x.purpose}|{x.debits}|{x.credits}\n" for x in lines)
    return hashlib.sha256(told.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account with its balance as of a moment."""

    id: UUID
    owner_kind: str
    owner_id: UUID
    purpose: str
    unit: str
    slice: int
    balance: int


_ACCOUNTS = """
SELECT a.id, a.owner_kind, a.owner_id, a.purpose, a.unit, a.slice, (
    SELECT coalesce(sum(t.amount), 0) FROM transfer t JOIN journal j ON j.id = t.journal_id
    WHERE t.credit_account_id = a.id AND {clause}
)::bigint - (
    SELECT coalesce(sum(t.amount), 0) FROM transfer t JOIN journal j ON j.id = t.journal_id
    WHERE t.debit_account_id = a.id AND {clause}
)::bigint AS balance
FROM account a
WHERE a.id > $2 AND ($3::text IS NULL OR a.purpose = $3) AND ($4::text IS NULL OR a.unit = $4)
    AND ($5::uuid IS NULL OR a.owner_id = $5)
ORDER BY a.id LIMIT {size}"""


@dataclass(frozen=True, slots=True)
class Which:
    """Which accounts are looked for; None is any."""

    purpose: Purpose | None = None
    unit: str | None = None
    owner_id: UUID | None = None


async def accounts(as_of: AsOf, which: Which, *, first: int | None, after: str | None) -> Page[AccountRow]:
    """A page of accounts with what stood on them."""
    size = page_size(first)
    sql = _ACCOUNTS.format(clause=as_of.clause, size=size + 1)
    purpose = which.purpose.value if which.purpose else None
    begin = _key(after) if after else UUID(int=0)
    rows = await database.rows(sql, as_of.value, begin, purpose, which.unit, which.owner_id)
    found = [AccountRow(**row) for row in rows]
    return page_of_rows(found, lambda row: encode_cursor(row.id), first=size, after=after)


def _key(cursor: str) -> UUID:
    try:
        return UUID(decode_cursor(cursor, 1)[0])
    except (ValueError, AttributeError, TypeError):
        raise BadUserInput("This cursor is not one that a page of this list gave.") from None


@dataclass(frozen=True, slots=True)
class EntryRow:
    """A transfer as one of its two accounts sees it: above zero where it was credited."""

    id: UUID
    journal_id: UUID
    amount: int
    unit: str
    other_account_id: UUID


_ENTRIES = """
SELECT t.id, t.journal_id, t.amount, t.unit, t.other_account_id FROM (
    (SELECT t.id, journal_id, amount, unit, debit_account_id AS other_account_id FROM transfer t
     JOIN journal j ON j.id = t.journal_id
     WHERE credit_account_id = $2 AND t.id < $3 AND {clause} ORDER BY t.id DESC LIMIT {size})
    UNION ALL
    (SELECT t.id, journal_id, -amount, unit, credit_account_id FROM transfer t
     JOIN journal j ON j.id = t.journal_id
     WHERE debit_account_id = $2 AND t.id < $3 AND {clause} ORDER BY t.id DESC LIMIT {size})
) t ORDER BY t.id DESC LIMIT {size}"""


async def entries(as_of: AsOf, account_id: UUID, *, first: int | None, after: str | None) -> Page[EntryRow]:
    """What an account's balance as of a moment is made of, the newest first."""
    size = page_size(first)
    sql = _ENTRIES.format(clause=as_of.clause, size=size + 1)
    rows = await database.rows(sql, as_of.value, account_id, _key(after) if after else _END)
    return page_of_rows(
        [EntryRow(**row) for row in rows], lambda row: encode_cursor(row.id), first=size, after=after
    )


@dataclass(frozen=True, slots=True)
class TransferRow:
    """One transfer with both of its accounts."""

    id: UUID
    journal_id: UUID
    amount: int
    unit: str
    debit: AccountRow
    credit: AccountRow


_TRANSFERS = """
SELECT t.id, t.journal_id, t.amount, t.unit, d.id AS d_id, d.owner_kind AS d_kind, d.owner_id AS d_owner,
    d.purpose AS d_purpose, d.slice AS d_slice, c.id AS c_id, c.owner_kind AS c_kind, c.owner_id AS c_owner,
    c.purpose AS c_purpose, c.slice AS c_slice
FROM transfer t JOIN account d ON d.id = t.debit_account_id JOIN account c ON c.id = t.credit_account_id
WHERE t.journal_id = ANY ($1) ORDER BY t.id"""


async def transfers_of(journal_ids: list[UUID]) -> dict[UUID, list[TransferRow]]:
    """The transfers of journals. The balances of their accounts are not told here."""
    found: dict[UUID, list[TransferRow]] = {id: [] for id in journal_ids}
    for row in await database.rows(_TRANSFERS, journal_ids):
        debit, credit = (
            AccountRow(
                row[f"{side}_id"],
                row[f"{side}_kind"],
                row[f"{side}_owner"],
                row[f"{side}_purpose"],
                row["unit"],
                row[f"{side}_slice"],
                0,
            )
            for side in "dc"
        )
        found[row["journal_id"]].append(
            TransferRow(row["id"], row["journal_id"], row["amount"], row["unit"], debit, credit)
        )
    return found
