"""Codes that are not handed out: expired ones, and those of a batch that may have leaked.

Codes are immutable rows by position, and a counter hands positions out. Those that must not go out stand in
`withheld_code`; `stock.withheld` counts the ones that the counter has not come to. As long as that is zero and
nothing has expired, taking a code looks at nothing else (`steps.take_stock`).
"""

from datetime import datetime
from uuid import UUID

from marketplace.catalog.models import CodeFreeze
from marketplace.kit import clock, database

_LOCK = "SELECT taken FROM stock WHERE item_id = $1 FOR UPDATE"
_FREEZE = """
INSERT INTO withheld_code (id, item_id, position, freeze_id, withheld_at)
SELECT gen_random_uuid(), c.item_id, c.position, $2, $3 FROM voucher_code c
WHERE c.item_id = $1 AND ($4::timestamptz IS NULL OR c.loaded_at >= $4)
    AND ($5::timestamptz IS NULL OR c.loaded_at <= $5)
ON CONFLICT (item_id, position) DO UPDATE SET freeze_id = $2, withheld_at = $3
    WHERE withheld_code.freeze_id IS NULL"""
_EXPIRE = """
INSERT INTO withheld_code (id, item_id, position, freeze_id, withheld_at)
SELECT gen_random_uuid(), c.item_id, c.position, NULL, $2 FROM voucher_code c JOIN stock s ON s.item_id = c.item_id
WHERE c.item_id = $1 AND c.expires_at <= $2
    AND (c.position > s.taken OR EXISTS (
        SELECT FROM returned_code r WHERE r.item_id = c.item_id AND r.position = c.position))
ON CONFLICT DO NOTHING"""
_RELEASE = "DELETE FROM withheld_code WHERE freeze_id = $1"
# What the counter has passed by while it was withheld, and nobody took, comes back as if it had been returned.
_RETURN_PASSED = """
INSERT INTO returned_code (id, item_id, position)
SELECT gen_random_uuid(), w.item_id, w.position FROM withheld_code w JOIN stock s ON s.item_id = w.item_id
WHERE w.freeze_id = $1 AND w.position <= s.taken AND coalesce((
    SELECT sum(m.change) FROM stock_movement m WHERE m.item_id = w.item_id AND m.position = w.position), 0) = 0
ON CONFLICT DO NOTHING"""
_RECOUNT = """
UPDATE stock SET taken = $2, withheld = (
        SELECT count(*) FROM withheld_code w WHERE w.item_id = stock.item_id AND w.position > $2),
    first_expiry = (
        SELECT min(c.expires_at) FROM voucher_code c WHERE c.item_id = stock.item_id AND c.position > $2
            AND NOT EXISTS (SELECT FROM withheld_code w WHERE w.item_id = c.item_id AND w.position = c.position))
WHERE item_id = $1"""
_EXPIRED_ITEMS = """
SELECT item_id FROM stock WHERE first_expiry <= $1
UNION
SELECT r.item_id FROM returned_code r JOIN voucher_code c ON c.item_id = r.item_id AND c.position = r.position
WHERE c.expires_at <= $1 AND NOT EXISTS (
    SELECT FROM withheld_code w WHERE w.item_id = r.item_id AND w.position = r.position)
ORDER BY item_id LIMIT $2"""
_NEXT = """
SELECT c.position FROM voucher_code c
WHERE c.item_id = $1 AND c.position >= $2 AND (c.expires_at IS NULL OR c.expires_at > $3)
    AND NOT EXISTS (SELECT FROM withheld_code w WHERE w.item_id = c.item_id AND w.position = c.position)
ORDER BY c.position LIMIT 1"""
_WITHHOLD_PASSED = """
INSERT INTO withheld_code (id, item_id, position, freeze_id, withheld_at)
SELECT gen_random_uuid(), item_id, position, NULL, $4 FROM voucher_code
WHERE item_id = $1 AND position >= $2 AND position < $3
ON CONFLICT DO NOTHING"""


async def freeze(freeze: CodeFreeze, loaded_from: datetime | None, loaded_until: datetime | None) -> int:
    """Withhold an item's codes that were loaded in a stretch of time, also those that members hold.

    From the moment this is committed none of them is handed out or shown. Returns how many.
    """
    taken = await database.value(_LOCK, freeze.item_id)
    await database.execute(_FREEZE, freeze.item_id, freeze.id, freeze.frozen_at, loaded_from, loaded_until)
    await database.execute(_RECOUNT, freeze.item_id, taken)
    counted = "SELECT count(*) FROM withheld_code WHERE freeze_id = $1"
    return int(await database.value(counted, freeze.id))


async def release(freeze: CodeFreeze) -> None:
    """Let a freeze's codes go: those that nobody holds can be handed out again, unless they have expired."""
    taken = await database.value(_LOCK, freeze.item_id)
    await database.execute(_RETURN_PASSED, freeze.id)
    await database.execute(_RELEASE, freeze.id)
    await database.execute(_EXPIRE, freeze.item_id, clock.now())
    await database.execute(_RECOUNT, freeze.item_id, taken)


async def expired_items(limit: int) -> list[UUID]:
    """Items with codes on the shelf that have expired and are not withheld yet."""
    return [row["item_id"] for row in await database.rows(_EXPIRED_ITEMS, clock.now(), limit)]


async def withhold_expired(item_id: UUID) -> None:
    """Take an item's expired codes off the shelf, so that they are not counted as left."""
    taken = await database.value(_LOCK, item_id)
    await database.execute(_EXPIRE, item_id, clock.now())
    await database.execute(_RECOUNT, item_id, taken)


async def skip_to_next(item_id: UUID, position: int) -> int | None:
    """Move the counter, locked and just come to a position, to the first code from there that can go out.

    Those passed by are withheld from then on. None when all that are left are withheld or have expired.
    """
    moment = clock.now()
    found: int | None = await database.value(_NEXT, item_id, position, moment)
    if found is None:
        return None
    if found > position:
        await database.execute(_WITHHOLD_PASSED, item_id, position, found, moment)
        await database.execute(_RECOUNT, item_id, found)
    return found
