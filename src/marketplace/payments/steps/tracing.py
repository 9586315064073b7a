"""Journals and Stripe's balance transactions, matched by the id of what both are about.

Whoever posts to STRIPE_CLEARING leaves a trace: the id at Stripe of the charge, refund, transfer, reversal,
dispute or payout. A balance transaction names the same id as its source. What finds no other side is an exception.
"""

from uuid import UUID

from marketplace.kit import clock, database
from marketplace.kit.ids import new_id
from marketplace.payments import kinds
from marketplace.payments.models import StripePosting

_LEFT = "b.net_minor - coalesce((SELECT sum(minor) FROM stripe_posting WHERE transaction_id = b.id), 0)"
# The n-th posting of an amount under an id is the n-th transaction that lacks just that.
_MATCH = f"""
WITH untold AS (
    SELECT p.id, p.source, p.currency, p.minor,
        row_number() OVER (PARTITION BY p.source, p.currency, p.minor ORDER BY p.id) AS n
    FROM stripe_posting p WHERE p.matched_at IS NULL AND ($2::text IS NULL OR p.source = $2)
), lacking AS (
    SELECT b.id, b.source, b.currency, {_LEFT} AS minor FROM balance_transaction b
    WHERE b.explained_at IS NULL AND ($2::text IS NULL OR b.source = $2)
), counted AS (
    SELECT *, row_number() OVER (PARTITION BY source, currency, minor ORDER BY id) AS n FROM lacking
    WHERE minor <> 0
)
UPDATE stripe_posting p SET transaction_id = c.id, matched_at = $1
FROM untold u JOIN counted c USING (source, currency, minor, n) WHERE p.id = u.id"""
# Several journals together say what one transaction was: a refund that takes from more than one receipt.
_MATCH_SUM = f"""
WITH untold AS (
    SELECT source, currency, sum(minor) AS minor FROM stripe_posting
    WHERE matched_at IS NULL AND ($2::text IS NULL OR source = $2) GROUP BY source, currency HAVING count(*) > 1
), lacking AS (
    SELECT b.source, b.currency, min(b.id::text)::uuid AS id, sum({_LEFT}) AS minor FROM balance_transaction b
    WHERE b.explained_at IS NULL AND b.source IN (SELECT source FROM untold) AND {_LEFT} <> 0
    GROUP BY b.source, b.currency HAVING count(*) = 1
)
UPDATE stripe_posting p SET transaction_id = l.id, matched_at = $1
FROM untold u JOIN lacking l USING (source, currency, minor)
WHERE p.source = u.source AND p.currency = u.currency AND p.matched_at IS NULL"""
_EXPLAIN = f"""
UPDATE balance_transaction b SET explained_at = $1
WHERE b.explained_at IS NULL AND ($2::text IS NULL OR b.source = $2)
  AND b.counts_on = (b.created_at AT TIME ZONE 'UTC')::date AND {_LEFT} = 0
  AND (b.type = ANY ($3) OR b.type = 'adjustment' AND EXISTS (
      SELECT FROM payment_dispute d WHERE d.stripe_id = b.source AND (b.amount_minor < 0 OR d.state = 'WON')))"""


async def trace(
    journal_id: UUID, source: str, minor: int, currency: str, transaction_id: UUID | None = None
) -> None:
    """Note what a journal moved of our balance at Stripe (above zero: to us), and under which id of Stripe's.

    It is matched at once when Stripe has told of it; `transaction_id` says that it tells the very same.
    """
    moment = clock.now()
    posting = StripePosting(
        id=new_id(),
        journal_id=journal_id,
        source=source,
        minor=minor,
        currency=currency,
        posted_at=moment,
        transaction_id=transaction_id,
        matched_at=moment if transaction_id else None,
    )
    await database.add(posting)
    if transaction_id is None:
        await match(source)


async def match(source: str | None = None) -> None:
    """Match what is told under an id, or under any, and note what is explained by that.

    A transaction of a day that was closed before it was told waits for a person, also when it is matched.
    """
    await database.execute(_MATCH, clock.now(), source)
    await database.execute(_MATCH_SUM, clock.now(), source)
    await database.execute(_EXPLAIN, clock.now(), source, kinds.BY_THEMSELVES)
