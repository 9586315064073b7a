"""Questions to the books. Balances are credits minus debits."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from marketplace.kit import clock, database
from marketplace.ledger.accounts import AccountKey

_CROSS = "EUR"
_BALANCE = """
SELECT coalesce((SELECT sum(amount) FROM transfer WHERE credit_account_id = $1), 0)
     - coalesce((SELECT sum(amount) FROM transfer WHERE debit_account_id = $1), 0) AS balance"""
_BALANCE_AS_OF = """
SELECT coalesce(sum(CASE WHEN t.credit_account_id = $1 THEN t.amount ELSE -t.amount END), 0) AS balance
FROM transfer t JOIN journal j ON j.id = t.journal_id
WHERE (t.credit_account_id = $1 OR t.debit_account_id = $1) AND j.effective_on <= $2"""
_RATE = """
SELECT base, rate, as_of, source FROM fx_rate
WHERE ((base = $1 AND quote = $2) OR (base = $2 AND quote = $1)) AND as_of <= $3
ORDER BY as_of DESC LIMIT 1"""


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


async def _pair(base: str, quote: str, moment: datetime) -> Rate | None:
    found = await database.row(_RATE, base, quote, moment)
    if found is None:
        return None
    rate: Decimal = found["rate"]
    return Rate(rate if found["base"] == base else _ten(1 / rate), found["as_of"], found["source"])


def _ten(rate: Decimal) -> Decimal:
    return rate.quantize(Decimal("0.0000000001"))
