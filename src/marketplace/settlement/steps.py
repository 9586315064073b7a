"""Writes of settlement, inside a transaction that somebody else opened."""

from uuid import UUID

from marketplace.kit import clock, database, facts
from marketplace.kit.ids import new_id
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.ledger.queries import fund as balance_of_fund
from marketplace.ledger.steps import Entry, draw, post
from marketplace.members.models import Program
from marketplace.members.steps import fund
from marketplace.payments.steps import plan_transfer
from marketplace.settlement import rules
from marketplace.settlement.facts import StatementIssued
from marketplace.settlement.models import (
    Payout,
    PayoutEvent,
    PayoutState,
    SettlementRun,
    Statement,
    StatementLine,
    TopUp,
    TopUpMethod,
    TopUpState,
)
from marketplace.settlement.queries import Case
from marketplace.settlement.rules import Decision, Parts

PURPOSE = "STATEMENT"
"""What payments knows our transfers as; the reference is the payout's id."""

_PATIENCE = """
SELECT set_config('lock_timeout', '60s', true), set_config('statement_timeout', '600s', true),
    set_config('idle_in_transaction_session_timeout', '600s', true)"""
_LOCK_PARTNER = "SELECT id FROM partner WHERE id = $1 FOR NO KEY UPDATE"
_LINES = """
WITH taken AS MATERIALIZED (
    SELECT a.id, a.kind, a.description, a.contract_id,
        a.gross_minor, a.commission_minor, a.vat_minor, a.net_minor
    FROM accrual a
    WHERE a.partner_id = $1 AND a.currency = $2 AND a.payable_on <= $3
      AND NOT EXISTS (SELECT FROM line_accrual l WHERE l.accrual_id = a.id)
), said (kind, line, rank) AS (
    VALUES ('SALE', 'SALES', 1), ('DONATION', 'DONATIONS', 2), ('REFUND', 'REFUNDS', 3),
        ('ADJUSTMENT', 'ADJUSTMENTS', 4)
), grouped AS (
    SELECT kind, line, description, contract_id, count(*) AS quantity, sum(gross_minor) AS gross,
        sum(commission_minor) AS commission, sum(vat_minor) AS vat, sum(net_minor) AS net,
        row_number() OVER (ORDER BY rank, description COLLATE "C", contract_id) AS position
    FROM taken JOIN said USING (kind) GROUP BY kind, line, rank, description, contract_id
), named AS MATERIALIZED (
    SELECT *, md5($4::uuid::text || ':' || position)::uuid AS id FROM grouped
), made AS (
    INSERT INTO statement_line (id, statement_id, position, kind, description, contract_id, quantity,
        gross_minor, commission_minor, vat_minor, net_minor)
    SELECT id, $4, position, line, description, contract_id, quantity, gross, commission, vat, net FROM named
    RETURNING *
), linked AS (
    INSERT INTO line_accrual (accrual_id, line_id)
    SELECT taken.id, named.id FROM taken JOIN named USING (kind, description, contract_id)
)
SELECT * FROM made ORDER BY position"""
_CARRIED = """
SELECT p.id, p.amount_minor FROM payout p JOIN statement s ON s.id = p.statement_id
WHERE s.partner_id = $1 AND s.currency = $2 AND p.state IN ('CARRIED', 'FAILED') AND p.carried_into_id IS NULL
ORDER BY p.id FOR UPDATE OF p"""
_JOIN = "UPDATE payout SET carried_into_id = $2 WHERE id = ANY ($1)"
_SEQUENCE = "SELECT count(*) + 1 FROM statement WHERE partner_id = $1"


async def lock_partner(partner_id: UUID) -> None:
    """Be the only one who settles this partner; sales, refunds and redemptions go on meanwhile."""
    await database.execute(_PATIENCE)
    await database.execute(_LOCK_PARTNER, partner_id)


async def issue(case: Case, run: SettlementRun) -> Statement:
    """The next statement of a locked partner: every open accrual up to the run's day on exactly one line.

    Lines and links are made in one statement of SQL, so both are of the same moment, whatever is sold
    meanwhile. What earlier statements did not pay joins the opening balance. The period's net moves from
    PAYABLE to DUE. States StatementIssued.
    """
    id = new_id()
    made = await database.rows(_LINES, case.partner_id, case.currency, run.until, id)
    lines = [StatementLine(**row) for row in made]
    carried = await database.rows(_CARRIED, case.partner_id, case.currency)
    opening = sum(row["amount_minor"] for row in carried)
    totals = rules.totals(_parts(line) for line in lines)
    sequence = int(await database.value(_SEQUENCE, case.partner_id))
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
        opening_minor=opening,
        gross_minor=totals.gross,
        commission_minor=totals.commission,
        vat_minor=totals.vat,
        adjustments_minor=totals.adjustments,
        closing_minor=opening + totals.period,
        accruals=sum(line.quantity for line in lines),
        issued_at=clock.now(),
    )
    statement.digest = rules.digest(statement, lines)
    await statement.save(force_create=True)
    if carried:
        await database.execute(_JOIN, [row["id"] for row in carried], id)
    await _book(statement, totals.period)
    await facts.state(StatementIssued(case.partner_id, id))
    return statement


def _parts(line: StatementLine) -> Parts:
    return Parts(line.kind, line.gross_minor, line.commission_minor, line.vat_minor, line.net_minor)


async def _book(statement: Statement, period_minor: int) -> None:
    payable = accounts.partner(statement.partner_id, Purpose.PAYABLE, statement.currency)
    due = accounts.partner(statement.partner_id, Purpose.DUE, statement.currency)
    if period_minor:
        entry = Entry(payable, due, period_minor) if period_minor > 0 else Entry(due, payable, -period_minor)
        await post("statement.issued", "statement", statement.id, [entry])


async def open_payout(statement: Statement, decision: Decision, account_id: UUID | None) -> Payout:
    """Write down what becomes of the closing balance, and plan the transfer when it is paid."""
    payout = await Payout.create(
        statement_id=statement.id,
        state=decision.state.value,
        reason=decision.reason.value if decision.reason else None,
        requirements=list(decision.requirements),
        not_before=decision.not_before,
        amount_minor=statement.closing_minor,
        currency=statement.currency,
        created_at=clock.now(),
    )
    await note(payout)
    if decision.state is PayoutState.PLANNED and account_id is not None:
        outbound = await plan_transfer(PURPOSE, payout.id, account_id, payout.amount_minor, payout.currency)
        payout.outbound_id = outbound.id
        await payout.save(update_fields=["outbound_id"])
    return payout


async def note(payout: Payout) -> PayoutEvent:
    """Keep where the payout stands now in its history; the row's id is what its journal refers to."""
    return await PayoutEvent.create(
        payout_id=payout.id, state=payout.state, reason=payout.reason, detail=payout.detail, at=clock.now()
    )


async def complete_top_up(top_up: TopUp) -> None:
    """The money is there: the program's funding rises by it, once. The row is locked by the caller."""
    if top_up.state == TopUpState.SUCCEEDED:
        return
    purpose = Purpose.STRIPE_CLEARING if top_up.method == TopUpMethod.STRIPE else Purpose.BANK_CLEARING
    program = await Program.get(id=top_up.program_id)
    source = accounts.house(purpose, top_up.currency)
    await fund(program, top_up.amount_minor, source, ref_type="top_up", ref_id=top_up.id)
    top_up.state, top_up.succeeded_at, top_up.failure = TopUpState.SUCCEEDED.value, clock.now(), None
    await top_up.save(update_fields=["state", "succeeded_at", "failure", "evidence", "confirmed_by"])


async def return_top_up(top_up: TopUp) -> None:
    """The money went back to the payer: the funding falls by it, as far as members have not spent it.

    What they have spent, the marketplace bears until the program makes it good. The row is locked by the caller.
    """
    if top_up.state != TopUpState.SUCCEEDED:
        return
    slices = accounts.funding_slices(top_up.program_id, top_up.currency)
    drawn = await draw(slices, top_up.amount_minor)
    if drawn is None:  # and every slice is locked now
        left = await balance_of_fund(slices)
        drawn = (await draw(slices, left) if left else None) or []
    uncovered = top_up.amount_minor - sum(part for _, part in drawn)
    clearing = accounts.house(Purpose.STRIPE_CLEARING, top_up.currency)
    ours = accounts.house(Purpose.ADJUSTMENTS, top_up.currency)
    entries = [Entry(slice, clearing, part) for slice, part in drawn]
    await post("funding.returned", "top_up", top_up.id, [*entries, Entry(ours, clearing, uncovered)])
    top_up.state, top_up.uncovered_minor = TopUpState.RETURNED.value, uncovered
    await top_up.save(update_fields=["state", "uncovered_minor"])
