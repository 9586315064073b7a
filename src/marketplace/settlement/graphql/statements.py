"""Statements, their lines and payouts, as partners and finance see them."""

from datetime import date, datetime
from uuid import UUID

import strawberry
from tortoise.expressions import Subquery

from marketplace.kit import ids, paging
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import (
    After,
    BigInt,
    Connection,
    First,
    Info,
    MoneyType,
    Node,
    actor_of,
    actor_with,
    batched,
    describe_enum,
    extend,
    load_node,
    node_loader,
)
from marketplace.kit.rails import Rail
from marketplace.partners.graphql import PartnerType
from marketplace.settlement import queries
from marketplace.settlement.exports import statement_csv
from marketplace.settlement.graphql.invoices import InvoiceType
from marketplace.settlement.graphql.lines import LineType
from marketplace.settlement.models import (
    CommissionInvoice,
    Payout,
    PayoutEvent,
    PayoutReason,
    PayoutState,
    Statement,
    StatementLine,
)

MOST_EVENTS = 100

describe_enum(
    PayoutState,
    "Where the money of a statement is.",
    CARRIED="Not tried: it joins the next statement, and the reason says why.",
    PLANNED="On its way to Stripe or to our bank, or waiting for our funds; the reason says which.",
    SENT="In your balance at Stripe, or accepted by our bank; not yet in your bank.",
    IN_BANK="In your bank. A bank can still send it back.",
    FAILED="Refused, or it came back: it joins the next statement.",
)
describe_enum(
    PayoutReason,
    "Why the money of a statement is not where it should be.",
    NOTHING_DUE="The balance is zero.",
    NEGATIVE_BALANCE="More was taken back than sold: the balance is below zero.",
    PARTNER_SUSPENDED="The partner is not approved.",
    BELOW_MINIMUM="The balance is below the contract's minimum payout.",
    NO_PAYOUT_ACCOUNT="There is no account to pay to: open one.",
    ACCOUNT_NOT_READY="Stripe still needs something before the account can be paid; `requirements` says what.",
    WAITING_FOR_FUNDS="Our own balance at Stripe has to fill first; it is tried again by itself.",
    TRANSFER_REFUSED="Stripe refused the transfer; `detail` says why.",
    TRANSFER_REVERSED="The transfer was taken back.",
    BANK_RETURNED="The bank sent it back. At Stripe it stands in your balance; else it joins the next statement.",
    PARTLY_RETURNED="The bank sent back a part of it, `detail` says how much and why: the next statement has it.",
    AWAITS_BATCH="It leaves with the next file for the bank.",
    AWAITS_HAND="People of the marketplace pay it at a bank by hand.",
    WITH_BANK="It is ordered; the bank has not answered yet.",
    NO_BANK_DETAILS="There are no bank details that a second person has agreed to.",
    BANK_DETAILS_CHANGING="Your bank details are being changed: nothing is paid until the new ones are in use.",
    RAIL_CANNOT_REACH="No rail brings this currency to that account.",
    BANK_REJECTED="The bank will not do it; `detail` has its code.",
    STOPPED="Somebody of the marketplace stopped it before it was ordered; `detail` says why.",
)


@strawberry.type(name="PayoutEvent", description="One step of a payout.")
class PayoutEventType:
    state: PayoutState = strawberry.field(description="Where the money was from then on.")
    reason: PayoutReason | None = strawberry.field(description="Why it was not further.")
    detail: str | None = strawberry.field(description="In the words of Stripe or the bank.")
    at: datetime = strawberry.field(description="When it came to that.")


@strawberry.type(name="Payout", description="What became of a statement's closing balance.")
class PayoutType:
    state: PayoutState = strawberry.field(description="Where the money is.")
    reason: PayoutReason | None = strawberry.field(description="Why it is not where it should be.")
    detail: str | None = strawberry.field(description="In the words of Stripe or the bank.")
    rail: Rail | None = strawberry.field(description="How it leaves; null when it was not tried.")
    requirements: list[str] = strawberry.field(description="What Stripe needed from the account, in its words.")
    tried_again_on: date | None = strawberry.field(description="The day it is tried again.")
    amount: MoneyType = strawberry.field(description="The closing balance.")
    sent_at: datetime | None = strawberry.field(description="When it left the marketplace's balance.")
    in_bank_at: datetime | None = strawberry.field(description="When it reached the bank.")
    row: strawberry.Private[Payout]

    @classmethod
    def of(cls, row: Payout) -> "PayoutType":
        return cls(
            state=PayoutState(row.state),
            reason=PayoutReason(row.reason) if row.reason else None,
            detail=row.detail,
            rail=Rail(row.rail) if row.rail else Rail.STRIPE if row.outbound_id else None,
            requirements=row.requirements,
            tried_again_on=row.not_before,
            amount=MoneyType.minor(row.amount_minor, row.currency),
            sent_at=row.sent_at,
            in_bank_at=row.in_bank_at,
            row=row,
        )

    @strawberry.field(description="The statement whose opening balance this became, if it was not paid.")
    async def carried_into(self, info: Info) -> "StatementType | None":
        return await load_node(info, "statement", self.row.carried_into_id) if self.row.carried_into_id else None

    @strawberry.field(description=f"How it came to stand so, oldest first, at most {MOST_EVENTS}.")
    async def history(self) -> list[PayoutEventType]:
        events = await PayoutEvent.filter(payout_id=self.row.id).order_by("id").limit(MOST_EVENTS)
        return [
            PayoutEventType(
                state=PayoutState(event.state),
                reason=PayoutReason(event.reason) if event.reason else None,
                detail=event.detail,
                at=event.at,
            )
            for event in events
        ]


@strawberry.type(name="Statement", description="What a partner is owed for one period, line by line, frozen.")
class StatementType(Node):
    number: str = strawberry.field(description="Its number; those of a partner have no gaps.")
    period_from: date = strawberry.field(description="The first day of the period.")
    period_until: date = strawberry.field(description="The last day of the period.")
    opening: MoneyType = strawberry.field(description="What earlier statements did not pay.")
    gross: MoneyType = strawberry.field(description="What was sold and donated, less refunds.")
    commission: MoneyType = strawberry.field(description="What the marketplace keeps.")
    vat: MoneyType = strawberry.field(description="VAT on the commission.")
    adjustments: MoneyType = strawberry.field(description="Corrections.")
    fees: MoneyType = strawberry.field(description="Fixed fees of the contract.")
    reserve: MoneyType = strawberry.field(description="What is released of the reserve, less what is held.")
    closing: MoneyType = strawberry.field(
        description="Opening + gross - commission - fees - VAT + adjustments + reserve."
    )
    accruals: BigInt = strawberry.field(description="How many sales, donations, refunds and adjustments it has.")
    digest: str = strawberry.field(description="SHA-256 over all it says, in hex.")
    issued_at: datetime = strawberry.field(description="When it was issued.")
    row: strawberry.Private[Statement]

    @classmethod
    def of(cls, row: Statement) -> "StatementType":
        def money(minor: int) -> MoneyType:
            return MoneyType.minor(minor, row.currency)

        return cls(
            id=strawberry.ID(ids.public("statement", row.id)),
            number=row.number,
            period_from=row.period_from,
            period_until=row.period_until,
            opening=money(row.opening_minor),
            gross=money(row.gross_minor),
            commission=money(row.commission_minor),
            vat=money(row.vat_minor),
            adjustments=money(row.adjustments_minor),
            fees=money(row.fees_minor),
            reserve=money(row.reserve_minor),
            closing=money(row.closing_minor),
            accruals=BigInt(row.accruals),
            digest=row.digest,
            issued_at=row.issued_at,
            row=row,
        )

    @strawberry.field(description="Whose statement it is.")
    async def partner(self, info: Info) -> PartnerType | None:
        return await load_node(info, "partner", self.row.partner_id)

    @strawberry.field(description="What it charges, as an invoice; null when it charges nothing.")
    async def invoice(self, info: Info) -> InvoiceType | None:
        found: CommissionInvoice | None = await batched(info, "invoices of statements", _invoices, self.row.id)
        return InvoiceType.of(found) if found else None

    @strawberry.field(description="What became of the closing balance.")
    async def payout(self, info: Info) -> PayoutType | None:
        payout: Payout | None = await batched(info, "payouts of statements", _payouts, self.row.id)
        return PayoutType.of(payout) if payout else None

    @strawberry.field(description="Its lines, by position.")
    async def lines(self, first: First = None, after: After = None) -> Connection[LineType]:
        query = StatementLine.filter(statement_id=self.row.id)
        page = await paging.page_of(query, first=first, after=after, sort="position")
        currency = self.row.currency
        return Connection[LineType].of(page, lambda line: LineType.of(line, currency), query.count)

    @strawberry.field(description="The earlier statements whose unpaid balances are its opening.")
    async def carried_from(self) -> "list[StatementType]":
        joined = Payout.filter(carried_into_id=self.row.id).values("statement_id")
        rows = await Statement.filter(id__in=Subquery(joined)).order_by("id").limit(paging.MAX_PAGE)
        return [StatementType.of(row) for row in rows]

    @strawberry.field(
        description="The statement as a CSV file: an opening row that names the statements it carries on, its "
        "lines, a closing row."
    )
    async def csv(self) -> str:
        return await statement_csv(self.row)


async def _invoices(info: Info, wanted: list[UUID]) -> dict[UUID, CommissionInvoice]:
    return {row.statement_id: row for row in await CommissionInvoice.filter(statement_id__in=wanted)}


async def _payouts(info: Info, wanted: list[UUID]) -> dict[UUID, Payout]:
    return await queries.payouts_of(wanted)


@node_loader("statement")
async def load_statements(info: Info, wanted: list[UUID]) -> dict[UUID, StatementType]:
    rows = await queries.statements_visible_to(actor_of(info)).filter(id__in=wanted)
    return {row.id: StatementType.of(row) for row in rows}


async def _of_partner(
    partner: strawberry.Parent[PartnerType], info: Info, first: First = None, after: After = None
) -> Connection[StatementType]:
    visible = queries.statements_visible_to(actor_of(info)).filter(partner_id=partner.key)
    page = await paging.page_of(visible, first=first, after=after)
    return Connection[StatementType].of(page, StatementType.of, visible.count)


@extend(PartnerType)
class PartnerStatements:
    statements: Connection[StatementType] = strawberry.field(
        resolver=_of_partner, description="Its statements, newest first, for itself and finance."
    )


@strawberry.type
class StatementQuery:
    @strawberry.field(description="Statements, newest first: a partner's own, all for finance.")
    async def statements(self, info: Info, first: First = None, after: After = None) -> Connection[StatementType]:
        actor = actor_with(info, Scope.STATEMENTS_READ, ActorKind.PARTNER, ActorKind.OPERATOR)
        visible = queries.statements_visible_to(actor)
        page = await paging.page_of(visible, first=first, after=after)
        return Connection[StatementType].of(page, StatementType.of, visible.count)
