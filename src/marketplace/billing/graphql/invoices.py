"""What is billed to programs and partners, and how far it is paid."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.billing import queries
from marketplace.billing.models import Invoice, InvoiceKind, InvoiceState, TakebackCause
from marketplace.billing.references import printed
from marketplace.kit import clock, ids, paging
from marketplace.kit.actor import ActorKind
from marketplace.kit.graphql import (
    After,
    Connection,
    First,
    Info,
    MoneyType,
    Node,
    actor_of,
    describe_enum,
    load_node,
    node_loader,
)
from marketplace.kit.refusals import NotAllowed
from marketplace.members.graphql import ProgramType


class InvoiceStanding(StrEnum):
    """Where an invoice stands today."""

    OPEN = "OPEN"
    OVERDUE = "OVERDUE"
    PAID = "PAID"
    CANCELLED = "CANCELLED"


describe_enum(
    InvoiceKind,
    "What is billed.",
    CREDIT="What a program owed when a statement closed.",
    COALITION="Points that a partner buys to give in a program.",
)
describe_enum(
    TakebackCause,
    "How money went back to its payer.",
    name="MoneyWentBackBy",
    REFUND="It was refunded through Stripe.",
    DISPUTE="The payer disputed it with its bank.",
    BANK_RETURN="A bank sent it back.",
)
describe_enum(
    InvoiceStanding,
    "Where an invoice stands.",
    name="InvoiceState",
    OPEN="It is to be paid.",
    OVERDUE="Its day has passed, and not all of it is paid.",
    PAID="All of it is paid.",
    CANCELLED="Nothing is to be paid any more.",
)


@strawberry.type(name="Invoice", description="What is to be paid by a day, under its own creditor reference.")
class InvoiceType(Node):
    number: str = strawberry.field(description="Its number, such as INV-AURORA-2026-00012; none is left out.")
    kind: InvoiceKind = strawberry.field(description="What is billed.")
    state: InvoiceStanding = strawberry.field(description="Where it stands.")
    amount: MoneyType = strawberry.field(description="How much.")
    paid: MoneyType = strawberry.field(description="What of it is paid.")
    creditor_reference: str = strawberry.field(
        description="Write this into the transfer (ISO 11649), so that it is known when it comes."
    )
    issued_at: datetime = strawberry.field(description="When it was issued.")
    due_on: date = strawberry.field(description="The last day to pay it.")
    paid_at: datetime | None = strawberry.field(description="When all of it was paid.")
    reopened_at: datetime | None = strawberry.field(
        description="When a payment of it went back last, so that it was to be paid again."
    )
    reopened_by: TakebackCause | None = strawberry.field(description="How that payment went back.")
    reopened_code: str | None = strawberry.field(
        description="Why, as the bank's code (ISO 20022), such as AC04; null when it gave none."
    )
    row: strawberry.Private[Invoice]

    @classmethod
    def of(cls, row: Invoice) -> "InvoiceType":
        late = row.state == InvoiceState.OPEN and row.due_on < clock.today()
        return cls(
            id=strawberry.ID(ids.public("invoice", row.id)),
            number=row.number,
            kind=InvoiceKind(row.kind),
            state=InvoiceStanding.OVERDUE if late else InvoiceStanding(row.state),
            amount=MoneyType.minor(row.amount_minor, row.currency),
            paid=MoneyType.minor(row.paid_minor, row.currency),
            creditor_reference=printed(row.creditor_reference),
            issued_at=row.issued_at,
            due_on=row.due_on,
            paid_at=row.paid_at,
            reopened_at=row.reopened_at,
            reopened_by=TakebackCause(row.reopened_by) if row.reopened_by else None,
            reopened_code=row.reopened_code,
            row=row,
        )

    @strawberry.field(description="The program whose account it is about; null for others.")
    async def program(self, info: Info) -> ProgramType | None:
        return await load_node(info, "program", self.row.program_id)


@node_loader("invoice")
async def load_invoices(info: Info, wanted: list[UUID]) -> dict[UUID, InvoiceType]:
    rows = await queries.invoices_visible_to(actor_of(info)).filter(id__in=wanted)
    return {row.id: InvoiceType.of(row) for row in rows}


@strawberry.type
class InvoiceQuery:
    @strawberry.field(
        description="Invoices, newest first: those to oneself and about one's program, all for finance."
    )
    async def invoices(
        self,
        info: Info,
        state: Annotated[
            InvoiceStanding | None, strawberry.argument(description="Only those that stand so.")
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[InvoiceType]:
        actor = actor_of(info)
        if actor.kind not in {ActorKind.PROGRAM, ActorKind.PARTNER, ActorKind.OPERATOR}:
            raise NotAllowed("Only a program's server, a partner and finance see invoices.")
        query = queries.invoices_visible_to(actor)
        query = queries.standing(query, state.value, clock.today()) if state else query
        page = await paging.page_of(query, first=first, after=after)
        return Connection[InvoiceType].of(page, InvoiceType.of, query.count)
