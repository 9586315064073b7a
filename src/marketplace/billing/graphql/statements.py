"""What a program is told of its account with the marketplace."""

from datetime import date, datetime
from uuid import UUID

import strawberry

from marketplace.billing import exports, operations, position, queries, stating
from marketplace.billing.graphql.invoices import InvoiceType
from marketplace.billing.models import ProgramStatement, ProgramStatementLine
from marketplace.billing.position import MovedBy, MovementKind
from marketplace.billing.refusals import ProgramPeriodNotOver, ProgramStatementStands
from marketplace.kit import ids, paging
from marketplace.kit.actor import ActorKind
from marketplace.kit.graphql import (
    After,
    BigInt,
    Connection,
    CurrencyCode,
    First,
    Info,
    MoneyType,
    Node,
    WriteInput,
    actor_of,
    describe_enum,
    id_of,
    load_node,
    mutation,
    node_loader,
)
from marketplace.kit.refusals import NotAllowed, NotFound
from marketplace.members.graphql import ProgramType
from marketplace.members.models import Program

describe_enum(
    MovementKind,
    "Why a program's account moved.",
    name="ProgramMovementKind",
    PAID_IN="Money arrived.",
    RETURNED="Money that had arrived went back to its payer.",
    COALITION="A partner paid for points that it gives in the program.",
    SPENT="What rewards, donations and cash of members cost.",
    CARD="What members' cards paid of that, or got back.",
    REFUNDED="What came back of what was spent.",
    OTHER="Something else; the detail names the reason in the books.",
)


@strawberry.type(name="ProgramStatementJournal", description="One booking behind a line.")
class JournalType:
    reason: str = strawberry.field(description="Why it was booked, as the books name it.")
    about: strawberry.ID = strawberry.field(description="What it was booked for.")
    booked_at: datetime = strawberry.field(description="When it was booked.")
    amount: MoneyType = strawberry.field(description="What it moved the account by; below zero: spent.")
    key: strawberry.Private[UUID]

    @classmethod
    def of(cls, row: MovedBy, currency: str) -> "JournalType":
        return cls(
            reason=row.reason,
            about=strawberry.ID(ids.public(_prefix(row.ref_type), row.ref_id)),
            booked_at=row.booked_at,
            amount=MoneyType.minor(row.minor, currency),
            key=row.id,
        )


def _prefix(ref_type: str) -> str:
    """`funding_receipt` as `fundingReceipt`."""
    first, *rest = ref_type.split("_")
    return first + "".join(part.capitalize() for part in rest)


@strawberry.type(name="ProgramStatementLine", description="What moved a program's account for one reason.")
class LineType:
    position: int = strawberry.field(description="Its place, from 1.")
    kind: MovementKind = strawberry.field(description="Why the account moved.")
    detail: str = strawberry.field(description="More exactly: the kind of reward, or how the money came.")
    count: BigInt = strawberry.field(description="How many bookings.")
    amount: MoneyType = strawberry.field(description="What they moved together; below zero: spent.")
    row: strawberry.Private[ProgramStatementLine]
    statement: strawberry.Private[ProgramStatement]

    @classmethod
    def of(cls, row: ProgramStatementLine, statement: ProgramStatement) -> "LineType":
        return cls(
            position=row.position,
            kind=MovementKind(row.kind),
            detail=row.detail,
            count=BigInt(row.journals),
            amount=MoneyType.minor(row.amount_minor, statement.currency),
            row=row,
            statement=statement,
        )

    @strawberry.field(description="The bookings behind it, the oldest first.")
    async def journals(self, first: First = None, after: After = None) -> Connection[JournalType]:
        size, begin = paging.page_size(first), paging.id_of_cursor(after) if after else UUID(int=0)
        program = await Program.get(id=self.statement.program_id)
        which = (self.row.kind, self.row.detail)
        rows = await position.journals_of(program, stating.span(self.statement), which, begin, size + 1)
        page = paging.page_of_rows(rows, lambda row: paging.encode_cursor(row.id), first=size, after=after)

        async def count() -> int:
            return self.row.journals

        currency = self.statement.currency
        return Connection[JournalType].of(page, lambda row: JournalType.of(row, currency), count)


@strawberry.type(
    name="ProgramStatement",
    description="A program's account over some of its days: frozen, numbered, with a hash.",
)
class ProgramStatementType(Node):
    number: str = strawberry.field(description="Its number, such as PS-AURORA-2026-0003; none is left out.")
    period_from: date = strawberry.field(description="Its first day, in the program's time zone.")
    period_until: date = strawberry.field(description="Its last day, in the program's time zone.")
    currency: CurrencyCode = strawberry.field(description="The program's home currency.")
    opening: MoneyType = strawberry.field(
        description="Where the account stood before; below zero, the program owed."
    )
    closing: MoneyType = strawberry.field(description="Opening and lines together; below zero, the program owes.")
    held: MoneyType = strawberry.field(
        description="What of the closing was set aside for redemptions on their way."
    )
    credit_limit: MoneyType = strawberry.field(description="How far it could spend beyond what it had paid in.")
    digest: str = strawberry.field(description="SHA-256 over all that it says.")
    issued_at: datetime = strawberry.field(description="When it was issued.")
    row: strawberry.Private[ProgramStatement]

    @classmethod
    def of(cls, row: ProgramStatement) -> "ProgramStatementType":
        def money(minor: int) -> MoneyType:
            return MoneyType.minor(minor, row.currency)

        return cls(
            id=strawberry.ID(ids.public("programStatement", row.id)),
            number=row.number,
            period_from=row.period_from,
            period_until=row.period_until,
            currency=CurrencyCode(row.currency),
            opening=money(row.opening_minor),
            closing=money(row.closing_minor),
            held=money(row.held_minor),
            credit_limit=money(row.limit_minor),
            digest=row.digest,
            issued_at=row.issued_at,
            row=row,
        )

    @strawberry.field(description="Whose account it is.")
    async def program(self, info: Info) -> ProgramType | None:
        return await load_node(info, "program", self.row.program_id)

    @strawberry.field(description="What moved the account, by reason; a few dozen at most.")
    async def lines(self) -> list[LineType]:
        return [LineType.of(line, self.row) for line in await queries.lines_of(self.row.id)]

    @strawberry.field(
        description="What was billed with it; null when nothing was owed that was not billed before."
    )
    async def invoice(self) -> InvoiceType | None:
        found = await queries.invoice_of_statement(self.row.id)
        return InvoiceType.of(found) if found else None

    @strawberry.field(description="The statement as CSV: opening, lines and closing, in major units.")
    async def csv(self) -> str:
        return exports.program_statement_csv(self.row, await queries.lines_of(self.row.id))


@node_loader("programStatement")
async def load_statements(info: Info, wanted: list[UUID]) -> dict[UUID, ProgramStatementType]:
    rows = await queries.statements_visible_to(actor_of(info)).filter(id__in=wanted)
    return {row.id: ProgramStatementType.of(row) for row in rows}


@strawberry.type
class ProgramStatementQuery:
    @strawberry.field(
        description="Statements of programs' accounts, newest first: a program's own, all for finance."
    )
    async def program_statements(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[ProgramStatementType]:
        actor = actor_of(info)
        if actor.kind not in {ActorKind.PROGRAM, ActorKind.OPERATOR}:
            raise NotAllowed("Only a program's server and finance see its statements.")
        query = queries.statements_visible_to(actor)
        page = await paging.page_of(query, first=first, after=after)
        return Connection[ProgramStatementType].of(page, ProgramStatementType.of, query.count)


@strawberry.input(description="Whose account is stated, and until when.")
class IssueProgramStatementInput(WriteInput):
    program_id: strawberry.ID = strawberry.field(description="The program.")
    until: date = strawberry.field(description="The last day of the statement, over in the program's time zone.")

    def command(self) -> operations.IssueProgramStatement:
        """The command; raises InvalidInput for another thing's id."""
        return operations.IssueProgramStatement(
            idempotency_key=self.idempotency_key,
            program_id=id_of("program", self.program_id, "programId"),
            until=self.until,
        )


@strawberry.type
class ProgramStatementMutation:
    @mutation(
        gives=ProgramStatementType,
        refuses=(NotFound, ProgramPeriodNotOver, ProgramStatementStands),
        description="State a program's account before its month is over, for finance; what it owes is billed.",
    )
    async def issue_program_statement(self, info: Info, input: IssueProgramStatementInput) -> ProgramStatementType:
        return ProgramStatementType.of(await operations.issue_program_statement(actor_of(info), input.command()))
