"""What must always be true of wallets, lots and holds."""

from collections.abc import AsyncIterator

from marketplace.kit import database
from marketplace.kit.checks import Check, Violation

_BALANCE_OF = """
LEFT JOIN account a ON a.owner_kind = 'MEMBER' AND a.owner_id = m.id AND a.purpose = '{purpose}'
    AND a.unit = 'PTS-' || p.code
LEFT JOIN balance b ON b.account_id = a.id"""
_WALLETS = f"""
SELECT m.id, coalesce(b.balance, 0) AS books, coalesce(l.remaining, 0) AS lots
FROM member m JOIN program p ON p.id = m.program_id
LEFT JOIN (SELECT member_id, sum(remaining) AS remaining FROM lot GROUP BY member_id) l ON l.member_id = m.id
{_BALANCE_OF.format(purpose="WALLET")}
WHERE coalesce(b.balance, 0) <> coalesce(l.remaining, 0)"""
_HELD = f"""
SELECT m.id, coalesce(b.balance, 0) AS books, coalesce(h.points, 0) AS holds
FROM member m JOIN program p ON p.id = m.program_id
LEFT JOIN (SELECT member_id, sum(points) AS points FROM points_hold WHERE state = 'OPEN' GROUP BY member_id) h
    ON h.member_id = m.id
{_BALANCE_OF.format(purpose="HELD")}
WHERE coalesce(b.balance, 0) <> coalesce(h.points, 0)"""
_ALLOCATED = """
SELECT h.id, h.points, coalesce(sum(a.points), 0) AS allocated, coalesce(sum(a.returned), 0) AS returned
FROM points_hold h LEFT JOIN lot_allocation a ON a.hold_id = h.id GROUP BY h.id
HAVING h.points <> coalesce(sum(a.points), 0)
    OR (h.state = 'OPEN' AND sum(a.returned) <> 0)
    OR (h.state = 'RELEASED' AND sum(a.returned) <> h.points)"""
_LOTS = """
SELECT l.id, l.points, l.remaining, coalesce(a.out, 0) AS allocated, coalesce(e.out, 0) AS expired
FROM lot l
LEFT JOIN (SELECT lot_id, sum(points - returned) AS out FROM lot_allocation GROUP BY lot_id) a ON a.lot_id = l.id
LEFT JOIN (SELECT lot_id, sum(points) AS out FROM lot_expiry GROUP BY lot_id) e ON e.lot_id = l.id
WHERE l.points - l.remaining <> coalesce(a.out, 0) + coalesce(e.out, 0)"""


_STOPPED = """
SELECT lot.id, lot.remaining FROM lot JOIN activity_clock c ON c.id = lot.clock_id
WHERE lot.remaining > 0 AND (c.swept OR c.member_id <> lot.member_id) LIMIT 100"""


async def check_wallets_are_their_lots() -> AsyncIterator[Violation]:
    """The books' balance of each wallet is the sum of what its lots have left."""
    for row in await database.rows(_WALLETS):
        detail = f"the books say {row['books']}, the lots {row['lots']}"
        yield Violation("wallets are their lots", f"member {row['id']}", detail)


async def check_held_points_are_open_holds() -> AsyncIterator[Violation]:
    """The books' held points of each member are the sum of the open holds."""
    for row in await database.rows(_HELD):
        detail = f"the books say {row['books']}, the holds {row['holds']}"
        yield Violation("held points are open holds", f"member {row['id']}", detail)


async def check_holds_are_allocated() -> AsyncIterator[Violation]:
    """Every hold is allocated to lots in full; what was released went back in full."""
    for row in await database.rows(_ALLOCATED):
        detail = f"{row['points']} held, {row['allocated']} allocated, {row['returned']} returned"
        yield Violation("holds are allocated", f"hold {row['id']}", detail)


async def check_lots_add_up() -> AsyncIterator[Violation]:
    """What a lot lacks went to holds or expired."""
    for row in await database.rows(_LOTS):
        detail = (
            f"{row['points']} earned, {row['remaining']} left, {row['allocated']} out, {row['expired']} expired"
        )
        yield Violation("lots add up", f"lot {row['id']}", detail)


async def check_stopped_clocks_hold_no_points() -> AsyncIterator[Violation]:
    """Nothing that expired with a member's activity comes back to life, and nobody lives on another's activity."""
    for row in await database.rows(_STOPPED):
        detail = f"{row['remaining']} points stand on a clock that was swept, or is somebody else's"
        yield Violation("stopped clocks hold no points", f"lot {row['id']}", detail)


CHECKS: tuple[Check, ...] = (
    check_wallets_are_their_lots,
    check_held_points_are_open_holds,
    check_holds_are_allocated,
    check_lots_add_up,
    check_stopped_clocks_hold_no_points,
)
