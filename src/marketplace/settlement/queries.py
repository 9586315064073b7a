"""Reads of settlement: what actors may see of top-ups, runs, statements and adjustments."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from marketplace.kit import clock, database
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.money import Money
from marketplace.partners.models import Accrual, ContractRate
from marketplace.settlement.models import (
    ACCRUED_AS,
    Adjustment,
    LineDispute,
    LineKind,
    Payout,
    SettlementRun,
    Statement,
    StatementLine,
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


def lines_visible_to(actor: Actor) -> QuerySet[StatementLine]:
    """The lines of the statements that the actor sees."""
    if actor.kind is ActorKind.PARTNER and actor.may(Scope.STATEMENTS_READ):
        return StatementLine.filter(statement__partner_id=actor.id)
    return StatementLine.all() if _is_finance(actor) else StatementLine.filter(id__in=[])


def disputes_visible_to(actor: Actor) -> QuerySet[LineDispute]:
    """A partner sees its own disputes, finance sees all, everybody else none."""
    if actor.kind is ActorKind.PARTNER and actor.may(Scope.STATEMENTS_READ):
        return LineDispute.filter(partner_id=actor.id)
    return LineDispute.all() if _is_finance(actor) else LineDispute.filter(id__in=[])


async def currency_of_line(line_id: UUID) -> str:
    """The currency of a line's statement."""
    found = "SELECT s.currency FROM statement_line l JOIN statement s ON s.id = l.statement_id WHERE l.id = $1"
    return await database.value(found, line_id)


def may_see_money_of(actor: Actor, partner_id: UUID) -> bool:
    """Whether what a partner is owed concerns the actor: the partner itself with the scope, and finance."""
    return _is_finance(actor) or (
        actor.kind is ActorKind.PARTNER and actor.id == partner_id and actor.may(Scope.STATEMENTS_READ)
    )


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


async def own_rates(contract_ids: list[UUID]) -> dict[UUID, list[int]]:
    """The commissions that are not the contract's own, of contracts that have any."""
    found = defaultdict[UUID, list[int]](list)
    for rate in await ContractRate.filter(contract_id__in=contract_ids):
        found[rate.contract_id].append(rate.commission_bp)
    return found


async def rates_on(line: StatementLine) -> list[int]:
    """The commissions of what is on a line, in basis points."""
    accruals = await accruals_on(line)
    found = await accruals.filter(commission_bp__isnull=False).distinct().values("commission_bp")
    return sorted(row["commission_bp"] for row in found)


async def figures_of(statement_ids: list[UUID]) -> dict[UUID, dict[str, str]]:
    """What whoever is told of a statement hears at once: its number, and what it closes with."""
    return {
        row.id: {
            "number": row.number,
            "closing": str(Money(row.closing_minor, row.currency).amount),
            "currency": row.currency,
        }
        for row in await Statement.filter(id__in=statement_ids)
    }


async def donations_on(statement_id: UUID) -> list[UUID]:
    """The accruals of donations on a statement."""
    found = """
        SELECT k.accrual_id FROM line_accrual k JOIN statement_line l ON l.id = k.line_id
        WHERE l.statement_id = $1 AND l.kind = 'DONATIONS'"""
    return [row["accrual_id"] for row in await database.rows(found, statement_id)]
