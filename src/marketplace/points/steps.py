"""Moving points, inside a transaction that somebody else opened. Every debit is allocated to lots in rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from marketplace.kit import clock, database, facts
from marketplace.kit.rows import new
from marketplace.kit.sharing import SharedRead
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.ledger.steps import Entry, post
from marketplace.members.steps import Credit, qualify
from marketplace.points import lifetimes
from marketplace.points.facts import PointsExpiring
from marketplace.points.lifetimes import Lifetime
from marketplace.points.models import Allocation, ExpiryNotice, Hold, HoldState, Lot, LotExpiry
from marketplace.points.queries import notices_due, policies, policies_of_holds
from marketplace.points.refusals import InsufficientPoints


class ByPolicy(Enum):
    """The date of a lot is left to the program's policy."""

    BY_POLICY = "BY_POLICY"


BY_POLICY = ByPolicy.BY_POLICY
_SPENDABLE = """
SELECT asked.id AS member_id, spendable.* FROM unnest($1::uuid[]) AS asked (id) CROSS JOIN LATERAL (
    SELECT lot.id, lot.remaining, (
        SELECT program.timezone FROM program JOIN member ON member.program_id = program.id
        WHERE member.id = asked.id
            AND EXISTS (SELECT FROM activity_clock c WHERE c.member_id = asked.id AND c.expires_at > $2)
    ) AS rolls_in
    FROM lot LEFT JOIN activity_clock c ON c.id = lot.clock_id
    WHERE lot.member_id = asked.id AND lot.has_points AND coalesce(c.expires_at, lot.expires_at, 'infinity') > $2
    ORDER BY coalesce(c.expires_at, lot.expires_at) NULLS LAST, lot.id LIMIT $3 FOR UPDATE OF lot
) AS spendable"""
FIRST_LOTS = 16
_GIVE_BACK = """
WITH back AS (SELECT * FROM unnest($1::uuid[], $2::bigint[]) AS b (allocation_id, points)),
marked AS (
    UPDATE lot_allocation a SET returned = a.returned + back.points
    FROM back WHERE a.id = back.allocation_id RETURNING a.lot_id, back.points
)
UPDATE lot SET remaining = lot.remaining + marked.points FROM marked WHERE lot.id = marked.lot_id"""
_ALLOCATIONS = """
SELECT a.id, a.lot_id, a.points, a.returned, coalesce(c.expires_at, l.expires_at) AS expires_at, l.earned_at
FROM lot_allocation a JOIN lot l ON l.id = a.lot_id LEFT JOIN activity_clock c ON c.id = l.clock_id
WHERE a.hold_id = $1 ORDER BY coalesce(c.expires_at, l.expires_at) NULLS LAST, l.id FOR UPDATE OF l"""


def _wallet(member_id: UUID, unit: str) -> accounts.AccountKey:
    return accounts.member(member_id, Purpose.WALLET, unit)


def _held(member_id: UUID, unit: str) -> accounts.AccountKey:
    return accounts.member(member_id, Purpose.HELD, unit)


async def hold(member_id: UUID, unit: str, points: int, *, reason: str, ref_type: str, ref_id: UUID) -> Hold:
    """Set points aside, earliest-expiring lots first: WALLET -> HELD.

    (reason, ref_id) holds once. Holding is an activity: rolling lots live on. Raises InsufficientPoints.
    """
    moment = clock.now()
    lots = await _lots_for(member_id, points, moment)
    row = new(
        Hold,
        member_id=member_id,
        points=points,
        state=HoldState.OPEN.value,
        reason=reason,
        ref_type=ref_type,
        ref_id=ref_id,
        held_at=moment,
    )
    await _allocate(row, lots)
    await post("points.held", "hold", row.id, [Entry(_wallet(member_id, unit), _held(member_id, unit), points)])
    return row


async def _allocate(hold: Hold, lots: Sequence[tuple[UUID, int]]) -> None:
    """Write a new hold, and take its points out of lots, each part in a row."""
    await database.add(hold)
    for lot, part in lots:
        await database.add(new(Allocation, hold_id=hold.id, lot_id=lot, points=part))
    await database.sum_up("lot", "remaining", {lot: -part for lot, part in lots})


async def _locked_lots(member_ids: Sequence[UUID], most: int | None) -> dict[UUID, list[database.Row]]:
    """The spendable lots of members, locked in the order of the members' ids, and of each in that of spending."""
    found: dict[UUID, list[database.Row]] = {}
    for row in await database.rows(_SPENDABLE, sorted(member_ids), clock.now(), most):
        found.setdefault(row["member_id"], []).append(row)
    return found


_first_lots = SharedRead(lambda member_ids: _locked_lots(member_ids, FIRST_LOTS))
_all_lots = SharedRead(lambda member_ids: _locked_lots(member_ids, None))


async def _lots_for(member_id: UUID, points: int, moment: datetime) -> list[tuple[UUID, int]]:
    """Lots that together hold the points, locked, with what is taken of each; raises InsufficientPoints.

    The first few are usually enough, so that somebody with thousands of lots does not wait for all of them.
    """
    with database.aside("lot", "activity_clock", "member", "program"):
        lots = await _first_lots.ask(member_id) or []
        if sum(lot["remaining"] for lot in lots) < points:
            # Whoever waited for a lot has not seen what was earned meanwhile: look again, now they are locked.
            lots = await _all_lots.ask(member_id) or []
    taken: list[tuple[UUID, int]] = []
    left = points
    for lot in lots:
        part = min(left, lot["remaining"])
        taken.append((lot["id"], part))
        left -= part
        if not left:
            if lot["rolls_in"]:
                with database.aside("activity_clock"):
                    await lifetimes.touch(member_id, lot["rolls_in"], moment)
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
    """Put all held points back into the very lots they came from: HELD -> WALLET.

    Lots whose date passed meanwhile follow the program's rule of the moment the points were held.
    """
    await close(hold, HoldState.RELEASED)
    late = await _return_to_lots(hold, hold.points)
    entry = Entry(_held(hold.member_id, unit), _wallet(hold.member_id, unit), hold.points)
    await post("points.released", "hold", hold.id, [entry])
    await _break_all(late)


async def give_back(
    hold: Hold, program_id: UUID, unit: str, points: int, *, ref_type: str, ref_id: UUID, discount: int = 0
) -> None:
    """Return spent points of a POSTED hold to the very lots they came from: REDEEMED -> WALLET.

    `ref_id` is the refund. The dates of the lots stay as they were; of those that passed meanwhile the program's
    rule decides that was in force when the points were held. `discount` goes back to its bearer.
    """
    late = await _return_to_lots(hold, points)
    redeemed = accounts.program(program_id, Purpose.REDEEMED, unit)
    borne = accounts.program(program_id, Purpose.TIER_DISCOUNT, unit)
    entries = [Entry(redeemed, _wallet(hold.member_id, unit), points), Entry(redeemed, borne, discount)]
    await post("points.returned", ref_type, ref_id, entries)
    await _break_all(late)


@dataclass(frozen=True, slots=True)
class LotReturn:
    """Points that go back to one lot, by the date it has."""

    allocation_id: UUID
    lot_id: UUID
    points: int
    earned_at: datetime
    expires_at: datetime | None


async def planned_return(hold_id: UUID, points: int) -> list[LotReturn]:
    """To which lots so many points of a hold go back, as `release` and `give_back` would do it now.

    Of lots whose date has passed the rule decides under which the points were held.
    """
    back: list[LotReturn] = []
    left = points
    for row in reversed(await database.rows(_ALLOCATIONS, hold_id)):
        part = min(left, row["points"] - row["returned"])
        if part:
            back.append(LotReturn(row["id"], row["lot_id"], part, row["earned_at"], row["expires_at"]))
            left -= part
    if left:
        raise ValueError("more points than the hold has left")
    return back


async def _return_to_lots(hold: Hold, points: int) -> list[UUID]:
    """Later-expiring lots get theirs first, the mirror of spending; returns the lots that expire at once."""
    back = await planned_return(hold.id, points)
    late = await _redate(hold, [each for each in back if _has_passed(each.expires_at)])
    await database.execute(_GIVE_BACK, [each.allocation_id for each in back], [each.points for each in back])
    return late


def _has_passed(expires_at: datetime | None) -> bool:
    return expires_at is not None and expires_at <= clock.now()


async def _redate(hold: Hold, passed: Sequence[LotReturn]) -> list[UUID]:
    """Give lots whose date passed another one, if the rule says so; returns those that keep theirs.

    What such a lot had left was not away: it expires first, and does not come back to life.
    """
    if not passed:
        return []
    policy = (await policies_of_holds([hold.id]))[hold.id]
    late: list[UUID] = []
    for each in passed:
        assert each.expires_at is not None
        life = await lifetimes.after_absence(hold.member_id, policy, each.expires_at)
        if life is None:
            late.append(each.lot_id)
        else:
            await break_lot(each.lot_id)
            await lifetimes.extend(each.lot_id, policy.returned, each.expires_at, life)
    return late


async def _break_all(lots: Sequence[UUID]) -> None:
    for lot_id in lots:
        await break_lot(lot_id)


async def hand_over(hold: Hold, unit: str, to_member_id: UUID, *, origin_type: str, origin_id: UUID) -> None:
    """Give held points to another member of the program, lot by lot with their dates: HELD -> WALLET.

    Dates that passed on the way follow the program's rule of the moment the points were held. What was rolling
    keeps the date it had: a gift neither shortens nor resets it.
    """
    await close(hold, HoldState.POSTED)
    rows = await database.rows(_ALLOCATIONS, hold.id)
    policy = (
        (await policies_of_holds([hold.id]))[hold.id]
        if any(_has_passed(row["expires_at"]) for row in rows)
        else None
    )
    late: list[UUID] = []
    for row in rows:
        expired = policy if _has_passed(row["expires_at"]) else None
        life = expired and await lifetimes.after_absence(to_member_id, expired, row["expires_at"])
        lot = await _new_lot(
            to_member_id,
            row["points"],
            origin_type,
            origin_id,
            row["earned_at"],
            life or Lifetime(row["expires_at"]),
        )
        if expired and life:
            await lifetimes.note_extension(lot.id, expired.returned, row["expires_at"], life)
        elif expired:
            late.append(lot.id)
    entry = Entry(_held(hold.member_id, unit), _wallet(to_member_id, unit), hold.points)
    await post("points.given", "hold", hold.id, [entry])
    await _break_all(late)


async def _new_lot(
    member_id: UUID, points: int, origin_type: str, origin_id: UUID, earned_at: datetime, life: Lifetime
) -> Lot:
    return await database.add(
        Lot(
            member_id=member_id,
            origin_type=origin_type,
            origin_id=origin_id,
            points=points,
            remaining=points,
            earned_at=earned_at,
            expires_at=life.own_date,
            clock_id=life.clock_id,
        )
    )


async def earn(
    member_id: UUID,
    program_id: UUID,
    unit: str,
    points: int,
    *,
    origin_type: str,
    origin_id: UUID,
    earned_at: datetime,
    expires_at: datetime | ByPolicy | None = BY_POLICY,
    lives_from: datetime | None = None,
    qualifying: int | None = None,
) -> Lot:
    """A new lot in the member's wallet: ISSUED -> WALLET, effective on the day it was earned.

    Its date is the one named (None: it never expires), else that of the program's policy on that day; see
    `queries.dates_of_lots` for what that came to. Points that come later than they were earned live from then
    (`lives_from`), so waiting does not shorten their life. Earning is an activity: rolling lots live on. It also
    counts towards the member's level: `qualifying` points (all of them, if not said), and once.
    """
    policy = (await policies([program_id], earned_at))[program_id]
    await lifetimes.touch(member_id, policy.timezone, earned_at)
    by_policy = isinstance(expires_at, ByPolicy)
    born = lives_from or earned_at
    life = await lifetimes.begin(member_id, policy, born) if by_policy else Lifetime(expires_at)
    lot = await _new_lot(member_id, points, origin_type, origin_id, earned_at, life)
    issued = accounts.program(program_id, Purpose.ISSUED, unit)
    entry = Entry(issued, _wallet(member_id, unit), points)
    await post("points.earned", origin_type, origin_id, [entry], effective_on=earned_at.date())
    counted = points if qualifying is None else qualifying
    await qualify(member_id, program_id, Credit(origin_type, origin_id, earned_at, counted, events=1))
    return lot


_OWN_FIRST = """
SELECT lot.id, lot.remaining FROM lot LEFT JOIN activity_clock c ON c.id = lot.clock_id
WHERE lot.member_id = $1 AND lot.has_points AND coalesce(c.expires_at, lot.expires_at, 'infinity') > $2
ORDER BY lot.origin_id <> $3, coalesce(c.expires_at, lot.expires_at) NULLS LAST, lot.id FOR UPDATE OF lot"""


async def take_back(
    member_id: UUID, program_id: UUID, unit: str, points: int, *, origin_id: UUID, ref_type: str, ref_id: UUID
) -> int:
    """Take earned points back as far as they are still there: WALLET -> ISSUED; returns how many were.

    The lot that `origin_id` brought first, then the earliest-expiring ones. Held points are left alone. They count
    towards the member's level no longer.
    """
    moment = clock.now()
    taken: list[tuple[UUID, int]] = []
    left = points
    for lot in await database.rows(_OWN_FIRST, member_id, moment, origin_id):
        part = min(left, lot["remaining"])
        left -= part
        if part:
            taken.append((lot["id"], part))
    if not taken:
        return 0
    row = Hold(
        member_id=member_id,
        points=points - left,
        state=HoldState.POSTED.value,
        reason="clawback",
        ref_type=ref_type,
        ref_id=ref_id,
        held_at=moment,
        closed_at=moment,
    )
    await _allocate(row, taken)
    issued = accounts.program(program_id, Purpose.ISSUED, unit)
    await post("points.taken_back", ref_type, ref_id, [Entry(_wallet(member_id, unit), issued, row.points)])
    await qualify(member_id, program_id, Credit(ref_type, ref_id, moment, -row.points))
    return row.points


_BREAK = """
UPDATE lot SET remaining = 0 FROM (
    SELECT lot.id, lot.remaining, program.id AS program_id, 'PTS-' || program.code AS unit FROM lot
    JOIN member ON member.id = lot.member_id JOIN program ON program.id = member.program_id
    LEFT JOIN activity_clock c ON c.id = lot.clock_id
    WHERE lot.id = $1 AND coalesce(c.expires_at, lot.expires_at) <= $2 AND lot.remaining > 0 FOR UPDATE OF lot
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


async def announce(program_id: UUID, days: int, nearer: int, limit: int) -> int:
    """Tell members of a program that points expire within `days` (and not within `nearer`); returns how many.

    Each is a row and a fact, once for a member, date and number of days.
    """
    due = await notices_due(program_id, days, nearer, limit)
    for each in due:
        notice = ExpiryNotice(
            member_id=each.member_id,
            expires_at=each.expires_at,
            days_before=days,
            points=each.points,
            noticed_at=clock.now(),
        )
        await database.add(notice)
        told = PointsExpiring(notice.id, program_id, each.member_id, each.points, each.expires_at, days)
        await facts.state(told)
    return len(due)
