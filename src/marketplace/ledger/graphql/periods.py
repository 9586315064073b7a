"""Periods of the books in the graph: closed by one person, opened again by two."""

from datetime import date, datetime
from uuid import UUID

import strawberry

from marketplace.kit import ids, paging
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import (
    After,
    Connection,
    First,
    Info,
    Node,
    WriteInput,
    actor_of,
    actor_with,
    describe_enum,
    id_of,
    mutation,
    node_loader,
)
from marketplace.kit.refusals import NotFound, SamePerson
from marketplace.ledger import operations
from marketplace.ledger.graphql.books import reads_books
from marketplace.ledger.models import PeriodClose, PeriodState
from marketplace.ledger.refusals import (
    BooksDisagree,
    NotTheLastPeriod,
    PeriodAlreadyClosed,
    PeriodNotReopening,
    PeriodStillOpen,
)

describe_enum(
    PeriodState,
    "Where a period of the books stands.",
    CLOSED="Nothing counts on its days any more.",
    REOPENING="Somebody proposed to open it again; it is closed until another person agrees.",
    REOPENED="It was opened again by two people.",
)


@strawberry.type(name="AccountingPeriod", description="The books closed up to and with a day.")
class PeriodType(Node):
    until: date = strawberry.field(description="The last day that was closed.")
    period_state: PeriodState = strawberry.field(description="Where it stands.")
    note: str = strawberry.field(description="What was noted when it was closed.")
    digest: str = strawberry.field(description="SHA-256 over the trial balance that was closed.")
    closed_by: strawberry.ID = strawberry.field(description="The operator who closed it.")
    closed_at: datetime = strawberry.field(description="When it was closed.")
    reopening_reason: str | None = strawberry.field(description="Why somebody wants it open again.")
    reopening_proposed_by: strawberry.ID | None = strawberry.field(description="The operator who proposed that.")
    reopened_by: strawberry.ID | None = strawberry.field(description="The other operator who agreed.")
    reopened_at: datetime | None = strawberry.field(description="When it was opened again.")

    @classmethod
    def of(cls, row: PeriodClose) -> "PeriodType":
        return cls(
            id=strawberry.ID(ids.public("period", row.id)),
            until=row.until,
            period_state=PeriodState(row.state),
            note=row.note,
            digest=row.digest,
            closed_by=strawberry.ID(ids.public("operator", row.closed_by)),
            closed_at=row.closed_at,
            reopening_reason=row.reason,
            reopening_proposed_by=_operator(row.reopening_by),
            reopened_by=_operator(row.reopened_by),
            reopened_at=row.reopened_at,
        )


def _operator(id: UUID | None) -> strawberry.ID | None:
    return strawberry.ID(ids.public("operator", id)) if id else None


@node_loader("period")
async def load_periods(info: Info, wanted: list[UUID]) -> dict[UUID, PeriodType]:
    if not reads_books(info):
        return {}
    return {row.id: PeriodType.of(row) for row in await PeriodClose.filter(id__in=wanted)}


@strawberry.type
class PeriodQuery:
    @strawberry.field(description="Periods of the books that were closed, the newest first, for finance.")
    async def accounting_periods(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[PeriodType]:
        actor_with(info, Scope.FINANCE_READ, ActorKind.OPERATOR)
        query = PeriodClose.all()
        page = await paging.page_of(query, first=first, after=after)
        return Connection[PeriodType].of(page, PeriodType.of, query.count)


@strawberry.input(description="Up to where the books are closed.")
class ClosePeriodInput(WriteInput):
    until: date = strawberry.field(description="The last day of the period; two days ago at the latest.")
    note: str = strawberry.field(default="", description="For whoever reads it later, up to 300 characters.")

    def command(self) -> operations.ClosePeriod:
        return operations.ClosePeriod(idempotency_key=self.idempotency_key, until=self.until, note=self.note)


@strawberry.input(description="A period that shall be opened again.")
class ProposeReopeningInput(WriteInput):
    period_id: strawberry.ID = strawberry.field(description="The last period that is closed.")
    reason: str = strawberry.field(description="Why, 1 to 300 characters.")

    def command(self) -> operations.ProposeReopening:
        """The command; raises InvalidInput for another thing's id."""
        period = id_of("period", self.period_id, "periodId")
        return operations.ProposeReopening(
            idempotency_key=self.idempotency_key, period_id=period, reason=self.reason
        )


@strawberry.input(description="A period that somebody else proposed to open again.")
class ApproveReopeningInput(WriteInput):
    period_id: strawberry.ID = strawberry.field(description="The period.")

    def command(self) -> operations.DecideReopening:
        return _decide(self.idempotency_key, self.period_id)


@strawberry.input(description="A period that shall stay closed.")
class DeclineReopeningInput(WriteInput):
    period_id: strawberry.ID = strawberry.field(description="The period.")

    def command(self) -> operations.DecideReopening:
        return _decide(self.idempotency_key, self.period_id)


def _decide(key: str, period: str) -> operations.DecideReopening:
    return operations.DecideReopening(idempotency_key=key, period_id=id_of("period", period, "periodId"))


@strawberry.type
class PeriodMutation:
    @mutation(
        gives=PeriodType,
        refuses=(PeriodStillOpen, PeriodAlreadyClosed, BooksDisagree),
        description="Close the books up to a day; what comes late counts on the first open day.",
    )
    async def close_period(self, info: Info, input: ClosePeriodInput) -> PeriodType:
        return PeriodType.of(await operations.close_period(actor_of(info), input.command()))

    @mutation(
        gives=PeriodType,
        refuses=(NotFound, NotTheLastPeriod, PeriodNotReopening),
        description="Propose to open the last closed period again. Somebody else has to agree.",
    )
    async def propose_reopening(self, info: Info, input: ProposeReopeningInput) -> PeriodType:
        return PeriodType.of(await operations.propose_reopening(actor_of(info), input.command()))

    @mutation(
        gives=PeriodType,
        refuses=(NotFound, NotTheLastPeriod, PeriodNotReopening, SamePerson),
        description="Open a period again that somebody else proposed to open.",
    )
    async def approve_reopening(self, info: Info, input: ApproveReopeningInput) -> PeriodType:
        return PeriodType.of(await operations.approve_reopening(actor_of(info), input.command()))

    @mutation(
        gives=PeriodType,
        refuses=(NotFound, NotTheLastPeriod, PeriodNotReopening),
        description="Leave a period closed that somebody proposed to open again.",
    )
    async def decline_reopening(self, info: Info, input: DeclineReopeningInput) -> PeriodType:
        return PeriodType.of(await operations.decline_reopening(actor_of(info), input.command()))
