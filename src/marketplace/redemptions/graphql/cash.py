"""Points paid out as money."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.catalog.refusals import NotAvailable
from marketplace.kit import ids, paging
from marketplace.kit.actor import ActorKind
from marketplace.kit.graphql import (
    BigInt,
    Connection,
    Info,
    MoneyInput,
    MoneyType,
    Node,
    WriteInput,
    actor_of,
    batched,
    describe_enum,
    load_node,
    mutation,
    node_loader,
)
from marketplace.kit.refusals import NotFound
from marketplace.members.graphql import MemberType
from marketplace.members.refusals import ProgramUnfunded
from marketplace.payments.models import OutboundState, OutboundTransfer
from marketplace.payments.queries import outbounds_for
from marketplace.points.refusals import InsufficientPoints
from marketplace.redemptions import operations, queries
from marketplace.redemptions.graphql.types import key_of, may_read, reader
from marketplace.redemptions.models import CashRedemption, CashState, WaitsFor
from marketplace.redemptions.reactions import CASH
from marketplace.redemptions.refusals import (
    AlreadyRefunded,
    CashAmountChanged,
    NotRefundable,
    PayoutAccountMissing,
)
from marketplace.storefront.refusals import (
    CashAboveMaximum,
    CashBelowMinimum,
    CashCannotReach,
    CashCoolingOff,
    CashNotOffered,
    IdentityNotConfirmed,
)

PREFIX = "cashRedemption"
describe_enum(
    CashState,
    "Where a payout of points stands.",
    name="CashRedemptionState",
    PENDING="Points and money are set aside until it is known what became of the transfer.",
    FULFILLED="The money is in the member's account at Stripe.",
    FAILED="The transfer was refused; everything was put back.",
    REFUNDED="The transfer was reversed; everything was put back.",
)


@strawberry.type(name="CashRedemption", description="Points that a member turned into money.")
class CashRedemptionType(Node):
    state: CashState = strawberry.field(description="Where it stands.")
    points: BigInt = strawberry.field(description="Points that were paid out.")
    amount: MoneyType = strawberry.field(description="The money they became.")
    point_value: Decimal = strawberry.field(description="What one point was worth, in major units.")
    cash_rate_bp: int = strawberry.field(description="The share of that value that is paid, in basis points.")
    arm: str | None = strawberry.field(
        description="Which of the program's tested ratios it was paid by; null for its usual ones."
    )
    waits_for: WaitsFor | None = strawberry.field(
        description="What it waits for before any money is sent; null when it goes on by itself."
    )
    redeemed_at: datetime = strawberry.field(description="When the member asked for it.")
    fulfilled_at: datetime | None = strawberry.field(description="When the money was sent.")
    closed_at: datetime | None = strawberry.field(description="When it failed or was taken back.")
    closed_reason: str | None = strawberry.field(description="Why it failed or was taken back.")
    row: strawberry.Private[CashRedemption]

    @strawberry.field(description="When the member's bank had it; null until then, or when that is not known.")
    async def in_bank_at(self, info: Info) -> datetime | None:
        outbound: OutboundTransfer | None = await batched(info, "outbound of cash", _outbounds, self.row.id)
        return outbound.in_bank_at if outbound else None

    @strawberry.field(description="Whether it waits for the marketplace's own balance to fill.")
    async def waiting_for_funds(self, info: Info) -> bool:
        outbound: OutboundTransfer | None = await batched(info, "outbound of cash", _outbounds, self.row.id)
        return outbound is not None and outbound.state == OutboundState.WAITING_FOR_FUNDS

    @strawberry.field(description="Whose points they were; null for those who may not see members.")
    async def member(self, info: Info) -> MemberType | None:
        return await load_node(info, "member", self.row.member_id)

    @classmethod
    def of(cls, row: CashRedemption) -> "CashRedemptionType":
        return cls(
            id=strawberry.ID(ids.public(PREFIX, row.id)),
            state=CashState(row.state),
            points=BigInt(row.points),
            amount=MoneyType.minor(row.amount_minor, row.currency),
            point_value=row.point_value,
            cash_rate_bp=row.cash_rate_bp,
            arm=row.arm,
            waits_for=WaitsFor(row.waits_for) if row.waits_for else None,
            redeemed_at=row.redeemed_at,
            fulfilled_at=row.fulfilled_at,
            closed_at=row.closed_at,
            closed_reason=row.closed_reason,
            row=row,
        )


async def _outbounds(_info: Info, keys: list[UUID]) -> dict[UUID, OutboundTransfer]:
    return await outbounds_for(CASH, keys)


@node_loader(PREFIX)
async def load_cash_redemptions(info: Info, keys: list[UUID]) -> dict[UUID, CashRedemptionType]:
    """Those of the keys that the caller may see."""
    actor = info.context.actor
    if actor is None or actor.kind is ActorKind.PARTNER or not may_read(actor):
        return {}
    rows = await queries.cash_visible_to(actor).filter(id__in=keys)
    return {row.id: CashRedemptionType.of(row) for row in rows}


@strawberry.type
class CashQuery:
    """Following payouts of points."""

    @strawberry.field(description="Points turned into money, newest first: your own, your members', or all.")
    async def cash_redemptions(
        self,
        info: Info,
        first: Annotated[int | None, strawberry.argument(description="How many rows, at most 100.")] = None,
        after: Annotated[str | None, strawberry.argument(description="The cursor to go on from.")] = None,
    ) -> Connection[CashRedemptionType]:
        query = queries.cash_visible_to(reader(info))
        page = await paging.page_of(query, first=first, after=after)
        return Connection[CashRedemptionType].of(page, CashRedemptionType.of, query.count)


@strawberry.input(description="How many points to turn into money, and what you saw for them.")
class RedeemForCashInput(WriteInput):
    points: BigInt = strawberry.field(description="How many points.")
    expected_amount: MoneyInput | None = strawberry.field(
        default=None, description="The amount that the person saw; less is refused."
    )

    device: str | None = strawberry.field(
        default=None,
        description="A lasting name of the person's device, to 200 characters; only a print is kept.",
    )

    def command(self) -> operations.RedeemForCash:
        """The command; raises InvalidInput for an amount that is none."""
        return operations.RedeemForCash(
            idempotency_key=self.idempotency_key,
            points=self.points,
            expected_amount=self.expected_amount.money("expectedAmount") if self.expected_amount else None,
            device=self.device,
        )


@strawberry.input(description="Which payout of points to take back.")
class ReverseCashInput(WriteInput):
    cash_redemption_id: strawberry.ID = strawberry.field(description="Its global id.")

    def command(self) -> operations.ReverseCash:
        """The command; raises NotFound for what is no such id."""
        id = key_of(PREFIX, self.cash_redemption_id, what="cash redemption")
        return operations.ReverseCash(idempotency_key=self.idempotency_key, cash_redemption_id=id)


@strawberry.type
class CashMutation:
    @mutation(
        gives=CashRedemptionType,
        refuses=[NotFound, AlreadyRefunded, NotRefundable],
        description="Ask for money back that was sent for points; the points return when it has come.",
    )
    async def reverse_cash(self, info: Info, input: ReverseCashInput) -> Node | None:
        return CashRedemptionType.of(await operations.reverse_cash(actor_of(info), input.command()))

    @mutation(
        gives=CashRedemptionType,
        refuses=[
            NotFound,
            NotAvailable,
            CashNotOffered,
            CashCannotReach,
            CashBelowMinimum,
            CashAboveMaximum,
            CashCoolingOff,
            IdentityNotConfirmed,
            CashAmountChanged,
            PayoutAccountMissing,
            InsufficientPoints,
            ProgramUnfunded,
        ],
        description="Turn points into money in your account at Stripe.",
    )
    async def redeem_for_cash(self, info: Info, input: RedeemForCashInput) -> Node | None:
        return CashRedemptionType.of(await operations.redeem_for_cash(actor_of(info), input.command()))
