"""The line for what is sold out: a unit that comes back goes to the member who has waited longest.

It is handed on in the transaction that puts it back, under the lock of the stock's row, so it is never on the
shelf for whoever is quickest. Who joins the line looks under that lock too, so nobody waits for what is there.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from marketplace.catalog import steps as catalog
from marketplace.catalog.models import Item, StockMode
from marketplace.catalog.refusals import OfferSoldOut
from marketplace.kit import clock, database, outbox
from marketplace.kit.ids import new_id
from marketplace.kit.settings import settings
from marketplace.redemptions.models import Reservation, ReservationState, WaitingPlace, WaitingState

LAPSE: Final = "redemptions.lapse_reservation"
RESERVED: Final = "reservation"

# Who has got one since, in whatever way, waits no longer; nor for the very one that they now give back, which is
# still theirs while its unit is put back.
_SERVED = """
UPDATE waiting_place w SET state = 'TAKEN', ended_at = $2
WHERE w.item_id = $1 AND w.state = 'WAITING' AND EXISTS (
    SELECT FROM redemption r WHERE r.member_id = w.member_id AND r.item_id = w.item_id
        AND r.redeemed_at >= w.asked_at AND r.state IN ('PENDING', 'FULFILLED'))"""
_NEXT = """
SELECT w.id, w.member_id FROM waiting_place w JOIN member m ON m.id = w.member_id AND m.status = 'ACTIVE'
WHERE w.item_id = $1 AND w.state = 'WAITING' ORDER BY w.asked_at, w.id LIMIT 1 FOR UPDATE OF w"""
_OFFER = "UPDATE waiting_place SET state = 'OFFERED', offered_at = $2 WHERE id = $1"
_OPEN = """
o.status = 'PUBLISHED' AND p.status = 'APPROVED' AND o.published_from <= $1
    AND coalesce(o.published_until > $1, TRUE) AND i.active AND coalesce(i.starts_at > $1, TRUE)"""
_ITEM = """
item i JOIN offer o ON o.id = i.offer_id JOIN brand b ON b.id = o.brand_id
    JOIN partner p ON p.id = b.partner_id"""
_IS_OPEN = f"SELECT EXISTS (SELECT FROM {_ITEM} WHERE i.id = $2 AND {_OPEN})"
_TO_SERVE = f"""
SELECT i.id FROM {_ITEM} JOIN stock s ON s.item_id = i.id
WHERE i.id IN (SELECT DISTINCT item_id FROM waiting_place WHERE state = 'WAITING') AND (
    NOT i.active OR o.status <> 'PUBLISHED' OR i.starts_at <= $1
    OR {_OPEN} AND (s.taken + s.withheld < s.loaded OR EXISTS (
        SELECT FROM returned_code r JOIN voucher_code c ON c.item_id = r.item_id AND c.position = r.position
        WHERE r.item_id = i.id AND coalesce(c.expires_at > $1, TRUE) AND NOT EXISTS (
            SELECT FROM withheld_code x WHERE x.item_id = r.item_id AND x.position = r.position))))
ORDER BY i.id LIMIT $2"""


async def to_serve(limit: int) -> list[UUID]:
    """Items that people wait for although some are on the shelf, or will never be there again."""
    return [row["id"] for row in await database.rows(_TO_SERVE, clock.now(), limit)]


async def hand_on(item: Item, units: int = 1) -> int:
    """Offer units that are on the shelf to those who wait, one each, in the order in which they asked.

    Of those who asked in the same instant the lower id is first, once and for all. Each unit is set aside for so
    long as the settings say, and then for the next. Returns how many were offered. The stock's row stays locked
    until the transaction ends.
    """
    if item.stock_mode == StockMode.UNLIMITED:
        return 0
    await catalog.lock_stock(item.id)
    moment = clock.now()
    if not await WaitingPlace.filter(item_id=item.id, state=WaitingState.WAITING.value).exists():
        return 0
    if not await database.value(_IS_OPEN, moment, item.id):
        return 0
    await database.execute(_SERVED, item.id, moment)
    for offered in range(units):
        if not await _offer_one(item):
            return offered
    return units


async def _offer_one(item: Item) -> bool:
    """Set one unit aside for who is next; False when nobody is, or nothing is left."""
    moment, id = clock.now(), new_id()
    place = await database.row(_NEXT, item.id)
    if place is None:
        return False
    try:
        position = await catalog.take_stock(item, ref_type=RESERVED, ref_id=id)
    except OfferSoldOut:
        return False
    await database.execute(_OFFER, place["id"], moment)
    reservation = await Reservation.create(
        id=id,
        member_id=place["member_id"],
        item_id=item.id,
        place_id=place["id"],
        quantity=1,
        code_position=position,
        state=ReservationState.OPEN.value,
        reserved_at=moment,
        expires_at=moment + timedelta(seconds=settings().offer_for_s),
    )
    await outbox.enqueue(LAPSE, due_at=reservation.expires_at, reservation_id=str(id))
    return True


async def end(place_id: UUID, state: WaitingState) -> None:
    """A place's offer was taken, or passed on."""
    await WaitingPlace.filter(id=place_id).update(state=state.value, ended_at=clock.now())
