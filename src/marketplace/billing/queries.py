"""Reads of billing: what programs and finance may see of money in."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from tortoise.queryset import QuerySet

from marketplace.billing.models import (
    CoalitionAward,
    CoalitionOrder,
    CoalitionRate,
    CreditChange,
    CreditLine,
    FundingNotice,
    Invoice,
    InvoiceState,
    ProgramStatement,
    ProgramStatementLine,
    Receipt,
    Takeback,
    TopUp,
)
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


@dataclass(frozen=True, slots=True)
class OpenRate:
    """What a program asks for its points now."""

    program_id: UUID
    program_name: str
    point_name: str
    per_thousand_minor: int
    minimum_points: int
    currency: str
    valid_from: datetime


_RATES = """
SELECT p.id AS program_id, p.name AS program_name, p.point_name, r.per_thousand_minor, r.minimum_points,
    r.currency, r.valid_from
FROM program p JOIN LATERAL (
    SELECT * FROM coalition_rate WHERE program_id = p.id ORDER BY valid_from DESC LIMIT 1
) AS r ON true
WHERE r.per_thousand_minor IS NOT NULL AND ($2::uuid IS NULL OR p.id = $2) ORDER BY p.name, p.id LIMIT $1"""


async def open_rates(actor: Actor, most: int) -> list[OpenRate]:
    """What programs that sell points ask for them, by name: to a program its own."""
    own = actor.id if actor.kind is ActorKind.PROGRAM else None
    return [OpenRate(**row) for row in await database.rows(_RATES, most, own)]


async def rate_of(program_id: UUID) -> CoalitionRate | None:
    """What a program asks now; None when it never said."""
    return await CoalitionRate.filter(program_id=program_id).order_by("-valid_from").first()


def orders_visible_to(actor: Actor) -> QuerySet[CoalitionOrder]:
    """A partner sees its own orders, a program those of its points, finance all, everybody else none."""
    if actor.kind is ActorKind.PARTNER and (actor.may(Scope.STATEMENTS_READ) or actor.may(Scope.POINTS_BUY)):
        return CoalitionOrder.filter(partner_id=actor.id)
    if actor.kind is ActorKind.PROGRAM and (actor.may(Scope.PROGRAM_READ) or actor.may(Scope.PROGRAM_FUND)):
        return CoalitionOrder.filter(program_id=actor.id)
    return CoalitionOrder.all() if is_finance(actor) else CoalitionOrder.filter(id__in=[])


def awards_visible_to(actor: Actor) -> QuerySet[CoalitionAward]:
    """A partner sees what it gave, a program what was given in it, finance all, everybody else none."""
    if actor.kind is ActorKind.PARTNER and (actor.may(Scope.STATEMENTS_READ) or actor.may(Scope.POINTS_BUY)):
        return CoalitionAward.filter(partner_id=actor.id)
    if actor.kind is ActorKind.PROGRAM and (actor.may(Scope.PROGRAM_READ) or actor.may(Scope.PROGRAM_FUND)):
        return CoalitionAward.filter(program_id=actor.id)
    return CoalitionAward.all() if is_finance(actor) else CoalitionAward.filter(id__in=[])


def notices_visible_to(actor: Actor) -> QuerySet[FundingNotice]:
    """A program sees what it was told, finance sees all, everybody else none."""
    if actor.kind is ActorKind.PROGRAM and (actor.may(Scope.PROGRAM_READ) or actor.may(Scope.PROGRAM_FUND)):
        return FundingNotice.filter(program_id=actor.id)
    return FundingNotice.all() if is_finance(actor) else FundingNotice.filter(id__in=[])


def statements_visible_to(actor: Actor) -> QuerySet[ProgramStatement]:
    """A program sees the statements of its account, finance sees all, everybody else none."""
    if actor.kind is ActorKind.PROGRAM and (actor.may(Scope.PROGRAM_READ) or actor.may(Scope.PROGRAM_FUND)):
        return ProgramStatement.filter(program_id=actor.id)
    return ProgramStatement.all() if is_finance(actor) else ProgramStatement.filter(id__in=[])


async def lines_of(statement_id: UUID) -> list[ProgramStatementLine]:
    """The lines of a statement, in order."""
    return await ProgramStatementLine.filter(statement_id=statement_id).order_by("position")


def invoices_visible_to(actor: Actor) -> QuerySet[Invoice]:
    """A program sees the invoices about it, a partner those to it, finance all, everybody else none."""
    if actor.kind is ActorKind.PROGRAM and (actor.may(Scope.PROGRAM_READ) or actor.may(Scope.PROGRAM_FUND)):
        return Invoice.filter(program_id=actor.id)
    if actor.kind is ActorKind.PARTNER and actor.may(Scope.STATEMENTS_READ):
        return Invoice.filter(partner_id=actor.id)
    return Invoice.all() if is_finance(actor) else Invoice.filter(id__in=[])


def standing(invoices: QuerySet[Invoice], state: str, today: date) -> QuerySet[Invoice]:
    """Those that stand so on a day: OVERDUE is OPEN past its day."""
    if state == "OVERDUE":
        return invoices.filter(state=InvoiceState.OPEN.value, due_on__lt=today)
    return invoices.filter(state=state, due_on__gte=today) if state == "OPEN" else invoices.filter(state=state)


async def invoice_of_statement(statement_id: UUID) -> Invoice | None:
    """What was billed with a statement."""
    return await Invoice.get_or_none(statement_id=statement_id)


@dataclass(frozen=True, slots=True)
class Due:
    """What of a program's invoices is still to be paid, and by when the first of it."""

    minor: int
    first_on: date | None


async def due_of(program_id: UUID) -> Due:
    """What a program has still to pay of what was billed to it."""
    row = await database.row(_DUE, program_id)
    assert row is not None
    return Due(row["minor"], row["first_on"])


def credit_changes_visible_to(actor: Actor) -> QuerySet[CreditChange]:
    """Finance sees the limits that were proposed; a program sees the one that holds, in its funding."""
    return CreditChange.all() if is_finance(actor) else CreditChange.filter(id__in=[])


_DUE = """
SELECT coalesce(sum(amount_minor - paid_minor), 0)::bigint AS minor, min(due_on) AS first_on FROM invoice
WHERE program_id = $1 AND kind = 'CREDIT' AND state = 'OPEN'"""
_RETURNED = """
SELECT receipt_id, sum(amount_minor)::bigint AS minor FROM funding_takeback
WHERE receipt_id = ANY ($1) GROUP BY receipt_id"""


async def returned_of(receipt_ids: list[UUID]) -> dict[UUID, int]:
    """How much of each of these receipts went back, in minor units; none that is whole."""
    return {row["receipt_id"]: row["minor"] for row in await database.rows(_RETURNED, receipt_ids)}


async def takebacks_of(receipt_ids: list[UUID]) -> dict[UUID, list[Takeback]]:
    """What went back of each of these receipts, oldest first."""
    found: dict[UUID, list[Takeback]] = {id: [] for id in receipt_ids}
    for taken in await Takeback.filter(receipt_id__in=receipt_ids).order_by("id"):
        found[taken.receipt_id].append(taken)
    return found


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
