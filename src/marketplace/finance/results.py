"""What the marketplace earned in a period, by currency; and what exchange rates did, by pair of currencies.

Earnings are movements of accounts, so they are differences of two trial balances. A conversion takes what a
program pays in its own currency for what a partner is owed in another, at the rate of that day; the money itself
is exchanged when the partner is paid. So a pair is realised with the statement that was sent, at the rate of
that day, and what is not sent yet stands open at the rate of the period's last day (IAS 21, paragraphs 23 and
28).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from marketplace.kit import database
from marketplace.kit.money import convert
from marketplace.ledger.models import OwnerKind, Purpose
from marketplace.ledger.queries import NoRate, fx_rate

EARNED: Final = (
    Purpose.COMMISSION,
    Purpose.COMMISSION_VAT,
    Purpose.STRIPE_FEES,
    Purpose.ADJUSTMENTS,
    Purpose.BREAKAGE,
    Purpose.TIER_DISCOUNT,
    Purpose.ISSUED,
    Purpose.REDEEMED,
)
"""What is a result of a period: of money the marketplace's own, of points the programs'."""
_MOVED = """
SELECT a.owner_kind, a.purpose, a.unit, sum(m.debit)::bigint AS debits, sum(m.credit)::bigint AS credits FROM (
    SELECT t.debit_account_id AS account_id, t.amount AS debit, 0 AS credit
    FROM transfer t JOIN journal j ON j.id = t.journal_id WHERE j.effective_on BETWEEN $1 AND $2
    UNION ALL
    SELECT t.credit_account_id, 0, t.amount
    FROM transfer t JOIN journal j ON j.id = t.journal_id WHERE j.effective_on BETWEEN $1 AND $2
) m JOIN account a ON a.id = m.account_id
WHERE a.purpose = ANY ($3) GROUP BY a.owner_kind, a.purpose, a.unit ORDER BY a.unit, a.owner_kind, a.purpose"""
_EXCHANGED = """
WITH RECURSIVE paid AS (
    SELECT statement_id, carried_into_id, state, sent_at FROM payout
    UNION ALL
    SELECT paid.statement_id, n.carried_into_id, n.state, n.sent_at
    FROM paid JOIN payout n ON n.statement_id = paid.carried_into_id
), sent AS (
    SELECT statement_id, min((sent_at AT TIME ZONE 'UTC')::date) AS sent_on FROM paid
    WHERE state IN ('SENT', 'IN_BANK') GROUP BY statement_id
)
SELECT a.source_currency AS source, a.currency AS target,
    CASE WHEN s.sent_on <= $1 THEN greatest(s.sent_on, j.effective_on) END AS settled_on,
    j.effective_on >= $2 AS is_new, sum(a.source_minor)::bigint AS received, sum(a.gross_minor)::bigint AS owed
FROM accrual a JOIN journal j ON j.id = a.journal_id
LEFT JOIN line_accrual k ON k.accrual_id = a.id LEFT JOIN statement_line l ON l.id = k.line_id
LEFT JOIN sent s ON s.statement_id = l.statement_id
WHERE a.source_currency <> a.currency AND j.effective_on <= $1
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"""


@dataclass(frozen=True, slots=True)
class ResultLine:
    """What was debited and credited in the period on one line of the trial balance."""

    owner_kind: OwnerKind
    purpose: Purpose
    unit: str
    debits: int
    credits: int


@dataclass(slots=True)
class Exchange:
    """One pair: `received` of the source for `owed` of the target, in minor units; results in the target.

    Everything is by the day on which it counts. `converted` is what was agreed in the period, `open` what had not
    been sent at its end, `realised` the result of what was sent in it, `unrealised` that of what is open. A result
    is None when no rate was known.
    """

    source: str
    target: str
    converted_received: int = 0
    converted_owed: int = 0
    settled_received: int = 0
    settled_owed: int = 0
    open_received: int = 0
    open_owed: int = 0
    realised: int | None = 0
    unrealised: int | None = None
    closing_rate: Decimal | None = None

    @property
    def average_rate(self) -> Decimal | None:
        """At what rate the period's conversions were agreed, on average, in major units."""
        if not self.converted_received:
            return None
        one = Decimal(convert(10**12, self.source, self.target, Decimal(1))) / 10**12
        rate = Decimal(self.converted_owed) / Decimal(self.converted_received) / one
        return rate.quantize(Decimal("0.000001"), ROUND_HALF_EVEN)


async def earned(first: date, until: date) -> list[ResultLine]:
    """What moved in the period on the accounts of results, one line for each owner kind, purpose and unit."""
    rows = await database.rows(_MOVED, first, until, [purpose.value for purpose in EARNED])
    return [
        ResultLine(
            OwnerKind(row["owner_kind"]), Purpose(row["purpose"]), row["unit"], row["debits"], row["credits"]
        )
        for row in rows
    ]


async def exchanged(first: date, until: date) -> list[Exchange]:
    """What each pair of currencies brought in the period, and what of it is still open."""
    pairs: dict[tuple[str, str], Exchange] = {}
    for row in await database.rows(_EXCHANGED, until, first):
        pair = pairs.setdefault((row["source"], row["target"]), Exchange(row["source"], row["target"]))
        if row["is_new"]:
            pair.converted_received += row["received"]
            pair.converted_owed += row["owed"]
        if row["settled_on"] is None:
            pair.open_received += row["received"]
            pair.open_owed += row["owed"]
        elif row["settled_on"] >= first:
            await _settle(pair, row)
    for pair in pairs.values():
        pair.closing_rate = await _rate(pair, until)
        if pair.closing_rate is not None:
            value = convert(pair.open_received, pair.source, pair.target, pair.closing_rate)
            pair.unrealised = value - pair.open_owed
    return list(pairs.values())


async def _settle(pair: Exchange, row: dict[str, Any]) -> None:
    pair.settled_received += row["received"]
    pair.settled_owed += row["owed"]
    rate = await _rate(pair, row["settled_on"])
    if rate is None or pair.realised is None:
        pair.realised = None
    else:
        pair.realised += convert(row["received"], pair.source, pair.target, rate) - row["owed"]


async def _rate(pair: Exchange, day: date) -> Decimal | None:
    """The newest rate at the end of a day."""
    end = datetime.combine(day + timedelta(days=1), time(), UTC) - timedelta(microseconds=1)
    try:
        return (await fx_rate(pair.source, pair.target, end)).rate
    except NoRate:
        return None
