"""A wallet's movements, each with what the wallet held after it, and what caused it.

A page is one statement: its rows, and what stood before the newest of them. That is the kept balance less what
came later; once the rows are older than any transaction lives, the cursor carries it, so a deep page costs what
the first does.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from marketplace.kit import database
from marketplace.kit.ids import new_id
from marketplace.kit.paging import Page, decode_cursor, encode_cursor, page_size
from marketplace.kit.refusals import BadUserInput
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose

SETTLED = timedelta(minutes=5)
"""No transaction lives so long: nothing older can still appear in front of a cursor."""
_END = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class Movement:
    """Points that came into or left a wallet, what it held then, and the cause.

    `cause_type`/`cause_id` name what moved them; of points that were held, that is what they were held for, by
    the hold `hold_id`.
    """

    id: UUID
    points: int
    balance: int
    reason: str
    ref_type: str
    ref_id: UUID
    cause_type: str
    cause_id: UUID
    hold_id: UUID | None
    at: datetime


_PAGE = """
SELECT id, journal_id, amount FROM (
    (SELECT id, journal_id, amount FROM transfer
     WHERE credit_account_id = $1 AND id < $2 ORDER BY id DESC LIMIT {size})
    UNION ALL
    (SELECT id, journal_id, -amount FROM transfer
     WHERE debit_account_id = $1 AND id < $2 ORDER BY id DESC LIMIT {size})
) both_sides ORDER BY id DESC LIMIT {size}"""
_LATER = """
coalesce((SELECT balance FROM balance WHERE account_id = $1), 0)
    - coalesce((SELECT sum(amount) FROM transfer WHERE credit_account_id = $1 AND id >= $2), 0)
    + coalesce((SELECT sum(amount) FROM transfer WHERE debit_account_id = $1 AND id >= $2), 0)"""
_MOVEMENTS = f"""
SELECT t.id, t.amount, j.reason, j.ref_type, j.ref_id, j.booked_at,
    coalesce(h.ref_type, j.ref_type) AS cause_type, coalesce(h.ref_id, j.ref_id) AS cause_id, h.id AS hold_id,
    coalesce($3::bigint, {_LATER})::bigint AS opening
FROM ({_PAGE}) t JOIN journal j ON j.id = t.journal_id
    LEFT JOIN points_hold h ON j.ref_type = 'hold' AND h.id = j.ref_id
ORDER BY t.id DESC"""


async def movements(member_id: UUID, unit: str, *, first: int | None, after: str | None) -> Page[Movement]:
    """The newest movements of a wallet first."""
    size = page_size(first)
    account = accounts.member(member_id, Purpose.WALLET, unit).id
    before, carried = _cursor(after)
    rows = await database.rows(_MOVEMENTS.format(size=size + 1), account, before, carried)
    found: list[Movement] = []
    balance = rows[0]["opening"] if rows else 0
    for row in rows[:size]:
        found.append(_movement(row, balance))
        balance -= row["amount"]
    now = _milliseconds(new_id())
    cursors = [_cursor_of(movement, now) for movement in found]
    return Page(found, cursors, len(rows) > size, after is not None)


def _milliseconds(id: UUID) -> int:
    """When a UUIDv7 was made (RFC 9562, section 5.7)."""
    return id.int >> 80


def _cursor_of(movement: Movement, now: int) -> str:
    """The place of a movement, and what stood before it if that cannot change any more."""
    settled = now - _milliseconds(movement.id) > SETTLED.total_seconds() * 1000
    return encode_cursor(movement.id, movement.balance - movement.points if settled else None)


def _cursor(after: str | None) -> tuple[UUID, int | None]:
    if after is None:
        return _END, None
    try:
        id, carried = decode_cursor(after, 2)
        if carried is not None and not (type(carried) is int and 0 <= carried < 2**63):
            raise ValueError(carried)
        return UUID(id), carried
    except (ValueError, AttributeError, TypeError):
        raise BadUserInput("This cursor is not one that a page of this list gave.") from None


def _movement(row: dict[str, Any], balance: int) -> Movement:
    return Movement(
        id=row["id"],
        points=row["amount"],
        balance=balance,
        reason=row["reason"],
        ref_type=row["ref_type"],
        ref_id=row["ref_id"],
        cause_type=row["cause_type"],
        cause_id=row["cause_id"],
        hold_id=row["hold_id"],
        at=row["booked_at"],
    )
