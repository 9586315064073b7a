"""What redeeming is made of, inside a transaction that somebody else opened."""

from uuid import UUID, uuid5

from marketplace.catalog import steps as catalog
from marketplace.catalog.models import Item, OfferKind, StockMode
from marketplace.catalog.rules import localised
from marketplace.donations import steps as donations
from marketplace.kit import clock, database
from marketplace.kit.money import Money
from marketplace.kit.refusals import InvalidInput
from marketplace.kit.rows import new
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.ledger.steps import Entry, post
from marketplace.members import steps as members
from marketplace.members.models import Program
from marketplace.partners import steps as partners
from marketplace.partners.models import AccrualKind
from marketplace.partners.wording import LESS_DISCOUNT
from marketplace.points import steps as points
from marketplace.redemptions import cards, events, lining_up, rules
from marketplace.redemptions.models import Redemption, RedemptionState, WaitsFor
from marketplace.redemptions.refusals import NoContractInForce
from marketplace.risk import steps as risk
from marketplace.storefront.queries import Priced

REF_TYPE = "redemption"
MAX_REASON = 300
MAX_DEVICE = 200


def drafted(id: UUID, member_id: UUID, program: Program, priced: Priced, lots: int) -> Redemption:
    """A PENDING redemption that is not saved yet, with the price of all its lots."""
    return new(
        Redemption,
        id=id,
        member_id=member_id,
        program_id=program.id,
        offer_id=priced.offer.id,
        item_id=priced.item.id,
        partner_id=priced.partner_id,
        kind=priced.offer.kind,
        quantity=lots,
        state=RedemptionState.PENDING.value,
        points=priced.points * lots,
        list_points=priced.list_points * lots,
        discount_bp=priced.discount_bp,
        price_minor=priced.price_minor * lots,
        currency=priced.currency,
        home_minor=priced.home_minor * lots,
        home_currency=priced.home_currency,
        discount_minor=priced.discount_minor * lots,
        partner_discount_minor=priced.partner_discount_minor * lots,
        partner_share_bp=priced.partner_share_bp,
        point_value=priced.point_value,
        fx_rate=priced.fx_rate,
        fx_as_of=priced.fx_as_of,
        policy_id=priced.policy.id,
        arm=priced.policy.arm,
        worth_bp=priced.worth_bp,
        redeemed_at=clock.now(),
    )


async def one_at_a_time(what: str, member_id: UUID) -> None:
    """Let one transaction of a member pass here at a time, until it ends."""
    await database.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{what}:{member_id}")


async def set_aside(redemption: Redemption, program: Program) -> None:
    """Hold the points and the program's money; raises InsufficientPoints or ProgramUnfunded."""
    if redemption.points:
        held = await points.hold(
            redemption.member_id,
            program.unit,
            redemption.points,
            reason="redeem",
            ref_type=REF_TYPE,
            ref_id=redemption.id,
        )
        redemption.hold = held
    await members.hold_funding(program, cards.from_points(redemption), ref_type=REF_TYPE, ref_id=redemption.id)


def bearer_of_discounts(program: Program) -> tuple[accounts.AccountKey, accounts.AccountKey]:
    """From where to where the points go that the program bears for a tier."""
    return (
        accounts.program(program.id, Purpose.TIER_DISCOUNT, program.unit),
        accounts.program(program.id, Purpose.REDEEMED, program.unit),
    )


async def spend(
    redemption: Redemption, program: Program, title: str, terms: partners.TermsToday | None = None
) -> None:
    """Fulfil: post the held points as redeemed, take the card's part, and owe the partner; FULFILLED, not saved.

    `terms` are those of this moment, where they are known already. Raises NoContractInForce, or CardNotTaken while
    the card's bank has not set its part aside.
    """
    await cards.lend(redemption, program)
    discount = redemption.list_points - redemption.points
    if redemption.hold_id is not None:
        await points.spend_held(await redemption.hold, program.id, program.unit, discount=discount)
    elif discount:
        entry = Entry(*bearer_of_discounts(program), discount)
        await post("points.redeemed", REF_TYPE, redemption.id, [entry])
    if redemption.home_minor:
        cause = _cause(redemption, title)
        held = accounts.program(program.id, Purpose.FUNDING_HELD, program.home_currency)
        try:
            await partners.accrue(redemption.partner_id, cause, held, redemption.home_minor, terms)
        except partners.NoContract:
            raise NoContractInForce from None
    redemption.state = RedemptionState.FULFILLED.value
    redemption.fulfilled_at = clock.now()


def _cause(redemption: Redemption, title: str) -> partners.Cause:
    """What the partner is owed for: a kind of offer of a brand, which may have a commission of its own."""
    what = _stated(redemption, title)
    return partners.Cause(AccrualKind.SALE, REF_TYPE, redemption.id, what, redemption.kind, redemption.offer_id)


def _stated(redemption: Redemption, title: str) -> str:
    """How a statement describes the sale: with what the partner bore of a discount, if it did."""
    if not redemption.partner_discount_minor:
        return title
    part = Money(redemption.partner_discount_minor, redemption.home_currency)
    return LESS_DISCOUNT.written(what=title[:220], amount=part)


def sound_reason(reason: str) -> str:
    """A reason that can be kept; raises InvalidInput."""
    text = reason.strip()
    if not text or len(text) > MAX_REASON:
        raise InvalidInput.at("reason", "Give a reason of 1 to {most} characters.", most=MAX_REASON)
    return text


def sound_device(device: str | None) -> str | None:
    """A device's name that can be compared; raises InvalidInput."""
    if device is not None and not (0 < len(device) <= MAX_DEVICE and device.isprintable()):
        raise InvalidInput.at("device", "Give 1 to {most} printable characters.", most=MAX_DEVICE)
    return device


async def give(redemption: Redemption, program: Program, message: str) -> None:
    """Fulfil a donation: the held points become a pledge; the redemption is FULFILLED, not saved.

    Raises CharityNotOpen.
    """
    gift = donations.Gift(
        hold=await redemption.hold,
        home_minor=redemption.home_minor,
        discount=redemption.list_points - redemption.points,
        message=message,
        redemption_id=redemption.id,
    )
    await donations.pledge(program, await redemption.partner, gift)
    redemption.state = RedemptionState.FULFILLED.value
    redemption.fulfilled_at = clock.now()


async def title_of(redemption: Redemption) -> str:
    """What a statement calls it."""
    offer, item = await redemption.offer, await redemption.item
    return title(offer.title, item.label)


def title(offer: dict[str, str], item: dict[str, str]) -> str:
    """The offer's title and the item's label in English, or the language they have."""
    return ", ".join(filter(None, (localised(offer, ()), localised(item, ()))))[:300]


def unit_refs(redemption_id: UUID, lots: int) -> list[UUID]:
    """The cause of each unit taken: the redemption's id for the first, ids derived from it for more."""
    return [redemption_id, *(uuid5(redemption_id, str(lot)) for lot in range(1, lots))]


async def take_units(item: Item, redemption_id: UUID, lots: int) -> int | None:
    """Take the stock, last of all; returns the code's position. Raises OfferSoldOut."""
    positions = [
        await catalog.take_stock(item, ref_type=REF_TYPE, ref_id=ref) for ref in unit_refs(redemption_id, lots)
    ]
    return positions[0]


async def add_with_units(redemption: Redemption, item: Item) -> None:
    """Write the redemption and take its stock, which is locked last of all. Raises OfferSoldOut.

    One unit is taken by the statement that writes everything else; `code_position` is known when that is written.
    """

    def told(position: int | None) -> None:
        redemption.code_position = position

    async with catalog.take_along(item, redemption.quantity, (REF_TYPE, redemption.id), told) as given:
        if given is not None:
            await database.add(redemption, **given)
            return
    redemption.code_position = await take_units(item, redemption.id, redemption.quantity)
    await database.add(redemption)


async def undo(redemption: Redemption, goal: RedemptionState, reason: str) -> None:
    """Put everything back of what is PENDING: points into their very lots, money into the funding, the units.

    The row must be locked and its state checked.
    """
    program: Program = await redemption.program
    if redemption.hold_id is not None:
        await points.release(await redemption.hold, program.unit)
    await members.release_funding(program, cards.from_points(redemption), ref_type=REF_TYPE, ref_id=redemption.id)
    held = accounts.program(program.id, Purpose.FUNDING_HELD, program.home_currency)
    await cards.give_back(redemption, held, redemption.card_minor, redemption.id)
    await put_units_back(redemption, redemption.quantity)
    await close(redemption, goal, reason)


async def close(redemption: Redemption, goal: RedemptionState, reason: str) -> None:
    """The redemption has come to its end."""
    if redemption.waits_for == WaitsFor.IN_REVIEW:
        await risk.withdraw(redemption.id)
    redemption.state = goal.value
    redemption.waits_for = None
    redemption.closed_at = clock.now()
    redemption.closed_reason = reason
    await redemption.save(update_fields=["state", "closed_at", "closed_reason", "code_position", "waits_for"])
    await events.tell(redemption)


async def put_units_back(redemption: Redemption, units: int, kept: int = 0) -> None:
    """The member holds so many units less and keeps `kept`; what can be sold again goes to who waits.

    To be called while the redemption still stands: so it is offered to others, not to who gives it back.
    """
    item: Item = await redemption.item
    await catalog.uncount_for_member(item, redemption.member_id, units)
    if (await redemption.offer).limits:
        await catalog.uncount_for_limits(item.offer_id, redemption.member_id, units, redemption.redeemed_at)
    if not kept and (await redemption.program).limits:
        await members.uncount_use(redemption.member_id, redemption.points, redemption.redeemed_at)
    if not rules.is_resellable(
        RedemptionState(redemption.state),
        OfferKind(redemption.kind),
        revealed=redemption.revealed_at is not None,
        starts_at=item.starts_at,
        now=clock.now(),
    ):
        return
    if item.stock_mode == StockMode.CODES and redemption.code_position is None:
        return
    for ref in unit_refs(redemption.id, kept + units)[kept:]:
        await catalog.put_back(item, redemption.code_position, ref_type=REF_TYPE, ref_id=ref)
    redemption.code_position = None
    await lining_up.hand_on(item, units)
