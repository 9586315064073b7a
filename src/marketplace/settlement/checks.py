"""What must always be true of statements and payouts: proved from the rows alone."""

from collections.abc import AsyncIterator

from marketplace.kit import database
from marketplace.kit.checks import Check, Violation, first_new
from marketplace.settlement import rules
from marketplace.settlement.cases import LAST, OPEN
from marketplace.settlement.models import Statement, StatementLine

BATCH = 500
SHOWN = 100

# The balance of every account of one purpose, by owner and unit; $1 is the purpose.
_BALANCES = """
booked AS (
    SELECT owner_id, unit, sum(change) AS balance FROM (
        SELECT a.owner_id, a.unit, t.amount AS change
        FROM account a JOIN transfer t ON t.credit_account_id = a.id WHERE a.purpose = $1
        UNION ALL
        SELECT a.owner_id, a.unit, -t.amount
        FROM account a JOIN transfer t ON t.debit_account_id = a.id WHERE a.purpose = $1
    ) AS moved GROUP BY owner_id, unit
)"""
_DIFFER = f"""
SELECT coalesce(b.owner_id, r.owner_id) AS owner_id, coalesce(b.unit, r.unit) AS unit,
    coalesce(b.balance, 0) AS booked, coalesce(r.total, 0) AS total
FROM booked b FULL JOIN rows r ON r.owner_id = b.owner_id AND r.unit = b.unit
WHERE coalesce(b.balance, 0) <> coalesce(r.total, 0) ORDER BY 1, 2 LIMIT {SHOWN}"""
_UNSETTLED = f"""{LAST.format(of_partner="")}, rows AS (
    SELECT a.partner_id AS owner_id, a.currency AS unit, sum(a.net_minor) AS total
    FROM {OPEN.format(of_partner="")} GROUP BY a.partner_id, a.currency
)"""
_PAYOUTS = """rows AS (
    SELECT s.partner_id AS owner_id, p.currency AS unit, {sign}sum(p.amount_minor) AS total
    FROM payout p JOIN statement s ON s.id = p.statement_id WHERE {standing} GROUP BY s.partner_id, p.currency
)"""
_RESERVED = """rows AS (
    SELECT partner_id AS owner_id, currency AS unit, -sum(net_minor) AS total FROM accrual
    WHERE kind IN ('RESERVE_HELD', 'RESERVE_RELEASED') GROUP BY partner_id, currency
)"""
_INVOICES = f"""
SELECT s.number, i.number AS invoice FROM statement s FULL JOIN commission_invoice i ON i.statement_id = s.id
WHERE i.id IS NOT NULL AND (i.net_minor, i.vat_minor, i.currency)
   <> (s.commission_minor + s.fees_minor, s.vat_minor, s.currency) ORDER BY 1 LIMIT {SHOWN}"""
_SERIES = """
SELECT coalesce(i.issuer, s.issuer) AS issuer, coalesce(i.year, s.year) AS year, i.n, i.last, s.newest AS counted
FROM (SELECT issuer, year, count(*) AS n, max(sequence) AS last FROM commission_invoice GROUP BY 1, 2) i
FULL JOIN invoice_series s ON s.issuer = i.issuer AND s.year = i.year
WHERE i.n IS DISTINCT FROM i.last OR i.last IS DISTINCT FROM s.newest"""
_OWED = "p.state = 'PLANNED' OR (p.state IN ('CARRIED', 'FAILED') AND p.carried_into_id IS NULL)"
_SENT = "p.state = 'SENT'"
_AT_STRIPE = "p.state = 'SENT' AND p.bank_transfer_id IS NULL"

_ADD_UP = f"""
SELECT s.number, s.closing_minor FROM statement s
LEFT JOIN LATERAL (
    SELECT coalesce(sum(quantity), 0) AS accruals,
        coalesce(sum(gross_minor) FILTER (WHERE kind IN ('SALES', 'DONATIONS', 'REFUNDS')), 0) AS gross,
        coalesce(sum(commission_minor) FILTER (WHERE kind <> 'FEE'), 0) AS commission,
        coalesce(sum(commission_minor) FILTER (WHERE kind = 'FEE'), 0) AS fees,
        coalesce(sum(vat_minor), 0) AS vat,
        coalesce(sum(net_minor) FILTER (WHERE kind IN ('ADJUSTMENTS', 'DISCOUNT_CAP')), 0) AS adjustments,
        coalesce(sum(net_minor) FILTER (WHERE kind IN ('RESERVE_HELD', 'RESERVE_RELEASED')), 0) AS reserve
    FROM statement_line l WHERE l.statement_id = s.id
) AS lines ON true
LEFT JOIN LATERAL (
    SELECT coalesce(sum(p.amount_minor), 0) AS opening FROM payout p WHERE p.carried_into_id = s.id
) AS carried ON true
WHERE s.id >= $1 AND (s.accruals, s.gross_minor, s.commission_minor, s.vat_minor, s.adjustments_minor,
        s.opening_minor, s.fees_minor, s.reserve_minor)
   <> (lines.accruals, lines.gross, lines.commission, lines.vat, lines.adjustments, carried.opening,
        lines.fees, lines.reserve)
ORDER BY s.id LIMIT {SHOWN}"""
_LINES = f"""
SELECT l.id, s.number, l.position FROM statement_line l JOIN statement s ON s.id = l.statement_id
LEFT JOIN (
    SELECT k.line_id, count(*) AS n, sum(a.gross_minor) AS gross, sum(a.commission_minor) AS commission,
        sum(a.vat_minor) AS vat, sum(a.net_minor) AS net
    FROM statement t JOIN statement_line k0 ON k0.statement_id = t.id JOIN line_accrual k ON k.line_id = k0.id
    JOIN accrual a ON a.id = k.accrual_id WHERE t.id >= $1 GROUP BY k.line_id
) AS sums ON sums.line_id = l.id
WHERE s.id >= $1 AND (l.quantity, l.gross_minor, l.commission_minor, l.vat_minor, l.net_minor)
   IS DISTINCT FROM (sums.n, sums.gross, sums.commission, sums.vat, sums.net)
ORDER BY l.id LIMIT {SHOWN}"""
_CHAINS = f"""
SELECT s.number, p.number AS previous FROM statement s
LEFT JOIN statement p ON p.partner_id = s.partner_id AND p.currency = s.currency AND p.period_until = (
    SELECT max(period_until) FROM statement o
    WHERE o.partner_id = s.partner_id AND o.currency = s.currency AND o.period_until < s.period_until)
WHERE p.id IS DISTINCT FROM s.previous_id OR p.up_to > s.up_to ORDER BY s.id LIMIT {SHOWN}"""
_NUMBERS = """
SELECT partner_id, count(*) AS n, max(sequence) AS last FROM statement
GROUP BY partner_id HAVING count(*) <> max(sequence)"""
_PAYOUT_OF = f"""
SELECT s.number, s.closing_minor, p.state, p.amount_minor, coalesce(o.state, b.state) AS outbound
FROM statement s LEFT JOIN payout p ON p.statement_id = s.id LEFT JOIN outbound_transfer o ON o.id = p.outbound_id
LEFT JOIN bank_transfer b ON b.id = p.bank_transfer_id
WHERE p.id IS NULL OR p.amount_minor <> s.closing_minor OR p.currency <> s.currency
   OR (b.id IS NOT NULL AND (b.amount_minor <> p.amount_minor OR b.ref_id <> p.id OR NOT CASE p.state
        WHEN 'SENT' THEN b.state = 'ACCEPTED' WHEN 'IN_BANK' THEN b.state = 'BOOKED'
        WHEN 'FAILED' THEN b.state IN ('REJECTED', 'RETURNED')
        ELSE b.state IN ('PLANNED', 'BATCHED', 'ORDERED') END))
   OR (p.state <> 'CARRIED' AND b.id IS NULL AND (o.id IS NULL OR o.amount_minor <> p.amount_minor
    OR NOT CASE p.state
        WHEN 'SENT' THEN o.state = 'SENT' WHEN 'IN_BANK' THEN o.state = 'IN_BANK'
        WHEN 'FAILED' THEN o.state IN ('FAILED', 'REVERSED')
        ELSE o.state IN ('PLANNED', 'IN_FLIGHT', 'UNKNOWN', 'WAITING_FOR_FUNDS') END))
ORDER BY s.id LIMIT {SHOWN}"""
_PARTS = f"""
SELECT s.number, b.returned_minor, coalesce(sum(a.net_minor), 0) AS owed
FROM payout p JOIN statement s ON s.id = p.statement_id JOIN bank_transfer b ON b.id = p.bank_transfer_id
LEFT JOIN payout_event e ON e.payout_id = p.id
LEFT JOIN accrual a ON a.kind = 'ADJUSTMENT' AND a.ref_type = 'payout_event' AND a.ref_id = e.id
GROUP BY s.id, b.id HAVING b.returned_minor <> coalesce(sum(a.net_minor), 0) ORDER BY s.number LIMIT {SHOWN}"""
_DIGESTS = "SELECT id FROM statement WHERE id > $1 ORDER BY id LIMIT $2"


async def _compared(name: str, purpose: str, rows: str, what: str) -> AsyncIterator[Violation]:
    for row in await database.rows(f"WITH {_BALANCES}, {rows} {_DIFFER}", purpose):
        detail = f"{purpose} stands at {row['booked']} {row['unit']}, {what} at {row['total']}, in minor units"
        yield Violation(name, f"partner {row['owner_id']}", detail)


async def check_payable_is_unsettled() -> AsyncIterator[Violation]:
    """What a partner is payable equals the net of its accruals that are on no statement, per currency."""
    async for found in _compared("settlement.payable", "PAYABLE", _UNSETTLED, "its unsettled accruals"):
        yield found


async def check_due_is_unpaid() -> AsyncIterator[Violation]:
    """What is due equals the closing balances that have not left us and have not joined a later statement."""
    rows = _PAYOUTS.format(sign="", standing=_OWED)
    async for found in _compared("settlement.due", "DUE", rows, "its unpaid statements"):
        yield found


async def check_reserves_are_held() -> AsyncIterator[Violation]:
    """What stands in a partner's reserve is what was held of its statements and not released."""
    async for found in _compared("settlement.reserve", "RESERVE", _RESERVED, "what is held of its statements"):
        yield found


async def check_invoices_follow_statements() -> AsyncIterator[Violation]:
    """A commission invoice says what its statement charges, and the numbers of an issuer's year lack none."""
    for row in await database.rows(_INVOICES):
        yield Violation("settlement.invoices", row["invoice"], f"is not what {row['number']} charges")
    for row in await database.rows(_SERIES):
        detail = f"{row['n']} invoices, the last number is {row['last']}, the series is at {row['counted']}"
        yield Violation("settlement.invoices", f"{row['issuer']} {row['year']}", detail)


async def check_transit_is_sent() -> AsyncIterator[Violation]:
    """What is in transit equals the payouts that were sent, and stands in the partner's balance at Stripe."""
    sent, held = _PAYOUTS.format(sign="", standing=_SENT), _PAYOUTS.format(sign="-", standing=_AT_STRIPE)
    async for found in _compared("settlement.in_transit", "IN_TRANSIT", sent, "its sent payouts"):
        yield found
    async for found in _compared("settlement.connected", "STRIPE_CONNECTED", held, "its sent payouts"):
        yield found


async def check_statements_add_up() -> AsyncIterator[Violation]:
    """A statement adds up from its lines and what it carries, a line from its accruals, the numbers lack none."""
    for row in await database.rows(_ADD_UP, first_new()):
        yield Violation("settlement.statements", row["number"], "does not add up from its lines and openings")
    for row in await database.rows(_LINES, first_new()):
        detail = f"line {row['position']} does not add up from its accruals"
        yield Violation("settlement.statements", row["number"], detail)
    for row in await database.rows(_CHAINS):
        detail = f"does not go on where {row['previous'] or 'nothing'} ended"
        yield Violation("settlement.statements", row["number"], detail)
    for row in await database.rows(_NUMBERS):
        detail = f"{row['n']} statements, the last number is {row['last']}"
        yield Violation("settlement.statements", f"partner {row['partner_id']}", detail)


async def check_payouts_follow_statements() -> AsyncIterator[Violation]:
    """Each statement has a payout of its closing balance, which stands where its transfer stands."""
    for row in await database.rows(_PAYOUT_OF):
        detail = f"closing {row['closing_minor']}, payout {row['amount_minor']} {row['state']}, {row['outbound']}"
        yield Violation("settlement.payouts", row["number"], detail)


async def check_parts_that_came_back_are_owed() -> AsyncIterator[Violation]:
    """What a bank sent back of a payout in parts is owed to its partner again, once."""
    for row in await database.rows(_PARTS):
        detail = f"{row['returned_minor']} came back in parts, {row['owed']} is owed again"
        yield Violation("settlement.parts_returned", row["number"], detail)


async def check_digests() -> AsyncIterator[Violation]:
    """What a statement says is what it said when it was issued."""
    after = str(first_new())
    while batch := [row["id"] for row in await database.rows(_DIGESTS, after, BATCH)]:
        after = str(batch[-1])
        lines: dict[object, list[StatementLine]] = {id: [] for id in batch}
        for line in await StatementLine.filter(statement_id__in=batch).order_by("statement_id", "position"):
            lines[line.statement_id].append(line)
        for statement in await Statement.filter(id__in=batch):
            if rules.digest(statement, lines[statement.id]) != statement.digest:
                yield Violation("settlement.digests", statement.number, "is not what was issued")


CHECKS: tuple[Check, ...] = (
    check_payable_is_unsettled,
    check_due_is_unpaid,
    check_reserves_are_held,
    check_invoices_follow_statements,
    check_transit_is_sent,
    check_statements_add_up,
    check_payouts_follow_statements,
    check_parts_that_came_back_are_owed,
    check_digests,
)
