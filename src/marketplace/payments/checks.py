"""What must always be true of money on its way."""

from collections.abc import AsyncIterator
from datetime import timedelta

from marketplace.kit import clock, database
from marketplace.kit.checks import Violation
from marketplace.ledger import accounts, queries
from marketplace.ledger.models import Purpose
from marketplace.payments import balance
from marketplace.payments.answers import StripeFailure

_CURRENCIES = """
SELECT currency, coalesce(sum(net), 0)::bigint AS net FROM (
    SELECT currency, net_minor AS net FROM balance_transaction
    UNION ALL SELECT currency, 0 FROM outbound_transfer WHERE stripe_id IS NOT NULL
    UNION ALL SELECT currency, 0 FROM inbound_payment WHERE stripe_id IS NOT NULL
    UNION ALL SELECT currency, 0 FROM card_payment WHERE state = 'CAPTURED'
) AS lines GROUP BY currency ORDER BY currency"""
_UNNAMED = """
SELECT id, state FROM outbound_transfer
WHERE (state IN ('SENT', 'IN_BANK', 'REVERSED')) <> (stripe_id IS NOT NULL) ORDER BY id LIMIT 100"""
_TWICE = """
SELECT source, count(*) AS n FROM balance_transaction
WHERE type = 'transfer' AND source IS NOT NULL GROUP BY source HAVING count(*) > 1"""
_NOT_OURS = """
SELECT b.stripe_id, b.source FROM balance_transaction b
LEFT JOIN outbound_transfer o ON o.stripe_id = b.source
WHERE b.type = 'transfer' AND o.id IS NULL ORDER BY b.id LIMIT 100"""
_OPEN = """
SELECT id, state FROM outbound_transfer
WHERE state IN ('IN_FLIGHT', 'UNKNOWN') AND coalesce(attempted_at, created_at) < $1 ORDER BY id LIMIT 100"""
_UNREAD = "SELECT id, type FROM stripe_event WHERE processed_at IS NULL AND received_at < $1 ORDER BY id LIMIT 100"

_CARDS_OPEN = """
SELECT id, state FROM card_payment
WHERE state = 'AWAITING' AND expires_at < $1 OR state IN ('CAPTURING', 'RELEASING') AND created_at < $1
ORDER BY id LIMIT 100"""
_REFUNDS_OPEN = """
SELECT id, coalesce(error_code, 'not answered') AS why FROM card_refund
WHERE state = 'ORDERED' AND (error_code IS NOT NULL OR ordered_at < $1) ORDER BY id LIMIT 100"""
_OVERPAID = """
SELECT c.id FROM card_payment c JOIN card_refund r ON r.card_id = c.id AND r.state <> 'VOID'
GROUP BY c.id HAVING sum(r.amount_minor) > c.amount_minor LIMIT 100"""
_CARD_CLEARING = """
WITH wanted AS (
    SELECT currency, sum(minor) AS minor FROM (
        SELECT currency, -amount_minor AS minor FROM card_payment WHERE state = 'CAPTURING'
        UNION ALL SELECT c.currency, r.amount_minor FROM card_refund r JOIN card_payment c ON c.id = r.card_id
        WHERE r.state = 'ORDERED'
    ) AS each GROUP BY currency
),
books AS (
    SELECT a.unit AS currency,
        coalesce((SELECT sum(amount) FROM transfer WHERE credit_account_id = a.id), 0)
        - coalesce((SELECT sum(amount) FROM transfer WHERE debit_account_id = a.id), 0) AS minor
    FROM account a WHERE a.purpose = 'CARD_CLEARING'
)
SELECT currency, coalesce(b.minor, 0) AS books, coalesce(w.minor, 0) AS wanted
FROM books b FULL JOIN wanted w USING (currency) WHERE coalesce(b.minor, 0) <> coalesce(w.minor, 0)"""


async def check_stripe_clearing() -> AsyncIterator[Violation]:
    """Our clearing account equals the sum of Stripe's balance transactions, in each currency."""
    if not await database.rows(_CURRENCIES):
        return
    reached = "all of Stripe's balance transactions are known"
    try:
        await balance.sync()
    except StripeFailure as failure:
        reached = f"Stripe could not be asked ({failure})"
    for line in await database.rows(_CURRENCIES):
        ours = -await queries.balance(accounts.house(Purpose.STRIPE_CLEARING, line["currency"]))
        if ours != line["net"]:
            detail = f"the ledger says {ours}, Stripe {line['net']}, in minor units; {reached}"
            yield Violation("stripe clearing", line["currency"], detail)


_UNTRACED = """
WITH moved AS (
    SELECT t.journal_id, k.unit AS currency,
        sum(CASE k.id WHEN t.debit_account_id THEN t.amount ELSE -t.amount END) AS minor
    FROM account k JOIN transfer t ON k.id IN (t.debit_account_id, t.credit_account_id)
    WHERE k.purpose = 'STRIPE_CLEARING' GROUP BY t.journal_id, k.unit
), traced AS (
    SELECT journal_id, currency, sum(minor) AS minor FROM stripe_posting GROUP BY journal_id, currency
)
SELECT journal_id, coalesce(m.minor, 0) AS moved, coalesce(p.minor, 0) AS traced
FROM moved m FULL JOIN traced p USING (journal_id, currency) WHERE coalesce(m.minor, 0) <> coalesce(p.minor, 0)
ORDER BY journal_id LIMIT 100"""
_WRONGLY_EXPLAINED = """
SELECT b.stripe_id, b.net_minor, coalesce(sum(p.minor), 0) AS said
FROM balance_transaction b LEFT JOIN stripe_posting p ON p.transaction_id = b.id
GROUP BY b.id HAVING b.explained_at IS NOT NULL AND b.net_minor <> coalesce(sum(p.minor), 0)
    OR bool_or(p.currency <> b.currency) ORDER BY b.id LIMIT 100"""
_DAYS = """
SELECT d.currency, d.day, d.closing_minor, t.minor, t.unexplained FROM stripe_day d
CROSS JOIN LATERAL (
    SELECT coalesce(sum(b.net_minor), 0) AS minor, count(*) FILTER (WHERE b.explained_at IS NULL) AS unexplained
    FROM balance_transaction b WHERE b.currency = d.currency AND b.counts_on <= d.day
) AS t WHERE d.closing_minor <> t.minor OR t.unexplained > 0 ORDER BY d.currency, d.day LIMIT 100"""

_COUNTED = """
SELECT currency, day, books, minor FROM (
    SELECT d.currency, d.day, d.closing_minor - d.crossing_minor AS books,
        coalesce(sum(c.minor) OVER (PARTITION BY d.currency ORDER BY d.day), 0) AS minor
    FROM stripe_day d LEFT JOIN (
        SELECT currency, counted_on, sum(minor) AS minor FROM stripe_posting GROUP BY currency, counted_on
    ) c ON c.currency = d.currency AND c.counted_on = d.day
) AS each WHERE books <> minor ORDER BY currency, day LIMIT 100"""
_COUNTED_WRONGLY = """
SELECT p.id, p.counted_on, j.effective_on FROM stripe_posting p JOIN journal j ON j.id = p.journal_id
WHERE p.counted_on < j.effective_on
    OR NOT EXISTS (SELECT FROM stripe_day d WHERE d.currency = p.currency AND d.day = p.counted_on)
    AND p.counted_on IS NOT NULL
ORDER BY p.id LIMIT 100"""


async def check_stripe_is_matched() -> AsyncIterator[Violation]:
    """Each journal at Stripe names what it is about, what is explained is so to the cent, and closed days stay."""
    for row in await database.rows(_UNTRACED):
        detail = f"moved {row['moved']} at Stripe, and names what moved {row['traced']}"
        yield Violation("stripe matched", f"journal {row['journal_id']}", detail)
    for row in await database.rows(_WRONGLY_EXPLAINED):
        detail = f"changed the balance by {row['net_minor']}, journals say {row['said']}"
        yield Violation("stripe matched", row["stripe_id"], detail)
    for row in await database.rows(_DAYS):
        detail = f"closed at {row['closing_minor']}, comes to {row['minor']}, {row['unexplained']} unexplained"
        yield Violation("stripe matched", f"{row['day']} in {row['currency']}", detail)
    for row in await database.rows(_COUNTED):
        detail = f"the books closed at {row['books']}, what is counted by then comes to {row['minor']}"
        yield Violation("stripe matched", f"{row['day']} in {row['currency']}", detail)
    for row in await database.rows(_COUNTED_WRONGLY):
        detail = f"is of {row['effective_on']} and counted on {row['counted_on']}, no closed day of it"
        yield Violation("stripe matched", f"posting {row['id']}", detail)


async def check_transfers_named() -> AsyncIterator[Violation]:
    """A transfer has Stripe's id exactly when it was sent, and no money left twice or without a row of ours."""
    for row in await database.rows(_UNNAMED):
        yield Violation("transfers named", str(row["id"]), f"{row['state']} does not go with its Stripe id")
    for row in await database.rows(_TWICE):
        yield Violation("transfers named", row["source"], f"left our balance {row['n']} times")
    for row in await database.rows(_NOT_OURS):
        yield Violation("transfers named", row["stripe_id"], f"{row['source']} is no transfer of ours")


async def check_nothing_forgotten() -> AsyncIterator[Violation]:
    """No outcome stays unknown, and no event unread, for more than a day."""
    yesterday = clock.now() - timedelta(days=1)
    for row in await database.rows(_OPEN, yesterday):
        yield Violation("nothing forgotten", str(row["id"]), f"a transfer is {row['state']} for over a day")
    for row in await database.rows(_UNREAD, yesterday):
        yield Violation("nothing forgotten", str(row["id"]), f"{row['type']} is unread for over a day")
    for row in await database.rows(_CARDS_OPEN, yesterday):
        yield Violation("nothing forgotten", str(row["id"]), f"a card is {row['state']} for over a day")
    for row in await database.rows(_REFUNDS_OPEN, yesterday):
        yield Violation("nothing forgotten", str(row["id"]), f"a refund to a card stands open: {row['why']}")


async def check_card_clearing() -> AsyncIterator[Violation]:
    """What the books await from cards is being captured, what they owe to cards is being refunded, and no card
    gets back more than it gave."""
    for row in await database.rows(_CARD_CLEARING):
        detail = f"the books say {row['books']}, captures and refunds on their way {row['wanted']}"
        yield Violation("card clearing", row["currency"], detail)
    for row in await database.rows(_OVERPAID):
        yield Violation("card clearing", str(row["id"]), "more was refunded than it paid")


CHECKS = (
    check_stripe_clearing,
    check_stripe_is_matched,
    check_transfers_named,
    check_nothing_forgotten,
    check_card_clearing,
)
