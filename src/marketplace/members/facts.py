"""What the members room tells the rooms above."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.kit.facts import Fact


@dataclass(frozen=True, slots=True)
class MemberEnrolled(Fact):
    """A person joined a program."""

    member_id: UUID
    program_id: UUID


@dataclass(frozen=True, slots=True)
class TierChanged(Fact):
    """A member rose to another level, or fell to one, or was given one."""

    change_id: UUID
    member_id: UUID
    from_tier_id: UUID | None
    to_tier_id: UUID | None
    reason: str
