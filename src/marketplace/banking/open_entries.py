"""What an entry most likely was, and whether bank and books agree on a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from marketplace.banking.models import BankAccount
from marketplace.kit import database

NEAR_DAYS = 14
_MOVED = """
moved AS (
    SELECT j.id, j.reason, j.ref_id, j.effective_on, k.unit AS currency,
        sum(CASE k.id WHEN t.debit_account_id THEN t.amount ELSE -t.amount END)::bigint AS minor
    FROM account k JOIN transfer t ON k.id IN (t.debit_account_id, t.credit_account_id)
    JOIN journal j ON j.id = t.journal_id
    WHERE k.purpose = 'BANK_CLEARING' AND j.reason NOT IN ('bank.entry', 'bank.opened')
      AND NOT EXISTS (SELECT FROM bank_match m WHERE m.journal_id = j.id)
      AND j.booked_at >= (SELECT min(registered_at) FROM bank_account WHERE currency = k.unit)
    GROUP BY j.id, k.unit
)"""
_PROPOSED = f"""
WITH {_MOVED}
SELECT DISTINCT ON (e.id) e.id AS entry_id, m.id AS journal_id FROM bank_entry e JOIN moved m
    ON m.currency = e.currency
   AND m.minor = CASE e.direction WHEN 'CREDIT' THEN e.amount_minor ELSE -e.amount_minor END
   AND abs(m.effective_on - e.booked_on) <= {NEAR_DAYS}
WHERE e.id = ANY ($1) AND e.explained_at IS NULL
ORDER BY e.id, abs(m.effective_on - e.booked_on), m.id"""
_STATED = """
WITH RECURSIVE chain AS (
    (SELECT s.id, s.closing_minor, s.closing_on FROM bank_statement s JOIN bank_account a ON a.id = s.account_id
     WHERE a.id = $1 AND s.opening_minor = a.opening_minor AND s.closing_on >= a.opened_on
     ORDER BY s.closing_on, s.id LIMIT 1)
    UNION ALL
    (SELECT n.id, n.closing_minor, n.closing_on FROM chain c CROSS JOIN LATERAL (
        SELECT s.id, s.closing_minor, s.closing_on FROM bank_statement s
        WHERE s.account_id = $1 AND s.opening_minor = c.closing_minor
          AND (s.closing_on, s.id) > (c.closing_on, c.id) AND s.closing_on <= $2
        ORDER BY s.closing_on, s.id LIMIT 1) n)
)
SELECT id, closing_minor, closing_on FROM chain WHERE closing_on <= $2 ORDER BY closing_on DESC, id DESC LIMIT 1"""
_GAP = """
SELECT EXISTS (SELECT FROM bank_statement s WHERE s.account_id = $1 AND s.closing_on <= $2
    AND (s.closing_on, s.id) > ($3, $4))"""
_OURS = """
SELECT coalesce(sum(CASE k.id WHEN t.debit_account_id THEN t.amount ELSE -t.amount END), 0)::bigint
FROM account k JOIN transfer t ON k.id IN (t.debit_account_id, t.credit_account_id)
JOIN journal j ON j.id = t.journal_id LEFT JOIN bank_entry e ON e.id = j.ref_id
WHERE k.purpose = 'BANK' AND k.unit = $1 AND (e.id IS NULL OR e.booked_on <= $2)"""
_OPEN = """
SELECT count(*) FROM bank_entry
WHERE account_id = $1 AND booked_on <= $2 AND (explained_at IS NULL OR statement_id IS NULL)"""


@dataclass(frozen=True, slots=True)
class Stated:
    """What the bank's statements, each beginning where the one before ended, close with on a day."""

    statement_id: UUID
    closing_minor: int
    closing_on: date


async def proposals(entry_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """For each entry the journal that most likely says what it was: the same money, near in time, by entry."""
    rows = await database.rows(_PROPOSED, list(entry_ids))
    return {row["entry_id"]: row["journal_id"] for row in rows}


async def stated(account: BankAccount, day: date) -> Stated | None:
    """What the bank says an account closed with on or before a day; None when its statements do not reach it."""
    row = await database.row(_STATED, account.id, day)
    return Stated(row["id"], row["closing_minor"], row["closing_on"]) if row else None


async def has_gap(account: BankAccount, day: date, known: Stated) -> bool:
    """Whether there is a later statement up to the day that does not begin where the one before ended."""
    return bool(await database.value(_GAP, account.id, day, known.closing_on, known.statement_id))


async def ours(account: BankAccount, day: date) -> int:
    """What the books say stood on the account when a day ended, in minor units."""
    return int(await database.value(_OURS, account.currency, day))


async def open_up_to(account: BankAccount, day: date) -> int:
    """How many entries up to a day nobody has explained, or no statement has."""
    return int(await database.value(_OPEN, account.id, day))


_BY_JOURNAL = """
SELECT coalesce(sum(CASE k.id WHEN t.debit_account_id THEN t.amount ELSE -t.amount END), 0)::bigint
FROM transfer t JOIN account k ON k.id IN (t.debit_account_id, t.credit_account_id)
JOIN journal j ON j.id = t.journal_id
WHERE t.journal_id = $1 AND k.purpose = 'BANK_CLEARING' AND k.unit = $2
  AND j.reason NOT IN ('bank.entry', 'bank.opened')
  AND NOT EXISTS (SELECT FROM bank_match m WHERE m.journal_id = $1)"""


async def moved_by(journal_id: UUID, currency: str) -> int:
    """By how much a journal that matches nothing yet moved BANK_CLEARING: above zero as a credit needs it."""
    return int(await database.value(_BY_JOURNAL, journal_id, currency))
