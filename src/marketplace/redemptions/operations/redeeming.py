"""Redeeming: points become a reward, whole or not at all."""

import secrets
from dataclasses import asdict, dataclass
from datetime import timedelta
from uuid import UUID

from marketplace.catalog.models import Delivery, OfferKind
from marketplace.catalog.refusals import OfferSoldOut
from marketplace.catalog.steps import count_for_limits, count_for_member, noticing_sold_out
from marketplace.kit import database
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.ids import new_id
from marketplace.kit.money import Money
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, Problem
from marketplace.kit.rows import new
from marketplace.members.steps import count_use
from marketplace.redemptions import cards, events, rules, steps
from marketplace.redemptions.addresses import Address, address_problems
from marketplace.redemptions.cards import CardPart
from marketplace.redemptions.models import (
    Booking,
    Credit,
    CreditState,
    Entitlement,
    EntitlementState,
    Redemption,
    ReservationState,
    Right,
    Shipment,
    ShipmentState,
    WaitsFor,
)
from marketplace.redemptions.operations import reserving, rushing
from marketplace.redemptions.operations.quoting import held_price
from marketplace.redemptions.refusals import InvalidAddress, InvalidMembershipNumber, PriceChanged
from marketplace.risk.models import Leaving
from marketplace.risk.steps import Attempt, look
from marketplace.storefront.queries import Priced, price_item


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemOffer(Command):
    """Exactly what is wanted, what the person saw as its price, and what its kind needs."""

    item_id: UUID
    expected_points: int
    amount: Money | None = None
    lots: int | None = None
    quantity: int | None = None
    quote_id: UUID | None = None
    reservation_id: UUID | None = None
    membership_number: str | None = None
    address: Address | None = None
    message: str | None = None
    card: Money | None = None
    device: str | None = None


def _number(command: RedeemOffer, priced: Priced) -> str:
    return rules.tidy_number(command.membership_number or "", priced.offer.number_pattern)


def _must_be_sound(command: RedeemOffer, priced: Priced) -> None:
    """Raises InvalidInput, InvalidMembershipNumber or InvalidAddress for an order that cannot be carried out."""
    kind = OfferKind(priced.offer.kind)
    order = rules.Order(
        lots=command.lots,
        quantity=command.quantity,
        membership_number=command.membership_number,
        address_given=command.address is not None,
        message=command.message,
    )
    problems = rules.order_problems(order, kind)
    if command.amount is not None and command.amount.currency != priced.currency:
        problems.append(Problem("amount.currency", "This is sold in {currency}.", {"currency": priced.currency}))
    if kind is OfferKind.DONATION and not priced.points:
        problems.append(Problem("amount", "Give more than nothing."))
    if kind is OfferKind.BRAND_CURRENCY and not problems:
        lots = rules.lots_problem(command.lots or 1, priced.item.attributes)
        problems += [lots] if lots else []
    if problems:
        raise InvalidInput(problems=problems)
    if kind is OfferKind.BRAND_CURRENCY:
        number = _number(command, priced)
        reason = rules.number_problem(number, priced.offer.number_pattern, priced.offer.check_digit)
        if reason is not None:
            raise InvalidMembershipNumber(problem=reason)
    if kind is OfferKind.MERCHANDISE:
        address = command.address and command.address.tidy()
        found = [Problem("address", "Say where to send it.")]
        found = address_problems(address, priced.item.country) if address else found
        if found:
            raise InvalidAddress(problems=found)


def _card_part(command: RedeemOffer, priced: Priced, lots: int) -> CardPart | None:
    """What a card pays of it; None when points pay it all. Raises PriceChanged, or what `cards` raises."""
    price = priced.points * lots
    if command.card is None:
        if price > command.expected_points:
            raise PriceChanged(seen=command.expected_points, now=price)
        return None
    part = cards.part_of(priced, lots, command.expected_points)
    if part is not None:
        cards.must_be_what_was_seen(part, command.card)
    return part


async def _is_odd(redemption: Redemption, command: RedeemOffer) -> bool:
    """Whether a person has to look first, by the program's rules."""
    address = command.address.tidy() if command.address else None
    attempt = Attempt(
        program_id=redemption.program_id,
        member_id=redemption.member_id,
        leaving=Leaving.REWARD,
        points=redemption.points,
        ref_id=redemption.id,
        device=steps.sound_device(command.device),
        address=f"{address.country} {address.postal_code} {address.line1}".casefold() if address else None,
    )
    return await look(attempt)


async def _must_not_be_in_vain(actor: Actor, command: RedeemOffer) -> None:
    """Raises OfferSoldOut; what is set aside for the member is not sold out for them."""
    if command.reservation_id is None:
        wish = rushing.Wish(actor.id, "redeem_offer", command.idempotency_key, command.item_id)
        await rushing.must_not_be_in_vain(wish)


def _about(command: RedeemOffer) -> UUID | None:
    """The item, where nothing has to be looked up but what `SharedRead`s ask for."""
    alone = (command.reservation_id, command.quote_id, command.card)
    return command.item_id if all(each is None for each in alone) else None


@operation(scope=Scope.REDEEM, returns=Redemption, before=_must_not_be_in_vain, together=_about)
async def redeem_offer(actor: Actor, command: RedeemOffer) -> Redemption:
    """Spend the member's points on one item.

    Afterwards the points are gone from the earliest-expiring lots, the program's money is set aside, and the
    stock is taken. A voucher, a seat or a donation is fulfilled at once: the points are posted and the partner
    is owed. Brand currency and merchandise are PENDING until the partner answers, and everything that a card pays
    a part of until the card's bank has set that aside. Raises what `price_item`
    raises, PriceChanged, QuoteLapsed, ReservationOver, InvalidInput, InvalidMembershipNumber, InvalidAddress,
    InsufficientPoints, ProgramUnfunded, ProgramLimitReached, CharityNotOpen or OfferSoldOut, and then nothing has
    happened.
    """
    if command.reservation_id is not None:
        return await redeem(actor, command)
    try:
        with noticing_sold_out(command.item_id, command.lots or command.quantity or 1):
            return await redeem(actor, command)
    except OfferSoldOut:
        raise await rushing.refusal_of(command.item_id) from None


async def redeem(actor: Actor, command: RedeemOffer) -> Redemption:
    """What `redeem_offer` does, inside a transaction that somebody else opened."""
    amount_minor = command.amount.minor if command.amount else None
    order = (command.item_id, command.quantity or 1)
    held = await reserving.claim(actor.id, command.reservation_id, *order) if command.reservation_id else None
    priced = await price_item(actor.id, command.item_id, amount_minor, reserved=held.quantity if held else 0)
    _must_be_sound(command, priced)
    lots = command.lots or command.quantity or 1
    if command.quote_id is not None:
        priced = await held_price(actor.id, command.quote_id, priced, lots)
    part = _card_part(command, priced, lots)
    program = priced.program
    await count_use(program, actor.id, priced.points * lots - (part.points if part else 0))
    if held is not None:
        await reserving.uncount(held, priced.item, priced.offer)
    await count_for_limits(priced.offer, actor.id, lots, program.timezone)
    await count_for_member(priced.item, actor.id, lots)
    redemption = steps.drafted(new_id(), actor.id, program, priced, lots)
    if part is not None:
        cards.share(redemption, part)
    await steps.set_aside(redemption, program)
    if program.reviews_rewards and priced.offer.kind != OfferKind.DONATION and await _is_odd(redemption, command):
        redemption.waits_for = WaitsFor.IN_REVIEW.value
    if redemption.waits_for is not None:
        pass
    elif priced.offer.kind == OfferKind.DONATION:
        await steps.give(redemption, program, command.message or "")
    elif OfferKind(priced.offer.kind) in rules.AT_ONCE:
        await steps.spend(redemption, program, steps.title(priced.offer.title, priced.item.label), priced.terms)
    if held is not None:
        await reserving.free(held, priced.item, ReservationState.USED)
    await steps.add_with_units(redemption, priced.item)
    await _arrange(redemption, priced, command)
    if redemption.waits_for == WaitsFor.CARD:
        await cards.ask(redemption)
    await events.tell(redemption)
    return redemption


async def _arrange(redemption: Redemption, priced: Priced, command: RedeemOffer) -> None:
    """Note what the kind of reward needs to arrive."""
    match OfferKind(redemption.kind):
        case OfferKind.BRAND_CURRENCY:
            lots = command.lots or 1
            credit = new(
                Credit,
                redemption_id=redemption.id,
                state=CreditState.REQUESTED.value,
                membership_number=_number(command, priced),
                lots=lots,
                units=lots * (priced.item.units or 1),
            )
            await database.add(credit)
        case OfferKind.MERCHANDISE:
            assert command.address is not None
            address = asdict(command.address.tidy())
            ordered = ShipmentState.ORDERED.value
            await database.add(new(Shipment, redemption_id=redemption.id, state=ordered, address=address))
        case OfferKind.EXPERIENCE:
            starts_at = priced.item.starts_at
            assert starts_at is not None
            booking = new(
                Booking,
                redemption_id=redemption.id,
                ticket=rules.ticket_number(secrets.randbits(60)),
                starts_at=starts_at,
                cancel_until=rules.cancellable_until(starts_at, priced.offer.cancel_until_hours),
            )
            await database.add(booking)
        case OfferKind.VOUCHER:
            if priced.offer.delivery == Delivery.ENTITLEMENT:
                await database.add(_right(redemption, priced))
        case OfferKind.DONATION:
            pass


def _right(redemption: Redemption, priced: Priced) -> Entitlement:
    """The right that an entitlement gives from now on, for as long as its item says."""
    days = int(priced.item.attributes.get("valid_days", rules.VALID_DAYS))
    return Entitlement(
        redemption_id=redemption.id,
        gives=Right(priced.item.attributes.get("right", Right.SAMPLE)).value,
        number=rules.ticket_number(secrets.randbits(60)),
        state=EntitlementState.ACTIVE.value,
        starts_at=redemption.redeemed_at,
        ends_at=redemption.redeemed_at + timedelta(days=days),
    )
