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
    e.code AS said FROM bank_entry e WHERE e.explained_at IS NULL"""
# What its cause posts (transfers, payments, cards) has a row of ours; all else has a journal of its own.
_STRIPE = """
SELECT 'STRIPE' AS side, b.id, b.created_at::date AS day, b.currency, b.net_minor AS minor,
    b.type || coalesce(' ' || b.source, '') AS said
FROM balance_transaction b
WHERE CASE
    WHEN b.type IN ('transfer', 'transfer_refund', 'transfer_cancel')
        THEN NOT EXISTS (SELECT FROM outbound_transfer o WHERE o.stripe_id = b.source)
            AND NOT EXISTS (SELECT FROM outbound_transfer o WHERE b.source LIKE 'trr%' AND o.state = 'REVERSED'
                AND o.amount_minor = abs(b.amount_minor) AND o.currency = b.currency)
    WHEN b.type IN ('charge', 'payment', 'refund', 'payment_refund')
        THEN NOT EXISTS (SELECT FROM inbound_payment p WHERE p.stripe_id IS NOT NULL
                AND p.currency = b.currency AND p.amount_minor = abs(b.amount_minor))
            AND NOT EXISTS (SELECT FROM card_payment c WHERE c.stripe_id IS NOT NULL AND c.currency = b.currency
                AND abs(b.amount_minor) <= c.amount_minor)
    ELSE b.amount_minor <> 0 AND NOT EXISTS (
        SELECT FROM journal j WHERE j.reason = 'stripe_balance' AND j.ref_id = b.id)
END"""
_BOOKS = """
SELECT 'BOOKS' AS side, j.id, j.effective_on AS day, k.unit AS currency,
    sum(CASE k.id WHEN t.debit_account_id THEN t.amount ELSE -t.amount END) AS minor, j.reason AS said
FROM account k JOIN transfer t ON k.id IN (t.debit_account_id, t.credit_account_id)
JOIN journal j ON j.id = t.journal_id JOIN bank_account a ON a.currency = k.unit
WHERE k.purpose = 'BANK_CLEARING' AND j.reason NOT IN ('bank.entry', 'bank.opened')
  AND j.booked_at >= a.registered_at AND NOT EXISTS (SELECT FROM bank_match m WHERE m.journal_id = j.id)
GROUP BY j.id, k.unit HAVING sum(CASE k.id WHEN t.debit_account_id THEN t.amount ELSE -t.amount END) <> 0"""
_LIST = f"""
SELECT side, id, day, currency, minor::bigint AS minor, said FROM (
    {_BANK} UNION ALL {_STRIPE} UNION ALL {_BOOKS}
) AS every WHERE ($1::text IS NULL OR side = $1) AND (day, id) > ($2, $3) ORDER BY day, id LIMIT $4"""


@dataclass(frozen=True, slots=True)
class Apart:
    """One thing that one side has and the other lacks: above zero is money to us."""

    side: Side
    id: UUID
    day: date
    currency: str
    minor: int
    said: str


async def exceptions(side: Side | None, after: tuple[date, UUID] | None, count: int) -> list[Apart]:
    """What does not agree, oldest first; `after` is the day and id of the last one that was seen."""
    day, id = after or (date.min, OLDEST)
    rows = await database.rows(_LIST, side.value if side else None, day, id, count)
    return [
        Apart(Side(row["side"]), row["id"], row["day"], row["currency"], row["minor"], row["said"]) for row in rows
    ]


_COUNT = f"""
SELECT count(*) FROM ({_BANK} UNION ALL {_STRIPE} UNION ALL {_BOOKS}) AS every
WHERE $1::text IS NULL OR side = $1"""


async def count(side: Side | None) -> int:
    """How many there are."""
    return int(await database.value(_COUNT, side.value if side else None))
