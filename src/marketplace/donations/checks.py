"""What must always be true of pledges."""

from collections.abc import AsyncIterator

from marketplace.kit import database
from marketplace.kit.checks import Check, Violation

_ACCRUED = """
SELECT p.id, p.number, p.state, p.amount_minor, a.gross_minor, coalesce(r.gross_minor, 0) AS back
FROM pledge p JOIN accrual a ON a.id = p.accrual_id
LEFT JOIN journal j ON j.corrects_id = a.journal_id LEFT JOIN accrual r ON r.journal_id = j.id
WHERE p.amount_minor <> a.gross_minor
   OR (p.state = 'CANCELLED') <> (coalesce(r.gross_minor, 0) = -a.gross_minor)"""
_SPENT = """
SELECT p.id, p.number, p.points, h.points AS held, h.state FROM pledge p JOIN points_hold h ON h.id = p.hold_id
WHERE h.state <> 'POSTED' OR h.points <> p.points"""


_RECEIPTED = """
SELECT p.number, p.state, count(r.id) AS n, coalesce(sum(r.amount_minor), 0) AS minor
FROM pledge p LEFT JOIN donation_receipt r ON r.pledge_id = p.id AND r.voided_at IS NULL
GROUP BY p.id
HAVING coalesce(sum(r.amount_minor), 0) <> CASE p.state WHEN 'REMITTED' THEN p.amount_minor ELSE 0 END
ORDER BY p.number LIMIT 100"""
_NUMBERED = """
SELECT year, count(*) AS n, max(sequence) AS last FROM donation_receipt
GROUP BY year HAVING count(*) <> max(sequence)"""


async def check_receipts_follow_donations() -> AsyncIterator[Violation]:
    """A donation that has reached its charity has one receipt that counts, others none; no number is left out."""
    for row in await database.rows(_RECEIPTED):
        detail = f"{row['state']}: {row['n']} receipts of {row['minor']} together"
        yield Violation("donations have receipts", f"pledge {row['number']}", detail)
    for row in await database.rows(_NUMBERED):
        detail = f"{row['n']} receipts, the last number is {row['last']}"
        yield Violation("donations have receipts", f"year {row['year']}", detail)


async def check_pledges_are_owed() -> AsyncIterator[Violation]:
    """Each pledge accrued its amount once, and a cancelled one accrued it back."""
    for row in await database.rows(_ACCRUED):
        detail = f"{row['state']}: {row['amount_minor']} pledged, {row['gross_minor']} owed, {row['back']} back"
        yield Violation("pledges are owed", f"pledge {row['number']}", detail)


async def check_pledged_points_are_spent() -> AsyncIterator[Violation]:
    """The points of each pledge left the wallet."""
    for row in await database.rows(_SPENT):
        detail = f"{row['points']} pledged, a hold of {row['held']} is {row['state']}"
        yield Violation("pledged points are spent", f"pledge {row['number']}", detail)


CHECKS: tuple[Check, ...] = (
    check_pledges_are_owed,
    check_pledged_points_are_spent,
    check_receipts_follow_donations,
)
