"""Money in: what a program has, and how it pays in more."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.access.refusals import SecondPersonNeeded
from marketplace.billing import operations, queries
from marketplace.billing.graphql.alerts import Runway, runway_of
from marketplace.billing.graphql.credit import CreditLine
from marketplace.billing.models import TopUp, TopUpMethod, TopUpState
from marketplace.billing.reactions import TOP_UP
from marketplace.billing.references import Pays, creditor_reference, printed
from marketplace.billing.refusals import TopUpConfirmsItself, TopUpNotPending, TopUpReferenceReused
from marketplace.kit import clock, ids, paging
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.graphql import (
    After,
    Connection,
    CurrencyCode,
    First,
    Info,
    MoneyInput,
    MoneyType,
    Node,
    WriteInput,
    actor_of,
    batched,
    describe_enum,
    extend,
    id_of,
    load_node,
    mutation,
    node_loader,
)
from marketplace.kit.refusals import NotAllowed, NotFound, WrongCurrency
from marketplace.members.graphql import ProgramType
from marketplace.members.models import Program
from marketplace.payments import queries as payments
from marketplace.payments.models import StripeInvoice, StripeInvoiceState

describe_enum(
    TopUpMethod,
    "How a program pays in.",
    STRIPE="Charged through Stripe; it says by itself when the money is there.",
    STRIPE_INVOICE="Billed by an invoice that Stripe sends; it says by itself when that is paid.",
    BANK_TRANSFER="Sent by the program's bank; known by its creditor reference when it arrives, or by finance.",
)
describe_enum(
    TopUpState,
    "Where the money of a top-up is.",
    PENDING="It is on its way.",
    SUCCEEDED="It is there and can be spent.",
    FAILED="It was declined; nothing was paid.",
    RETURNED="It went back to the payer.",
)


@strawberry.type(description="What a program has paid in and not spent.")
class Funding:
    available: MoneyType = strawberry.field(
        description="What new redemptions can draw on, with what is left of the credit line."
    )
    held: MoneyType = strawberry.field(description="Set aside for redemptions that are not fulfilled yet.")
    currency: CurrencyCode = strawberry.field(description="The program's home currency.")
    uncovered: MoneyType = strawberry.field(
        description="What members had spent of money that went back since; the next money makes it good first."
    )
    creditor_reference: str = strawberry.field(
        description="Write this into any transfer (ISO 11649): what arrives with it funds the program by itself."
    )
    due: MoneyType = strawberry.field(description="What is billed to the program and still to be paid.")
    due_on: date | None = strawberry.field(description="By when the first of that is to be paid.")
    program_row: strawberry.Private[Program]
    available_minor: strawberry.Private[int]
    credit: CreditLine | None = strawberry.field(
        description="How far it may spend beyond what it has paid in, and how that stands; null without a line."
    )

    @strawberry.field(description="How long what is available lasts, and when the program is told.")
    async def runway(self) -> Runway:
        return await runway_of(self.program_row, self.available_minor)


def _credit(found: queries.Funding) -> CreditLine | None:
    if not found.limit_minor:
        return None
    standing, currency = found.standing, found.currency
    return CreditLine(
        limit=MoneyType.minor(found.limit_minor, currency),
        drawn=MoneyType.minor(standing.drawn_minor, currency),
        held=MoneyType.minor(standing.held_minor, currency),
        left=MoneyType.minor(standing.left_minor, currency),
        payment_days=found.payment_days,
    )


describe_enum(
    StripeInvoiceState,
    "Where an invoice that Stripe sends stands.",
    name="TopUpInvoiceState",
    PLANNED="It is being made and sent.",
    OPEN="It can be paid.",
    UNCOLLECTIBLE="The marketplace does not expect it to be paid; it still can be.",
    PAID="It is paid.",
    VOID="It was withdrawn, and cannot be paid.",
    REFUSED="Stripe would not make it.",
)


@strawberry.type(description="An invoice that Stripe sends, and its page where it can be paid.")
class TopUpInvoice:
    number: str | None = strawberry.field(description="Its number; null until it is made.")
    state: StripeInvoiceState = strawberry.field(description="Where it stands.")
    hosted_url: str | None = strawberry.field(
        description="The page where it is shown and paid. Whoever has it can see the invoice."
    )
    due_on: date | None = strawberry.field(description="The last day to pay it.")
    is_overdue: bool = strawberry.field(description="Whether that has passed, and it is not paid.")
    sent_at: datetime | None = strawberry.field(description="When Stripe was told to mail it.")
    last_failure: str | None = strawberry.field(
        description="Why the last try to pay it failed, or why Stripe would not make it, as a code of Stripe's."
    )

    @classmethod
    def of(cls, row: StripeInvoice) -> "TopUpInvoice":
        unpaid = row.state in {StripeInvoiceState.OPEN, StripeInvoiceState.UNCOLLECTIBLE}
        return cls(
            number=row.number,
            state=StripeInvoiceState(row.state),
            hosted_url=row.hosted_url,
            due_on=row.due_on,
            is_overdue=unpaid and row.due_on is not None and row.due_on < clock.today(),
            sent_at=row.sent_at,
            last_failure=row.last_failure,
        )


async def _invoices(_info: Info, top_up_ids: list[UUID]) -> dict[UUID, StripeInvoice]:
    return await payments.invoices_for(TOP_UP, top_up_ids)


@strawberry.type(name="TopUp", description="Money that a program pays in.")
class TopUpType(Node):
    reference: str = strawberry.field(description="The program's own reference.")
    method: TopUpMethod = strawberry.field(description="How it is paid.")
    state: TopUpState = strawberry.field(description="Where the money is.")
    amount: MoneyType = strawberry.field(description="How much.")
    requested_at: datetime = strawberry.field(description="When it was announced.")
    succeeded_at: datetime | None = strawberry.field(description="When the money was there.")
    failure: str | None = strawberry.field(description="Why it failed, as a code of Stripe's.")
    evidence: str | None = strawberry.field(description="Where finance saw that a bank transfer had arrived.")
    awaits_second_person: bool = strawberry.field(
        description="Whether one person of finance has seen it, and it is so much that a second one has to."
    )
    uncovered: MoneyType | None = strawberry.field(description="What members had spent when it was returned.")
    creditor_reference: str | None = strawberry.field(
        description="Write this into the transfer (ISO 11649), so that it is known when it comes. Null for STRIPE."
    )
    received: MoneyType = strawberry.field(
        description="What has arrived of it; it can come in parts, and be more."
    )
    returned: MoneyType = strawberry.field(description="What of that went back to the payer.")
    program_key: strawberry.Private[UUID]
    key: strawberry.Private[UUID]

    @strawberry.field(description="The invoice that asks for it; null unless its method is STRIPE_INVOICE.")
    async def invoice(self, info: Info) -> TopUpInvoice | None:
        if self.method is not TopUpMethod.STRIPE_INVOICE:
            return None
        found = await batched(info, "top_up_invoices", _invoices, self.key)
        return TopUpInvoice.of(found) if found else None

    @strawberry.field(description="The program that pays.")
    async def program(self, info: Info) -> ProgramType | None:
        return await load_node(info, "program", self.program_key)

    @classmethod
    def of(cls, row: TopUp) -> "TopUpType":
        return cls(
            id=strawberry.ID(ids.public("topUp", row.id)),
            reference=row.reference,
            method=TopUpMethod(row.method),
            state=TopUpState(row.state),
            amount=MoneyType.minor(row.amount_minor, row.currency),
            requested_at=row.requested_at,
            succeeded_at=row.succeeded_at,
            failure=row.failure,
            evidence=row.evidence,
            awaits_second_person=row.state == TopUpState.PENDING and row.evidence is not None,
            uncovered=None if row.uncovered_minor is None else MoneyType.minor(row.uncovered_minor, row.currency),
            creditor_reference=printed(row.creditor_reference) if row.creditor_reference else None,
            received=MoneyType.minor(row.received_minor, row.currency),
            returned=MoneyType.minor(row.returned_minor, row.currency),
            program_key=row.program_id,
            key=row.id,
        )


@node_loader("topUp")
async def load_top_ups(info: Info, wanted: list[UUID]) -> dict[UUID, TopUpType]:
    rows = await queries.top_ups_visible_to(actor_of(info)).filter(id__in=wanted)
    return {row.id: TopUpType.of(row) for row in rows}


def _sees_funding(actor: Actor, program_id: UUID) -> bool:
    if actor.kind is ActorKind.PROGRAM:
        return actor.id == program_id and (actor.may(Scope.PROGRAM_READ) or actor.may(Scope.PROGRAM_FUND))
    return actor.kind is ActorKind.OPERATOR and actor.may(Scope.FINANCE_READ)


async def _funding(program: strawberry.Parent[ProgramType], info: Info) -> Funding | None:
    row = program.row
    if not _sees_funding(actor_of(info), row.id):
        return None
    found, due = await queries.funding_of(row.id, row.home_currency), await queries.due_of(row.id)
    return Funding(
        available=MoneyType.minor(found.free_minor, found.currency),
        held=MoneyType.minor(found.held_minor, found.currency),
        currency=CurrencyCode(found.currency),
        uncovered=MoneyType.minor(found.uncovered_minor, found.currency),
        creditor_reference=printed(creditor_reference(Pays.PROGRAM, row.id)),
        credit=_credit(found),
        due=MoneyType.minor(due.minor, found.currency),
        due_on=due.first_on,
        program_row=row,
        available_minor=found.free_minor,
    )


@extend(ProgramType)
class ProgramFunding:
    funding: Funding | None = strawberry.field(
        resolver=_funding, description="What it has paid in and not spent; null but for its server and finance."
    )


@strawberry.type
class FundingQuery:
    @strawberry.field(description="Top-ups, newest first: a program's own, all for finance.")
    async def top_ups(
        self,
        info: Info,
        state: Annotated[TopUpState | None, strawberry.argument(description="Only those that stand so.")] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[TopUpType]:
        actor = actor_of(info)
        if actor.kind not in {ActorKind.PROGRAM, ActorKind.OPERATOR}:
            raise NotAllowed("Only a program's server and finance see top-ups.")
        query = queries.top_ups_visible_to(actor)
        query = query.filter(state=state.value) if state else query
        page = await paging.page_of(query, first=first, after=after)
        return Connection[TopUpType].of(page, TopUpType.of, query.count)


@strawberry.input(description="To whom an invoice is sent.")
class TopUpInvoiceInput:
    email: str = strawberry.field(description="The address that Stripe mails it to.")
    due_in_days: int = strawberry.field(default=30, description="In how many days it is to be paid, 1 to 90.")


@strawberry.input(description="Money that your program pays in.")
class TopUpProgramInput(WriteInput):
    amount: MoneyInput = strawberry.field(description="How much, in the program's home currency.")
    method: TopUpMethod = strawberry.field(description="How it is paid.")
    reference: str = strawberry.field(
        description="Your own reference, 1 to 120 characters; each payment has its own."
    )
    payment_method: str | None = strawberry.field(
        default=None, description="For STRIPE: the payment method to charge, `pm_…`."
    )
    invoice: TopUpInvoiceInput | None = strawberry.field(
        default=None, description="For STRIPE_INVOICE: to whom it is sent."
    )

    def command(self) -> operations.TopUpProgram:
        """The command; raises InvalidInput for an amount that is none."""
        return operations.TopUpProgram(
            idempotency_key=self.idempotency_key,
            amount=self.amount.money("amount"),
            method=self.method,
            reference=self.reference,
            payment_method=self.payment_method,
            invoice_to=self.invoice.email.strip() if self.invoice else None,
            due_days=self.invoice.due_in_days if self.invoice else 30,
        )


@strawberry.input(description="A bank transfer that has arrived.")
class ConfirmTopUpInput(WriteInput):
    top_up_id: strawberry.ID = strawberry.field(description="The top-up.")
    evidence: str = strawberry.field(description="Where that can be seen, such as the bank's entry reference.")

    def command(self) -> operations.ConfirmTopUp:
        """The command; raises InvalidInput for another thing's id."""
        return operations.ConfirmTopUp(
            idempotency_key=self.idempotency_key,
            top_up_id=id_of("topUp", self.top_up_id, "topUpId"),
            evidence=self.evidence,
        )


@strawberry.type
class FundingMutation:
    @mutation(
        gives=TopUpType,
        refuses=(WrongCurrency, TopUpReferenceReused),
        description="Pay in for your program. Members can spend it once the money is there.",
    )
    async def top_up_program(self, info: Info, input: TopUpProgramInput) -> TopUpType:
        return TopUpType.of(await operations.top_up_program(actor_of(info), input.command()))

    @mutation(
        gives=TopUpType,
        refuses=(NotFound, TopUpNotPending, TopUpConfirmsItself, SecondPersonNeeded),
        description="Say that a program's bank transfer has arrived, for finance; two people when it is much.",
    )
    async def confirm_top_up(self, info: Info, input: ConfirmTopUpInput) -> TopUpType:
        return TopUpType.of(await operations.confirm_top_up(actor_of(info), input.command()))
