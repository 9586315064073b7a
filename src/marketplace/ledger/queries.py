"""Questions to the books. Balances are credits minus debits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from marketplace.kit import clock, database
from marketplace.kit.sharing import SharedRead
from marketplace.ledger.accounts import AccountKey

_CROSS = "EUR"
_BALANCE = """
SELECT coalesce((SELECT sum(amount) FROM transfer WHERE credit_account_id = $1), 0)
     - coalesce((SELECT sum(amount) FROM transfer WHERE debit_account_id = $1), 0) AS balance"""
_BALANCE_AS_OF = """
SELECT coalesce(sum(CASE WHEN t.credit_account_id = $1 THEN t.amount ELSE -t.amount END), 0) AS balance
FROM transfer t JOIN journal j ON j.id = t.journal_id
WHERE (t.credit_account_id = $1 OR t.debit_account_id = $1) AND j.effective_on <= $2"""
_RATES = """
SELECT asked.nr, newest.* FROM unnest($1::text[], $2::text[], $3::timestamptz[]) WITH ORDINALITY
    AS asked (base, quote, moment, nr)
CROSS JOIN LATERAL (
    SELECT f.base, f.rate, f.as_of, f.source FROM fx_rate f
    WHERE ((f.base = asked.base AND f.quote = asked.quote) OR (f.base = asked.quote AND f.quote = asked.base))
        AND f.as_of <= asked.moment
    ORDER BY f.as_of DESC LIMIT 1
) AS newest"""


async def balance(key: AccountKey) -> int:
    """What stands on an account now: the kept balance of a guarded one, else the sum of its transfers."""
    if key.guarded:
        return await database.value("SELECT balance FROM balance WHERE account_id = $1", key.id) or 0
    return int(await database.value(_BALANCE, key.id))


async def balance_as_of(key: AccountKey, day: date) -> int:
    """What stood on an account at the end of a day, by effective date."""
    return int(await database.value(_BALANCE_AS_OF, key.id, day))


async def closed_until() -> date | None:
    """The last day on which nothing counts any more; None while no period is closed."""
    return await database.value("SELECT max(until) FROM period_close WHERE state <> 'REOPENED'")


async def fund(slices: list[AccountKey]) -> int:
    """What stands on all slices of a fund together."""
    ids: list[UUID] = [key.id for key in slices]
    total = "SELECT coalesce(sum(balance), 0) FROM balance WHERE account_id = ANY ($1)"
    return int(await database.value(total, ids))


class NoRate(Exception):
    """No exchange rate between two currencies was known at the time."""

    def __init__(self, base: str, quote: str) -> None:
        super().__init__(f"no rate from {base} to {quote}")


@dataclass(frozen=True, slots=True)
class Rate:
    """`rate` units of the quote currency for one of the base, from a source at a time (None: same currency)."""

    rate: Decimal
    as_of: datetime | None
    source: str


async def fx_rate(base: str, quote: str, at: datetime | None = None) -> Rate:
    """The newest rate at a moment: direct, inverse, or crossed over EUR (then as old as its older half).

    Raises NoRate.
    """
    if base == quote:
        return Rate(Decimal(1), None, "same currency")
    moment = at or clock.now()
    direct = await _pair(base, quote, moment)
    if direct:
        return direct
    first = await _pair(base, _CROSS, moment)
    second = await _pair(_CROSS, quote, moment)
    if not first or not second or first.as_of is None or second.as_of is None:
        raise NoRate(base, quote)
    return Rate(_ten(first.rate * second.rate), min(first.as_of, second.as_of), first.source)


async def _newest(asked: Sequence[tuple[str, str, datetime]]) -> dict[tuple[str, str, datetime], database.Row]:
    rows = await database.rows(_RATES, *(list(column) for column in zip(*asked, strict=True)))
    return {asked[row["nr"] - 1]: row for row in rows}


_rates = SharedRead(_newest)


async def _pair(base: str, quote: str, moment: datetime) -> Rate | None:
    found = await _rates.ask((base, quote, moment))
    if found is None:
        return None
    rate: Decimal = found["rate"]
    return Rate(rate if found["base"] == base else _ten(1 / rate), found["as_of"], found["source"])


def _ten(rate: Decimal) -> Decimal:
    return rate.quantize(Decimal("0.0000000001"))
