"""Issuing statements, many at a time, inside a transaction that somebody else opened.

A go of a run draws a mark, adds up the lines of everybody in one statement of SQL (a draft), and then issues
the statements of some partners in each transaction. What is booked before the mark never changes, so a draft
stays right until its statements are issued or somebody else has issued them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from marketplace.kit import clock, database, facts
from marketplace.kit.ids import new_id
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.ledger.steps import Entry, post
from marketplace.partners.steps import book_charge
from marketplace.settlement import cases, invoicing, rules, steps, terms
from marketplace.settlement.cases import ALL_OPEN, LAST, OPEN, Case, Pair
from marketplace.settlement.facts import StatementIssued
from marketplace.settlement.models import DraftLine, SettlementRun, Statement
from marketplace.settlement.refusals import NothingToSettle
from marketplace.settlement.rules import Line, Parts

PATIENCE = """
SELECT set_config('lock_timeout', '60s', true), set_config('statement_timeout', '600s', true),
    set_config('idle_in_transaction_session_timeout', '600s', true), set_config('work_mem', '64MB', true)"""
_SOON = "SELECT set_config('lock_timeout', '1s', true)"
_MARK = "SELECT draw_mark()"
_DRAFT = f"""
WITH {LAST.format(of_partner="")}, said (kind, line) AS (
    VALUES ('SALE', 'SALES'), ('DONATION', 'DONATIONS'), ('REFUND', 'REFUNDS'), ('ADJUSTMENT', 'ADJUSTMENTS')
), grouped AS (
    SELECT a.partner_id, a.currency, a.kind, a.description, a.contract_id, count(*) AS quantity,
        sum(a.gross_minor) AS gross, sum(a.commission_minor) AS commission, sum(a.vat_minor) AS vat,
        sum(a.net_minor) AS net, min(a.effective_on) AS first_on
    FROM {{open}} WHERE a.payable_on <= $1 AND a.ordinal <= $2
    GROUP BY a.partner_id, a.currency, a.kind, a.description, a.contract_id
)
INSERT INTO draft_line (id, draft, partner_id, currency, kind, description, contract_id, quantity,
    gross_minor, commission_minor, vat_minor, net_minor, first_on, made_at)
SELECT gen_random_uuid(), $3, partner_id, currency, line, description, contract_id, quantity,
    gross, commission, vat, net, first_on, $4
FROM grouped JOIN said USING (kind)"""
DRAFT = _DRAFT.format(open=OPEN.format(of_partner=""))
WHOLE_DRAFT = _DRAFT.format(open=ALL_OPEN)
_FORGET = "DELETE FROM draft_line WHERE draft = $1 OR made_at < $2::timestamptz - interval '1 day'"
_LOCK = "SELECT id FROM partner WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE"
_WANTED = "unnest($1::uuid[], $2::text[]) AS w (partner_id, currency)"
_STANDING = f"""
SELECT w.partner_id, w.currency, (
    SELECT s.id FROM statement s WHERE s.partner_id = w.partner_id AND s.currency = w.currency
    ORDER BY s.period_until DESC LIMIT 1
) AS previous_id, (SELECT count(*) FROM statement s WHERE s.partner_id = w.partner_id) AS issued
FROM {_WANTED}"""
_CARRIED = f"""
SELECT p.id, s.partner_id, s.currency, p.amount_minor FROM {_WANTED}
JOIN statement s ON s.partner_id = w.partner_id AND s.currency = w.currency
JOIN payout p ON p.statement_id = s.id
WHERE p.state IN ('CARRIED', 'FAILED') AND p.carried_into_id IS NULL ORDER BY p.id FOR UPDATE OF p"""
_JOIN = """
UPDATE payout SET carried_into_id = c.statement FROM unnest($1::uuid[], $2::uuid[]) AS c (payout, statement)
WHERE payout.id = c.payout"""
_LINES = """
WITH placed AS (
    SELECT w.statement_id, d.*, row_number() OVER (
        PARTITION BY w.statement_id
        ORDER BY array_position($5::text[], d.kind::text), d.description COLLATE "C", d.contract_id
    ) AS position
    FROM unnest($2::uuid[], $3::text[], $4::uuid[]) AS w (partner_id, currency, statement_id)
    JOIN draft_line d ON d.partner_id = w.partner_id AND d.currency = w.currency AND d.draft = $1
)
INSERT INTO statement_line (id, statement_id, position, kind, description, contract_id, quantity,
    gross_minor, commission_minor, vat_minor, net_minor)
SELECT md5(statement_id::text || ':' || position)::uuid, statement_id, position, kind, description, contract_id,
    quantity, gross_minor, commission_minor, vat_minor, net_minor FROM placed
RETURNING statement_id, position, kind, description, contract_id, quantity,
    gross_minor, commission_minor, vat_minor, net_minor"""


@dataclass(frozen=True, slots=True)
class Draft:
    """One go of a run: its lines are added up, of everything that was booked before the mark."""

    id: UUID
    mark: int


async def draft(run: SettlementRun) -> Draft:
    """Add up the lines of everybody whom the run concerns, from what is booked by now.

    Whoever is booking is waited for, for a second at most: then LockNotAvailableError is raised.
    """
    async with database.transaction():
        await database.execute(_SOON)
        mark = int(await database.value(_MARK))
    made = Draft(new_id(), mark)
    async with database.transaction():
        await database.execute(PATIENCE)
        sql = WHOLE_DRAFT if await cases.mostly_open() else DRAFT
        await database.execute(sql, run.until, mark, made.id, clock.now())
    return made


async def forget(draft: Draft) -> None:
    """Throw a draft away, and what others left that were cut off."""
    await database.execute(_FORGET, draft.id, clock.now())


async def issue(run: SettlementRun, draft: Draft, wanted: Sequence[Case]) -> list[Statement]:
    """The next statements of these cases of one draft, each with its payout; of those that are worth one.

    Of each partner one run issues at a time; sales, refunds and redemptions go on meanwhile. Raises
    NothingToSettle when another run was here since the draft: then the draft is stale.
    """
    await database.execute(PATIENCE)
    await database.execute(_LOCK, sorted({case.partner_id for case in wanted}))
    found, issued = await _as_they_stand(wanted)
    found = await terms.charged(found, run.until, draft.mark)
    known = await cases.routes_by_partner(wanted)
    found = [case for case in found if cases.is_worth_a_statement(case, case.decision(known[case.partner_id]))]
    await _charge(draft, found)
    lines = await _lines(draft, named := {_pair(case): new_id() for case in found})
    made = [_statement(run, draft, case, named[_pair(case)], lines[named[_pair(case)]], issued) for case in found]
    for statement in made:
        await database.add(statement)
    await _carry(found, named)
    await invoicing.invoice(made)
    for case, statement in zip(found, made, strict=True):
        await _book(statement)
        route = known[case.partner_id]
        await steps.open_payout(statement, cases.decide(case, statement.closing_minor, route), route)
        await facts.state(StatementIssued(case.partner_id, statement.id))
    return made


async def _charge(draft: Draft, found: Sequence[Case]) -> None:
    """Book what contracts make of the period, and put it among the lines."""
    for case in found:
        for charge in case.charges:
            await book_charge(case.partner_id, case.currency, charge, draft.mark)
            await database.add(
                DraftLine(
                    draft=draft.id,
                    partner_id=case.partner_id,
                    currency=case.currency,
                    kind=charge.kind.value,
                    description=charge.description,
                    contract_id=charge.contract_id,
                    quantity=1,
                    gross_minor=charge.gross,
                    commission_minor=charge.commission,
                    vat_minor=charge.vat,
                    net_minor=charge.net,
                    first_on=charge.effective_on,
                    made_at=clock.now(),
                )
            )


def _pair(case: Case) -> Pair:
    return case.partner_id, case.currency


async def _as_they_stand(wanted: Sequence[Case]) -> tuple[list[Case], dict[UUID, int]]:
    """The cases with what is carried into them now, and how many statements each partner has."""
    pairs = [case.partner_id for case in wanted], [case.currency for case in wanted]
    standing = {(row["partner_id"], row["currency"]): row for row in await database.rows(_STANDING, *pairs)}
    if any(standing[_pair(case)]["previous_id"] != case.previous_id for case in wanted):
        raise NothingToSettle
    openings = defaultdict[Pair, int](int)
    for row in await database.rows(_CARRIED, *pairs):
        openings[row["partner_id"], row["currency"]] += row["amount_minor"]
    issued = {row["partner_id"]: row["issued"] for row in standing.values()}
    return [replace(case, opening=openings[_pair(case)]) for case in wanted], issued


async def _lines(draft: Draft, named: dict[Pair, UUID]) -> dict[UUID, list[Line]]:
    """Insert the lines of these statements; returns them by statement and position."""
    pairs = [id for id, _ in named], [currency for _, currency in named]
    order = [kind.value for kind in rules.ORDER]
    found = defaultdict[UUID, list[Line]](list)
    for row in await database.records(_LINES, draft.id, *pairs, list(named.values()), order):
        statement_id, *figures = row
        found[statement_id].append(Line(*figures))
    for lines in found.values():
        lines.sort(key=lambda line: line.position)
    return found


def _statement(
    run: SettlementRun, draft: Draft, case: Case, id: UUID, lines: Sequence[Line], issued: dict[UUID, int]
) -> Statement:
    totals = rules.totals(_parts(lines))
    issued[case.partner_id] = sequence = issued[case.partner_id] + 1
    statement = Statement(
        id=id,
        number=rules.number(case.slug, run.until, sequence),
        sequence=sequence,
        partner_id=case.partner_id,
        contract_id=case.contract_id,
        run_id=run.id,
        currency=case.currency,
        period_from=case.period_from,
        period_until=run.until,
        opening_minor=case.opening,
        gross_minor=totals.gross,
        commission_minor=totals.commission,
        vat_minor=totals.vat,
        adjustments_minor=totals.adjustments,
        fees_minor=totals.fees,
        reserve_minor=totals.reserve,
        closing_minor=case.opening + totals.period,
        accruals=sum(line.quantity for line in lines),
        up_to=draft.mark,
        previous_id=case.previous_id,
        issued_at=clock.now(),
    )
    statement.digest = rules.digest(statement, lines)
    return statement


def _parts(lines: Iterable[Line]) -> Iterable[Parts]:
    return (
        Parts(line.kind, line.gross_minor, line.commission_minor, line.vat_minor, line.net_minor) for line in lines
    )


async def _carry(found: Sequence[Case], named: dict[Pair, UUID]) -> None:
    """What earlier statements did not pay joins these ones."""
    pairs = [case.partner_id for case in found], [case.currency for case in found]
    carried = [
        (row["id"], named[row["partner_id"], row["currency"]]) for row in await database.rows(_CARRIED, *pairs)
    ]
    if carried:
        await database.execute(_JOIN, [payout for payout, _ in carried], [into for _, into in carried])


async def _book(statement: Statement) -> None:
    """The period's net moves from PAYABLE to DUE."""
    period = statement.closing_minor - statement.opening_minor
    payable = accounts.partner(statement.partner_id, Purpose.PAYABLE, statement.currency)
    due = accounts.partner(statement.partner_id, Purpose.DUE, statement.currency)
    if period:
        entry = Entry(payable, due, period) if period > 0 else Entry(due, payable, -period)
        await post("statement.issued", "statement", statement.id, [entry])
