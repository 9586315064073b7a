"""How each kind of event of the story is done: one door each, as its actor, with a key of its own."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, TypeVar

from tortoise.models import Model

from marketplace.app.demo.cast import Cast
from marketplace.app.demo.membership import number_for
from marketplace.app.demo.story import Did, Donated, Earned, Event, Gave, Redeemed
from marketplace.donations.operations import DonatePoints, donate_points
from marketplace.earning.operations import RecordEvent, ReverseEvent, record_event, reverse_event
from marketplace.earning.told import Told
from marketplace.gifts.models import Gift
from marketplace.gifts.operations import (
    ClaimGift,
    GivePoints,
    RecallGift,
    claim_gift,
    give_points,
    recall_gift,
)
from marketplace.kit import clock, database
from marketplace.kit.actor import Actor
from marketplace.points.operations import AwardPoints, award_points
from marketplace.redemptions.addresses import Address
from marketplace.redemptions.models import Redemption
from marketplace.redemptions.operations import (
    CancelRedemption,
    ConfirmCredit,
    MarkDelivered,
    RedeemOffer,
    RefundRedemption,
    RefuseCredit,
    ShipRedemption,
    cancel_redemption,
    confirm_credit,
    mark_delivered,
    redeem_offer,
    refund_redemption,
    refuse_credit,
    ship_redemption,
)
from marketplace.settlement.operations import Settle, settle
from marketplace.storefront.queries import price_item

M = TypeVar("M", bound=Model)
POSTAL: Final = {
    "SE": ("111 22", "Stockholm"), "NO": ("0150", "Oslo"), "FI": ("00100", "Helsinki"),
    "DK": ("1050", "København"), "NL": ("1012 AB", "Amsterdam"), "MY": ("50000", "Kuala Lumpur"),
    "SG": ("018956", "Singapore"), "ID": ("10110", "Jakarta"), "US": ("10001", "New York"),
    "GB": ("SW1A 1AA", "London"), "DE": ("10115", "Berlin"), "KZ": ("050000", "Almaty"),
    "AE": ("00000", "Dubai"), "FR": ("75001", "Paris"),
}  # fmt: skip
"""A postal code and town for each country that members live in."""


def key_of(event: Event, what: str = "") -> str:
    """The event's own idempotency key: the same on every play."""
    return f"demo:{type(event).__name__}:{event.member}:{event.days_ago}:{event.minute}{what}"


async def earned(company: Cast, event: Earned) -> None:
    """The program's server awards points."""
    member = company.members[event.member]
    command = AwardPoints(
        idempotency_key=key_of(event), member_id=member.id, reference=event.reference, points=event.points,
        reason=event.reason,
    )  # fmt: skip
    await award_points(company.program_of(member), command)


async def told(company: Cast, event: Did) -> None:
    """The program's server tells what the member did; its rules give what they say."""
    member = company.members[event.member]
    told = Told(
        type=event.type, reference=event.reference, member_id=member.id, amount=event.amount, channel="till"
    )
    command = RecordEvent(idempotency_key=key_of(event), told=told)
    await record_event(company.program_of(member), command)


async def sent_back(company: Cast, event: Did) -> None:
    """The purchase went back, and its points with it."""
    server = company.program_of(company.members[event.member])
    command = ReverseEvent(
        idempotency_key=key_of(event, ":back"), reference=event.reference, reason="Sent back",
        reversal_reference=f"{event.reference}-back",
    )  # fmt: skip
    await reverse_event(server, command)


async def redeemed(company: Cast, event: Redeemed) -> None:
    """The member looks at the price and takes the reward."""
    member = company.members[event.member]
    item = company.items[event.brand_slug, event.offer_sku, event.item_sku]
    priced = await price_item(member.id, item)
    command = RedeemOffer(
        idempotency_key=key_of(event),
        item_id=item,
        expected_points=priced.points,
        membership_number=_number(event.member, priced.offer),
        lots=1 if event.kind == "BRAND_CURRENCY" else None,
        address=await _address(member) if event.kind == "MERCHANDISE" else None,
    )
    await redeem_offer(member, command)


async def given_back(company: Cast, event: Redeemed) -> None:
    """The day after: a booking or an order is cancelled; what was fulfilled is refunded by support."""
    redemption = await _made(company, event, Redemption)
    if redemption.state == "PENDING" or event.kind == "EXPERIENCE":
        undo = CancelRedemption(idempotency_key=key_of(event, ":cancel"), redemption_id=redemption.id)
        await cancel_redemption(company.members[event.member], undo)
    else:
        refund = RefundRedemption(
            idempotency_key=key_of(event, ":refund"), redemption_id=redemption.id, reason="It could not be used."
        )
        await refund_redemption(company.operator, refund)


async def answered(company: Cast, event: Redeemed) -> None:
    """The partner sends the parcel, or takes the brand currency into the member's account."""
    redemption = await _made(company, event, Redemption)
    partner, key = company.partners[event.brand_slug], key_of(event, ":answer")
    if event.kind == "MERCHANDISE":
        tracking = f"DEMO{event.days_ago:02}{event.minute:04}"
        parcel = ShipRedemption(
            idempotency_key=key, redemption_id=redemption.id, carrier="Demo Post", tracking=tracking
        )
        await ship_redemption(partner, parcel)
    elif event.minute % 7 == 0:
        no = RefuseCredit(idempotency_key=key, redemption_id=redemption.id, reason="No such membership number.")
        await refuse_credit(partner, no)
    else:
        await confirm_credit(partner, ConfirmCredit(idempotency_key=key, redemption_id=redemption.id))


async def delivered(company: Cast, event: Redeemed) -> None:
    """The parcel has arrived."""
    redemption = await _made(company, event, Redemption)
    arrived = MarkDelivered(idempotency_key=key_of(event, ":arrived"), redemption_id=redemption.id)
    await mark_delivered(company.partners[event.brand_slug], arrived)


async def gave(company: Cast, event: Gave) -> None:
    """A member gives points away."""
    command = GivePoints(
        idempotency_key=key_of(event), points=event.points, recipient_reference=event.to, message=event.message
    )
    await give_points(company.members[event.member], command)


async def gift_closed(company: Cast, event: Gave) -> None:
    """The named member claims the gift; a link that nobody used is recalled."""
    gift = await _made(company, event, Gift)
    if event.to is not None:
        claim = ClaimGift(idempotency_key=key_of(event, ":claim"), gift_id=gift.id)
        await claim_gift(company.members[event.to], claim)
    else:
        recall = RecallGift(idempotency_key=key_of(event, ":recall"), gift_id=gift.id)
        await recall_gift(company.members[event.member], recall)


async def donated(company: Cast, event: Donated) -> None:
    """A member gives points to a charity."""
    charity = company.partners[event.charity]
    command = DonatePoints(idempotency_key=key_of(event), charity_id=charity.id, points=event.points)
    await donate_points(company.members[event.member], command)


async def _made(company: Cast, event: Event, row: type[M]) -> M:
    """What the event's own door made."""
    key = "SELECT result_id FROM operation_record WHERE actor_id = $1 AND idempotency_key = $2"
    member = company.members[event.member]
    return await row.get(id=await database.value(key, member.id, key_of(event)))


def _number(member: str, offer: Any) -> str | None:
    return number_for(offer.number_pattern, offer.check_digit, member) if offer.number_pattern else None


async def _address(member: Actor) -> Address:
    row = await database.row(
        "SELECT name, country FROM member JOIN personal_data ON personal_data.member_id = member.id "
        "WHERE member.id = $1",
        member.id,
    )
    assert row is not None
    code, town = POSTAL[row["country"]]
    region = "NY" if row["country"] == "US" else ""
    return Address(
        name=row["name"], line1="Example Street 1", line2="", postal_code=code, city=town, region=region,
        country=row["country"],
    )  # fmt: skip


async def settled(company: Cast) -> None:
    """Finance settles every partner up to the day before yesterday, over in every time zone."""
    until = clock.today() - timedelta(days=2)
    await settle(company.operator, Settle(idempotency_key="demo:settle", until=until))


PLAYS: Final[dict[type[Event], Callable[..., Awaitable[None]]]] = {
    Earned: earned,
    Redeemed: redeemed,
    Gave: gave,
    Donated: donated,
    Did: told,
}


def after(event: Event) -> list[tuple[timedelta, Callable[..., Awaitable[None]]]]:
    """What came of an event later, and how much later."""
    day = timedelta(days=1)
    match event:
        case Redeemed(refunded=True):
            return [(day, given_back)]
        case Redeemed(kind="MERCHANDISE", unanswered=False):
            return [(2 * day, answered), (4 * day, delivered)]
        case Redeemed(kind="BRAND_CURRENCY", unanswered=False):
            return [(day, answered)]
        case Did(returned=True):
            return [(2 * day, sent_back)]
        case Gave(still_open=False):
            return [(day, gift_closed)]
        case _:
            return []
