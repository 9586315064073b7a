"""Batches of brand currency, as partners fetch and answer them."""

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
    Node,
    WriteInput,
    actor_of,
    actor_with,
    describe_enum,
    mutation,
    node_loader,
)
from marketplace.kit.refusals import NotFound
from marketplace.redemptions import operations, queries
from marketplace.redemptions.exports import batch_csv
from marketplace.redemptions.graphql.types import RedemptionType, key_of, key_or_none
from marketplace.redemptions.models import CreditBatch
from marketplace.redemptions.refusals import BatchAnswered, NoContractInForce, NothingToCredit
from marketplace.redemptions.states import BatchState

PREFIX = "creditBatch"
describe_enum(
    BatchState,
    "Where a batch of credits stands.",
    name="CreditBatchState",
    COLLECTED="It is closed and can be fetched.",
    ACKNOWLEDGED="The partner has it in its own system.",
    ANSWERED="Nothing in it is left to be answered.",
)


@strawberry.type(
    name="CreditBatch", description="Brand currency that a partner is to credit, in one numbered list."
)
class CreditBatchType(Node):
    number: int = strawberry.field(description="The partner's first, second, … batch.")
    state: BatchState = strawberry.field(description="Where it stands.")
    size: int = strawberry.field(description="How many credits are in it.")
    collected_at: datetime = strawberry.field(description="When it was closed.")
    acknowledged_at: datetime | None = strawberry.field(description="When the partner said that it has it.")
    completed_at: datetime | None = strawberry.field(description="When all of it was answered.")
    row: strawberry.Private[CreditBatch]

    @strawberry.field(description="The redemptions in it, with their credits, in the order of the file.")
    async def redemptions(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[RedemptionType]:
        query = queries.visible_to(actor_of(info)).filter(id__in=await queries.in_batch(self.row.id))
        page = await paging.page_of(query, first=first, after=after)
        return Connection[RedemptionType].of(page, RedemptionType.of, query.count)

    @strawberry.field(description="The batch as a CSV file, with the numbers to be credited.")
    async def csv(self) -> str:
        return batch_csv(self.row, await queries.credits_of_batch(self.row.id))

    @classmethod
    def of(cls, row: CreditBatch) -> "CreditBatchType":
        return cls(
            id=strawberry.ID(ids.public(PREFIX, row.id)),
            number=row.number,
            state=BatchState(row.state),
            size=row.credits,
            collected_at=row.collected_at,
            acknowledged_at=row.acknowledged_at,
            completed_at=row.answered_at,
            row=row,
        )


_BY = (ActorKind.PARTNER, ActorKind.OPERATOR)


@node_loader(PREFIX)
async def load_batches(info: Info, keys: list[UUID]) -> dict[UUID, CreditBatchType]:
    """Those of the keys that the caller may see."""
    actor = info.context.actor
    if actor is None or not actor.may(Scope.FULFIL) or actor.kind not in _BY:
        return {}
    return {row.id: CreditBatchType.of(row) for row in await queries.batches_visible_to(actor).filter(id__in=keys)}


@strawberry.type
class BatchQuery:
    """What there is to be credited."""

    @strawberry.field(description="Batches of credits, newest first: your own, or all for operators.")
    async def credit_batches(
        self,
        info: Info,
        state: Annotated[BatchState | None, strawberry.argument(description="Only those that stand so.")] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[CreditBatchType]:
        query = queries.batches_visible_to(actor_with(info, Scope.FULFIL, *_BY))
        query = query if state is None else query.filter(state=state.value)
        page = await paging.page_of(query, first=first, after=after)
        return Connection[CreditBatchType].of(page, CreditBatchType.of, query.count)


@strawberry.input(description="Asks for the next batch.")
class CollectCreditsInput(WriteInput):
    def command(self) -> operations.CollectCredits:
        return operations.CollectCredits(idempotency_key=self.idempotency_key)


@strawberry.input(description="Which batch you have in your own system.")
class AcknowledgeCreditBatchInput(WriteInput):
    batch_id: strawberry.ID = strawberry.field(description="The batch's global id.")

    def command(self) -> operations.AcknowledgeCreditBatch:
        return operations.AcknowledgeCreditBatch(
            idempotency_key=self.idempotency_key, batch_id=key_of(PREFIX, self.batch_id, what="batch")
        )


@strawberry.input(description="What of one credit you could not carry out.")
class RefusedCreditInput:
    redemption_id: strawberry.ID = strawberry.field(description="The redemption's global id.")
    reason: str = strawberry.field(description="Why, in 1 to 300 characters; the member sees it.")
    lots: int | None = strawberry.field(default=None, description="How many lots; all of them when absent.")

    def refused(self) -> operations.RefusedCredit:
        return operations.RefusedCredit(
            redemption_id=key_or_none("redemption", self.redemption_id), reason=self.reason, lots=self.lots
        )


@strawberry.input(description="What became of a batch.")
class AnswerCreditBatchInput(WriteInput):
    batch_id: strawberry.ID = strawberry.field(description="The batch's global id.")
    refused: list[RefusedCreditInput] = strawberry.field(
        default_factory=list, description="Those that could not be credited, whole or in part."
    )
    accepted: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Those that were credited; all that are not refused, when absent."
    )

    def command(self) -> operations.AnswerCreditBatch:
        accepted = self.accepted
        return operations.AnswerCreditBatch(
            idempotency_key=self.idempotency_key,
            batch_id=key_of(PREFIX, self.batch_id, what="batch"),
            refused=tuple(each.refused() for each in self.refused),
            accepted=None if accepted is None else tuple(key_or_none("redemption", each) for each in accepted),
        )


@strawberry.type
class BatchMutation:
    @mutation(
        gives=CreditBatchType,
        refuses=[NothingToCredit],
        description="Close the next batch of brand currency to credit. Its members cannot cancel any more.",
    )
    async def collect_credits(self, info: Info, input: CollectCreditsInput) -> Node | None:
        return CreditBatchType.of(await operations.collect_credits(actor_of(info), input.command()))

    @mutation(gives=CreditBatchType, refuses=[NotFound], description="Say that you have a batch in your system.")
    async def acknowledge_credit_batch(self, info: Info, input: AcknowledgeCreditBatchInput) -> Node | None:
        return CreditBatchType.of(await operations.acknowledge_credit_batch(actor_of(info), input.command()))

    @mutation(
        gives=CreditBatchType,
        refuses=[NotFound, BatchAnswered, NoContractInForce],
        description="Say what of a batch was credited and what was refused. Members get refused parts back.",
    )
    async def answer_credit_batch(self, info: Info, input: AnswerCreditBatchInput) -> Node | None:
        return CreditBatchType.of(await operations.answer_credit_batch(actor_of(info), input.command()))
