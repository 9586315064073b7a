"""Disputes of lines: a partner says what is wrong, finance accepts or declines."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.kit import ids, paging
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import (
    After,
    Connection,
    First,
    Info,
    MoneyInput,
    Node,
    WriteInput,
    actor_of,
    actor_with,
    batched,
    describe_enum,
    extend,
    id_of,
    load_node,
    mutation,
    node_loader,
)
from marketplace.kit.refusals import NotFound, WrongCurrency
from marketplace.partners.graphql import PartnerType
from marketplace.settlement import operations, queries
from marketplace.settlement.graphql.adjustments import AdjustmentType
from marketplace.settlement.graphql.lines import LineType
from marketplace.settlement.models import DisputeState, LineDispute
from marketplace.settlement.refusals import DisputeNotOpen, LineInDispute

MOST_OF_A_LINE = 100

describe_enum(
    DisputeState,
    "Where a dispute stands.",
    OPEN="Finance has to answer.",
    PROPOSED="A correction is proposed; a second person decides on it.",
    ACCEPTED="A correction is booked and joins the next statement.",
    DECLINED="The line is right; the answer says why.",
    WITHDRAWN="The partner took it back.",
)


@strawberry.type(name="Dispute", description="A line of a statement that its partner says is wrong.")
class DisputeType(Node):
    note: str = strawberry.field(description="What is wrong, in the partner's words.")
    evidence: str | None = strawberry.field(description="Where that can be seen.")
    state: DisputeState = strawberry.field(description="Where it stands.")
    raised_at: datetime = strawberry.field(description="When it was raised.")
    answer: str | None = strawberry.field(description="Why it was declined.")
    decided_at: datetime | None = strawberry.field(description="When it was decided.")
    row: strawberry.Private[LineDispute]

    @strawberry.field(description="The line.")
    async def line(self, info: Info) -> LineType | None:
        return await load_node(info, "statementLine", self.row.line_id)

    @strawberry.field(description="Whose it is.")
    async def partner(self, info: Info) -> PartnerType | None:
        return await load_node(info, "partner", self.row.partner_id)

    @strawberry.field(description="The correction, for finance.")
    async def adjustment(self, info: Info) -> AdjustmentType | None:
        return await load_node(info, "adjustment", self.row.adjustment_id) if self.row.adjustment_id else None

    @classmethod
    def of(cls, row: LineDispute) -> "DisputeType":
        return cls(
            id=strawberry.ID(ids.public("dispute", row.id)),
            note=row.note,
            evidence=row.evidence,
            state=DisputeState(row.state),
            raised_at=row.raised_at,
            answer=row.answer,
            decided_at=row.decided_at,
            row=row,
        )


@node_loader("dispute")
async def load_disputes(info: Info, wanted: list[UUID]) -> dict[UUID, DisputeType]:
    rows = await queries.disputes_visible_to(actor_of(info)).filter(id__in=wanted)
    return {row.id: DisputeType.of(row) for row in rows}


async def _of_lines(info: Info, wanted: list[UUID]) -> dict[UUID, list[DisputeType]]:
    found: dict[UUID, list[DisputeType]] = {}
    for row in await queries.disputes_visible_to(actor_of(info)).filter(line_id__in=wanted).order_by("-id"):
        found.setdefault(row.line_id, []).append(DisputeType.of(row))
    return found


async def _of_line(line: strawberry.Parent[LineType], info: Info) -> list[DisputeType]:
    found: list[DisputeType] | None = await batched(info, "disputes of lines", _of_lines, line.row.id)
    return (found or [])[:MOST_OF_A_LINE]


@extend(LineType)
class LineDisputes:
    disputes: list[DisputeType] = strawberry.field(
        resolver=_of_line, description=f"Its disputes, newest first, at most {MOST_OF_A_LINE}."
    )


@strawberry.type
class DisputeQuery:
    @strawberry.field(description="Disputes, newest first: a partner's own, all for finance.")
    async def disputes(
        self,
        info: Info,
        state: Annotated[DisputeState | None, strawberry.argument(description="Only those that stand so.")] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[DisputeType]:
        actor = actor_with(info, Scope.STATEMENTS_READ, ActorKind.PARTNER, ActorKind.OPERATOR)
        query = queries.disputes_visible_to(actor)
        query = query.filter(state=state.value) if state else query
        page = await paging.page_of(query, first=first, after=after)
        return Connection[DisputeType].of(page, DisputeType.of, query.count)


@strawberry.input(description="A line that is wrong.")
class DisputeLineInput(WriteInput):
    line_id: strawberry.ID = strawberry.field(description="The line of your own statement.")
    note: str = strawberry.field(description="What is wrong, 1 to 1000 characters.")
    evidence: str | None = strawberry.field(
        default=None, description="Where that can be seen: a link or a reference, at most 300 characters."
    )

    def command(self) -> operations.DisputeLine:
        return operations.DisputeLine(
            idempotency_key=self.idempotency_key,
            line_id=id_of("statementLine", self.line_id, "lineId"),
            note=self.note,
            evidence=self.evidence,
        )


@strawberry.input(description="A dispute to take back.")
class WithdrawDisputeInput(WriteInput):
    dispute_id: strawberry.ID = strawberry.field(description="Your own dispute.")

    def command(self) -> operations.WithdrawDispute:
        key = id_of("dispute", self.dispute_id, "disputeId")
        return operations.WithdrawDispute(idempotency_key=self.idempotency_key, dispute_id=key)


@strawberry.input(description="A dispute that is right.")
class AcceptDisputeInput(WriteInput):
    dispute_id: strawberry.ID = strawberry.field(description="The dispute.")
    amount: MoneyInput = strawberry.field(description="The correction: above zero in the partner's favour.")
    reason: str = strawberry.field(
        description="What the partner reads on its next statement, 1 to 300 characters."
    )

    def command(self) -> operations.AcceptDispute:
        return operations.AcceptDispute(
            idempotency_key=self.idempotency_key,
            dispute_id=id_of("dispute", self.dispute_id, "disputeId"),
            amount=self.amount.money("amount"),
            reason=self.reason,
        )


@strawberry.input(description="A dispute that is not right.")
class DeclineDisputeInput(WriteInput):
    dispute_id: strawberry.ID = strawberry.field(description="The dispute.")
    answer: str = strawberry.field(
        description="Why the line is right, 1 to 1000 characters; the partner reads it."
    )

    def command(self) -> operations.DeclineDispute:
        return operations.DeclineDispute(
            idempotency_key=self.idempotency_key,
            dispute_id=id_of("dispute", self.dispute_id, "disputeId"),
            answer=self.answer,
        )


@strawberry.type
class DisputeMutation:
    @mutation(
        gives=DisputeType,
        refuses=(NotFound, LineInDispute),
        description="Say that a line of your statement is wrong. What is right comes as a correction.",
    )
    async def dispute_line(self, info: Info, input: DisputeLineInput) -> DisputeType:
        return DisputeType.of(await operations.dispute_line(actor_of(info), input.command()))

    @mutation(gives=DisputeType, refuses=(NotFound, DisputeNotOpen), description="Take your own dispute back.")
    async def withdraw_dispute(self, info: Info, input: WithdrawDisputeInput) -> DisputeType:
        return DisputeType.of(await operations.withdraw_dispute(actor_of(info), input.command()))

    @mutation(
        gives=DisputeType,
        refuses=(NotFound, DisputeNotOpen, WrongCurrency),
        description="Propose the correction that a dispute asks for. Another person approves it.",
    )
    async def accept_dispute(self, info: Info, input: AcceptDisputeInput) -> DisputeType:
        return DisputeType.of(await operations.accept_dispute(actor_of(info), input.command()))

    @mutation(
        gives=DisputeType,
        refuses=(NotFound, DisputeNotOpen),
        description="Say why a disputed line is right.",
    )
    async def decline_dispute(self, info: Info, input: DeclineDisputeInput) -> DisputeType:
        return DisputeType.of(await operations.decline_dispute(actor_of(info), input.command()))
