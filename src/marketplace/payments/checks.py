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


CHECKS = (check_stripe_clearing, check_transfers_named, check_nothing_forgotten)
