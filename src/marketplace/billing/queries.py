"""Reads of billing: what programs and finance may see of money in."""

from dataclasses import dataclass
from uuid import UUID

from tortoise.queryset import QuerySet

from marketplace.billing.models import CreditChange, CreditLine, Receipt, TopUp
from marketplace.billing.rules import CreditStanding, credit_standing
from marketplace.kit import database
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.ledger import accounts
from marketplace.ledger import queries as books
from marketplace.ledger.models import Purpose


def top_ups_visible_to(actor: Actor) -> QuerySet[TopUp]:
    """A program sees its own top-ups, finance sees all, everybody else none."""
    if actor.kind is ActorKind.PROGRAM and (actor.may(Scope.PROGRAM_READ) or actor.may(Scope.PROGRAM_FUND)):
        return TopUp.filter(program_id=actor.id)
    return TopUp.all() if is_finance(actor) else TopUp.filter(id__in=[])


def receipts_visible_to(actor: Actor) -> QuerySet[Receipt]:
    """A program sees what arrived for it, finance sees all, everybody else none."""
    if actor.kind is ActorKind.PROGRAM and (actor.may(Scope.PROGRAM_READ) or actor.may(Scope.PROGRAM_FUND)):
        return Receipt.filter(program_id=actor.id)
    return Receipt.all() if is_finance(actor) else Receipt.filter(id__in=[])


def credit_changes_visible_to(actor: Actor) -> QuerySet[CreditChange]:
    """Finance sees the limits that were proposed; a program sees the one that holds, in its funding."""
    return CreditChange.all() if is_finance(actor) else CreditChange.filter(id__in=[])


_RETURNED = """
SELECT receipt_id, sum(amount_minor)::bigint AS minor FROM funding_takeback
WHERE receipt_id = ANY ($1) GROUP BY receipt_id"""


async def returned_of(receipt_ids: list[UUID]) -> dict[UUID, int]:
    """How much of each of these receipts went back, in minor units; none that is whole."""
    return {row["receipt_id"]: row["minor"] for row in await database.rows(_RETURNED, receipt_ids)}


def is_finance(actor: Actor) -> bool:
    """Whether somebody of the marketplace's finance asks."""
    return actor.kind is ActorKind.OPERATOR and actor.may(Scope.FINANCE_READ)


@dataclass(frozen=True, slots=True)
class Funding:
    """What a program can spend: free, set aside for what is on its way; what it left uncovered; its credit."""

    free_minor: int
    held_minor: int
    uncovered_minor: int
    limit_minor: int
    payment_days: int
    currency: str

    @property
    def standing(self) -> CreditStanding:
        """How its line of credit stands."""
        return credit_standing(self.limit_minor, self.free_minor, self.held_minor)


async def funding_of(program_id: UUID, currency: str) -> Funding:
    """How a program's funding stands in its home currency."""
    held = await books.balance(accounts.program(program_id, Purpose.FUNDING_HELD, currency))
    uncovered = -await books.balance(accounts.program(program_id, Purpose.UNCOVERED, currency))
    free = await books.fund(accounts.funding_slices(program_id, currency))
    line = await CreditLine.get_or_none(program_id=program_id)
    limit, days = (line.limit_minor, line.payment_days) if line else (0, 0)
    return Funding(free, held, uncovered, limit, days, currency)
