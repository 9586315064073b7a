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
_STRIPE = """
SELECT coalesce(sum(net_minor), 0)::bigint AS closing, coalesce(sum(net_minor) FILTER (
    WHERE counts_on <= $2), 0)::bigint AS opening,
    count(*) FILTER (WHERE explained_at IS NULL)::int AS unexplained
FROM balance_transaction WHERE currency = $1 AND counts_on <= $3"""
_BOOKS = """
SELECT coalesce(sum(CASE t.debit_account_id WHEN $1 THEN t.amount ELSE -t.amount END), 0)::bigint
FROM transfer t JOIN journal j ON j.id = t.journal_id
WHERE $1 IN (t.debit_account_id, t.credit_account_id) AND j.effective_on <= $2"""
# Above zero: Stripe has it by then, and the books on a later day.
_CROSSING = """
SELECT coalesce(sum(CASE WHEN b.counts_on <= $2 THEN p.minor ELSE -p.minor END), 0)::bigint
FROM stripe_posting p JOIN balance_transaction b ON b.id = p.transaction_id JOIN journal j ON j.id = p.journal_id
WHERE p.currency = $1 AND (b.counts_on <= $2) <> (j.effective_on <= $2)"""
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


async def standing(currency: str, day: date) -> Standing:
    """How both sides stand at the end of a day, in UTC; what the last closed day had is the opening."""
    last = await last_closed(currency)
    since = last.day if last is not None and last.day < day else day - timedelta(days=1)
    told = await database.row(_STRIPE, currency, since, day)
    assert told is not None
    clearing = accounts.house(Purpose.STRIPE_CLEARING, currency)
    kinds = await database.rows(_KINDS, currency, since, day)
    return Standing(
        currency=currency,
        day=day,
        since=since + timedelta(days=1),
        opening_minor=told["opening"],
        stripe_minor=told["closing"],
        books_minor=int(await database.value(_BOOKS, clearing.id, day)),
        crossing_minor=int(await database.value(_CROSSING, currency, day)),
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
