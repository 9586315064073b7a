"""What bank, Stripe and books do not agree on yet, as one list: each with its age and what it most likely is."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from marketplace.kit import database

OLDEST = UUID(int=0)


class Side(StrEnum):
    """Who told of it, or did not."""

    BANK = "BANK"
    STRIPE = "STRIPE"
    BOOKS = "BOOKS"


_BANK = """
SELECT 'BANK' AS side, e.id, e.booked_on AS day, e.currency,
    CASE e.direction WHEN 'CREDIT' THEN 1 ELSE -1 END * (e.amount_minor - coalesce(
        (SELECT sum(m.amount_minor) FROM bank_match m WHERE m.entry_id = e.id), 0)) AS minor,
    e.code AS said, 'BANK' AS at, NULL::uuid AS journal FROM bank_entry e WHERE e.explained_at IS NULL"""
_STRIPE = """
SELECT 'STRIPE' AS side, b.id, (b.created_at AT TIME ZONE 'UTC')::date AS day, b.currency,
    CASE WHEN p.minor = b.net_minor THEN b.net_minor ELSE b.net_minor - coalesce(p.minor, 0) END AS minor,
    b.type || coalesce(' ' || b.source, '') AS said, 'STRIPE' AS at, NULL::uuid AS journal
FROM balance_transaction b
LEFT JOIN LATERAL (SELECT sum(minor) AS minor FROM stripe_posting WHERE transaction_id = b.id) AS p ON true
WHERE b.explained_at IS NULL"""
_EXPECTED = """
SELECT 'BOOKS' AS side, p.id, j.effective_on AS day, p.currency, p.minor, j.reason || ' ' || p.source AS said,
    'STRIPE' AS at, j.id AS journal
FROM stripe_posting p JOIN journal j ON j.id = p.journal_id WHERE p.matched_at IS NULL"""
_BOOKS = """
SELECT 'BOOKS' AS side, j.id, j.effective_on AS day, k.unit AS currency,
    sum(CASE k.id WHEN t.debit_account_id THEN t.amount ELSE -t.amount END) AS minor,
    concat_ws(' ', j.reason, (SELECT min(source) FROM stripe_posting WHERE journal_id = j.id)) AS said,
    'BANK' AS at, j.id AS journal
FROM account k JOIN transfer t ON k.id IN (t.debit_account_id, t.credit_account_id)
JOIN journal j ON j.id = t.journal_id JOIN bank_account a ON a.currency = k.unit
WHERE k.purpose = 'BANK_CLEARING' AND j.reason NOT IN ('bank.entry', 'bank.opened')
  AND j.booked_at >= a.registered_at AND NOT EXISTS (SELECT FROM bank_match m WHERE m.journal_id = j.id)
  AND NOT EXISTS (  -- a payout of Stripe's that failed before the bank had it: the two are about nothing
      SELECT FROM stripe_posting p JOIN stripe_posting o ON o.source = p.source AND o.minor = -p.minor
      WHERE p.journal_id = j.id AND NOT EXISTS (SELECT FROM bank_match m WHERE m.journal_id = o.journal_id))
GROUP BY j.id, k.unit HAVING sum(CASE k.id WHEN t.debit_account_id THEN t.amount ELSE -t.amount END) <> 0"""
_LIST = f"""
SELECT side, id, day, currency, minor::bigint AS minor, said, at, journal FROM (
    {_BANK} UNION ALL {_STRIPE} UNION ALL {_EXPECTED} UNION ALL {_BOOKS}
) AS every WHERE ($1::text IS NULL OR side = $1) AND (day, id) > ($2, $3) ORDER BY day, id LIMIT $4"""


@dataclass(frozen=True, slots=True)
class Apart:
    """One thing that one side has and the other lacks: above zero is money to us.

    `id` is the bank's entry, Stripe's balance transaction, or what `journal` expects. `at` is where: whose account
    it is about.
    """

    side: Side
    id: UUID
    day: date
    currency: str
    minor: int
    said: str
    at: Side
    journal: UUID | None


async def exceptions(side: Side | None, after: tuple[date, UUID] | None, count: int) -> list[Apart]:
    """What does not agree, oldest first; `after` is the day and id of the last one that was seen."""
    day, id = after or (date.min, OLDEST)
    rows = await database.rows(_LIST, side.value if side else None, day, id, count)
    return [
        Apart(
            side=Side(row["side"]),
            id=row["id"],
            day=row["day"],
            currency=row["currency"],
            minor=row["minor"],
            said=row["said"],
            at=Side(row["at"]),
            journal=row["journal"],
        )
        for row in rows
    ]


_COUNT = f"""
SELECT count(*) FROM (
    {_BANK} UNION ALL {_STRIPE} UNION ALL {_EXPECTED} UNION ALL {_BOOKS}
) AS every
WHERE $1::text IS NULL OR side = $1"""


async def count(side: Side | None) -> int:
    """How many there are."""
    return int(await database.value(_COUNT, side.value if side else None))
