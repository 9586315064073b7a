"""Reads of billing: what programs and finance may see of money in."""

from dataclasses import dataclass
from uuid import UUID

from tortoise.queryset import QuerySet

from marketplace.billing.models import TopUp
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.ledger import accounts
from marketplace.ledger import queries as books
from marketplace.ledger.models import Purpose


def top_ups_visible_to(actor: Actor) -> QuerySet[TopUp]:
    """A program sees its own top-ups, finance sees all, everybody else none."""
    if actor.kind is ActorKind.PROGRAM and (actor.may(Scope.PROGRAM_READ) or actor.may(Scope.PROGRAM_FUND)):
        return TopUp.filter(program_id=actor.id)
    return TopUp.all() if is_finance(actor) else TopUp.filter(id__in=[])


def is_finance(actor: Actor) -> bool:
    """Whether somebody of the marketplace's finance asks."""
    return actor.kind is ActorKind.OPERATOR and actor.may(Scope.FINANCE_READ)


@dataclass(frozen=True, slots=True)
class Funding:
    """What a program has paid in and not spent: free, and set aside for what is on its way."""

    available_minor: int
    held_minor: int
    currency: str


async def funding_of(program_id: UUID, currency: str) -> Funding:
    """How a program's funding stands in its home currency."""
    held = await books.balance(accounts.program(program_id, Purpose.FUNDING_HELD, currency))
    return Funding(await books.fund(accounts.funding_slices(program_id, currency)), held, currency)
