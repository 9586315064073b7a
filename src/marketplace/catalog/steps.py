"""Taking stock and putting it back, inside a transaction that somebody else opened.

The stock row is locked last: take stock after everything else that may wait or refuse.
"""

from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from marketplace.catalog import withholding
from marketplace.catalog.models import Item, Offer, StockMode
from marketplace.catalog.refusals import ClosedReason, NotAvailable, OfferSoldOut
from marketplace.catalog.taking import POSITION, Taken, intricate
from marketplace.kit import clock, database
from marketplace.kit.ids import new_id
from marketplace.kit.memory import Lately
from marketplace.kit.periods import FOR_EVER, LimitPeriod, period_of
from marketplace.kit.tallies import Tallies, Tally

# Nothing but the stock's own row is read here, as the lock shows it: other rows would be those of before the wait.
_TAKE = """
WITH one AS (
    UPDATE stock SET taken = taken + 1 WHERE item_id = $1 AND taken + withheld < loaded
    RETURNING taken, withheld = 0 AND coalesce(first_expiry > $5, TRUE) AS sound
),
seen AS (
    INSERT INTO stock_movement (id, item_id, change, position, ref_type, ref_id, at)
    SELECT $2, $1, 1, CASE WHEN $6 THEN taken END, $3, $4, $5 FROM one WHERE sound
)
SELECT taken, sound FROM one"""
_MOVED = """
INSERT INTO stock_movement (id, item_id, change, position, ref_type, ref_id, at)
VALUES ($2, $1, 1, $6, $3, $4, $5)"""
_TAKE_RETURNED = """
WITH one AS (
    DELETE FROM returned_code WHERE id = (
        SELECT r.id FROM returned_code r JOIN voucher_code c ON c.item_id = r.item_id AND c.position = r.position
        WHERE r.item_id = $1 AND (c.expires_at IS NULL OR c.expires_at > $5) AND NOT EXISTS (
            SELECT FROM withheld_code w WHERE w.item_id = r.item_id AND w.position = r.position)
        ORDER BY r.id LIMIT 1 FOR UPDATE OF r SKIP LOCKED
    ) RETURNING position
),
seen AS (
    INSERT INTO stock_movement (id, item_id, change, position, ref_type, ref_id, at)
    SELECT $2, $1, 1, position, $3, $4, $5 FROM one
)
SELECT position FROM one"""
_PUT_BACK = """
INSERT INTO stock_movement (id, item_id, change, position, ref_type, ref_id, at)
SELECT $1, $2, -1, $3, $4, $5, $6
WHERE EXISTS (SELECT FROM stock_movement WHERE ref_id = $5 AND change = 1 AND item_id = $2)
RETURNING id"""
_ANY_RETURNED = """
SELECT EXISTS (
    SELECT FROM returned_code r JOIN voucher_code c ON c.item_id = r.item_id AND c.position = r.position
    WHERE r.item_id = $1 AND (c.expires_at IS NULL OR c.expires_at > $2) AND NOT EXISTS (
        SELECT FROM withheld_code w WHERE w.item_id = r.item_id AND w.position = r.position))"""

sold_out: Lately[UUID] = Lately(10_000, seconds=1.0)
"""Items that had nothing left a moment ago: worth a look before a transaction is opened (`nothing_left_of`)."""


_OF_MEMBER = Tally(
    "member_take",
    """
INSERT INTO member_take AS counted (item_id, member_id, id, units)
SELECT * FROM unnest({0}::uuid[], {1}::uuid[], {2}::uuid[], {3}::int[])
ON CONFLICT (item_id, member_id) DO UPDATE SET units = counted.units + excluded.units
WHERE counted.units + excluded.units <= (SELECT max_per_member FROM item WHERE item.id = excluded.item_id)""",
    key=("item_id", "member_id"),
    told=("units",),
)


async def count_for_member(item: Item, member_id: UUID, units: int = 1) -> None:
    """Count units towards the item's limit per member, with the other writes of the transaction.

    Twins of one member wait for each other there. Raises NotAvailable (LIMIT_REACHED), now or when it is written.
    Items without a limit count nothing.
    """
    most = item.max_per_member
    if most is None:
        return

    def look(counted: Sequence[int] | None) -> NotAvailable | None:
        return None if counted and counted[0] <= most else NotAvailable.because(ClosedReason.LIMIT_REACHED)

    async with database.part(_OF_MEMBER, lambda: Tallies(_OF_MEMBER)) as tallies:
        tallies.add((item.id, member_id), (new_id(), units), look)


async def uncount_for_member(item: Item, member_id: UUID, units: int = 1) -> None:
    """The member holds so many units less: they were cancelled, failed or refunded."""
    less = "UPDATE member_take SET units = greatest(units - $3, 0) WHERE item_id = $1 AND member_id = $2"
    await database.execute(less, item.id, member_id, units)


_OF_OFFER = Tally(
    "offer_take",
    """
INSERT INTO offer_take AS t (offer_id, member_id, period, id, starts_at, resets_at, units)
SELECT * FROM unnest({0}::uuid[], {1}::uuid[], {2}::text[], {3}::uuid[], {4}::timestamptz[], {5}::timestamptz[],
    {6}::int[])
ON CONFLICT (offer_id, member_id, period) DO UPDATE SET
    units = CASE WHEN t.resets_at <= excluded.starts_at THEN excluded.units ELSE t.units + excluded.units END,
    starts_at = CASE WHEN t.resets_at <= excluded.starts_at THEN excluded.starts_at ELSE t.starts_at END,
    resets_at = CASE WHEN t.resets_at <= excluded.starts_at THEN excluded.resets_at ELSE t.resets_at END""",
    key=("offer_id", "member_id", "period"),
    told=("units", "resets_at"),
)


async def count_for_limits(offer: Offer, member_id: UUID, units: int, timezone: str) -> None:
    """Count units towards the offer's limits per member and period, in the program's time zone.

    Twins of one member wait for each other when it is written. Raises NotAvailable (LIMIT_REACHED), then, with the
    moment it resets.
    """
    moment = clock.now()
    for name, most in sorted((offer.limits or {}).items()):
        span = period_of(moment, LimitPeriod(name), timezone)
        async with database.part(_OF_OFFER, lambda: Tallies(_OF_OFFER)) as tallies:
            tallies.add((offer.id, member_id, name), (new_id(), *span, units), partial(_in_period, most))


def _in_period(most: int, counted: Sequence[Any] | None) -> NotAvailable | None:
    assert counted is not None, "a count without a condition is always raised"
    units, resets_at = counted[0], datetime.fromisoformat(counted[1])
    if units <= most:
        return None
    return NotAvailable.because(ClosedReason.LIMIT_REACHED, None if resets_at >= FOR_EVER else resets_at)


async def uncount_for_limits(offer_id: UUID, member_id: UUID, units: int, taken_at: datetime) -> None:
    """So many units less were taken: in the period they were taken in, if that still counts."""
    less = """UPDATE offer_take SET units = greatest(units - $3, 0)
        WHERE offer_id = $1 AND member_id = $2 AND starts_at <= $4 AND $4 < resets_at"""
    await database.execute(less, offer_id, member_id, units, taken_at)


async def take_stock(item: Item, *, ref_type: str, ref_id: UUID) -> int | None:
    """Take one unit for one cause; returns the code's position where codes are handed out.

    A code that has expired or is withheld is passed by. Raises OfferSoldOut. Unlimited items take nothing.
    """
    if item.stock_mode == StockMode.UNLIMITED:
        return None
    codes = item.stock_mode == StockMode.CODES
    values = (item.id, new_id(), ref_type, ref_id, clock.now())
    taken = await database.row(_TAKE, *values, codes)
    if taken is not None and taken["sound"]:
        return taken["taken"] if codes else None
    position = await withholding.skip_to_next(item.id, taken["taken"]) if taken else None
    if position is not None:
        await database.execute(_MOVED, *values, position)
        return position
    if taken is not None:
        await database.execute("UPDATE stock SET taken = taken - 1 WHERE item_id = $1", item.id)
    returned = await database.row(_TAKE_RETURNED, *values) if codes else None
    if returned is None:
        raise OfferSoldOut
    return returned["position"]


@asynccontextmanager
async def take_along(
    item: Item, units: int, ref: tuple[str, UUID], told: Callable[[int | None], None]
) -> AsyncGenerator[dict[str, str] | None]:
    """Take a unit for one cause together with what else the transaction writes, if that can be done simply.

    Yields what to give to the row that is added in the block, so that it has the code's position: a column and its
    SQL. It is `told` when all is written. None when `take_stock` has to be asked instead.
    """
    writes = database.waiting()
    if (
        writes is None
        or writes.found(Taken) is not None
        or units != 1
        or item.stock_mode == StockMode.UNLIMITED
        or item.id in intricate
    ):
        yield None
        return
    async with database.part(Taken, lambda: Taken(item, ref, clock.now(), told)):
        yield {"code_position": POSITION}


@contextmanager
def noticing_sold_out(item_id: UUID, units: int) -> Generator[None]:
    """Remember for a moment that the block found nothing left of an item, so that others are refused sooner."""
    try:
        yield
    except OfferSoldOut:
        if units == 1:  # whoever wants more may have left one
            sold_out.remember([item_id])
        raise


async def lock_stock(item_id: UUID) -> None:
    """Nobody else takes a unit of this item or puts one back until the transaction ends."""
    await database.execute("SELECT FROM stock WHERE item_id = $1 FOR UPDATE", item_id)


async def is_sold_out(item_id: UUID) -> bool:
    """Whether nothing of an item is left; that stays so until the transaction ends, for whoever may wait for it.

    Many can look at once; `lock_stock` waits for them.
    """
    shelf = "SELECT taken + withheld >= loaded FROM stock WHERE item_id = $1 FOR SHARE"
    empty = await database.value(shelf, item_id)
    return bool(empty) and not await database.value(_ANY_RETURNED, item_id, clock.now())


async def put_back(item: Item, position: int | None, *, ref_type: str, ref_id: UUID) -> None:
    """Put a unit back that was taken for this cause. A code must never have been revealed.

    What was taken while the item had no limit was not counted, and is not counted back.
    """
    counted = await database.row(_PUT_BACK, new_id(), item.id, position, ref_type, ref_id, clock.now())
    if counted is None:
        return
    sold_out.forget(item.id)
    if position is None:
        await database.execute("UPDATE stock SET taken = taken - 1 WHERE item_id = $1", item.id)
    else:
        insert = "INSERT INTO returned_code (id, item_id, position) VALUES ($1, $2, $3)"
        await database.execute(insert, new_id(), item.id, position)


_TELL = """
INSERT INTO drop_reminder AS known (id, drop_id, member_id, asked_at, told_at)
SELECT who.id, $2::uuid, who.member_id, $4, $4 FROM unnest($1::uuid[], $3::uuid[]) AS who (id, member_id)
ORDER BY who.member_id
ON CONFLICT (drop_id, member_id) DO UPDATE SET told_at = excluded.told_at WHERE known.told_at IS NULL"""


async def tell_of_drop(drop_id: UUID, member_ids: Sequence[UUID]) -> None:
    """Note that these members are told of a drop, each once, whether they asked or wait for what it drops.

    What is noted reaches the members and their programs' servers: by subscription and by webhook.
    """
    ids = [new_id() for _ in member_ids]
    await database.execute(_TELL, ids, drop_id, list(member_ids), clock.now())
