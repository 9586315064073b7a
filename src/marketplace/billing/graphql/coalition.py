"""Points that partners buy to give in a program."""

from datetime import datetime
from uuid import UUID

import strawberry

from marketplace.billing import operations, queries
from marketplace.billing.graphql.invoices import InvoiceType
from marketplace.billing.models import CoalitionAward, CoalitionOrder, CoalitionOrderState, CoalitionPayment
from marketplace.billing.refusals import (
    CoalitionClosed,
    CoalitionNotCovered,
    CoalitionOrderClosed,
    CoalitionPartlyPaid,
    CoalitionPointsGiven,
    CoalitionPointsSpent,
    CoalitionPriceChanged,
    CoalitionReferenceReused,
)
from marketplace.kit import ids, paging
from marketplace.kit.actor import ActorKind
from marketplace.kit.graphql import (
    After,
    BigInt,
    Connection,
    First,
    Info,
    MoneyInput,
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
from marketplace.kit.refusals import NotAllowed, NotFound, WrongCurrency
from marketplace.members.graphql import ProgramType
from marketplace.members.refusals import ProgramUnfunded
from marketplace.partners.graphql import PartnerType
from marketplace.partners.refusals import PartnerNotApproved
from marketplace.redemptions.refusals import NoContractInForce

MOST_RATES = 200
describe_enum(
    CoalitionPayment,
    "How an order is paid.",
    NETTED="Out of what the partner is owed, as an adjustment on its next statement; the points come at once.",
    INVOICE="By bank transfer of exactly the invoice's amount; the points come with it.",
)
describe_enum(
    CoalitionOrderState,
    "Where an order stands.",
    AWAITING="Its invoice is not paid, or its payment went back; the invoice says why.",
    READY="Its points can be given.",
    CANCELLED="It was cancelled before it was paid.",
    REVERSED="Points and price went back.",
)


@strawberry.type(name="CoalitionRate", description="What a program asks for its points.")
class RateType:
    program_name: str = strawberry.field(description="The program.")
    program_id: strawberry.ID = strawberry.field(description="Its id, to order with.")
    point_name: str = strawberry.field(description="What its points are called.")
    per_thousand: MoneyType = strawberry.field(description="The price of 1,000 points.")
    minimum_points: BigInt = strawberry.field(description="How many are sold at least.")
    valid_from: datetime = strawberry.field(description="Since when.")

    @classmethod
    def of(cls, row: queries.OpenRate) -> "RateType":
        return cls(
            program_name=row.program_name,
            program_id=strawberry.ID(ids.public("program", row.program_id)),
            point_name=row.point_name,
            per_thousand=MoneyType.minor(row.per_thousand_minor, row.currency),
            minimum_points=BigInt(row.minimum_points),
            valid_from=row.valid_from,
        )


@strawberry.type(name="CoalitionOrder", description="Points that a partner bought to give in a program.")
class OrderType(Node):
    points: BigInt = strawberry.field(description="How many.")
    price: MoneyType = strawberry.field(description="What they cost, in the program's currency.")
    payment: CoalitionPayment = strawberry.field(description="How it is paid.")
    charged: MoneyType | None = strawberry.field(
        description="What of the partner's own currency was taken from what it is owed; null by invoice."
    )
    state: CoalitionOrderState = strawberry.field(description="Where it stands.")
    budget_code: str = strawberry.field(
        description="The budget of the program from which its rules give the points."
    )
    ordered_at: datetime = strawberry.field(description="When it was ordered.")
    ready_at: datetime | None = strawberry.field(description="When its points could be given.")
    points_given: BigInt = strawberry.field(
        description="How many of its points members had when its payment went back; 0 when it did not."
    )
    reason: str | None = strawberry.field(description="Why it was taken back.")
    row: strawberry.Private[CoalitionOrder]

    @strawberry.field(description="What was billed for it.")
    async def invoice(self, info: Info) -> InvoiceType | None:
        return await load_node(info, "invoice", self.row.invoice_id)

    @strawberry.field(description="In which its points are given; null for whom it cannot be shown to.")
    async def program(self, info: Info) -> ProgramType | None:
        return await load_node(info, "program", self.row.program_id)

    @strawberry.field(description="Who bought them; null for whom it cannot be shown to.")
    async def partner(self, info: Info) -> PartnerType | None:
        return await load_node(info, "partner", self.row.partner_id)

    @classmethod
    def of(cls, row: CoalitionOrder) -> "OrderType":
        charged = row.charged_minor is not None and row.charged_currency is not None
        return cls(
            id=strawberry.ID(ids.public("coalitionOrder", row.id)),
            points=BigInt(row.points),
            price=MoneyType.minor(row.price_minor, row.currency),
            payment=CoalitionPayment(row.payment),
            charged=MoneyType.minor(row.charged_minor or 0, row.charged_currency or "") if charged else None,
            state=CoalitionOrderState(row.state),
            budget_code=row.budget_code,
            ordered_at=row.ordered_at,
            ready_at=row.ready_at,
            points_given=BigInt(row.given_points),
            reason=row.reason,
            row=row,
        )


@node_loader("coalitionOrder")
async def load_orders(info: Info, wanted: list[UUID]) -> dict[UUID, OrderType]:
    rows = await queries.orders_visible_to(actor_of(info)).filter(id__in=wanted)
    return {row.id: OrderType.of(row) for row in rows}


@strawberry.type(name="CoalitionAward", description="Points that a partner gave to a member, of those it bought.")
class CoalitionAwardType(Node):
    points: BigInt = strawberry.field(description="How many.")
    reference: str = strawberry.field(description="The partner's own name of the purchase.")
    given_at: datetime = strawberry.field(description="When.")
    left: BigInt = strawberry.field(description="How many the partner had left to give in the program then.")
    row: strawberry.Private[CoalitionAward]

    @strawberry.field(description="In which they were given; null for whom it cannot be shown to.")
    async def program(self, info: Info) -> ProgramType | None:
        return await load_node(info, "program", self.row.program_id)

    @strawberry.field(description="Who gave them; null for whom it cannot be shown to.")
    async def partner(self, info: Info) -> PartnerType | None:
        return await load_node(info, "partner", self.row.partner_id)

    @classmethod
    def of(cls, row: CoalitionAward) -> "CoalitionAwardType":
        return cls(
            id=strawberry.ID(ids.public("coalitionAward", row.id)),
            points=BigInt(row.points),
            reference=row.reference,
            given_at=row.given_at,
            left=BigInt(row.left),
            row=row,
        )


@node_loader("coalitionAward")
async def load_awards(info: Info, wanted: list[UUID]) -> dict[UUID, CoalitionAwardType]:
    rows = await queries.awards_visible_to(actor_of(info)).filter(id__in=wanted)
    return {row.id: CoalitionAwardType.of(row) for row in rows}


@strawberry.type
class CoalitionQuery:
    @strawberry.field(description=f"What programs ask for their points, by name, at most {MOST_RATES}.")
    async def coalition_rates(self, info: Info) -> list[RateType]:
        actor = actor_of(info)
        if actor.kind not in {ActorKind.PARTNER, ActorKind.PROGRAM, ActorKind.OPERATOR}:
            raise NotAllowed("Only partners, programs and operators see what points cost.")
        return [RateType.of(row) for row in await queries.open_rates(actor, MOST_RATES)]

    @strawberry.field(
        description="Orders of points, newest first: a partner's own, those of one's program, all for finance."
    )
    async def coalition_orders(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[OrderType]:
        actor = actor_of(info)
        if actor.kind not in {ActorKind.PARTNER, ActorKind.PROGRAM, ActorKind.OPERATOR}:
            raise NotAllowed("Only a partner, a program's server and finance see orders of points.")
        query = queries.orders_visible_to(actor)
        page = await paging.page_of(query, first=first, after=after)
        return Connection[OrderType].of(page, OrderType.of, query.count)

    @strawberry.field(
        description="Points that partners gave, newest first: a partner's own, those of one's program, or all for "
        "finance."
    )
    async def coalition_awards(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[CoalitionAwardType]:
        actor = actor_of(info)
        if actor.kind not in {ActorKind.PARTNER, ActorKind.PROGRAM, ActorKind.OPERATOR}:
            raise NotAllowed("Only a partner, a program's server and finance see what partners gave.")
        query = queries.awards_visible_to(actor)
        page = await paging.page_of(query, first=first, after=after)
        return Connection[CoalitionAwardType].of(page, CoalitionAwardType.of, query.count)


@strawberry.input(description="What your program asks for its points, from now on.")
class SetCoalitionRateInput(WriteInput):
    per_thousand: MoneyInput | None = strawberry.field(
        default=None, description="The price of 1,000 points, in the home currency; without one none are sold."
    )
    minimum_points: BigInt = strawberry.field(default=BigInt(1), description="How many are sold at least.")

    def command(self) -> operations.SetCoalitionRate:
        """The command; raises InvalidInput for an amount that is none."""
        return operations.SetCoalitionRate(
            idempotency_key=self.idempotency_key,
            per_thousand=self.per_thousand.money("perThousand") if self.per_thousand else None,
            minimum_points=int(self.minimum_points),
        )


@strawberry.input(description="Points to buy.")
class OrderCoalitionPointsInput(WriteInput):
    program_id: strawberry.ID = strawberry.field(description="In which program they are given.")
    points: BigInt = strawberry.field(description="How many.")
    expected_price: MoneyInput = strawberry.field(
        description="What they cost by the rate you have seen, rounded up to the smallest unit."
    )
    payment: CoalitionPayment = strawberry.field(description="How you pay.")

    def command(self) -> operations.OrderCoalitionPoints:
        """The command; raises InvalidInput for another thing's id or an amount that is none."""
        return operations.OrderCoalitionPoints(
            idempotency_key=self.idempotency_key,
            program_id=id_of("program", self.program_id, "programId"),
            points=int(self.points),
            expected_price=self.expected_price.money("expectedPrice"),
            payment=self.payment,
        )


@strawberry.input(description="Points to give to a member, of those that you bought in their program.")
class AwardCoalitionPointsInput(WriteInput):
    program_id: strawberry.ID = strawberry.field(description="The program that the member is in.")
    member_reference: str = strawberry.field(
        description="The member as the program knows them, such as the number on their card."
    )
    points: BigInt = strawberry.field(description="How many.")
    reference: str = strawberry.field(
        description="Your own name of the purchase, 1 to 100 characters: it gives points once."
    )
    reason: str = strawberry.field(description="What the member reads beside the points, 1 to 100 characters.")

    def command(self) -> operations.AwardCoalitionPoints:
        """The command; raises InvalidInput for another thing's id."""
        return operations.AwardCoalitionPoints(
            idempotency_key=self.idempotency_key,
            program_id=id_of("program", self.program_id, "programId"),
            member_reference=self.member_reference,
            points=int(self.points),
            reference=self.reference,
            reason=self.reason,
        )


@strawberry.input(description="An order to take back.")
class ReverseCoalitionOrderInput(WriteInput):
    order_id: strawberry.ID = strawberry.field(description="The order.")
    reason: str = strawberry.field(description="Why, 1 to 300 characters; the partner reads it.")

    def command(self) -> operations.ReverseCoalitionOrder:
        """The command; raises InvalidInput for another thing's id."""
        return operations.ReverseCoalitionOrder(
            idempotency_key=self.idempotency_key,
            order_id=id_of("coalitionOrder", self.order_id, "orderId"),
            reason=self.reason,
        )


@strawberry.type
class CoalitionMutation:
    @mutation(
        gives=ProgramType,
        refuses=(WrongCurrency,),
        description="Say what your program asks for 1,000 of its points, or that it sells none.",
    )
    async def set_coalition_rate(self, info: Info, input: SetCoalitionRateInput) -> ProgramType:
        return ProgramType.of(await operations.set_coalition_rate(actor_of(info), input.command()))

    @mutation(
        gives=OrderType,
        refuses=(
            NotFound,
            CoalitionClosed,
            CoalitionPriceChanged,
            CoalitionNotCovered,
            PartnerNotApproved,
            NoContractInForce,
        ),
        description="Buy points of a program to give in it, out of what you are owed or by invoice.",
    )
    async def order_coalition_points(self, info: Info, input: OrderCoalitionPointsInput) -> OrderType:
        return OrderType.of(await operations.order_coalition_points(actor_of(info), input.command()))

    @mutation(
        gives=CoalitionAwardType,
        refuses=(NotFound, CoalitionPointsSpent, CoalitionReferenceReused, PartnerNotApproved),
        description="Give a member points that you bought in their program, at once and once for each reference.",
    )
    async def award_coalition_points(self, info: Info, input: AwardCoalitionPointsInput) -> CoalitionAwardType:
        return CoalitionAwardType.of(await operations.award_coalition_points(actor_of(info), input.command()))

    @mutation(
        gives=OrderType,
        refuses=(
            NotFound,
            CoalitionOrderClosed,
            CoalitionPointsGiven,
            CoalitionPartlyPaid,
            ProgramUnfunded,
            NoContractInForce,
        ),
        description="Take an order of points back, whole, for finance: points and price go back.",
    )
    async def reverse_coalition_order(self, info: Info, input: ReverseCoalitionOrderInput) -> OrderType:
        return OrderType.of(await operations.reverse_coalition_order(actor_of(info), input.command()))
