"""What has arrived for programs, and what of it went back."""

from datetime import datetime
from uuid import UUID

import strawberry

from marketplace.access.refusals import SecondPersonNeeded
from marketplace.billing import operations, queries
from marketplace.billing.graphql.funding import TopUpType
from marketplace.billing.models import Origin, Receipt, Takeback, TakebackCause
from marketplace.billing.refusals import ReceiptGone, ReceiptTellsItself
from marketplace.kit import ids, paging
from marketplace.kit.actor import ActorKind
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
    batched,
    describe_enum,
    id_of,
    load_node,
    mutation,
    node_loader,
)
from marketplace.kit.refusals import NotAllowed, NotFound, WrongCurrency
from marketplace.members.graphql import ProgramType

describe_enum(
    Origin,
    "How it is known that money arrived.",
    name="ReceiptOrigin",
    BANK="A bank's entry that names a creditor reference.",
    STRIPE="Stripe said so.",
    PERSON="Somebody of finance has seen it.",
)


describe_enum(
    TakebackCause,
    "Why money went back to the payer.",
    name="FundingTakebackCause",
    REFUND="It was refunded at Stripe.",
    DISPUTE="Its payer disputes it; won, it comes back as a receipt of its own.",
    BANK_RETURN="A bank sent it back.",
)


@strawberry.type(description="What of a receipt went back to the payer, and what members had spent of that.")
class FundingTakeback:
    cause: TakebackCause = strawberry.field(description="Why.")
    amount: MoneyType = strawberry.field(description="How much went back.")
    uncovered: MoneyType = strawberry.field(
        description="What of it members had spent by then: the marketplace advances it until the next money comes."
    )
    reference: str = strawberry.field(description="The refund or dispute at Stripe, or the entry of the bank.")
    taken_at: datetime = strawberry.field(description="When the funding fell by it.")


async def _takebacks(_info: Info, receipt_ids: list[UUID]) -> dict[UUID, list[Takeback]]:
    return await queries.takebacks_of(receipt_ids)


async def _returned(_info: Info, receipt_ids: list[UUID]) -> dict[UUID, int]:
    return await queries.returned_of(receipt_ids)


@strawberry.type(name="FundingReceipt", description="Money that arrived for a program.")
class ReceiptType(Node):
    origin: Origin = strawberry.field(description="How that is known.")
    amount: MoneyType = strawberry.field(description="How much arrived.")
    recovered: MoneyType = strawberry.field(
        description="What of it made good what earlier money had left uncovered when it went back."
    )
    received_at: datetime = strawberry.field(description="When it could be spent.")
    row: strawberry.Private[Receipt]

    @strawberry.field(description="What of it went back to the payer since.")
    async def returned(self, info: Info) -> MoneyType:
        found = await batched(info, "returned_receipts", _returned, self.row.id)
        return MoneyType.minor(found or 0, self.row.currency)

    @strawberry.field(description="Each time that something of it went back, oldest first.")
    async def takebacks(self, info: Info) -> list[FundingTakeback]:
        found = await batched(info, "receipt_takebacks", _takebacks, self.row.id)
        return [
            FundingTakeback(
                cause=TakebackCause(taken.cause),
                amount=MoneyType.minor(taken.amount_minor, self.row.currency),
                uncovered=MoneyType.minor(taken.uncovered_minor, self.row.currency),
                reference=taken.entry.partition("/")[0],
                taken_at=taken.taken_at,
            )
            for taken in found or []
        ]

    @strawberry.field(description="The top-up that it pays; null when it came under the program's own reference.")
    async def top_up(self, info: Info) -> TopUpType | None:
        return await load_node(info, "topUp", self.row.top_up_id) if self.row.top_up_id else None

    @strawberry.field(description="The program it funds.")
    async def program(self, info: Info) -> ProgramType | None:
        return await load_node(info, "program", self.row.program_id)

    @classmethod
    def of(cls, row: Receipt) -> "ReceiptType":
        return cls(
            id=strawberry.ID(ids.public("fundingReceipt", row.id)),
            origin=Origin(row.origin),
            amount=MoneyType.minor(row.amount_minor, row.currency),
            recovered=MoneyType.minor(row.recovered_minor, row.currency),
            received_at=row.received_at,
            row=row,
        )


@node_loader("fundingReceipt")
async def load_receipts(info: Info, wanted: list[UUID]) -> dict[UUID, ReceiptType]:
    rows = await queries.receipts_visible_to(actor_of(info)).filter(id__in=wanted)
    return {row.id: ReceiptType.of(row) for row in rows}


@strawberry.type
class ReceiptQuery:
    @strawberry.field(description="What arrived, newest first: for a program its own, all for finance.")
    async def funding_receipts(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[ReceiptType]:
        actor = actor_of(info)
        if actor.kind not in {ActorKind.PROGRAM, ActorKind.OPERATOR}:
            raise NotAllowed("Only a program's server and finance see what arrived.")
        query = queries.receipts_visible_to(actor)
        page = await paging.page_of(query, first=first, after=after)
        return Connection[ReceiptType].of(page, ReceiptType.of, query.count)


@strawberry.input(description="Money that a bank sent back to its payer.")
class ReturnFundingInput(WriteInput):
    receipt_id: strawberry.ID = strawberry.field(description="The receipt that went back, or a part of it.")
    amount: MoneyInput = strawberry.field(description="How much of it went back.")
    evidence: str = strawberry.field(description="Where that can be seen, such as the bank's entry reference.")

    def command(self) -> operations.ReturnFunding:
        """The command; raises InvalidInput for another thing's id or an amount that is none."""
        return operations.ReturnFunding(
            idempotency_key=self.idempotency_key,
            receipt_id=id_of("fundingReceipt", self.receipt_id, "receiptId"),
            amount=self.amount.money("amount"),
            evidence=self.evidence,
        )


@strawberry.type
class ReceiptMutation:
    @mutation(
        gives=ReceiptType,
        refuses=(NotFound, WrongCurrency, ReceiptGone, ReceiptTellsItself, SecondPersonNeeded),
        description="Say that a bank sent a program's money back, for finance; two people when it is much.",
    )
    async def return_funding(self, info: Info, input: ReturnFundingInput) -> ReceiptType:
        return ReceiptType.of(await operations.return_funding(actor_of(info), input.command()))
