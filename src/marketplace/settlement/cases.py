"""What partners are owed and have no statement for: the cases that a run, a preview and a forecast decide on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from marketplace.kit import clock, database
from marketplace.partners.models import Schedule
from marketplace.partners.steps import Charge
from marketplace.payments.rules import NotPayable, why_not_payable
from marketplace.settlement import rules
from marketplace.settlement.routes import Route, routes_of
from marketplace.settlement.rules import Decision, Payee, Totals

LAST = """last AS (
    SELECT DISTINCT ON (partner_id, currency) id, partner_id, currency, period_until, up_to FROM statement s
    WHERE true {of_partner} ORDER BY partner_id, currency, period_until DESC
)"""
"""The newest statement of each partner and currency: by its day and mark it says what is taken already."""
OPEN = """(SELECT DISTINCT s.partner_id, s.currency FROM contract s WHERE true {of_partner}) k
LEFT JOIN last USING (partner_id, currency) CROSS JOIN LATERAL (
    SELECT * FROM accrual x WHERE x.partner_id = k.partner_id AND x.currency = k.currency
        AND x.ordinal > coalesce(last.up_to, -1)
    UNION ALL
    SELECT * FROM accrual x WHERE x.partner_id = k.partner_id AND x.currency = k.currency
        AND x.payable_on > last.period_until AND x.ordinal <= last.up_to
) a"""
"""The accruals `a` that are on no statement: what was booked after the mark of the newest one, and what was there
and not payable yet. Each is read by an index, so what was settled before is never looked at."""
ALL_OPEN = """(SELECT x.* FROM accrual x LEFT JOIN last USING (partner_id, currency)
    WHERE last.id IS NULL OR x.payable_on > last.period_until OR x.ordinal > last.up_to) a"""
"""The same by one look at everything: ten times as fast while most of it is open, such as before the first run."""
_MOSTLY_OPEN = """
SELECT (booked - settled) * 4 > booked FROM (
    SELECT coalesce(pg_sequence_last_value('accrual_ordinal'), 0) AS booked,
        (SELECT coalesce(sum(accruals), 0) FROM statement) AS settled
) c"""
_SUMS = """
    sum(gross_minor) FILTER (WHERE kind <> '{apart}') AS gross,
    sum(commission_minor) FILTER (WHERE kind <> '{apart}') AS commission,
    sum(vat_minor) FILTER (WHERE kind <> '{apart}') AS vat,
    sum(net_minor) FILTER (WHERE kind = '{apart}') AS adjustments"""
_FROM_ACCRUALS = (
    "SELECT a.partner_id, a.currency, count(*) AS accruals, min(a.effective_on) AS first_on,"
    + _SUMS.format(apart="ADJUSTMENT")
    + " FROM {accruals} WHERE a.payable_on <= $1 GROUP BY a.partner_id, a.currency"
)
_FROM_DRAFT = (
    "SELECT partner_id, currency, sum(quantity)::bigint AS accruals, min(first_on) AS first_on,"
    + _SUMS.format(apart="ADJUSTMENTS")
    + " FROM draft_line WHERE draft = $2 GROUP BY partner_id, currency"
)
_CASES = f"""
WITH {LAST}, open AS ({{open}}), carried AS (
    SELECT s.partner_id, s.currency, sum(p.amount_minor) AS opening
    FROM payout p JOIN statement s ON s.id = p.statement_id
    WHERE p.state IN ('CARRIED', 'FAILED') AND p.carried_into_id IS NULL {{of_partner}}
    GROUP BY s.partner_id, s.currency
), due AS (
    SELECT s.partner_id, s.currency FROM accrual s JOIN contract k ON k.id = s.contract_id
    WHERE s.kind = 'RESERVE_HELD' AND s.payable_on + k.reserve_days <= $1 {{of_partner}}
        AND NOT EXISTS (SELECT FROM accrual r WHERE r.kind = 'RESERVE_RELEASED' AND r.ref_id = s.id)
    UNION
    SELECT s.partner_id, s.currency FROM contract s JOIN last USING (partner_id, currency)
    WHERE s.fee_minor > 0 AND s.valid_from <= $1 {{of_partner}}
)
SELECT partner_id, currency, p.slug, p.status, c.id AS contract_id, c.timezone, c.schedule,
    CASE WHEN c.agreed = currency THEN c.minimum_payout_minor ELSE 0 END AS minimum,
    coalesce(accruals, 0) AS accruals, coalesce(opening, 0)::bigint AS opening,
    coalesce(gross, 0)::bigint AS gross, coalesce(commission, 0)::bigint AS commission,
    coalesce(vat, 0)::bigint AS vat, coalesce(adjustments, 0)::bigint AS adjustments,
    coalesce(last.period_until + 1, least(first_on, $1)) AS period_from, first_on, last.id AS previous_id
FROM (open FULL JOIN carried USING (partner_id, currency) FULL JOIN due USING (partner_id, currency)) o
LEFT JOIN last USING (partner_id, currency)
JOIN partner p ON p.id = partner_id
JOIN LATERAL (
    SELECT id, timezone, schedule, k.currency AS agreed, minimum_payout_minor
    FROM contract k WHERE k.partner_id = p.id
    ORDER BY k.currency = o.currency DESC, k.valid_from <= $1 DESC, k.valid_from DESC LIMIT 1
) c ON true
WHERE last.period_until IS NULL OR last.period_until < $1
ORDER BY partner_id, currency"""
EVERY_CASE = _CASES.format(open=_FROM_ACCRUALS.format(accruals=OPEN.format(of_partner="")), of_partner="")
EVERY_CASE_AT_ONCE = _CASES.format(open=_FROM_ACCRUALS.format(accruals=ALL_OPEN), of_partner="")
_OF_ONE = "AND s.partner_id = $2"
_CASES_OF_ONE = _CASES.format(
    open=_FROM_ACCRUALS.format(accruals=OPEN.format(of_partner=_OF_ONE)), of_partner=_OF_ONE
)
_DRAFTED = _CASES.format(open=_FROM_DRAFT, of_partner="")


Pair = tuple[UUID, str]
"""A partner and a currency."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a partner is owed in one currency up to a day and is on no statement: opening and period.

    `charges` are what its contracts make of the period (`terms.charged`), and the totals are with them.
    """

    partner_id: UUID
    slug: str
    status: str
    currency: str
    contract_id: UUID
    timezone: str
    schedule: Schedule
    minimum_minor: int
    period_from: date
    first_on: date | None
    previous_id: UUID | None
    accruals: int
    opening: int
    totals: Totals
    charges: tuple[Charge, ...] = ()

    @property
    def closing(self) -> int:
        """What the statement would close with."""
        return self.opening + self.totals.period

    def decision(self, route: Route) -> Decision:
        """What would become of the closing balance today."""
        return decide(self, self.closing, route)


def decide(case: Case, closing_minor: int, route: Route) -> Decision:
    """What becomes of a closing balance today, by the partner's standing, contract and route."""
    rail = route.rail(case.currency)
    payee = Payee(
        status=case.status,
        minimum_minor=case.minimum_minor,
        has_account=rail is not None or why_not_payable(route.account) is not NotPayable.NO_ACCOUNT,
        account_ready=rail is not None,
        requirements=tuple(route.account.requirements) if route.account else (),
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
        first_on=row["first_on"],
        previous_id=row["previous_id"],
        accruals=row["accruals"],
        opening=row["opening"],
        totals=Totals(row["gross"], row["commission"], row["vat"], row["adjustments"]),
    )


async def cases(until: date, schedule: Schedule | None = None) -> list[Case]:
    """Everything that is owed up to a day and on no statement, by partner and currency."""
    sql = EVERY_CASE_AT_ONCE if await mostly_open() else EVERY_CASE
    return _of(schedule, await database.rows(sql, until))


async def mostly_open() -> bool:
    """Whether more than one accrual in four is on no statement, so that everything is looked at once."""
    return await database.value(_MOSTLY_OPEN)


async def cases_of(partner_id: UUID, until: date) -> list[Case]:
    """What one partner is owed up to a day and has no statement for, by currency."""
    return _of(None, await database.rows(_CASES_OF_ONE, until, partner_id))


async def drafted(until: date, draft: UUID, schedule: Schedule | None = None) -> list[Case]:
    """The cases that a draft has added up, by partner and currency, and balances that are carried alone."""
    return _of(schedule, await database.rows(_DRAFTED, until, draft))


async def newest_statements() -> dict[Pair, UUID]:
    """The newest statement of each partner and currency."""
    rows = await database.rows(f"WITH {LAST.format(of_partner='')} SELECT partner_id, currency, id FROM last")
    return {(row["partner_id"], row["currency"]): row["id"] for row in rows}


def _of(schedule: Schedule | None, rows: Sequence[database.Row]) -> list[Case]:
    found = map(_case, rows)
    return [case for case in found if schedule is None or case.schedule is schedule]


async def routes_by_partner(found: Sequence[Case]) -> dict[UUID, Route]:
    """The routes of the partners of some cases."""
    return await routes_of(list({case.partner_id for case in found}))


def is_worth_a_statement(case: Case, decision: Decision) -> bool:
    """New accruals and charges make a statement; money carried from earlier makes one when it can be paid now."""
    return case.accruals > 0 or bool(case.charges) or decision.not_before is None
