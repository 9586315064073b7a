"""A day of our balance at Stripe: what Stripe says, what the books say, and what is apart."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from marketplace.kit import clock, database
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.payments.models import StripeDay

SETTLED_AFTER = timedelta(minutes=15)
"""So long after a day has ended in UTC Stripe has told all of it; what comes later counts on the next day."""

_KINDS = """
SELECT type AS kind, count(*)::int AS number, sum(amount_minor)::bigint AS amount, sum(fee_minor)::bigint AS fee,
    sum(net_minor)::bigint AS net
FROM balance_transaction WHERE currency = $1 AND counts_on > $2 AND counts_on <= $3 GROUP BY type ORDER BY type"""
# Each of these goes on from a closed day, $2. What counts up to it is not looked at: all is found by an index.
STRIPE = """
SELECT coalesce(sum(net_minor), 0)::bigint AS closing, coalesce(sum(net_minor) FILTER (
    WHERE counts_on <= $3), 0)::bigint AS opening,
    count(*) FILTER (WHERE explained_at IS NULL)::int AS unexplained
FROM balance_transaction WHERE currency = $1 AND counts_on > $2 AND counts_on <= $4"""
BOOKS = """
SELECT coalesce(sum(p.minor), 0)::bigint FROM stripe_posting p
WHERE p.currency = $1 AND (p.counted_on IS NULL OR p.counted_on > $2)
    AND (SELECT effective_on FROM journal WHERE id = p.journal_id) <= $3"""
CROSSING = """
SELECT coalesce(sum(CASE WHEN o.counts_on <= $3 THEN o.minor ELSE -o.minor END), 0)::bigint FROM (
    SELECT b.counts_on, p.minor, p.journal_id FROM balance_transaction b
    CROSS JOIN LATERAL (SELECT * FROM stripe_posting WHERE transaction_id = b.id AND currency = $1 OFFSET 0) p
    WHERE b.currency = $1 AND b.counts_on > $2
    UNION ALL
    SELECT b.counts_on, p.minor, p.journal_id FROM stripe_posting p
    CROSS JOIN LATERAL (SELECT * FROM balance_transaction WHERE id = p.transaction_id OFFSET 0) b
    WHERE p.currency = $1 AND (p.counted_on IS NULL OR p.counted_on > $2) AND b.counts_on <= $2
) o
WHERE (o.counts_on <= $3) <> ((SELECT effective_on FROM journal WHERE id = o.journal_id) <= $3)"""
# The same from the beginning. What crosses is above zero when Stripe has it by then, and the books on a later day.
_CROSSING_ANEW = """
SELECT coalesce(sum(CASE WHEN b.counts_on <= $2 THEN p.minor ELSE -p.minor END), 0)::bigint
FROM stripe_posting p JOIN balance_transaction b ON b.id = p.transaction_id JOIN journal j ON j.id = p.journal_id
WHERE p.currency = $1 AND (b.counts_on <= $2) <> (j.effective_on <= $2)"""
_LEDGER = """
SELECT coalesce(sum(CASE t.debit_account_id WHEN $1 THEN t.amount ELSE -t.amount END), 0)::bigint
FROM transfer t JOIN journal j ON j.id = t.journal_id
WHERE $1 IN (t.debit_account_id, t.credit_account_id) AND j.effective_on <= $2"""
_COUNT = """
WITH counted AS (
    UPDATE stripe_posting p SET counted_on = $2 FROM journal j
    WHERE j.id = p.journal_id AND p.currency = $1 AND p.counted_on IS NULL AND j.effective_on <= $2
    RETURNING p.minor
)
SELECT coalesce(sum(minor), 0)::bigint FROM counted"""
_REACHED = "SELECT max(reached_at) FROM balance_reading"


@dataclass(frozen=True, slots=True)
class KindOfDay:
    """What one kind of balance transactions came to since the last day that is closed."""

    kind: str
    number: int
    amount_minor: int
    fee_minor: int
    net_minor: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How Stripe and the books stand when a day ends; `kinds` add up to what Stripe moved since the opening."""

    currency: str
    day: date
    since: date
    opening_minor: int
    stripe_minor: int
    books_minor: int
    crossing_minor: int
    unexplained: int
    kinds: list[KindOfDay]

    @property
    def apart_minor(self) -> int:
        """What Stripe has and the books lack, in minor units; zero when both are equal."""
        return self.stripe_minor - self.books_minor - self.crossing_minor


async def last_closed(currency: str) -> StripeDay | None:
    """The last day that is closed in a currency."""
    return await StripeDay.filter(currency=currency).order_by("-day").first()


@dataclass(frozen=True, slots=True)
class _Base:
    """What both sides came to at the end of a closed day; before the first one, nothing."""

    day: date = date.min
    stripe_minor: int = 0
    books_minor: int = 0


async def standing(currency: str, day: date) -> Standing:
    """How both sides stand at the end of a day, in UTC; what the last closed day had is the opening.

    It goes on from the last closed day before it, so that what is added up is what is open.
    """
    base = await _closed_before(currency, day)
    if base == _Base():
        return await standing_anew(currency, day)
    books = base.books_minor + int(await database.value(BOOKS, currency, base.day, day))
    return await _standing(currency, day, base, books, await database.value(CROSSING, currency, base.day, day))


async def standing_anew(currency: str, day: date) -> Standing:
    """The same, added up from the beginning, and of the ledger's own transfers: what a day is closed by."""
    clearing = accounts.house(Purpose.STRIPE_CLEARING, currency)
    books = int(await database.value(_LEDGER, clearing.id, day))
    return await _standing(currency, day, _Base(), books, await database.value(_CROSSING_ANEW, currency, day))


async def count(currency: str, day: date) -> int:
    """Count what the books have by the end of a day on it, as part of closing it.

    Returns what that comes to, with what is counted on earlier days: by what each journal names of Stripe.
    """
    base = await _closed_before(currency, day)
    return base.books_minor + int(await database.value(_COUNT, currency, day))


async def _closed_before(currency: str, day: date) -> _Base:
    closed = await StripeDay.filter(currency=currency, day__lt=day).order_by("-day").first()
    if closed is None:
        return _Base()
    return _Base(closed.day, closed.closing_minor, closed.closing_minor - closed.crossing_minor)


async def _standing(currency: str, day: date, base: _Base, books: int, crossing: int) -> Standing:
    last = await last_closed(currency)
    since = last.day if last is not None and last.day < day else day - timedelta(days=1)
    told = await database.row(STRIPE, currency, base.day, since, day)
    assert told is not None
    kinds = await database.rows(_KINDS, currency, since, day)
    return Standing(
        currency=currency,
        day=day,
        since=since + timedelta(days=1),
        opening_minor=base.stripe_minor + told["opening"],
        stripe_minor=base.stripe_minor + told["closing"],
        books_minor=books,
        crossing_minor=crossing,
        unexplained=told["unexplained"],
        kinds=[KindOfDay(*row.values()) for row in kinds],
    )


async def complete_until() -> date | None:
    """The last day of which Stripe has told all, in UTC; None before anything was read."""
    reached: datetime | None = await database.value(_REACHED)
    return None if reached is None else (reached - SETTLED_AFTER).date() - timedelta(days=1)


def is_over(day: date) -> bool:
    """Whether a day has ended in UTC."""
    return day < clock.today()
