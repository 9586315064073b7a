"""What must always be true of events, grants, budgets and debts."""

from collections.abc import AsyncIterator

from marketplace.kit import database
from marketplace.kit.checks import Check, Violation

_GRANTS = """
SELECT g.id, g.state, g.points, g.lot_points, g.netted_points, g.reversed_points,
    coalesce(l.points, 0) AS lots, coalesce(j.points, 0) AS posted, coalesce(p.points, 0) AS paid,
    coalesce(c.points, 0) AS clawed, coalesce(c.cancelled, 0) AS cancelled
FROM earning_grant g
LEFT JOIN (SELECT origin_id, sum(points) AS points FROM lot WHERE origin_type = 'grant' GROUP BY 1) l
    ON l.origin_id = g.id
LEFT JOIN (SELECT j.ref_id, sum(t.amount) AS points FROM journal j JOIN transfer t ON t.journal_id = j.id
    WHERE j.reason = 'points.earned' AND j.ref_type = 'grant' GROUP BY 1) j ON j.ref_id = g.id
LEFT JOIN (SELECT grant_id, sum(points) AS points FROM earning_debt_payment GROUP BY 1) p ON p.grant_id = g.id
LEFT JOIN (SELECT grant_id, sum(points) AS points, sum(cancelled) AS cancelled FROM earning_clawback GROUP BY 1) c
    ON c.grant_id = g.id
WHERE g.lot_points <> coalesce(l.points, 0) OR g.lot_points <> coalesce(j.points, 0)
    OR g.netted_points <> coalesce(p.points, 0) OR g.reversed_points <> coalesce(c.points, 0)
    OR (g.state = 'PENDING' AND g.credited_at IS NOT NULL) OR (g.state = 'CREDITED' AND g.credited_at IS NULL)
    OR (g.credited_at IS NOT NULL AND g.points - coalesce(c.cancelled, 0) <> g.lot_points + g.netted_points)
    OR ((g.state = 'REVERSED') <> (g.reversed_points = g.points))"""
_BUDGETS = """
SELECT b.id, b.code, b.points, b.used, coalesce(a.points, 0) AS added, coalesce(g.points, 0) AS given
FROM earning_budget b
LEFT JOIN (SELECT budget_id, sum(points) AS points FROM earning_budget_addition GROUP BY 1) a ON a.budget_id = b.id
LEFT JOIN (
    SELECT r.budget_id, sum(g.points - g.reversed_points + coalesce(c.forgiven, 0)) AS points
    FROM earning_grant g JOIN earning_rule r ON r.id = g.rule_id
    LEFT JOIN (SELECT grant_id, sum(forgiven) AS forgiven FROM earning_clawback GROUP BY 1) c ON c.grant_id = g.id
    GROUP BY 1
) g ON g.budget_id = b.id
WHERE b.points <> coalesce(a.points, 0) OR b.used <> coalesce(g.points, 0)"""
_DEBTS = """
SELECT c.id, c.taken, c.owed, c.paid, coalesce(p.points, 0) AS payments, coalesce(j.points, 0) AS posted
FROM earning_clawback c
LEFT JOIN (SELECT debt_id, sum(points) AS points FROM earning_debt_payment GROUP BY 1) p ON p.debt_id = c.id
LEFT JOIN (SELECT j.ref_id, sum(t.amount) AS points FROM journal j JOIN transfer t ON t.journal_id = j.id
    WHERE j.reason = 'points.taken_back' GROUP BY 1) j ON j.ref_id = c.id
WHERE c.paid <> coalesce(p.points, 0) OR c.taken <> coalesce(j.points, 0)"""
_OUTCOMES = """
SELECT o.id, o.reason, count(g.id) AS grants FROM earning_outcome o
LEFT JOIN earning_grant g ON g.event_id = o.event_id AND g.rule_id = o.rule_id AND g.version_id = o.version_id
    AND g.side = 'MEMBER' AND g.member_id = o.member_id
GROUP BY o.id HAVING count(g.id) <> CASE o.reason WHEN 'EARNED' THEN 1 ELSE 0 END"""
_SPENT = """
SELECT e.id, e.state, c.member_id, c.spend_minor + coalesce(r.spend_minor, 0) AS counted
FROM tier_credit c LEFT JOIN earning_event e ON e.id = c.ref_id
LEFT JOIN (SELECT v.event_id, sum(t.spend_minor) AS spend_minor FROM earning_reversal v
    JOIN tier_credit t ON t.ref_type = 'earning_reversal' AND t.ref_id = v.id GROUP BY 1) r ON r.event_id = e.id
WHERE c.ref_type = 'earning_event' AND (e.id IS NULL OR e.member_id IS DISTINCT FROM c.member_id
    OR c.at <> e.effective_at OR c.spend_minor + coalesce(r.spend_minor, 0) < 0
    OR (e.state = 'REVERSED' AND c.spend_minor + coalesce(r.spend_minor, 0) <> 0))"""
_UNCOUNTED = """
SELECT e.id, e.state FROM earning_uncounted_spend u JOIN earning_event e ON e.id = u.event_id
WHERE e.member_id IS NULL OR e.state = 'REVERSED'
    OR EXISTS (SELECT FROM tier_credit c WHERE c.ref_type = 'earning_event' AND c.ref_id = e.id)"""
_REVERSALS = """
SELECT e.id, e.returned_minor, coalesce(r.minor, 0) AS reversed, r.whole FROM earning_event e
LEFT JOIN (SELECT event_id, sum(amount_minor) AS minor, bool_or(amount_minor IS NULL) AS whole
    FROM earning_reversal GROUP BY 1) r ON r.event_id = e.id
WHERE e.returned_minor <> CASE WHEN r.whole THEN coalesce(e.amount_minor, 0) ELSE coalesce(r.minor, 0) END
    OR (e.state = 'REVERSED') <> coalesce(r.whole OR e.returned_minor = e.amount_minor, false)"""


async def check_grants_are_postings() -> AsyncIterator[Violation]:
    """What a grant gave stands in lots and in the books; what it paid and lost, in payments and clawbacks."""
    for row in await database.rows(_GRANTS):
        detail = ", ".join(f"{name} {value}" for name, value in row.items() if name != "id")
        yield Violation("grants are postings", f"grant {row['id']}", detail)


async def check_budgets_are_kept() -> AsyncIterator[Violation]:
    """A budget has what was added to it, and has used what its rules gave and did not get back."""
    for row in await database.rows(_BUDGETS):
        detail = f"{row['points']} of {row['added']} added, {row['used']} used, {row['given']} given"
        yield Violation("budgets are kept", f"budget {row['code']} ({row['id']})", detail)


async def check_debts_are_paid_by_grants() -> AsyncIterator[Violation]:
    """What was taken back stands in the books; what was paid of a debt, in the payments."""
    for row in await database.rows(_DEBTS):
        detail = (
            f"{row['taken']} taken, {row['posted']} posted; {row['owed']} owed, {row['paid']} paid, "
            f"{row['payments']} in payments"
        )
        yield Violation("debts are paid by grants", f"clawback {row['id']}", detail)


async def check_outcomes_say_what_was_given() -> AsyncIterator[Violation]:
    """Each EARNED outcome has its grant, by the same version and for the same member; no other has one."""
    for row in await database.rows(_OUTCOMES):
        yield Violation(
            "outcomes say what was given", f"outcome {row['id']}", f"{row['reason']}, {row['grants']} grants"
        )


async def check_reversals_add_up() -> AsyncIterator[Violation]:
    """What went back of an event is what its reversals say, and all of it is a reversed event."""
    for row in await database.rows(_REVERSALS):
        detail = f"{row['returned_minor']} returned, reversals say {row['reversed']}, whole: {row['whole']}"
        yield Violation("reversals add up", f"event {row['id']}", detail)


async def check_spending_counts_once() -> AsyncIterator[Violation]:
    """What was spent counts for whose purchase it was, on its day, and not at all when it went back whole."""
    for row in await database.rows(_SPENT):
        detail = f"{row['counted']} minor units count for member {row['member_id']}; the event is {row['state']}"
        yield Violation("spending counts once", f"event {row['id']}", detail)
    for row in await database.rows(_UNCOUNTED):
        detail = f"it waits for a rate; the event is {row['state']}"
        yield Violation("spending counts once", f"event {row['id']}", detail)


CHECKS: tuple[Check, ...] = (
    check_grants_are_postings,
    check_budgets_are_kept,
    check_debts_are_paid_by_grants,
    check_outcomes_say_what_was_given,
    check_reversals_add_up,
    check_spending_counts_once,
)
