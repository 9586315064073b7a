"""What must always be true of money in: proved from the rows alone."""

from collections.abc import AsyncIterator
from uuid import UUID

from marketplace.billing import position, stating
from marketplace.billing.models import ProgramStatement, ProgramStatementLine
from marketplace.kit import database
from marketplace.kit.checks import Check, Violation
from marketplace.members.models import Program

BATCH = 500
SHOWN = 100

_RECEIPTS = f"""
WITH told AS (
    SELECT id, journal_id, amount_minor, 'funding.paid_in' AS reason FROM funding_receipt
    UNION ALL SELECT id, journal_id, amount_minor, 'funding.returned' FROM funding_takeback
)
SELECT told.id, amount_minor, booked.minor AS booked FROM told
LEFT JOIN LATERAL (
    SELECT coalesce(sum(x.amount), 0) AS minor FROM journal j JOIN transfer x ON x.journal_id = j.id
    WHERE j.id = told.journal_id AND j.reason = told.reason AND j.ref_id = told.id
) AS booked ON true
WHERE amount_minor <> booked.minor ORDER BY told.id LIMIT {SHOWN}"""
_NOT_TOLD = f"""
SELECT j.id, j.reason FROM journal j
WHERE (j.ref_type = 'funding_receipt' AND NOT EXISTS (SELECT FROM funding_receipt r WHERE r.journal_id = j.id))
   OR (j.ref_type = 'funding_takeback' AND NOT EXISTS (SELECT FROM funding_takeback b WHERE b.journal_id = j.id))
ORDER BY j.id LIMIT {SHOWN}"""
_RETURNED = f"""
SELECT r.id, r.amount_minor, sum(b.amount_minor) AS back
FROM funding_receipt r JOIN funding_takeback b ON b.receipt_id = r.id
GROUP BY r.id HAVING sum(b.amount_minor) > r.amount_minor ORDER BY r.id LIMIT {SHOWN}"""
_TOP_UPS = f"""
SELECT t.reference, t.state, t.amount_minor, came.minor AS came, came.back FROM top_up t
LEFT JOIN LATERAL (
    SELECT coalesce(sum(r.amount_minor), 0) AS minor, coalesce(sum(b.minor), 0) AS back FROM funding_receipt r
    LEFT JOIN LATERAL (
        SELECT sum(amount_minor) AS minor FROM funding_takeback WHERE receipt_id = r.id
    ) AS b ON true
    WHERE r.top_up_id = t.id
) AS came ON true
WHERE (t.received_minor, t.returned_minor) <> (came.minor, came.back)
   OR t.state NOT IN ('FAILED', 'PENDING') AND came.minor = 0
   OR t.state <> CASE WHEN came.minor > 0 AND came.minor = came.back THEN 'RETURNED'
        WHEN came.minor >= t.amount_minor THEN 'SUCCEEDED'
        WHEN came.minor > 0 OR t.state NOT IN ('FAILED') THEN 'PENDING' ELSE t.state END
ORDER BY t.id LIMIT {SHOWN}"""
_UNCOVERED = """
SELECT coalesce(k.owner_id, t.program_id) AS program_id, coalesce(k.minor, 0) AS booked,
    coalesce(t.minor, 0) AS told
FROM (
    SELECT a.owner_id, coalesce((SELECT sum(amount) FROM transfer WHERE debit_account_id = a.id), 0)
        - coalesce((SELECT sum(amount) FROM transfer WHERE credit_account_id = a.id), 0) AS minor
    FROM account a WHERE a.purpose = 'UNCOVERED'
) AS k FULL JOIN (
    SELECT program_id, sum(minor) AS minor FROM (
        SELECT program_id, -recovered_minor AS minor FROM funding_receipt
        UNION ALL
        SELECT r.program_id, b.uncovered_minor
        FROM funding_takeback b JOIN funding_receipt r ON r.id = b.receipt_id
    ) AS each GROUP BY program_id
) AS t ON t.program_id = k.owner_id
WHERE coalesce(k.minor, 0) <> coalesce(t.minor, 0) OR coalesce(t.minor, 0) < 0"""
_NEGATIVE = """
SELECT a.owner_id, a.unit, b.balance FROM balance b JOIN account a ON a.id = b.account_id
WHERE a.purpose = 'FUNDING' AND b.balance < 0"""
_HELD = """
SELECT owner_id, unit, balance FROM (
    SELECT a.owner_id, a.unit,
        coalesce((SELECT sum(amount) FROM transfer WHERE credit_account_id = a.id), 0)
        - coalesce((SELECT sum(amount) FROM transfer WHERE debit_account_id = a.id), 0) AS balance
    FROM account a WHERE a.purpose = 'FUNDING_HELD'
) AS held WHERE balance < 0"""


_CREDIT = """
SELECT coalesce(k.owner_id, l.program_id) AS program_id, coalesce(k.minor, 0) AS booked,
    coalesce(l.limit_minor, 0) AS told, coalesce(c.limit_minor, 0) AS approved
FROM (
    SELECT a.owner_id, coalesce((SELECT sum(amount) FROM transfer WHERE debit_account_id = a.id), 0)
        - coalesce((SELECT sum(amount) FROM transfer WHERE credit_account_id = a.id), 0) AS minor
    FROM account a WHERE a.purpose = 'CREDIT_LINE'
) AS k FULL JOIN credit_line l ON l.program_id = k.owner_id
LEFT JOIN LATERAL (
    SELECT limit_minor FROM credit_line_change WHERE program_id = l.program_id AND state = 'APPROVED'
    ORDER BY decided_at DESC, id DESC LIMIT 1
) AS c ON true
WHERE coalesce(k.minor, 0) <> coalesce(l.limit_minor, 0)
   OR coalesce(l.limit_minor, 0) <> coalesce(c.limit_minor, 0)"""


_INVOICES = f"""
SELECT i.number, i.amount_minor, i.paid_minor, i.state, coalesce(sum(p.amount_minor), 0) AS paid
FROM invoice i LEFT JOIN invoice_payment p ON p.invoice_id = i.id
WHERE i.kind = 'CREDIT' OR EXISTS (SELECT FROM coalition_order WHERE invoice_id = i.id AND payment = 'INVOICE')
GROUP BY i.id HAVING i.paid_minor <> coalesce(sum(p.amount_minor), 0) ORDER BY i.number LIMIT {SHOWN}"""
_OVERPAYING = f"""
SELECT r.id, r.amount_minor, sum(p.amount_minor) AS paid FROM funding_receipt r
JOIN invoice_payment p ON p.receipt_id = r.id
GROUP BY r.id HAVING sum(p.amount_minor) < 0 OR sum(p.amount_minor) > r.amount_minor - coalesce(
    (SELECT sum(b.amount_minor) FROM funding_takeback b WHERE b.receipt_id = r.id), 0) LIMIT {SHOWN}"""
_GAPS = """
SELECT program_id, count(*) AS n, max(sequence) AS last, 'statements' AS what FROM program_statement
GROUP BY program_id HAVING count(*) <> max(sequence)
UNION ALL
SELECT program_id, count(*), max(sequence), 'invoices' FROM invoice
GROUP BY program_id HAVING count(*) <> max(sequence)"""
_CHAIN = f"""
SELECT s.number, s.opening_minor, coalesce(b.closing_minor, 0) AS before FROM program_statement s
LEFT JOIN program_statement b ON b.program_id = s.program_id AND b.sequence = s.sequence - 1
LEFT JOIN LATERAL (
    SELECT sum(amount_minor) AS minor FROM program_statement_line WHERE statement_id = s.id
) AS l ON true
WHERE s.opening_minor <> coalesce(b.closing_minor, 0)
    OR s.closing_minor <> s.opening_minor + coalesce(l.minor, 0)
    OR (b.id IS NOT NULL AND s.period_from <> b.period_until + 1)
ORDER BY s.number LIMIT {SHOWN}"""


_ORDERS = f"""
SELECT o.id, o.state, o.price_minor, o.points, i.state AS invoice, i.paid_minor, coalesce(b.points, 0) AS added,
    coalesce(a.net, 0) AS net
FROM coalition_order o JOIN invoice i ON i.id = o.invoice_id
LEFT JOIN LATERAL (
    SELECT sum(d.points) AS points FROM earning_budget g JOIN earning_budget_addition d ON d.budget_id = g.id
    WHERE g.program_id = o.program_id AND g.code = o.budget_code
      AND starts_with(d.reference, 'coalition:' || replace(o.id::text, '-', ''))
) AS b ON true
LEFT JOIN LATERAL (
    SELECT sum(net_minor) AS net FROM accrual WHERE kind = 'ADJUSTMENT' AND ref_id = o.id
) AS a ON true
WHERE i.amount_minor <> o.price_minor OR i.partner_id <> o.partner_id
    OR coalesce(b.points, 0) <> CASE o.state WHEN 'READY' THEN o.points ELSE o.given_points END
    OR i.state <> CASE o.state WHEN 'AWAITING' THEN 'OPEN' WHEN 'CANCELLED' THEN 'CANCELLED'
        WHEN 'REVERSED' THEN CASE WHEN i.reopened_at IS NULL THEN 'PAID' ELSE i.state END ELSE 'PAID' END
    OR coalesce(a.net, 0) <> -coalesce(o.charged_minor, 0)
    OR (o.payment = 'NETTED') <> (o.charged_minor IS NOT NULL)
ORDER BY o.id LIMIT {SHOWN}"""


async def check_funding() -> AsyncIterator[Violation]:
    """Each receipt raised the books by what it says, each takeback lowered them, and nothing else did."""
    for row in await database.rows(_RECEIPTS):
        detail = f"says {row['amount_minor']}, booked {row['booked']}"
        yield Violation("billing.funding", f"receipt or takeback {row['id']}", detail)
    for row in await database.rows(_NOT_TOLD):
        yield Violation("billing.funding", f"journal {row['id']}", f"{row['reason']} that no row tells of")
    for row in await database.rows(_RETURNED):
        detail = f"{row['back']} of {row['amount_minor']} went back"
        yield Violation("billing.funding", f"receipt {row['id']}", detail)
    for row in await database.rows(_NEGATIVE):
        yield Violation("billing.funding", f"program {row['owner_id']}", f"{row['balance']} {row['unit']} left")
    for row in await database.rows(_HELD):
        yield Violation("billing.funding", f"program {row['owner_id']}", f"{row['balance']} {row['unit']} held")


async def check_top_ups_stand_where_their_money_is() -> AsyncIterator[Violation]:
    """A top-up stands where its receipts and takebacks put it."""
    for row in await database.rows(_TOP_UPS):
        detail = f"{row['state']} of {row['amount_minor']}, {row['came']} came and {row['back']} went back"
        yield Violation("billing.top_ups", f"top-up {row['reference']}", detail)


async def check_uncovered_is_what_went_back() -> AsyncIterator[Violation]:
    """What stands as uncovered is what takebacks left, less what receipts made good."""
    for row in await database.rows(_UNCOVERED):
        detail = f"the books say {row['booked']}, the rows {row['told']}"
        yield Violation("billing.uncovered", f"program {row['program_id']}", detail)


async def check_credit_is_what_two_people_agreed() -> AsyncIterator[Violation]:
    """A line stands in the books at its limit, which is the last one that two people agreed on."""
    for row in await database.rows(_CREDIT):
        detail = f"the books say {row['booked']}, the line {row['told']}, the last approval {row['approved']}"
        yield Violation("billing.credit", f"program {row['program_id']}", detail)


async def check_invoices_are_paid_by_receipts() -> AsyncIterator[Violation]:
    """What is paid of an invoice came with receipts, and no receipt pays more than what is kept of it."""
    for row in await database.rows(_INVOICES):
        detail = f"{row['paid_minor']} of {row['amount_minor']} is paid, receipts paid {row['paid']}"
        yield Violation("billing.invoices", row["number"], detail)
    for row in await database.rows(_OVERPAYING):
        detail = f"{row['amount_minor']} pays {row['paid']}"
        yield Violation("billing.invoices", f"receipt {row['id']}", detail)


async def check_program_statements_are_the_books() -> AsyncIterator[Violation]:
    """Statements follow each other without a gap, add up, are as issued, and close where the books stood."""
    for row in await database.rows(_GAPS):
        detail = f"{row['n']} {row['what']}, the last number is {row['last']}"
        yield Violation("billing.statements", f"program {row['program_id']}", detail)
    for row in await database.rows(_CHAIN):
        detail = f"opens at {row['opening_minor']} after {row['before']}, or does not add up from its lines"
        yield Violation("billing.statements", row["number"], detail)
    programs = {program.id: program for program in await Program.all()}
    after = UUID(int=0)
    while batch := await ProgramStatement.filter(id__gt=after).order_by("id").limit(BATCH):
        after = batch[-1].id
        for statement in batch:
            lines = await ProgramStatementLine.filter(statement_id=statement.id).order_by("position")
            if stating.digest(statement, lines) != statement.digest:
                yield Violation("billing.statements", statement.number, "is not what was issued")
            stood = await position.stood(programs[statement.program_id], stating.span(statement)[1])
            if stood.balance_minor != statement.closing_minor:
                detail = f"closes at {statement.closing_minor}, the books stood at {stood.balance_minor}"
                yield Violation("billing.statements", statement.number, detail)


_GIVEN = f"""
SELECT c.id, c.points, a.points AS awarded, coalesce(b.points, 0) AS taken FROM coalition_award c
JOIN award a ON a.id = c.award_id
LEFT JOIN earning_budget_addition b ON b.reference = 'coalition:given:' || replace(c.id::text, '-', '')
WHERE c.points <> a.points OR c.points <> -coalesce(b.points, 0) OR a.program_id <> c.program_id
ORDER BY c.id LIMIT {SHOWN}"""


async def check_coalition_awards_were_bought() -> AsyncIterator[Violation]:
    """What a partner gave a member was taken out of what it bought, and is an award of as many points."""
    for row in await database.rows(_GIVEN):
        detail = f"{row['points']} given, {row['awarded']} awarded, {row['taken']} of the budget"
        yield Violation("billing.coalition_awards", f"award {row['id']}", detail)


async def check_coalition_orders_are_paid_and_given() -> AsyncIterator[Violation]:
    """An order's points stand in its budget when it is paid, and only then, but for those that members had when
    its payment went back; netted, the partner is owed less.
    """
    for row in await database.rows(_ORDERS):
        detail = f"{row['state']} for {row['price_minor']}, invoice {row['invoice']} with {row['paid_minor']}, "
        detail += f"{row['added']} of {row['points']} points, netted {row['net']}"
        yield Violation("billing.coalition", f"order {row['id']}", detail)


CHECKS: tuple[Check, ...] = (
    check_funding,
    check_top_ups_stand_where_their_money_is,
    check_uncovered_is_what_went_back,
    check_credit_is_what_two_people_agreed,
    check_invoices_are_paid_by_receipts,
    check_program_statements_are_the_books,
    check_coalition_orders_are_paid_and_given,
    check_coalition_awards_were_bought,
)
