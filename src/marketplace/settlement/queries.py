"""Reads of settlement: what actors may see of top-ups, runs, statements and adjustments."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from marketplace.kit import clock, database
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.ledger import accounts
from marketplace.ledger import queries as books
from marketplace.ledger.models import Purpose
from marketplace.partners.models import Accrual
from marketplace.settlement.models import (
    ACCRUED_AS,
    Adjustment,
    LineKind,
    Payout,
    SettlementRun,
    Statement,
    StatementLine,
    TopUp,
)


def timezone_not_over(until: date, timezones: Iterable[str]) -> tuple[str, date] | None:
    """The time zone that is furthest behind, with its last day that is over, when `until` is not over there."""
    behind = min(timezones, key=lambda name: clock.now().astimezone(ZoneInfo(name)).utcoffset() or timedelta())
    latest = clock.today(behind) - timedelta(days=1)
    return (behind, latest) if until > latest else None


async def timezones() -> list[str]:
    """The time zones of all contracts; UTC when there are none."""
    found = await database.rows("SELECT DISTINCT timezone FROM contract ORDER BY timezone")
    return [row["timezone"] for row in found] or ["UTC"]


def statements_visible_to(actor: Actor) -> QuerySet[Statement]:
    """A partner sees its own statements, finance sees all, everybody else none."""
    if actor.kind is ActorKind.PARTNER and actor.may(Scope.STATEMENTS_READ):
        return Statement.filter(partner_id=actor.id)
    if actor.kind is ActorKind.OPERATOR and actor.may(Scope.FINANCE_READ):
        return Statement.all()
    return Statement.filter(id__in=[])


def top_ups_visible_to(actor: Actor) -> QuerySet[TopUp]:
    """A program sees its own top-ups, finance sees all, everybody else none."""
    if actor.kind is ActorKind.PROGRAM and (actor.may(Scope.PROGRAM_READ) or actor.may(Scope.PROGRAM_FUND)):
        return TopUp.filter(program_id=actor.id)
    return TopUp.all() if _is_finance(actor) else TopUp.filter(id__in=[])


def adjustments_visible_to(actor: Actor) -> QuerySet[Adjustment]:
    """Finance sees proposals and decisions; a partner sees what came of them on its statements."""
    return Adjustment.all() if _is_finance(actor) else Adjustment.filter(id__in=[])


def runs_visible_to(actor: Actor) -> QuerySet[SettlementRun]:
    """Finance sees the runs."""
    return SettlementRun.all() if _is_finance(actor) else SettlementRun.filter(id__in=[])


def _is_finance(actor: Actor) -> bool:
    return actor.kind is ActorKind.OPERATOR and actor.may(Scope.FINANCE_READ)


async def payouts_of(statement_ids: list[UUID]) -> dict[UUID, Payout]:
    """What became of statements, by statement."""
    return {payout.statement_id: payout for payout in await Payout.filter(statement_id__in=statement_ids)}


async def accruals_on(line: StatementLine) -> QuerySet[Accrual]:
    """What is on a line of a statement: what the statement takes, and the one before it did not."""
    statement = await Statement.get(id=line.statement_id).prefetch_related("previous")
    previous: Statement | None = statement.previous
    taken = Accrual.filter(
        partner_id=statement.partner_id,
        currency=statement.currency,
        payable_on__lte=statement.period_until,
        ordinal__lte=statement.up_to,
        kind=ACCRUED_AS[LineKind(line.kind)].value,
        description=line.description,
        contract_id=line.contract_id,
    )
    if previous is None:
        return taken
    return taken.filter(Q(payable_on__gt=previous.period_until) | Q(ordinal__gt=previous.up_to))


async def donations_on(statement_id: UUID) -> list[UUID]:
    """The accruals of donations on a statement."""
    found = """
        SELECT k.accrual_id FROM line_accrual k JOIN statement_line l ON l.id = k.line_id
        WHERE l.statement_id = $1 AND l.kind = 'DONATIONS'"""
    return [row["accrual_id"] for row in await database.rows(found, statement_id)]


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
