"""What the members room tells the rooms above."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.kit.facts import Fact


@dataclass(frozen=True, slots=True)
class MemberEnrolled(Fact):
    """A person joined a program."""

    member_id: UUID
    program_id: UUID
