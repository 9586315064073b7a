"""Reads of rules and reviews: for the people who look, and nobody else."""

from uuid import UUID

from tortoise.queryset import QuerySet

from marketplace.kit import clock, database
from marketplace.risk.models import Leaving, ReviewState, RiskKind, RiskReview, RiskRule
from marketplace.risk.rules import Rule

_IN_FORCE = """
SELECT kind, threshold, hours FROM (
    SELECT DISTINCT ON (kind) kind, threshold, hours FROM risk_rule
    WHERE program_id = $1 AND leaving = $2 AND valid_from <= $3 ORDER BY kind, valid_from DESC
) AS newest WHERE threshold IS NOT NULL ORDER BY kind"""


async def rules_in_force(program_id: UUID, leaving: Leaving) -> list[Rule]:
    """The rules of a program for one way out, now."""
    rows = await database.rows(_IN_FORCE, program_id, leaving.value, clock.now())
    return [Rule(RiskKind(row["kind"]), row["threshold"], row["hours"]) for row in rows]


def reviews(state: ReviewState | None) -> QuerySet[RiskReview]:
    """Every review, or those in a state. Only for who may decide."""
    return RiskReview.filter(state=state.value) if state else RiskReview.all()


async def stated_rules(program_id: UUID) -> list[RiskRule]:
    """The newest hundred rules that were stated for a program."""
    return await RiskRule.filter(program_id=program_id).order_by("-valid_from", "-id").limit(100)
