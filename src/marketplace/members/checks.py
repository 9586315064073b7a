"""What must always be true of members' levels."""

from collections.abc import AsyncIterator

from marketplace.kit import database
from marketplace.kit.checks import Check, Violation

_LEVELS = """
SELECT m.id, m.tier_id, c.to_tier_id FROM member m CROSS JOIN LATERAL (
    SELECT to_tier_id FROM tier_change WHERE member_id = m.id ORDER BY id DESC LIMIT 1
) c WHERE m.tier_id IS DISTINCT FROM c.to_tier_id LIMIT 100"""
_CHAIN = """
SELECT id, member_id FROM (
    SELECT id, member_id, from_tier_id, lag(to_tier_id) OVER w AS before, lag(id) OVER w AS first
    FROM tier_change WINDOW w AS (PARTITION BY member_id ORDER BY id)
) change WHERE first IS NOT NULL AND from_tier_id IS DISTINCT FROM before LIMIT 100"""


async def check_levels_are_what_their_history_says() -> AsyncIterator[Violation]:
    """A member's level is where the newest change left it."""
    for row in await database.rows(_LEVELS):
        detail = f"the member has {row['tier_id']}, the newest change says {row['to_tier_id']}"
        yield Violation("levels are what their history says", f"member {row['id']}", detail)


async def check_levels_change_one_after_the_other() -> AsyncIterator[Violation]:
    """Each change begins where the one before it ended."""
    for row in await database.rows(_CHAIN):
        detail = f"change {row['id']} begins elsewhere than the one before it ended"
        yield Violation("levels change one after the other", f"member {row['member_id']}", detail)


CHECKS: tuple[Check, ...] = (check_levels_are_what_their_history_says, check_levels_change_one_after_the_other)
