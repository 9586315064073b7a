"""Ordering a settlement, and what it would do."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

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
    WriteInput,
    actor_of,
    actor_with,
    describe_enum,
    load_node,
    mutation,
    node_loader,
)
from marketplace.partners.graphql import PartnerType
from marketplace.partners.models import Schedule
from marketplace.settlement import operations, queries
from marketplace.settlement.cases import Case
from marketplace.settlement.forecasts import preview
from marketplace.settlement.graphql.statements import StatementType
from marketplace.settlement.models import PayoutReason, PayoutState, RunState, SettlementRun
from marketplace.settlement.refusals import PeriodNotOver
from marketplace.settlement.rules import Decision

describe_enum(
    RunState,
    "How far a run is.",
    name="SettlementRunState",
    RUNNING="Partners are being settled.",
    FINISHED="Every partner has been looked at.",
)


@strawberry.type(name="SettlementRun", description="One order to settle up to and with a day.")
class RunType(Node):
    until: date = strawberry.field(description="The last day that is settled.")
    schedule: Schedule | None = strawberry.field(description="Only partners of this schedule; null for all.")
    state: RunState = strawberry.field(description="How far it is.")
    requested_at: datetime = strawberry.field(description="When it was ordered.")
    finished_at: datetime | None = strawberry.field(description="When every partner had been looked at.")
    partners: int = strawberry.field(
        description="How many partners there are to look at, each once for each currency; 0 before it has begun."
    )
    partners_done: int = strawberry.field(description="How many of them have been looked at.")
    key: strawberry.Private[UUID]

    @strawberry.field(description="The statements it has issued, newest first.")
    async def statements(self, info: Info, first: First = None, after: After = None) -> Connection[StatementType]:
        query = queries.statements_visible_to(actor_of(info)).filter(run_id=self.key)
        page = await paging.page_of(query, first=first, after=after)
        return Connection[StatementType].of(page, StatementType.of, query.count)

    @classmethod
    def of(cls, row: SettlementRun) -> "RunType":
        return cls(
            id=strawberry.ID(ids.public("settlementRun", row.id)),
            until=row.until,
            schedule=Schedule(row.schedule) if row.schedule else None,
            state=RunState(row.state),
            requested_at=row.requested_at,
            finished_at=row.finished_at,
            partners=row.partners,
            partners_done=row.partners_done,
            key=row.id,
        )


@strawberry.type(description="The statement that a run would issue, and what would become of it.")
class SettlementPreview:
    period_from: date = strawberry.field(description="The first day of the period.")
    opening: MoneyType = strawberry.field(description="What earlier statements did not pay.")
    gross: MoneyType = strawberry.field(description="What was sold and donated, less refunds.")
    commission: MoneyType = strawberry.field(description="What the marketplace keeps.")
    vat: MoneyType = strawberry.field(description="VAT on the commission.")
    adjustments: MoneyType = strawberry.field(description="Corrections.")
    closing: MoneyType = strawberry.field(
        description="Opening + gross - commission - fees - VAT + adjustments + reserve."
    )
    fees: MoneyType = strawberry.field(description="Fixed fees.")
    reserve: MoneyType = strawberry.field(description="What is released of the reserve, less what is held.")
    accruals: BigInt = strawberry.field(description="How many sales, donations, refunds and adjustments.")
    state: PayoutState = strawberry.field(description="PLANNED when it would be paid, else CARRIED.")
    reason: PayoutReason | None = strawberry.field(description="Why it would not be paid.")
    tried_again_on: date | None = strawberry.field(description="The day it would be tried again.")
    requirements: list[str] = strawberry.field(description="What Stripe needs from the account, in its words.")
    partner_key: strawberry.Private[UUID]

    @strawberry.field(description="Whose statement it would be.")
    async def partner(self, info: Info) -> PartnerType | None:
        return await load_node(info, "partner", self.partner_key)

    @classmethod
    def of(cls, row: tuple[Case, Decision]) -> "SettlementPreview":
        case, decision = row

        def money(minor: int) -> MoneyType:
            return MoneyType.minor(minor, case.currency)

        return cls(
            period_from=case.period_from,
            opening=money(case.opening),
            gross=money(case.totals.gross),
            commission=money(case.totals.commission),
            vat=money(case.totals.vat),
            adjustments=money(case.totals.adjustments),
            fees=money(case.totals.fees),
            reserve=money(case.totals.reserve),
            closing=money(case.closing),
            accruals=BigInt(case.accruals),
            state=decision.state,
            reason=decision.reason,
            tried_again_on=decision.not_before,
            requirements=list(decision.requirements),
            partner_key=case.partner_id,
        )


@node_loader("settlementRun")
async def load_runs(info: Info, wanted: list[UUID]) -> dict[UUID, RunType]:
    rows = await queries.runs_visible_to(actor_of(info)).filter(id__in=wanted)
    return {row.id: RunType.of(row) for row in rows}


def _page(
    rows: list[tuple[Case, Decision]], first: int | None, after: str | None
) -> paging.Page[tuple[Case, Decision]]:
    """A page of what was worked out just now, by partner and currency."""
    beyond = tuple(paging.decode_cursor(after, 2)) if after else ("", "")
    keyed = [((case.partner_id.hex, case.currency), (case, decision)) for case, decision in rows]
    rest = [(key, row) for key, row in keyed if key > beyond]
    size = paging.page_size(first)
    shown = rest[:size]
    cursors = [paging.encode_cursor(*key) for key, _ in shown]
    return paging.Page([row for _, row in shown], cursors, len(rest) > size, after is not None)


@strawberry.type
class RunQuery:
    @strawberry.field(description="Orders to settle, newest first, for finance.")
    async def settlement_runs(self, info: Info, first: First = None, after: After = None) -> Connection[RunType]:
        query = queries.runs_visible_to(actor_with(info, Scope.FINANCE_READ, ActorKind.OPERATOR))
        page = await paging.page_of(query, first=first, after=after)
        return Connection[RunType].of(page, RunType.of, query.count)

    @strawberry.field(description="What a run would issue and pay if it ran now, and why not; for finance.")
    async def settlement_preview(
        self,
        info: Info,
        until: Annotated[date, strawberry.argument(description="The last day to settle; it may be ahead.")],
        first: First = None,
        after: After = None,
    ) -> Connection[SettlementPreview]:
        actor_with(info, Scope.FINANCE_READ, ActorKind.OPERATOR)
        rows = await preview(until)

        async def count() -> int:
            return len(rows)

        return Connection[SettlementPreview].of(_page(rows, first, after), SettlementPreview.of, count)


@strawberry.input(description="Up to and with which day to settle.")
class SettleInput(WriteInput):
    until: date = strawberry.field(description="The last day; it must be over in every contract's time zone.")
    schedule: Schedule | None = strawberry.field(default=None, description="Only partners of this schedule.")

    def command(self) -> operations.Settle:
        return operations.Settle(idempotency_key=self.idempotency_key, until=self.until, schedule=self.schedule)


@strawberry.type
class RunMutation:
    @mutation(
        gives=RunType,
        refuses=(PeriodNotOver,),
        description="Issue the statements of every partner up to and with a day, and pay them. Watch the run.",
    )
    async def settle(self, info: Info, input: SettleInput) -> RunType:
        return RunType.of(await operations.settle(actor_of(info), input.command()))
