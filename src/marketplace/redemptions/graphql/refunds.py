"""Giving back what was paid: the plan that is shown first, and carrying it out."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Optional, Union
from uuid import UUID

import strawberry

from marketplace.donations.refusals import PledgeNotCancellable
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.graphql import (
    BigInt,
    Info,
    MoneyInput,
    MoneyType,
    Node,
    WriteInput,
    actor_of,
    batched,
    describe_enum,
    extend,
    mutation,
    refusal_type,
)
from marketplace.kit.money import Money
from marketplace.kit.refusals import InvalidInput, NotFound
from marketplace.points.steps import LotReturn
from marketplace.redemptions import operations, queries, refunds
from marketplace.redemptions.graphql.types import RedemptionType, key_of, reader
from marketplace.redemptions.models import Redemption, Refund
from marketplace.redemptions.refunds import Plan, Source, SourcePart
from marketplace.redemptions.refusals import AlreadyRefunded, NotRefundable, RefundChanged, RefundTooLarge

describe_enum(
    Source,
    "What a redemption was paid with.",
    name="RefundSource",
    POINTS="The member's points.",
    CARD="The member's card.",
)


@strawberry.input(one_of=True, description="Which part of a redemption to give back.")
class RefundPartInput:
    quantity: int | None = strawberry.field(default=strawberry.UNSET, description="So many units, at their price.")
    amount: MoneyInput | None = strawberry.field(
        default=strawberry.UNSET, description="So much of the price, in the currency it was sold in."
    )

    def chosen(self) -> tuple[int | None, Money | None]:
        """The number or the amount; raises InvalidInput for an amount that is none."""
        amount = self.amount.money("part.amount") if self.amount else None
        return (None if self.quantity is strawberry.UNSET else self.quantity), amount


@strawberry.type(description="Points that go back to the very lot they came from.")
class RefundedLot:
    points: BigInt = strawberry.field(description="How many.")
    earned_at: datetime = strawberry.field(description="When they were earned.")
    expires_at: datetime | None = strawberry.field(description="Their date; null when they never expire.")

    @classmethod
    def of(cls, lot: LotReturn) -> "RefundedLot":
        return cls(points=BigInt(lot.points), earned_at=lot.earned_at, expires_at=lot.expires_at)


@strawberry.type(description="What goes back to one thing that a redemption was paid with.")
class RefundSourcePart:
    source: Source = strawberry.field(description="What it was paid with.")
    points: BigInt = strawberry.field(description="Points that go back; 0 for money.")
    lots: list[RefundedLot] = strawberry.field(description="The lots they go back to, in that order.")
    money: MoneyType | None = strawberry.field(description="Money that goes back; null for points.")

    @classmethod
    def of(cls, part: SourcePart) -> "RefundSourcePart":
        return cls(
            source=part.source,
            points=BigInt(part.points),
            lots=[RefundedLot.of(lot) for lot in part.lots],
            money=MoneyType.of(part.money) if part.money else None,
        )


@strawberry.type(description="What the partner is owed less for a refund, at the rate of the sale.")
class PartnerShareOfRefund:
    gross: MoneyType = strawberry.field(description="What is taken back of the sale.")
    commission: MoneyType = strawberry.field(description="The commission on it, which is given back too.")
    commission_vat: MoneyType = strawberry.field(description="VAT on that commission.")
    net: MoneyType = strawberry.field(description="What the partner is owed less.")
    payable_on: date = strawberry.field(
        description="From when it is taken off: with the sale, or from the next statement once that was paid."
    )

    @classmethod
    def of(cls, plan: Plan) -> "PartnerShareOfRefund | None":
        if plan.sale is None or plan.owed_less is None:
            return None
        shares, currency = plan.owed_less.shares, plan.sale.currency
        return cls(
            gross=MoneyType.minor(shares.gross, currency),
            commission=MoneyType.minor(shares.commission, currency),
            commission_vat=MoneyType.minor(shares.vat, currency),
            net=MoneyType.minor(shares.net, currency),
            payable_on=max(plan.takes_effect.date(), plan.sale.payable_on),
        )


@strawberry.type(description="Exactly what a refund would do now.")
class RefundPlan:
    price: MoneyType = strawberry.field(description="The part of the price that is given back.")
    quantity: int = strawberry.field(description="How many units are given back.")
    points: BigInt = strawberry.field(description="Points that the member gets; give it as `expectedPoints`.")
    sources: list[RefundSourcePart] = strawberry.field(description="What goes back to each source.")
    funding: MoneyType = strawberry.field(description="What goes back to the program's funding.")
    partner: PartnerShareOfRefund | None = strawberry.field(
        description="What the partner is owed less; shown to operators and the partner."
    )
    left_price: MoneyType = strawberry.field(description="What is left of the price afterwards.")
    left_quantity: int = strawberry.field(description="How many units are left afterwards.")
    closes: bool = strawberry.field(description="Whether nothing is left, so that the redemption is REFUNDED.")

    @classmethod
    def of(cls, plan: Plan, *, with_partner: bool) -> "RefundPlan":
        row = plan.redemption
        return cls(
            price=MoneyType.minor(plan.share.price_minor, row.currency),
            quantity=plan.share.quantity,
            points=BigInt(plan.share.points),
            sources=[RefundSourcePart.of(part) for part in plan.sources],
            funding=MoneyType.minor(plan.share.home_minor - plan.share.card_minor, row.home_currency),
            partner=PartnerShareOfRefund.of(plan) if with_partner else None,
            left_price=MoneyType.minor(plan.left.price_minor, row.currency),
            left_quantity=plan.left.quantity,
            closes=plan.is_last,
        )


@strawberry.type(name="Refund", description="What was given back of a redemption at once.")
class RefundType:
    number: int = strawberry.field(description="The first, second, … refund of its redemption.")
    price: MoneyType = strawberry.field(description="The part of the price that was given back.")
    quantity: int = strawberry.field(description="How many units were given back.")
    points: BigInt = strawberry.field(description="Points that the member got.")
    reason: str = strawberry.field(description="Why.")
    refunded_at: datetime = strawberry.field(description="When.")

    @classmethod
    def of(cls, row: Refund, redemption: Redemption) -> "RefundType":
        return cls(
            number=row.number,
            price=MoneyType.minor(row.price_minor, redemption.currency),
            quantity=row.quantity,
            points=BigInt(row.points),
            reason=row.reason,
            refunded_at=row.refunded_at,
        )


async def _refunds(_info: Info, keys: list[UUID]) -> Mapping[UUID, list[Refund]]:
    return await queries.refunds_of(keys)


@extend(RedemptionType)
class RedemptionRefunds:
    """What of a redemption was given back."""

    @strawberry.field(description="What was given back of it, the first refund first.")
    async def refunds(self, info: Info, redemption: strawberry.Parent[RedemptionType]) -> list[RefundType]:
        rows = await batched(info, "refunds of redemption", _refunds, redemption.row.id) or []
        return [RefundType.of(row, redemption.row) for row in rows]


_PLANNED = (NotFound, AlreadyRefunded, NotRefundable, RefundTooLarge, InvalidInput)
RefundPlanResult = Annotated[
    Union[(RefundPlan, *map(refusal_type, _PLANNED))],  # pyright: ignore
    strawberry.union("RefundPlanResult", description="What a refund would do, or why there is none."),
]


@strawberry.type
class RefundQuery:
    """What a refund would do."""

    @strawberry.field(
        graphql_type=Optional[RefundPlanResult],  # noqa: UP045
        description="What a refund would do now, source by source. Show it before `refundRedemption`.",
    )
    async def refund_plan(
        self,
        info: Info,
        redemption_id: Annotated[strawberry.ID, strawberry.argument(description="The redemption's global id.")],
        part: Annotated[
            RefundPartInput | None, strawberry.argument(description="Which part; all that is left when absent.")
        ] = None,
    ) -> RefundPlan | None:
        actor = reader(info)
        row = await queries.visible_to(actor).get_or_none(id=key_of("redemption", redemption_id))
        if row is None:
            raise NotFound(what="redemption")
        quantity, amount = part.chosen() if part else (None, None)
        command = operations.RefundRedemption(
            idempotency_key="plan", redemption_id=row.id, reason="", quantity=quantity, amount=amount
        )
        plan = await refunds.plan_of(row, command.ask(row))
        return RefundPlan.of(plan, with_partner=_sees_partner(actor))


def _sees_partner(actor: Actor) -> bool:
    return actor.kind is ActorKind.PARTNER or actor.may(Scope.SUPPORT) or actor.may(Scope.FINANCE_READ)


@strawberry.input(description="Which redemption to refund, how much of it, and why.")
class RefundRedemptionInput(WriteInput):
    redemption_id: strawberry.ID = strawberry.field(description="The redemption's global id.")
    reason: str = strawberry.field(description="Why, in 1 to 300 characters; the member sees it.")
    part: RefundPartInput | None = strawberry.field(
        default=None, description="Which part; all that is left when absent."
    )
    expected_points: BigInt | None = strawberry.field(
        default=None, description="The points of the plan that was shown; another number by now is refused."
    )

    def command(self) -> operations.RefundRedemption:
        quantity, amount = self.part.chosen() if self.part else (None, None)
        return operations.RefundRedemption(
            idempotency_key=self.idempotency_key,
            redemption_id=key_of("redemption", self.redemption_id),
            reason=self.reason,
            quantity=quantity,
            amount=amount,
            expected_points=self.expected_points,
        )


@strawberry.type
class RefundMutation:
    @mutation(
        gives=RedemptionType,
        refuses=[NotFound, AlreadyRefunded, NotRefundable, RefundTooLarge, RefundChanged, PledgeNotCancellable],
        description="Give back what was fulfilled, whole or in part. For support and the member's program.",
    )
    async def refund_redemption(self, info: Info, input: RefundRedemptionInput) -> Node | None:
        return RedemptionType.of(await operations.refund_redemption(actor_of(info), input.command()))
