"""What must always be true of our accounts at banks."""

from collections.abc import AsyncIterator
from datetime import timedelta

from marketplace.kit import clock, database
from marketplace.kit.checks import Check, Violation

SHOWN = 100
PATIENCE = timedelta(days=14)
_BANK = """
WITH told AS (
    SELECT a.currency, a.opening_minor + coalesce(sum(
        CASE e.direction WHEN 'CREDIT' THEN e.amount_minor ELSE -e.amount_minor END), 0) AS minor
    FROM bank_account a LEFT JOIN bank_entry e ON e.account_id = a.id GROUP BY a.id
), books AS (
    SELECT k.unit AS currency,
        coalesce((SELECT sum(amount) FROM transfer WHERE debit_account_id = k.id), 0)
        - coalesce((SELECT sum(amount) FROM transfer WHERE credit_account_id = k.id), 0) AS minor
    FROM account k WHERE k.purpose = 'BANK'
)
SELECT t.currency, t.minor::bigint AS told, coalesce(b.minor, 0)::bigint AS books
FROM told t LEFT JOIN books b USING (currency) WHERE t.minor <> coalesce(b.minor, 0)"""
_STATEMENTS = f"""
SELECT s.bank_id, s.closing_minor - s.opening_minor AS wanted, coalesce(sum(
    CASE e.direction WHEN 'CREDIT' THEN e.amount_minor ELSE -e.amount_minor END), 0) AS got
FROM bank_statement s LEFT JOIN bank_entry e ON e.statement_id = s.id
GROUP BY s.id HAVING s.closing_minor - s.opening_minor <> coalesce(sum(
    CASE e.direction WHEN 'CREDIT' THEN e.amount_minor ELSE -e.amount_minor END), 0)
ORDER BY s.bank_id LIMIT {SHOWN}"""
_PAGES = f"""
SELECT p.bank_id, p.number, p.moved_minor AS wanted, coalesce(sum(
    CASE e.direction WHEN 'CREDIT' THEN e.amount_minor ELSE -e.amount_minor END), 0) AS got
FROM bank_page p LEFT JOIN bank_entry e ON e.page_id = p.id
GROUP BY p.id HAVING p.moved_minor <> coalesce(sum(
    CASE e.direction WHEN 'CREDIT' THEN e.amount_minor ELSE -e.amount_minor END), 0)
ORDER BY p.bank_id, p.number LIMIT {SHOWN}"""
_MATCHES = f"""
SELECT e.id, e.amount_minor, coalesce(sum(m.amount_minor), 0) AS matched, e.explained_at IS NOT NULL AS explained
FROM bank_entry e LEFT JOIN bank_match m ON m.entry_id = e.id GROUP BY e.id
HAVING coalesce(sum(m.amount_minor), 0) > e.amount_minor
    OR (coalesce(sum(m.amount_minor), 0) = e.amount_minor) <> (e.explained_at IS NOT NULL)
ORDER BY e.id LIMIT {SHOWN}"""
_MOVED = f"""
SELECT m.journal_id, e.direction, m.amount_minor, moved.minor FROM bank_match m
JOIN bank_entry e ON e.id = m.entry_id
JOIN LATERAL (
    SELECT coalesce(sum(CASE k.id WHEN t.debit_account_id THEN t.amount ELSE -t.amount END), 0) AS minor
    FROM transfer t JOIN account k ON k.id IN (t.debit_account_id, t.credit_account_id)
    WHERE t.journal_id = m.journal_id AND k.purpose = 'BANK_CLEARING' AND k.unit = e.currency
) AS moved ON true
WHERE moved.minor <> CASE e.direction WHEN 'CREDIT' THEN m.amount_minor ELSE -m.amount_minor END
ORDER BY m.id LIMIT {SHOWN}"""
_FORGOTTEN = f"""
SELECT id, state FROM bank_transfer WHERE state IN ('ORDERED', 'ACCEPTED') AND rail = 'SEPA' AND ordered_at < $1
ORDER BY id LIMIT {SHOWN}"""


async def check_bank_is_what_the_bank_says() -> AsyncIterator[Violation]:
    """BANK stands at the opening balance and every entry since, in each currency with an account."""
    for row in await database.rows(_BANK):
        detail = f"the books say {row['books']}, the bank's entries {row['told']}, in minor units"
        yield Violation("banking.bank", row["currency"], detail)


async def check_bank_statements_add_up() -> AsyncIterator[Violation]:
    """Each statement's closing balance is its opening balance and its entries."""
    for row in await database.rows(_STATEMENTS):
        yield Violation("banking.statements", row["bank_id"], f"moves {row['wanted']}, its entries {row['got']}")


async def check_pages_are_their_entries() -> AsyncIterator[Violation]:
    """Each page of a statement moves the account by what its entries move."""
    for row in await database.rows(_PAGES):
        detail = f"page {row['number']} moves {row['wanted']}, its entries {row['got']}"
        yield Violation("banking.pages", row["bank_id"], detail)


async def check_entries_are_explained_once() -> AsyncIterator[Violation]:
    """No entry is explained beyond its amount, and each journal moved what it explains off BANK_CLEARING."""
    for row in await database.rows(_MATCHES):
        detail = f"{row['matched']} of {row['amount_minor']} is explained, closed: {row['explained']}"
        yield Violation("banking.matches", f"entry {row['id']}", detail)
    for row in await database.rows(_MOVED):
        detail = f"explains {row['amount_minor']} of a {row['direction']}, moved {row['minor']}"
        yield Violation("banking.matches", f"journal {row['journal_id']}", detail)


async def check_orders_are_answered() -> AsyncIterator[Violation]:
    """No order stays with the bank for two weeks without a booking or a refusal."""
    for row in await database.rows(_FORGOTTEN, clock.now() - PATIENCE):
        detail = f"is {row['state']} for over two weeks: read the bank's files, ask it, or give the batch up"
        yield Violation("banking.orders", f"transfer {row['id']}", detail)


CHECKS: tuple[Check, ...] = (
    check_bank_is_what_the_bank_says,
    check_bank_statements_add_up,
    check_pages_are_their_entries,
    check_entries_are_explained_once,
    check_orders_are_answered,
)
