"""What the catalogue tells the rooms above."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.kit.facts import Fact


@dataclass(frozen=True, slots=True)
class DropOpensSoon(Fact):
    """A drop is about to open, and these members asked to be told."""

    drop_id: UUID
    offer_id: UUID
    opens_at: datetime
    member_ids: tuple[UUID, ...]
