"""What happens in settlement that other rooms may want to know."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.kit.facts import Fact


@dataclass(frozen=True, slots=True)
class StatementIssued(Fact):
    """A statement stands, frozen."""

    partner_id: UUID
    statement_id: UUID


@dataclass(frozen=True, slots=True)
class StatementPaid(Fact):
    """All that the statement says is in the partner's bank, itself or as the opening of a later one."""

    partner_id: UUID
    statement_id: UUID


@dataclass(frozen=True, slots=True)
class StatementUnpaid(Fact):
    """The bank sent back what had seemed to arrive: the statement is not paid after all."""

    partner_id: UUID
    statement_id: UUID
