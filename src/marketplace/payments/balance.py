"""A copy of Stripe's balance transactions, and the postings that no other room makes.

docs.stripe.com/reports/balance-transaction-types. Charges, refunds and transfers are posted by the rooms
that caused them, when they hear of it; here are posted Stripe's fees, money between our balance and our
bank, and adjustments. Together they make our clearing account equal what Stripe says.
"""

from datetime import UTC, datetime
from uuid import UUID

from marketplace.kit import database
from marketplace.kit.ids import new_id
from marketplace.ledger import accounts, steps
from marketplace.ledger.models import Purpose
from marketplace.payments.answers import BalanceLine
from marketplace.payments.gateway import gateway

REASON = "stripe_balance"
POSTED_BY_THEIR_CAUSE = frozenset(
    {"charge", "payment", "refund", "payment_refund", "transfer", "transfer_refund", "transfer_cancel"}
)
BANK_KINDS = frozenset(
    {"payout", "payout_cancel", "payout_failure", "topup", "topup_reversal", "payout_minimum_balance_hold"}
)
FEE_KINDS = frozenset({"stripe_fee", "stripe_fx_fee", "tax_fee"})
DISPUTES = ("du_", "dp_")
"""What the ids of disputes begin with: the room whose payment it is posts the other side to DISPUTED."""
_ONE_AT_A_TIME = "SELECT pg_try_advisory_xact_lock(7301001)"
_LAST = "SELECT stripe_id FROM balance_transaction ORDER BY id DESC LIMIT 1"
_KEEP = """
INSERT INTO balance_transaction
    (id, stripe_id, type, amount_minor, fee_minor, net_minor, currency, source, created_at, available_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (stripe_id) DO NOTHING RETURNING id"""


async def sync() -> int:
    """Copy what is new at Stripe, oldest first; returns how many. Two at once copy everything once.

    Raises Refused, Busy or Unknown as Stripe answers; what was copied before stays.
    """
    count = 0
    async for page in gateway().balance_lines(newer_than=await database.value(_LAST)):
        async with database.transaction():
            if not await database.value(_ONE_AT_A_TIME):
                return count
            for line in page:
                count += await _keep(line)
    return count


async def _keep(line: BalanceLine) -> int:
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
        datetime.fromtimestamp(line.created, UTC),
        datetime.fromtimestamp(line.available_on, UTC),
    )
    if row_id is None:
        return 0
    if entries := entries_of(line):
        await steps.post(REASON, "BalanceTransaction", row_id, entries)
    return 1


def entries_of(line: BalanceLine) -> list[steps.Entry]:
    """The fee, and the amount where its cause is not one of ours: our clearing account is an asset."""
    clearing = accounts.house(Purpose.STRIPE_CLEARING, line.currency)
    fees = accounts.house(Purpose.STRIPE_FEES, line.currency)
    entries = [_entry(clearing, fees, -line.fee)] if line.fee else []
    if line.kind in POSTED_BY_THEIR_CAUSE or not line.amount:
        return entries
    purpose = Purpose.BANK_CLEARING if line.kind in BANK_KINDS else Purpose.ADJUSTMENTS
    if line.kind == "adjustment" and (line.source or "").startswith(DISPUTES):
        purpose = Purpose.DISPUTED
    if line.kind in FEE_KINDS:
        purpose = Purpose.STRIPE_FEES
    return [*entries, _entry(clearing, accounts.house(purpose, line.currency), line.amount)]


def _entry(clearing: accounts.AccountKey, other: accounts.AccountKey, gain: int) -> steps.Entry:
    """Clearing gains (is debited) a positive amount from the other account, or loses a negative one to it."""
    if gain > 0:
        return steps.Entry(debit=clearing, credit=other, amount=gain)
    return steps.Entry(debit=other, credit=clearing, amount=-gain)
