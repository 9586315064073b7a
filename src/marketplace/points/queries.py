"""Reads of wallets. Callers pass members that they may see."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from marketplace.kit import clock, database
from marketplace.kit.paging import Page, decode_cursor, encode_cursor, page_size
from marketplace.kit.refusals import BadUserInput
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.points.rules import EXPIRING_SOON


@dataclass(frozen=True, slots=True)
class Balances:
    """A wallet at a glance, in points."""

    available: int
    held: int
    expiring_soon: int
    next_expiry: datetime | None


_BALANCES = """
SELECT m.id,
    coalesce(sum(l.remaining) FILTER (WHERE l.expires_at IS NULL OR l.expires_at > $2), 0)::bigint AS available,
    coalesce(sum(l.remaining) FILTER (WHERE l.expires_at > $2 AND l.expires_at <= $3), 0)::bigint AS expiring_soon,
    min(l.expires_at) FILTER (WHERE l.expires_at > $2 AND l.remaining > 0) AS next_expiry,
    coalesce((SELECT sum(h.points) FROM points_hold h WHERE h.member_id = m.id AND h.state = 'OPEN'), 0)::bigint
        AS held
FROM unnest($1::uuid[]) AS m (id) LEFT JOIN lot l ON l.member_id = m.id AND l.remaining > 0
GROUP BY m.id"""


async def balances(member_ids: list[UUID]) -> dict[UUID, Balances]:
    """What members can spend now; expired lots do not count, even before the expiry job has run."""
    moment = clock.now()
    found = await database.rows(_BALANCES, member_ids, moment, moment + EXPIRING_SOON)
    return {
        row["id"]: Balances(row["available"], row["held"], row["expiring_soon"], row["next_expiry"])
        for row in found
    }


async def available_points(member_id: UUID) -> int:
    """What the member can spend now."""
    return (await balances([member_id]))[member_id].available


@dataclass(frozen=True, slots=True)
class Movement:
    """Points that came into or left a wallet, and the cause."""

    id: UUID
    points: int
    reason: str
    ref_type: str
    ref_id: UUID
    at: datetime


_MOVEMENTS = """
SELECT t.id, t.amount, j.reason, j.ref_type, j.ref_id, j.booked_at FROM (
    (SELECT id, journal_id, amount FROM transfer
     WHERE credit_account_id = $1 AND id < $2 ORDER BY id DESC LIMIT {size})
    UNION ALL
    (SELECT id, journal_id, -amount FROM transfer
     WHERE debit_account_id = $1 AND id < $2 ORDER BY id DESC LIMIT {size})
) t JOIN journal j ON j.id = t.journal_id ORDER BY t.id DESC LIMIT {size}"""
_END = UUID(int=2**128 - 1)


async def movements(member_id: UUID, unit: str, *, first: int | None, after: str | None) -> Page[Movement]:
    """The newest movements of a wallet first."""
    size = page_size(first)
    account = accounts.member(member_id, Purpose.WALLET, unit).id
    rows = await database.rows(_MOVEMENTS.format(size=size + 1), account, _cursor(after))
    found = [_movement(row) for row in rows[:size]]
    cursors = [encode_cursor(movement.id) for movement in found]
    return Page(found, cursors, len(rows) > size, after is not None)


def _cursor(after: str | None) -> UUID:
    if after is None:
        return _END
    try:
        return UUID(decode_cursor(after, 1)[0])
    except (ValueError, AttributeError, TypeError):
        raise BadUserInput("This cursor is not one that a page of this list gave.") from None


def _movement(row: dict[str, Any]) -> Movement:
    return Movement(row["id"], row["amount"], row["reason"], row["ref_type"], row["ref_id"], row["booked_at"])


async def expired_lots(limit: int) -> list[UUID]:
    """Lots whose date has passed with points left, the longest expired first."""
    sql = "SELECT id FROM lot WHERE expires_at <= $1 AND remaining > 0 ORDER BY expires_at LIMIT $2"
    return [row["id"] for row in await database.rows(sql, clock.now(), limit)]


async def expiry_key(lot_id: UUID) -> str:
    """A name for the next expiry of a lot: it can expire again when points were given back to it."""
    count = await database.value("SELECT count(*) FROM lot_expiry WHERE lot_id = $1", lot_id)
    return f"expire:{lot_id.hex}:{count}"
