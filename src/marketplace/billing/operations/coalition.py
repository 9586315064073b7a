"""Doors of coalitions: what a program asks for its points, and partners that buy them."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.billing import coalition, invoicing
from marketplace.billing.models import (
    CoalitionAward,
    CoalitionOrder,
    CoalitionOrderState,
    CoalitionPayment,
    CoalitionRate,
    Invoice,
    InvoiceKind,
)
from marketplace.billing.operations.words import must_be_words
from marketplace.billing.queries import rate_of
from marketplace.billing.refusals import (
    CoalitionClosed,
    CoalitionOrderClosed,
    CoalitionPointsSpent,
    CoalitionPriceChanged,
    CoalitionReferenceReused,
)
from marketplace.billing.steps import lock_program
from marketplace.kit import clock, database
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.ids import new_id
from marketplace.kit.messages import noted
from marketplace.kit.money import Money
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotAllowed, NotFound, WrongCurrency
from marketplace.members.models import Member, MemberStatus, Program
from marketplace.partners.models import Contract, Partner
from marketplace.partners.queries import must_be_approved
from marketplace.partners.steps import NoContract, contract_today
from marketplace.points.awarding import Wanted
from marketplace.redemptions.refusals import NoContractInForce

MOST_POINTS = 1_000_000_000
INVOICE_DAYS = 14
LONGEST_TEXT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCoalitionRate(Command):
    """What the asking program asks for 1,000 of its points, and how many are sold at least; no price: none."""

    per_thousand: Money | None
    minimum_points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCoalitionPoints(Command):
    """Points of a program that the asking partner buys, at the price it has seen."""

    program_id: UUID
    points: int
    expected_price: Money
    payment: CoalitionPayment


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardCoalitionPoints(Command):
    """Points that the asking partner bought, for a member as the program knows them; `reference` is its own."""

    program_id: UUID
    member_reference: str
    points: int
    reference: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseCoalitionOrder(Command):
    """Which order is taken back, and why."""

    order_id: UUID
    reason: str


@operation(scope=Scope.PROGRAM_MANAGE, returns=Program)
async def set_coalition_rate(actor: Actor, command: SetCoalitionRate) -> Program:
    """Ask this price from now on; orders keep the one they were made at. Raises InvalidInput, WrongCurrency."""
    if actor.kind is not ActorKind.PROGRAM:
        raise NotAllowed("Only a program's own server sets its price.")
    if not 1 <= command.minimum_points <= MOST_POINTS:
        raise InvalidInput.at("minimumPoints", "Give 1 to {most} points.", most=MOST_POINTS)
    if command.per_thousand is not None and command.per_thousand.minor <= 0:
        raise InvalidInput.at("perThousand.amount", "The amount must be above zero.")
    program = await lock_program(actor.id)
    if command.per_thousand is not None and command.per_thousand.currency != program.home_currency:
        raise WrongCurrency(expected=program.home_currency, given=command.per_thousand.currency)
    await CoalitionRate.create(
        program_id=program.id,
        valid_from=clock.now(),
        per_thousand_minor=command.per_thousand.minor if command.per_thousand else None,
        minimum_points=command.minimum_points,
        currency=program.home_currency,
    )
    return program


@operation(scope=Scope.POINTS_BUY, returns=CoalitionOrder)
async def order_coalition_points(actor: Actor, command: OrderCoalitionPoints) -> CoalitionOrder:
    """Buy points of a program to give in it.

    NETTED, they are paid out of what the partner is owed and can be given at once; by INVOICE, when it is paid.
    Raises NotFound, InvalidInput, CoalitionClosed, CoalitionPriceChanged, CoalitionNotCovered,
    PartnerNotApproved, NoContractInForce.
    """
    if actor.kind is not ActorKind.PARTNER:
        raise NotAllowed("Only a partner buys points.")
    if not await Program.exists(id=command.program_id):
        raise NotFound(what="program")
    program = await lock_program(command.program_id)
    rate = await rate_of(program.id)
    if rate is None or rate.per_thousand_minor is None:
        raise CoalitionClosed
    if not rate.minimum_points <= command.points <= MOST_POINTS:
        text = noted("Order {least} to {most} points.")
        raise InvalidInput.at("points", text, least=rate.minimum_points, most=MOST_POINTS)
    price = Money(coalition.price_of(command.points, rate.per_thousand_minor), program.home_currency)
    if command.expected_price != price:
        raise CoalitionPriceChanged(seen=command.expected_price, now=price)
    await must_be_approved(actor.id)
    partner = await Partner.select_for_update(no_key=True).get(id=actor.id)
    order = CoalitionOrder(
        id=new_id(),
        program_id=program.id,
        partner_id=partner.id,
        rate_id=rate.id,
        points=command.points,
        price_minor=price.minor,
        currency=price.currency,
        payment=command.payment.value,
        budget_code=coalition.budget_code(partner),
        state=CoalitionOrderState.AWAITING.value,
        ordered_at=clock.now(),
    )
    is_netted = command.payment is CoalitionPayment.NETTED
    invoice = await invoicing.bill(
        program, InvoiceKind.COALITION, price.minor, 0 if is_netted else INVOICE_DAYS, partner_id=partner.id
    )
    order.invoice_id = invoice.id
    if is_netted:
        await coalition.net(order, program, partner, await _contract(partner.id))
        await invoicing.settle(invoice)
        await coalition.make_ready(order, program, partner)
    await order.save(force_create=True)
    return order


@operation(scope=Scope.POINTS_BUY, returns=CoalitionAward)
async def award_coalition_points(actor: Actor, command: AwardCoalitionPoints) -> CoalitionAward:
    """Give a member points that the partner bought in the program, once for each of the partner's references.

    The same reference with the same facts answers what was given, under any idempotency key. Where it never bought
    any, nothing is said of the program or its members. Raises NotFound, InvalidInput, CoalitionPointsSpent,
    CoalitionReferenceReused, PartnerNotApproved.
    """
    if actor.kind is not ActorKind.PARTNER:
        raise NotAllowed("Only a partner gives points that it bought.")
    if not 1 <= command.points <= MOST_POINTS:
        raise InvalidInput.at("points", "Give 1 to {most} points.", most=MOST_POINTS)
    for path, text in (("reference", command.reference), ("reason", command.reason)):
        if not 0 < len(text.strip()) <= LONGEST_TEXT:
            raise InvalidInput.at(path, "Give 1 to {most} characters.", most=LONGEST_TEXT)
    await must_be_approved(actor.id)
    partner = await Partner.get(id=actor.id)
    if not await coalition.has_bought(command.program_id, partner):
        raise CoalitionPointsSpent(left=0)
    program = await Program.get(id=command.program_id)
    members = Member.filter(program_id=program.id, status=MemberStatus.ACTIVE.value)
    member = await members.get_or_none(reference=command.member_reference)
    if member is None:
        raise NotFound(what="member")
    await database.lock("coalition award", actor.id, program.id, command.reference)
    known = await CoalitionAward.get_or_none(
        partner_id=actor.id, program_id=program.id, reference=command.reference
    ).prefetch_related("award")
    if known is not None:
        if (known.award.member_id, known.points) != (member.id, command.points):
            raise CoalitionReferenceReused(reference=command.reference, points=known.points)
        return known
    ours = f"coalition:{actor.id.hex}:{command.reference}"
    wanted = Wanted(member.id, ours, command.points, command.reason, clock.now())
    return await coalition.give(program, partner, wanted, command.reference)


@operation(scope=Scope.FINANCE, returns=CoalitionOrder)
async def reverse_coalition_order(actor: Actor, command: ReverseCoalitionOrder) -> CoalitionOrder:
    """Take an order back, whole: an unpaid one is cancelled, of a paid one points and price go back.

    Raises NotFound, InvalidInput, CoalitionOrderClosed, CoalitionPointsGiven, CoalitionPartlyPaid,
    ProgramUnfunded, NoContractInForce.
    """
    reason = must_be_words("reason", command.reason)
    named = await CoalitionOrder.get_or_none(id=command.order_id)
    if named is None:
        raise NotFound(what="order")
    program = await lock_program(named.program_id)
    partner = await Partner.select_for_update(no_key=True).get(id=named.partner_id)
    order = await CoalitionOrder.select_for_update().get(id=named.id)
    order.reason = reason
    if order.state == CoalitionOrderState.AWAITING:
        await coalition.cancel(order, await Invoice.select_for_update().get(id=order.invoice_id))
    elif order.state == CoalitionOrderState.READY:
        await coalition.reverse(order, program, await _contract(partner.id), new_id())
    else:
        raise CoalitionOrderClosed(state=CoalitionOrderState(order.state))
    await order.save()
    return order


async def _contract(partner_id: UUID) -> Contract:
    try:
        return (await contract_today(partner_id))[0]
    except NoContract:
        raise NoContractInForce from None
