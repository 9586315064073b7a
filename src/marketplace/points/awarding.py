"""A new award, in a transaction that somebody else opened: by a program, or by a partner that bought points."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.kit import clock
from marketplace.kit.ids import new_id
from marketplace.members.models import Program
from marketplace.points.models import Award
from marketplace.points.queries import dates_of_lots
from marketplace.points.steps import BY_POLICY, earn


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is awarded to whom; `reference` is the program's name of the event. Without a date, by the policy."""

    member_id: UUID
    reference: str
    points: int
    reason: str
    earned_at: datetime
    expires_at: datetime | None = None


async def award(program: Program, wanted: Wanted) -> Award:
    """A lot in the member's wallet, and the row that says why; nobody awarded under the reference before."""
    award_id = new_id()
    lot = await earn(
        wanted.member_id,
        program.id,
        program.unit,
        wanted.points,
        origin_type="award",
        origin_id=award_id,
        earned_at=wanted.earned_at,
        expires_at=wanted.expires_at or BY_POLICY,
    )
    return await Award.create(
        id=award_id,
        program=program,
        member_id=wanted.member_id,
        reference=wanted.reference,
        points=wanted.points,
        reason=wanted.reason,
        effective_at=wanted.earned_at,
        expires_at=lot.expires_at if lot.clock_id is None else (await dates_of_lots([lot.id]))[lot.id],
        awarded_at=clock.now(),
    )
