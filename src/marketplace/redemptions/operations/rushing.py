"""Refusing what is sold out while thousands ask: before a transaction is opened, together, and still exactly.

Only what a process met sold out a moment ago is looked at here. One statement, and so one moment, says of each who
asks that nothing is left and that their key has done nothing. Whoever is taking the last unit right now has not
committed, so something is left then, and a repeat of theirs goes through the door and waits for them.
"""

from collections.abc import Sequence
from contextvars import ContextVar
from typing import NamedTuple
from uuid import UUID

from marketplace.catalog.refusals import OfferSoldOut
from marketplace.catalog.steps import sold_out
from marketplace.kit import clock, database
from marketplace.kit.memory import Lately
from marketplace.kit.together import Together
from marketplace.redemptions.models import Reservation, ReservationState

_NOTHING_LEFT = """
SELECT who.nr FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[]) WITH ORDINALITY
    AS who (actor_id, operation, key, item_id, nr)
JOIN stock s ON s.item_id = who.item_id AND s.taken + s.withheld >= s.loaded
JOIN item i ON i.id = who.item_id AND i.stock_mode <> 'UNLIMITED'
WHERE NOT EXISTS (SELECT FROM returned_code r WHERE r.item_id = who.item_id)
    AND NOT EXISTS (
        SELECT FROM operation_record o WHERE o.actor_kind = 'MEMBER' AND o.actor_id = who.actor_id
            AND o.operation = who.operation AND o.idempotency_key = who.key)"""


class Wish(NamedTuple):
    """Who wants what, by which operation under which key."""

    actor_id: UUID
    operation: str
    key: str
    item_id: UUID


async def _nothing_left(wishes: Sequence[Wish]) -> dict[Wish, bool]:
    found = await database.records(_NOTHING_LEFT, *(list(column) for column in zip(*wishes, strict=True)))
    return {wishes[row[0] - 1]: True for row in found}


_wishes = Together(_nothing_left)
said: ContextVar[list[OfferSoldOut] | None] = ContextVar("said", default=None)
"""Where to note what was refused before anything was claimed, in a request that is listened to."""
nothing_reserved: Lately[UUID] = Lately(10_000, seconds=1.0)
"""Items of which nothing was set aside a moment ago."""


async def is_in_vain(wish: Wish) -> bool:
    """Whether nothing is left of the item and the key has done nothing; False when nobody met it sold out."""
    if wish.item_id not in sold_out:
        return False
    in_vain = bool(await _wishes.ask(wish))
    if in_vain:
        sold_out.remember([wish.item_id])
    return in_vain


async def must_not_be_in_vain(wish: Wish) -> None:
    """Raise OfferSoldOut for what is in vain, and note it for whoever listens."""
    if not await is_in_vain(wish):
        return
    refusal = await refusal_of(wish.item_id)
    noted = said.get()
    if noted is not None:
        noted.append(refusal)
    raise refusal


async def refusal_of(item_id: UUID) -> OfferSoldOut:
    """That nothing of an item is left: for good, or until units may come back that are set aside.

    A crowd that is refused at once does not ask for reservations at once again, when there were none.
    """
    if item_id in nothing_reserved:
        return OfferSoldOut()
    reserved = Reservation.filter(item_id=item_id, state=ReservationState.OPEN.value)
    first = await reserved.order_by("expires_at").first()
    if first is None:
        nothing_reserved.remember([item_id])
        return OfferSoldOut()
    return OfferSoldOut(back_at=max(first.expires_at, clock.now()))
