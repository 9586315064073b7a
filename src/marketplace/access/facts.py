"""What happens in access that other rooms may have a say in."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.access.models import KeyOwner
from marketplace.kit.facts import Fact


@dataclass(frozen=True, slots=True)
class ApiKeyIssued(Fact):
    """A key was issued or a person added. Who knows partners and programs can still refuse."""

    owner_kind: KeyOwner
    owner_id: UUID
