"""What must always be true of money in: proved from the rows alone."""

from collections.abc import AsyncIterator

from marketplace.kit import database
from marketplace.kit.checks import Check, Violation

SHOWN = 100

_TOP_UPS = f"""
SELECT t.reference, t.state, t.amount_minor, paid.amount AS paid FROM top_up t
LEFT JOIN LATERAL (
    SELECT coalesce(sum(x.amount) FILTER (WHERE j.reason = 'funding.paid_in'), 0) AS amount,
        coalesce(sum(x.amount) FILTER (WHERE j.reason = 'funding.returned'), 0) AS back
    FROM journal j JOIN transfer x ON x.journal_id = j.id WHERE j.ref_id = t.id
) AS paid ON true
WHERE paid.amount <> CASE WHEN t.state IN ('SUCCEEDED', 'RETURNED') THEN t.amount_minor ELSE 0 END
   OR paid.back <> CASE t.state WHEN 'RETURNED' THEN t.amount_minor ELSE 0 END
ORDER BY t.id LIMIT {SHOWN}"""
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


async def check_funding() -> AsyncIterator[Violation]:
    """A top-up raised the funding when it succeeded, lowered it when it was returned, and else did nothing."""
    for row in await database.rows(_TOP_UPS):
        detail = f"{row['state']} with {row['amount_minor']}, booked {row['paid']}"
        yield Violation("billing.funding", f"top-up {row['reference']}", detail)
    for row in await database.rows(_NEGATIVE):
        yield Violation("billing.funding", f"program {row['owner_id']}", f"{row['balance']} {row['unit']} left")
    for row in await database.rows(_HELD):
        yield Violation("billing.funding", f"program {row['owner_id']}", f"{row['balance']} {row['unit']} held")


CHECKS: tuple[Check, ...] = (check_funding,)
