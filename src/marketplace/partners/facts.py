"""What happens to partners that other rooms may want to know."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.kit.facts import Fact


@dataclass(frozen=True, slots=True)
class PartnerApproved(Fact):
    """The partner may publish from now on."""

    partner_id: UUID


@dataclass(frozen=True, slots=True)
class PartnerSuspended(Fact):
    """The partner may not publish any more."""

    partner_id: UUID
