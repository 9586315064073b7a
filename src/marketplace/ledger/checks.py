"""What must always be true of the books."""

from collections.abc import AsyncIterator

from marketplace.kit import database
from marketplace.kit.checks import Check, Violation
from marketplace.ledger import digests
from marketplace.ledger.balances import AsOf, digest, trial_balance
from marketplace.ledger.models import PeriodClose, PeriodState

_SUMS = """
SELECT account_id, sum(amount) AS total FROM (
    SELECT credit_account_id AS account_id, amount FROM transfer
    UNION ALL
    SELECT debit_account_id, -amount FROM transfer
) moved GROUP BY account_id"""
_GUARDED = f"""
SELECT a.id, a.purpose, b.balance, coalesce(s.total, 0) AS total
FROM account a LEFT JOIN balance b ON b.account_id = a.id LEFT JOIN ({_SUMS}) s ON s.account_id = a.id
WHERE a.guarded AND b.balance IS DISTINCT FROM coalesce(s.total, 0)"""
_NEGATIVE = f"""
SELECT a.id, a.purpose, a.unit, s.total FROM account a JOIN ({_SUMS}) s ON s.account_id = a.id
WHERE s.total < 0 AND a.purpose IN ('WALLET', 'HELD', 'FUNDING', 'FUNDING_HELD', 'IN_TRANSIT')"""
_UNITS = f"""
SELECT a.unit, sum(s.total) AS total FROM account a JOIN ({_SUMS}) s ON s.account_id = a.id
GROUP BY a.unit HAVING sum(s.total) <> 0"""


async def check_kept_balances_are_the_sums() -> AsyncIterator[Violation]:
    """The balance row of each guarded account is the sum of its transfers."""
    for row in await database.rows(_GUARDED):
        detail = f"the row says {row['balance']}, the transfers {row['total']}"
        yield Violation("kept balances are the sums", f"account {row['id']} {row['purpose']}", detail)


async def check_nothing_is_negative() -> AsyncIterator[Violation]:
    """Wallets, holds, funding and money on its way are never below zero."""
    for row in await database.rows(_NEGATIVE):
        subject = f"account {row['id']} {row['purpose']}"
        yield Violation("nothing is negative", subject, f"{row['total']} {row['unit']}")


async def check_every_unit_sums_to_zero() -> AsyncIterator[Violation]:
    """Over all accounts, what was debited was credited."""
    for row in await database.rows(_UNITS):
        yield Violation("every unit sums to zero", row["unit"], f"{row['total']}")


async def check_the_digest_chain_is_unbroken() -> AsyncIterator[Violation]:
    """Every sealed day still has the digest it was sealed with, chained to the day before."""
    async for day, detail in digests.broken():
        yield Violation("the digest chain is unbroken", day.isoformat(), detail)


async def check_closed_periods_are_as_they_were() -> AsyncIterator[Violation]:
    """The trial balance of each closed period is the one that was closed."""
    for period in await PeriodClose.exclude(state=PeriodState.REOPENED.value).order_by("until"):
        now = digest(await trial_balance(AsOf(effective_on=period.until)))
        if now != period.digest:
            yield Violation("closed periods are as they were", f"until {period.until}", f"now {now}")


ARITHMETIC: tuple[Check, ...] = (
    check_kept_balances_are_the_sums,
    check_nothing_is_negative,
    check_every_unit_sums_to_zero,
)
CHECKS: tuple[Check, ...] = (
    *ARITHMETIC,
    check_the_digest_chain_is_unbroken,
    check_closed_periods_are_as_they_were,
)
