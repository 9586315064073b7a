"""What the points room tells the rooms above."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.kit.facts import Fact


@dataclass(frozen=True, slots=True)
class PointsExpiring(Fact):
    """A member's points expire within so many days: told once for each date and number of days."""

    notice_id: UUID
    program_id: UUID
    member_id: UUID
    points: int
    expires_at: datetime
    days_before: int
