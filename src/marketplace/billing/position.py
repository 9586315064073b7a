"""A program's account with the marketplace, read from the books: what moved it, why, and where it stands.

Its own accounts are the slices of its funding, what is held of it, its line of credit and what it left uncovered.
Together they stand at what the program has paid in and not spent: below zero it owes us that. What moves between
them (a hold, a raised limit) moves nothing; every other journal is told once, under a kind and a detail.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from marketplace.kit import database
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.members.models import Program

OWN = (Purpose.FUNDING_HELD, Purpose.CREDIT_LINE, Purpose.UNCOVERED)
RATE_DAYS = 28
"""The present rate is what the last so many days cost, a day; of a younger program, what all of its days cost."""


class MovementKind(StrEnum):
    """Why a program's account with us moved."""

    PAID_IN = "PAID_IN"
    RETURNED = "RETURNED"
    COALITION = "COALITION"
    SPENT = "SPENT"
    CARD = "CARD"
    REFUNDED = "REFUNDED"
    OTHER = "OTHER"


# $1 are the program's own accounts, $2 and $3 bound the time of booking, $4 is a journal to begin after.
_MOVED = """
WITH moved AS (
    SELECT t.journal_id, t.amount FROM transfer t
    WHERE t.credit_account_id = ANY ($1) AND t.debit_account_id <> ALL ($1)
    UNION ALL
    SELECT t.journal_id, -t.amount FROM transfer t
    WHERE t.debit_account_id = ANY ($1) AND t.credit_account_id <> ALL ($1)
), journals AS (
    SELECT j.id, j.reason, j.ref_type, j.ref_id, j.booked_at, sum(m.amount)::bigint AS minor
    FROM moved m JOIN journal j ON j.id = m.journal_id
    WHERE j.booked_at >= $2 AND j.booked_at < $3
    GROUP BY j.id HAVING sum(m.amount) <> 0
), told AS (
    SELECT j.id, j.reason, j.ref_type, j.ref_id, j.booked_at, j.minor,
        CASE WHEN j.reason = 'funding.paid_in' THEN 'PAID_IN' WHEN j.reason = 'funding.returned' THEN 'RETURNED'
            WHEN j.reason LIKE 'coalition.%' THEN 'COALITION' WHEN j.reason LIKE 'card.%' THEN 'CARD'
            WHEN j.reason IN ('accrual.sale', 'accrual.donation', 'cash.sent') THEN 'SPENT'
            WHEN j.reason IN ('accrual.refund', 'cash.reversed') THEN 'REFUNDED' ELSE 'OTHER' END AS kind,
        CASE WHEN j.reason = 'funding.paid_in' THEN coalesce(p.origin, 'PERSON')
            WHEN j.reason = 'funding.returned' THEN coalesce(b.cause, 'REFUND')
            WHEN j.reason LIKE 'coalition.%' OR j.reason LIKE 'card.%' THEN split_part(j.reason, '.', 2)
            WHEN j.reason LIKE 'cash.%' THEN 'CASH'
            WHEN j.reason IN ('accrual.sale', 'accrual.refund', 'accrual.donation')
                THEN coalesce(r.kind, CASE WHEN j.reason = 'accrual.sale' THEN 'VOUCHER' ELSE 'DONATION' END)
            ELSE j.reason END AS detail
    FROM journals j
    LEFT JOIN funding_receipt p ON p.id = j.ref_id AND j.ref_type = 'funding_receipt'
    LEFT JOIN funding_takeback b ON b.id = j.ref_id AND j.ref_type = 'funding_takeback'
    LEFT JOIN refund f ON f.id = j.ref_id AND j.ref_type = 'refund'
    LEFT JOIN redemption r ON r.id = CASE j.ref_type WHEN 'redemption' THEN j.ref_id ELSE f.redemption_id END
)"""
_LINES = f"""{_MOVED}
SELECT kind, detail, count(*) AS journals, sum(minor)::bigint AS minor FROM told
GROUP BY kind, detail ORDER BY array_position($4::text[], kind), detail COLLATE "C" """
_JOURNALS = f"""{_MOVED}
SELECT id, reason, ref_type, ref_id, booked_at, minor FROM told
WHERE kind = $4 AND detail = $5 AND id > $6 ORDER BY id LIMIT $7"""
_STOOD = """
SELECT a.purpose, sum(x.minor)::bigint AS minor FROM account a JOIN LATERAL (
    SELECT coalesce(sum(CASE WHEN t.credit_account_id = a.id THEN t.amount ELSE -t.amount END), 0) AS minor
    FROM transfer t JOIN journal j ON j.id = t.journal_id
    WHERE (t.credit_account_id = a.id OR t.debit_account_id = a.id) AND j.booked_at < $2
) AS x ON true WHERE a.id = ANY ($1) GROUP BY a.purpose"""
_FIRST = """
SELECT min(j.booked_at) FROM transfer t JOIN journal j ON j.id = t.journal_id
WHERE t.credit_account_id = ANY ($1) OR t.debit_account_id = ANY ($1)"""
_SPENT = """
SELECT coalesce(sum(minor), 0)::bigint FROM (
    SELECT t.amount AS minor, t.journal_id FROM transfer t
    WHERE t.debit_account_id = ANY ($1) AND t.credit_account_id <> ALL ($1)
    UNION ALL
    SELECT -t.amount, t.journal_id FROM transfer t
    WHERE t.credit_account_id = ANY ($1) AND t.debit_account_id <> ALL ($1)
) AS moved JOIN journal j ON j.id = moved.journal_id
WHERE j.booked_at >= $2 AND j.booked_at < $3 AND split_part(j.reason, '.', 1) IN ('accrual', 'cash', 'card')"""


@dataclass(frozen=True, slots=True)
class Movement:
    """What one stretch of time moved for one reason: how many journals, and minor units (below zero: spent)."""

    kind: MovementKind
    detail: str
    journals: int
    minor: int


@dataclass(frozen=True, slots=True)
class MovedBy:
    """One journal of a movement."""

    id: UUID
    reason: str
    ref_type: str
    ref_id: UUID
    booked_at: datetime
    minor: int


@dataclass(frozen=True, slots=True)
class Stood:
    """Where a program's account stood at a moment, in minor units; `balance` is all of it."""

    balance_minor: int
    held_minor: int
    limit_minor: int


def own_accounts(program: Program) -> list[UUID]:
    """The ids of the accounts that make up a program's account with us."""
    currency = program.home_currency
    others = [accounts.program(program.id, purpose, currency) for purpose in OWN]
    return [key.id for key in (*accounts.funding_slices(program.id, currency), *others)]


async def movements(program: Program, begins: datetime, ends: datetime) -> list[Movement]:
    """What was booked in a stretch of time, by kind and detail."""
    kinds = [kind.value for kind in MovementKind]
    rows = await database.rows(_LINES, own_accounts(program), begins, ends, kinds)
    return [Movement(MovementKind(row["kind"]), row["detail"], row["journals"], row["minor"]) for row in rows]


async def journals_of(
    program: Program, span: tuple[datetime, datetime], which: tuple[str, str], after: UUID, most: int
) -> Sequence[MovedBy]:
    """The journals behind a movement (its kind and detail), the oldest first, from one on."""
    rows = await database.rows(_JOURNALS, own_accounts(program), *span, *which, after, most)
    return [MovedBy(**row) for row in rows]


async def stood(program: Program, at: datetime) -> Stood:
    """Where the account stood by what was booked before a moment."""
    found = {row["purpose"]: row["minor"] for row in await database.rows(_STOOD, own_accounts(program), at)}
    held, granted = found.get(Purpose.FUNDING_HELD.value, 0), found.get(Purpose.CREDIT_LINE.value, 0)
    return Stood(sum(found.values()), held, -granted)


async def first_booked(program: Program) -> datetime | None:
    """When the account first moved; None while it never has."""
    return await database.value(_FIRST, own_accounts(program))


async def spent(program: Program, begins: datetime, ends: datetime) -> int:
    """What rewards, donations and cash cost in a stretch of time, less what came back and what cards paid."""
    return int(await database.value(_SPENT, own_accounts(program), begins, ends))
