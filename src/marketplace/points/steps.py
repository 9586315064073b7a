"""Moving points, inside a transaction that somebody else opened. Every debit is allocated to lots in rows."""

from datetime import datetime
from uuid import UUID

from marketplace.kit import clock, database
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.ledger.steps import Entry, post
from marketplace.points.models import Allocation, Hold, HoldState, Lot, LotExpiry
from marketplace.points.refusals import InsufficientPoints

_SPENDABLE = """
SELECT id, remaining FROM lot
WHERE member_id = $1 AND remaining > 0 AND (expires_at IS NULL OR expires_at > $2)
ORDER BY expires_at NULLS LAST, id"""
FIRST_LOTS = 16
_GIVE_BACK = """
WITH back AS (SELECT * FROM unnest($1::uuid[], $2::bigint[]) AS b (allocation_id, points)),
marked AS (
    UPDATE lot_allocation a SET returned = a.returned + back.points
    FROM back WHERE a.id = back.allocation_id RETURNING a.lot_id, back.points
)
UPDATE lot SET remaining = lot.remaining + marked.points FROM marked WHERE lot.id = marked.lot_id"""
_ALLOCATIONS = """
SELECT a.id, a.lot_id, a.points, a.returned, l.expires_at, l.earned_at
FROM lot_allocation a JOIN lot l ON l.id = a.lot_id
WHERE a.hold_id = $1 ORDER BY l.expires_at NULLS LAST, l.id FOR UPDATE OF l"""


def _wallet(member_id: UUID, unit: str) -> accounts.AccountKey:
    return accounts.member(member_id, Purpose.WALLET, unit)


def _held(member_id: UUID, unit: str) -> accounts.AccountKey:
    return accounts.member(member_id, Purpose.HELD, unit)


async def hold(member_id: UUID, unit: str, points: int, *, reason: str, ref_type: str, ref_id: UUID) -> Hold:
    """Set points aside, earliest-expiring lots first: WALLET -> HELD.

    (reason, ref_id) holds once. Raises InsufficientPoints.
    """
    moment = clock.now()
    lots = await _lots_for(member_id, points, moment)
    row = Hold(
        member_id=member_id,
        points=points,
        state=HoldState.OPEN.value,
        reason=reason,
        ref_type=ref_type,
        ref_id=ref_id,
        held_at=moment,
    )
    await database.add(row)
    for lot, part in lots:
        await database.add(Allocation(hold_id=row.id, lot_id=lot, points=part))
    await database.sum_up("lot", "remaining", {lot: -part for lot, part in lots})
    await post("points.held", "hold", row.id, [Entry(_wallet(member_id, unit), _held(member_id, unit), points)])
    return row


async def _lots_for(member_id: UUID, points: int, moment: datetime) -> list[tuple[UUID, int]]:
    """Lots that together hold the points, locked, with what is taken of each; raises InsufficientPoints.

    The first few are usually enough, so that somebody with thousands of lots does not wait for all of them.
    """
    lots = await database.rows(f"{_SPENDABLE} LIMIT {FIRST_LOTS} FOR UPDATE", member_id, moment)
    if len(lots) == FIRST_LOTS and sum(lot["remaining"] for lot in lots) < points:
        lots = await database.rows(f"{_SPENDABLE} FOR UPDATE", member_id, moment)
    taken: list[tuple[UUID, int]] = []
    left = points
    for lot in lots:
        part = min(left, lot["remaining"])
        taken.append((lot["id"], part))
        left -= part
        if not left:
            return taken
    raise InsufficientPoints(required=points, available=points - left, missing=left)


async def close(hold: Hold, state: HoldState) -> None:
    """Turn an OPEN hold into a POSTED or RELEASED one; raises HoldClosed when it is not open any more."""
    if hold.state == HoldState.OPEN and database.is_waiting(hold):
        hold.state, hold.closed_at = state.value, clock.now()
        return
    changed = await database.row(
        "UPDATE points_hold SET state = $2, closed_at = $3 WHERE id = $1 AND state = 'OPEN' RETURNING id",
        hold.id,
        state.value,
        clock.now(),
    )
    if changed is None:
        raise HoldClosed(hold.id)
    hold.state = state.value


class HoldClosed(Exception):
    """The hold was posted or released before: whoever asks must have checked the state under a lock."""


async def spend_held(hold: Hold, program_id: UUID, unit: str, *, discount: int = 0) -> None:
    """Post held points as redeemed: HELD -> REDEEMED.

    A tier discount is points the program bears, posted beside: TIER_DISCOUNT -> REDEEMED.
    """
    await close(hold, HoldState.POSTED)
    redeemed = accounts.program(program_id, Purpose.REDEEMED, unit)
    borne = accounts.program(program_id, Purpose.TIER_DISCOUNT, unit)
    entries = [Entry(_held(hold.member_id, unit), redeemed, hold.points), Entry(borne, redeemed, discount)]
    await post("points.redeemed", "hold", hold.id, entries)


async def release(hold: Hold, unit: str) -> None:
    """Put all held points back into the very lots they came from: HELD -> WALLET."""
    await close(hold, HoldState.RELEASED)
    await _return_to_lots(hold, hold.points)
    entry = Entry(_held(hold.member_id, unit), _wallet(hold.member_id, unit), hold.points)
    await post("points.released", "hold", hold.id, [entry])


async def give_back(
    hold: Hold, program_id: UUID, unit: str, points: int, *, ref_type: str, ref_id: UUID, discount: int = 0
) -> None:
    """Return spent points of a POSTED hold to the very lots they came from: REDEEMED -> WALLET.

    `ref_id` is the refund; the dates of the lots stay as they were. `discount` goes back to its bearer.
    """
    await _return_to_lots(hold, points)
    redeemed = accounts.program(program_id, Purpose.REDEEMED, unit)
    borne = accounts.program(program_id, Purpose.TIER_DISCOUNT, unit)
    entries = [Entry(redeemed, _wallet(hold.member_id, unit), points), Entry(redeemed, borne, discount)]
    await post("points.returned", ref_type, ref_id, entries)


async def _return_to_lots(hold: Hold, points: int) -> None:
    """Later-expiring lots get theirs first, the mirror of spending."""
    back: list[tuple[UUID, int]] = []
    left = points
    for row in reversed(await database.rows(_ALLOCATIONS, hold.id)):
        part = min(left, row["points"] - row["returned"])
        if part:
            back.append((row["id"], part))
            left -= part
    if left:
        raise ValueError("more points than the hold has left")
    await database.execute(_GIVE_BACK, [id for id, _ in back], [part for _, part in back])


async def hand_over(hold: Hold, unit: str, to_member_id: UUID, *, origin_type: str, origin_id: UUID) -> None:
    """Give held points to another member of the program, lot by lot with their dates: HELD -> WALLET."""
    await close(hold, HoldState.POSTED)
    for row in await database.rows(_ALLOCATIONS, hold.id):
        await database.add(
            Lot(
                member_id=to_member_id,
                origin_type=origin_type,
                origin_id=origin_id,
                points=row["points"],
                remaining=row["points"],
                earned_at=row["earned_at"],
                expires_at=row["expires_at"],
            )
        )
    entry = Entry(_held(hold.member_id, unit), _wallet(to_member_id, unit), hold.points)
    await post("points.given", "hold", hold.id, [entry])


async def earn(
    member_id: UUID,
    program_id: UUID,
    unit: str,
    points: int,
    *,
    origin_type: str,
    origin_id: UUID,
    earned_at: datetime,
    expires_at: datetime | None,
) -> Lot:
    """A new lot in the member's wallet: ISSUED -> WALLET, effective on the day it was earned."""
    lot = Lot(
        member_id=member_id,
        origin_type=origin_type,
        origin_id=origin_id,
        points=points,
        remaining=points,
        earned_at=earned_at,
        expires_at=expires_at,
    )
    await database.add(lot)
    issued = accounts.program(program_id, Purpose.ISSUED, unit)
    entry = Entry(issued, _wallet(member_id, unit), points)
    await post("points.earned", origin_type, origin_id, [entry], effective_on=earned_at.date())
    return lot


_BREAK = """
UPDATE lot SET remaining = 0 FROM (
    SELECT lot.id, lot.remaining, program.id AS program_id, 'PTS-' || program.code AS unit FROM lot
    JOIN member ON member.id = lot.member_id JOIN program ON program.id = member.program_id
    WHERE lot.id = $1 AND lot.expires_at <= $2 AND lot.remaining > 0 FOR UPDATE OF lot
) old WHERE lot.id = old.id RETURNING lot.member_id, old.remaining, old.program_id, old.unit"""


async def break_lot(lot_id: UUID) -> LotExpiry | None:
    """Post what is left of an expired lot as breakage: WALLET -> BREAKAGE; None when nothing is left."""
    moment = clock.now()
    old = await database.row(_BREAK, lot_id, moment)
    if old is None:
        return None
    expired = await LotExpiry.create(lot_id=lot_id, points=old["remaining"], expired_at=moment)
    breakage = accounts.program(old["program_id"], Purpose.BREAKAGE, old["unit"])
    entry = Entry(_wallet(old["member_id"], old["unit"]), breakage, old["remaining"])
    await post("points.expired", "lot_expiry", expired.id, [entry])
    return expired
