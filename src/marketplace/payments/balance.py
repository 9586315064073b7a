"""A copy of Stripe's balance transactions, and the postings that no other room makes.

docs.stripe.com/reports/balance-transaction-types. Charges, refunds and transfers are posted by the rooms
that caused them, when they hear of it; here are posted Stripe's fees, money between our balance and our
bank, disputes and adjustments. Together they make our clearing account equal what Stripe says.
"""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from marketplace.kit import clock, database, facts
from marketplace.kit.ids import new_id
from marketplace.ledger import accounts, steps
from marketplace.ledger.models import Purpose
from marketplace.payments import kinds
from marketplace.payments.answers import BalanceLine
from marketplace.payments.facts import StripeMovedToBank
from marketplace.payments.gateway import gateway
from marketplace.payments.kinds import Says
from marketplace.payments.models import BalanceTransaction
from marketplace.payments.steps import tracing

REASON = "stripe_balance"
_READER = 7301001
_ONE_AT_A_TIME = f"SELECT pg_try_advisory_xact_lock({_READER})"
_ALONE = f"SELECT pg_advisory_xact_lock({_READER})"
_LAST = "SELECT stripe_id FROM balance_transaction ORDER BY id DESC LIMIT 1"
_KEEP = """
INSERT INTO balance_transaction
    (id, stripe_id, type, amount_minor, fee_minor, net_minor, currency, source, created_at, available_on,
     counts_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (stripe_id) DO NOTHING RETURNING id"""
_CLOSED = "SELECT max(day) FROM stripe_day WHERE currency = $1"
_REACHED = """
INSERT INTO balance_reading (id, reached_at) VALUES ($1, $2)
ON CONFLICT (id) DO UPDATE SET reached_at = greatest(balance_reading.reached_at, excluded.reached_at)"""
_READING = UUID(int=1)


async def alone() -> None:
    """Be the only one who copies, matches or closes until the transaction ends."""
    await database.execute(_ALONE)


async def sync() -> int:
    """Copy what is new at Stripe, oldest first, and match it; returns how many. Two at once copy everything once.

    Raises Refused, Busy or Unknown as Stripe answers; what was copied before stays.
    """
    count, moment = 0, clock.now()
    async for page in gateway().balance_lines(newer_than=await database.value(_LAST)):
        async with database.transaction():
            if not await database.value(_ONE_AT_A_TIME):
                return count
            for line in page:
                count += await _keep(line)
    async with database.transaction():
        await alone()
        await tracing.match()
        await database.execute(_REACHED, _READING, moment)
    return count


async def _keep(line: BalanceLine) -> int:
    created = datetime.fromtimestamp(line.created, UTC)
    row_id: UUID | None = await database.value(
        _KEEP,
        new_id(),
        line.id,
        line.kind[:60],
        line.amount,
        line.fee,
        line.net,
        line.currency,
        line.source,
        created,
        datetime.fromtimestamp(line.available_on, UTC),
        await _day_of(created, line.currency),
    )
    if row_id is None:
        return 0
    if entries := entries_of(line):
        journal = await steps.post(REASON, "BalanceTransaction", row_id, entries, effective_on=created.date())
        gained = line.net - (line.amount if kinds.who_says(line.kind, line.source) is Says.CAUSE else 0)
        if gained:
            await tracing.trace(journal, line.source or line.id, gained, line.currency, row_id)
        if kinds.who_says(line.kind, line.source) is Says.BANK:
            await facts.state(StripeMovedToBank(await BalanceTransaction.get(id=row_id), journal))
    return 1


async def _day_of(created: datetime, currency: str) -> date:
    """The day on which it counts: its own, or the first one after the last that is closed."""
    closed: date | None = await database.value(_CLOSED, currency)
    return created.date() if closed is None else max(created.date(), closed + timedelta(days=1))


def entries_of(line: BalanceLine) -> list[steps.Entry]:
    """The fee, and the amount where its cause is not one of ours: our clearing account is an asset."""
    clearing = accounts.house(Purpose.STRIPE_CLEARING, line.currency)
    fees = accounts.house(Purpose.STRIPE_FEES, line.currency)
    entries = [moved(clearing, fees, -line.fee)] if line.fee else []
    goal = kinds.POSTED_TO.get(kinds.who_says(line.kind, line.source))
    if goal is None or not line.amount:
        return entries
    return [*entries, moved(clearing, accounts.house(goal, line.currency), line.amount)]


def moved(account: accounts.AccountKey, other: accounts.AccountKey, gain: int) -> steps.Entry:
    """An asset gains (is debited) a positive amount from the other account, or loses a negative one to it."""
    if gain > 0:
        return steps.Entry(debit=account, credit=other, amount=gain)
    return steps.Entry(debit=other, credit=account, amount=-gain)
