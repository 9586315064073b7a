"""Reads of settlement: what a run would do, and what actors may see of top-ups, statements and adjustments."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from tortoise.queryset import QuerySet

from marketplace.kit import clock, database
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.partners.models import Schedule
from marketplace.payments.models import ConnectedAccount, PayeeKind
from marketplace.payments.queries import accounts_of
from marketplace.payments.rules import NotPayable, why_not_payable
from marketplace.settlement import rules
from marketplace.settlement.models import Adjustment, Payout, SettlementRun, Statement
from marketplace.settlement.rules import Decision, Payee, Totals

_CASES = """
WITH open AS (
    SELECT partner_id, currency, count(*) AS accruals, min(effective_on) AS first_on,
        sum(gross_minor) FILTER (WHERE kind <> 'ADJUSTMENT') AS gross,
        sum(commission_minor) FILTER (WHERE kind <> 'ADJUSTMENT') AS commission,
        sum(vat_minor) FILTER (WHERE kind <> 'ADJUSTMENT') AS vat,
        sum(net_minor) FILTER (WHERE kind = 'ADJUSTMENT') AS adjustments
    FROM accrual a
    WHERE payable_on <= $1 {of_partner} AND NOT EXISTS (SELECT FROM line_accrual l WHERE l.accrual_id = a.id)
    GROUP BY partner_id, currency
), carried AS (
    SELECT s.partner_id, s.currency, sum(p.amount_minor) AS opening
    FROM payout p JOIN statement s ON s.id = p.statement_id
    WHERE p.state IN ('CARRIED', 'FAILED') AND p.carried_into_id IS NULL {of_partner}
    GROUP BY s.partner_id, s.currency
), last AS (
    SELECT partner_id, currency, max(period_until) AS until FROM statement s
    WHERE true {of_partner} GROUP BY partner_id, currency
)
SELECT partner_id, currency, p.slug, p.status, c.id AS contract_id, c.timezone, c.schedule,
    CASE WHEN c.agreed = currency THEN c.minimum_payout_minor ELSE 0 END AS minimum,
    coalesce(accruals, 0) AS accruals, coalesce(opening, 0)::bigint AS opening,
    coalesce(gross, 0)::bigint AS gross, coalesce(commission, 0)::bigint AS commission,
    coalesce(vat, 0)::bigint AS vat, coalesce(adjustments, 0)::bigint AS adjustments,
    coalesce(last.until + 1, least(first_on, $1)) AS period_from
FROM (open FULL JOIN carried USING (partner_id, currency)) o
LEFT JOIN last USING (partner_id, currency)
JOIN partner p ON p.id = partner_id
JOIN LATERAL (
    SELECT id, timezone, schedule, k.currency AS agreed, minimum_payout_minor
    FROM contract k WHERE k.partner_id = p.id
    ORDER BY k.currency = o.currency DESC, k.valid_from <= $1 DESC, k.valid_from DESC LIMIT 1
) c ON true
WHERE last.until IS NULL OR last.until < $1
ORDER BY partner_id, currency"""
_EVERY_CASE = _CASES.format(of_partner="")
_CASES_OF_ONE = _CASES.format(of_partner="AND partner_id = $2")


@dataclass(frozen=True, slots=True)
class Case:
    """What a partner is owed in one currency up to a day and is on no statement: opening and period."""

    partner_id: UUID
    slug: str
    status: str
    currency: str
    contract_id: UUID
    timezone: str
    schedule: Schedule
    minimum_minor: int
    period_from: date
    accruals: int
    opening: int
    totals: Totals

    @property
    def closing(self) -> int:
        """What the statement would close with."""
        return self.opening + self.totals.period

    def decision(self, account: ConnectedAccount | None) -> Decision:
        """What would become of the closing balance today."""
        return decide(self, self.closing, account)


def decide(case: Case, closing_minor: int, account: ConnectedAccount | None) -> Decision:
    """What becomes of a closing balance today, by the partner's standing, contract and account."""
    problem = why_not_payable(account)
    payee = Payee(
        status=case.status,
        minimum_minor=case.minimum_minor,
        has_account=problem is not NotPayable.NO_ACCOUNT,
        account_ready=problem is None,
        requirements=tuple(account.requirements) if account else (),
    )
    return rules.decide(closing_minor, payee, rules.next_run(case.schedule, clock.today(case.timezone)))


def _case(row: database.Row) -> Case:
    return Case(
        partner_id=row["partner_id"],
        slug=row["slug"],
        status=row["status"],
        currency=row["currency"],
        contract_id=row["contract_id"],
        timezone=row["timezone"],
        schedule=Schedule(row["schedule"]),
        minimum_minor=row["minimum"],
        period_from=row["period_from"],
        accruals=row["accruals"],
        opening=row["opening"],
        totals=Totals(row["gross"], row["commission"], row["vat"], row["adjustments"]),
    )


async def cases(until: date, schedule: Schedule | None = None) -> list[Case]:
    """Everything that is owed up to a day and on no statement, by partner and currency."""
    found = [_case(row) for row in await database.rows(_EVERY_CASE, until)]
    return [case for case in found if schedule is None or case.schedule is schedule]


async def case_of(partner_id: UUID, currency: str, until: date) -> Case | None:
    """What one partner is owed in one currency, or None when nothing is or a statement for the day stands."""
    found = [_case(row) for row in await database.rows(_CASES_OF_ONE, until, partner_id)]
    return next((case for case in found if case.currency == currency), None)


async def account_of(partner_id: UUID) -> ConnectedAccount | None:
    """The partner's account for payouts."""
    return (await accounts_of(PayeeKind.PARTNER, [partner_id])).get(partner_id)


def is_worth_a_statement(case: Case, decision: Decision) -> bool:
    """New accruals make a statement; money carried from earlier makes one when it can be paid now."""
    return case.accruals > 0 or decision.not_before is None


async def preview(until: date) -> list[tuple[Case, Decision]]:
    """What a run would issue and decide if it ran now."""
    found = await cases(until)
    known = await accounts_of(PayeeKind.PARTNER, list({case.partner_id for case in found}))
    decided = ((case, case.decision(known.get(case.partner_id))) for case in found)
    return [(case, decision) for case, decision in decided if is_worth_a_statement(case, decision)]


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


async def donations_on(statement_id: UUID) -> list[UUID]:
    """The accruals of donations on a statement."""
    found = """
        SELECT k.accrual_id FROM line_accrual k JOIN statement_line l ON l.id = k.line_id
        WHERE l.statement_id = $1 AND l.kind = 'DONATIONS'"""
    return [row["accrual_id"] for row in await database.rows(found, statement_id)]
