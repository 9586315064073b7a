"""Corrections of what a partner is owed: one person proposes, another decides."""

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
    MoneyType,
    Node,
    WriteInput,
    actor_of,
    actor_with,
    describe_enum,
    id_of,
    load_node,
    mutation,
    node_loader,
)
from marketplace.kit.refusals import NotFound, SamePerson, WrongCurrency
from marketplace.partners.graphql import PartnerType
from marketplace.settlement import operations, queries
from marketplace.settlement.models import Adjustment, AdjustmentState
from marketplace.settlement.refusals import AdjustmentDecided

describe_enum(
    AdjustmentState,
    "Where a proposed correction stands.",
    PROPOSED="Somebody else has to decide on it.",
    APPROVED="It is booked and joins the partner's next statement.",
    DECLINED="It was turned down; nothing was booked.",
)


@strawberry.type(name="Adjustment", description="A correction of what a partner is owed.")
class AdjustmentType(Node):
    amount: MoneyType = strawberry.field(description="Above zero in the partner's favour, below zero in ours.")
    reason: str = strawberry.field(description="Why; the partner reads it on the statement.")
    state: AdjustmentState = strawberry.field(description="Where it stands.")
    proposed_at: datetime = strawberry.field(description="When it was proposed.")
    decided_at: datetime | None = strawberry.field(description="When it was approved or declined.")
    proposed_by: strawberry.ID = strawberry.field(description="The operator who proposed it.")
    decided_by: strawberry.ID | None = strawberry.field(description="The operator who decided on it.")
    partner_key: strawberry.Private[UUID]

    @strawberry.field(description="Whose balance it corrects.")
    async def partner(self, info: Info) -> PartnerType | None:
        return await load_node(info, "partner", self.partner_key)

    @classmethod
    def of(cls, row: Adjustment) -> "AdjustmentType":
        return cls(
            id=strawberry.ID(ids.public("adjustment", row.id)),
            amount=MoneyType.minor(row.amount_minor, row.currency),
            reason=row.reason,
            state=AdjustmentState(row.state),
            proposed_at=row.proposed_at,
            decided_at=row.decided_at,
            proposed_by=strawberry.ID(ids.public("operator", row.proposed_by)),
            decided_by=strawberry.ID(ids.public("operator", row.decided_by)) if row.decided_by else None,
            partner_key=row.partner_id,
        )


@node_loader("adjustment")
async def load_adjustments(info: Info, wanted: list[UUID]) -> dict[UUID, AdjustmentType]:
    rows = await queries.adjustments_visible_to(actor_of(info)).filter(id__in=wanted)
    return {row.id: AdjustmentType.of(row) for row in rows}


@strawberry.type
class AdjustmentQuery:
    @strawberry.field(description="Corrections, newest first, for finance.")
    async def adjustments(
        self,
        info: Info,
        state: Annotated[
            AdjustmentState | None, strawberry.argument(description="Only those that stand so.")
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[AdjustmentType]:
        query = queries.adjustments_visible_to(actor_with(info, Scope.FINANCE_READ, ActorKind.OPERATOR))
        query = query.filter(state=state.value) if state else query
        page = await paging.page_of(query, first=first, after=after)
        return Connection[AdjustmentType].of(page, AdjustmentType.of, query.count)


@strawberry.input(description="A correction of what a partner is owed.")
class ProposeAdjustmentInput(WriteInput):
    partner_id: strawberry.ID = strawberry.field(description="Whose balance it corrects.")
    amount: MoneyInput = strawberry.field(description="Above zero in the partner's favour, below zero in ours.")
    reason: str = strawberry.field(description="Why, 1 to 300 characters; the partner reads it on the statement.")

    def command(self) -> operations.ProposeAdjustment:
        """The command; raises InvalidInput for another thing's id or an amount that is none."""
        return operations.ProposeAdjustment(
            idempotency_key=self.idempotency_key,
            partner_id=id_of("partner", self.partner_id, "partnerId"),
            amount=self.amount.money("amount"),
            reason=self.reason,
        )


@strawberry.input(description="A correction to approve.")
class ApproveAdjustmentInput(WriteInput):
    adjustment_id: strawberry.ID = strawberry.field(description="The proposal, of somebody else.")

    def command(self) -> operations.DecideAdjustment:
        return _decide(self.idempotency_key, self.adjustment_id)


@strawberry.input(description="A correction to turn down.")
class DeclineAdjustmentInput(WriteInput):
    adjustment_id: strawberry.ID = strawberry.field(description="The proposal, of somebody else.")

    def command(self) -> operations.DecideAdjustment:
        return _decide(self.idempotency_key, self.adjustment_id)


def _decide(key: str, adjustment: str) -> operations.DecideAdjustment:
    return operations.DecideAdjustment(
        idempotency_key=key, adjustment_id=id_of("adjustment", adjustment, "adjustmentId")
    )


@strawberry.type
class AdjustmentMutation:
    @mutation(
        gives=AdjustmentType,
        refuses=(NotFound, WrongCurrency),
        description="Propose to correct what a partner is owed. Nothing is booked before somebody else approves.",
    )
    async def propose_adjustment(self, info: Info, input: ProposeAdjustmentInput) -> AdjustmentType:
        return AdjustmentType.of(await operations.propose_adjustment(actor_of(info), input.command()))

    @mutation(
        gives=AdjustmentType,
        refuses=(NotFound, SamePerson, AdjustmentDecided),
        description="Approve another person's correction; it joins the partner's next statement.",
    )
    async def approve_adjustment(self, info: Info, input: ApproveAdjustmentInput) -> AdjustmentType:
        return AdjustmentType.of(await operations.approve_adjustment(actor_of(info), input.command()))

    @mutation(
        gives=AdjustmentType,
        refuses=(NotFound, SamePerson, AdjustmentDecided),
        description="Turn another person's correction down.",
    )
    async def decline_adjustment(self, info: Info, input: DeclineAdjustmentInput) -> AdjustmentType:
        return AdjustmentType.of(await operations.decline_adjustment(actor_of(info), input.command()))
