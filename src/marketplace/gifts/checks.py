"""What must always be true of gifts."""

from collections.abc import AsyncIterator

from marketplace.kit import database
from marketplace.kit.checks import Check, Violation

_HOLDS = """
SELECT g.id, g.state, h.state AS hold FROM gift g JOIN points_hold h ON h.id = g.hold_id
WHERE h.state <> CASE g.state WHEN 'OFFERED' THEN 'OPEN' WHEN 'CLAIMED' THEN 'POSTED' ELSE 'RELEASED' END"""
_LOTS = """
SELECT g.id, g.points, coalesce(sum(l.points), 0) AS lots
FROM gift g LEFT JOIN lot l ON l.origin_type = 'gift' AND l.origin_id = g.id
GROUP BY g.id HAVING coalesce(sum(l.points), 0) <> CASE WHEN g.state = 'CLAIMED' THEN g.points ELSE 0 END"""


async def check_gifts_hold_what_they_offer() -> AsyncIterator[Violation]:
    """An offered gift holds its points, a claimed one has posted them, any other has released them."""
    for row in await database.rows(_HOLDS):
        detail = f"the gift is {row['state']}, its hold {row['hold']}"
        yield Violation("gifts hold what they offer", f"gift {row['id']}", detail)


async def check_claimed_gifts_are_lots() -> AsyncIterator[Violation]:
    """What was claimed stands in the receiver's lots, and nothing else does."""
    for row in await database.rows(_LOTS):
        detail = f"{row['points']} given, {row['lots']} in lots"
        yield Violation("claimed gifts are lots", f"gift {row['id']}", detail)


CHECKS: tuple[Check, ...] = (check_gifts_hold_what_they_offer, check_claimed_gifts_are_lots)
