"""What a reward costs a member in points, and why it may be closed to them. Pure decisions, no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from uuid import UUID

from marketplace.catalog.models import OfferStatus
from marketplace.catalog.queries import ItemRow, OfferRow
from marketplace.catalog.refusals import ClosedReason, NotAvailable, OfferSoldOut
from marketplace.kit import money
from marketplace.kit.periods import FOR_EVER, LimitPeriod
from marketplace.kit.refusals import InvalidInput, Refusal
from marketplace.ledger.queries import Rate
from marketplace.members.refusals import ProgramLimitReached
from marketplace.points.refusals import InsufficientPoints
from marketplace.storefront import bearers
from marketplace.storefront.cash import THOUSAND, Ratios

MOST_POINTS = 2**53 - 1
VALUE_ONLY = Ratios()
"""Before a program has a policy: rewards at the points' value, and no cash."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A program's limit per member with what one has used of it: until `resets_at`, and of it until `ends_at`."""

    period: LimitPeriod
    most_redemptions: int | None
    most_points: int | None
    redemptions: int
    points: int
    resets_at: datetime | None
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Shopper:
    """For whom something is priced: a member, or (without `member_id`) a program, at its list prices.

    `point_value` is in major units of the home currency, in force since `point_value_from`; both None before
    the program has stated one.
    """

    program_id: UUID
    unit: str
    home_currency: str
    program_countries: tuple[str, ...]
    point_value: Decimal | None
    point_value_from: date | None
    member_id: UUID | None = None
    country: str | None = None
    tier_name: str | None = None
    tier_rank: int = 0
    discount_bp: int = 0
    margin_bp: int | None = None
    max_discount_points: int | None = None
    segments: tuple[str, ...] = ()
    spendable: int = 0
    limits: tuple[Limit, ...] = ()
    policy: Ratios = VALUE_ONLY


@dataclass(frozen=True, slots=True)
class Price:
    """The price passport: what an amount of a market's currency is for a member, and by which figures.

    `home_minor` is the same in the program's home currency at `rate`; `list_points` before and `points` after
    the tier's discount, of which the partner bears `partner_share_bp`. For this kind of reward a point is worth
    `worth_bp` of its value.
    """

    price_minor: int
    currency: str
    home_minor: int
    home_currency: str
    list_points: int
    points: int
    discount_bp: int
    point_value: Decimal
    point_value_from: date
    rate: Rate
    worth_bp: int = money.BASIS_POINTS
    floor_points: int | None = None
    floor_applied: bool = False
    cap_applied: bool = False
    partner_share_bp: int = 0

    @property
    def discount_minor(self) -> int:
        """What the discount is worth, in minor units of the home currency."""
        return bearers.discount_minor(self.home_minor, self.list_points, self.points)

    @property
    def partner_discount_minor(self) -> int:
        """What the partner bears of it: so much less than the price is charged to the program's funding."""
        return bearers.part_of_partner(self.discount_minor, self.partner_share_bp)

    @property
    def worth_per_thousand_minor(self) -> int | None:
        """What 1,000 points buy here, in minor units of the home currency, half-even; None when it is free."""
        if not self.points:
            return None
        return round(Decimal(self.home_minor * THOUSAND) / self.points)


def home_price(price_minor: int, currency: str, home_currency: str, rate: Decimal) -> int:
    """A market's price in minor units of the home currency, rounded up: the program's money covers the cost."""
    return money.convert(price_minor, currency, home_currency, rate, ROUND_CEILING)


def after_discount(list_points: int, discount_bp: int) -> int:
    """Points after a tier's discount in basis points, rounded up: 9 % off 1,001 is 911."""
    return -(-list_points * (money.BASIS_POINTS - discount_bp) // money.BASIS_POINTS)


def price(
    shopper: Shopper,
    price_minor: int,
    currency: str,
    rate: Rate | None,
    worth_bp: int = money.BASIS_POINTS,
    contract_shares: str | None = None,
) -> Price:
    """Price an amount: points = ceil(price in home currency / what a point is worth for the kind), then the
    tier's discount, rounded up, at most the program's cap.

    With the contract's shares, the discount stops where the points would be worth less than what the partner is
    owed after its own part of the discount, and the program's margin on it.

    Raises NotAvailable (NO_RATE) without an exchange rate or a point value.
    """
    if rate is None or shopper.point_value is None or shopper.point_value_from is None:
        raise NotAvailable.because(ClosedReason.NO_RATE)
    home_minor = home_price(price_minor, currency, shopper.home_currency, rate.rate)
    worth = shopper.point_value * worth_bp / money.BASIS_POINTS
    list_points = money.points_for(home_minor, shopper.home_currency, worth)
    wished = after_discount(list_points, shopper.discount_bp)
    capped = wished
    if shopper.max_discount_points is not None:
        capped = max(wished, list_points - shopper.max_discount_points)
    floor, terms = None, bearers.terms_of(contract_shares) if contract_shares and shopper.discount_bp else None
    if shopper.margin_bp is not None and terms is not None:
        listed = bearers.Listed(home_minor, shopper.home_currency, list_points, worth)
        floor = bearers.floor_points(listed, terms, shopper.margin_bp)
    return Price(
        price_minor=price_minor,
        currency=currency,
        home_minor=home_minor,
        home_currency=shopper.home_currency,
        list_points=list_points,
        points=max(capped, floor or 0),
        discount_bp=shopper.discount_bp,
        point_value=shopper.point_value,
        point_value_from=shopper.point_value_from,
        rate=rate,
        worth_bp=worth_bp,
        floor_points=floor,
        floor_applied=floor is not None and floor > capped,
        cap_applied=capped > wished,
        partner_share_bp=terms.share_bp if terms else 0,
    )


def dearest_within(
    shopper: Shopper,
    points: int,
    currency: str,
    rate: Rate | None,
    worth_bp: int = money.BASIS_POINTS,
    contract_shares: str | None = None,
) -> int:
    """The highest price in minor units that costs this shopper at most `points`; -1 when even nothing is more.

    Prices in points never fall when prices in money rise, so halving finds it.
    """
    low, high = -1, 1
    while price(shopper, high, currency, rate, worth_bp, contract_shares).points <= points and high < MOST_POINTS:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if price(shopper, middle, currency, rate, worth_bp, contract_shares).points <= points:
            low = middle
        else:
            high = middle
    return low


def chosen_amount(item: ItemRow, amount_minor: int | None) -> int:
    """What an item costs in its market: its price, or the amount chosen within its range and on its steps.

    Raises InvalidInput for an amount that the item does not have, or none where one must be chosen.
    """
    low, high = item.price_minor, item.max_price_minor
    if high is None:
        if amount_minor not in (None, low):
            raise InvalidInput.at("amount", "This reward has one price; leave the amount out.")
        return low
    span = {"least": money.Money(low, item.currency), "most": money.Money(high, item.currency)}
    if amount_minor is None:
        raise InvalidInput.at("amount", "Choose an amount from {least} to {most}.", **span)
    if not low <= amount_minor <= high:
        raise InvalidInput.at("amount", "The amount must be from {least} to {most}.", **span)
    if item.step_minor and (amount_minor - low) % item.step_minor:
        step = money.Money(item.step_minor, item.currency)
        raise InvalidInput.at(
            "amount", "The amount must be {least} plus steps of {step}.", least=span["least"], step=step
        )
    return amount_minor


def opens_for(shopper: Shopper, offer: OfferRow) -> datetime:
    """When an offer opens for the shopper: earlier by the most hours that their tier's rank gives."""
    ranks = (shopper.tier_rank,) if shopper.member_id else ()
    hours = [hours for rank, hours in offer.early_access.items() for held in ranks if int(rank) <= held]
    return offer.published_from - timedelta(hours=max(hours, default=0))


def with_reserved(item: ItemRow, units: int) -> ItemRow:
    """An item as it stands for a member for whom so many units are set aside: nobody has taken those."""
    left = None if item.units_left is None else item.units_left + units
    return replace(item, units_left=left, taken_by_member=item.taken_by_member - units)


def closed(
    shopper: Shopper, offer: OfferRow, item: ItemRow, moment: datetime, full_until: datetime | None = None
) -> Refusal | None:
    """Why the shopper cannot take an item whatever it costs: the first reason that holds, None when open.

    `full_until` says when a limit of the offer resets that the member has reached.
    """
    reason = _closed_for_all(offer, item, moment) or _closed_for(shopper, offer, item)
    if reason is not None:
        return NotAvailable.because(reason)
    opens_at = opens_for(shopper, offer)
    if opens_at > moment:
        return NotAvailable.because(ClosedReason.NOT_YET_OPEN, opens_at)
    if item.units_left is not None and item.units_left <= 0:
        return OfferSoldOut()
    if shopper.member_id and item.max_per_member is not None and item.taken_by_member >= item.max_per_member:
        return NotAvailable.because(ClosedReason.LIMIT_REACHED)
    if full_until is not None:
        return NotAvailable.because(ClosedReason.LIMIT_REACHED, None if full_until >= FOR_EVER else full_until)
    return over_limit(shopper, 0, moment)


def over_limit(shopper: Shopper, points: int, moment: datetime) -> ProgramLimitReached | None:
    """That the program's limits leave no room for one more redemption of so many points."""
    for limit in shopper.limits:
        counts = limit.resets_at is None or limit.resets_at > moment
        redemptions, spent = (limit.redemptions, limit.points) if counts else (0, 0)
        full = limit.most_redemptions is not None and redemptions >= limit.most_redemptions
        if full or (limit.most_points is not None and spent + points > limit.most_points):
            resets = limit.ends_at
            return ProgramLimitReached(period=limit.period, resets_at=None if resets >= FOR_EVER else resets)
    return None


def _closed_for_all(offer: OfferRow, item: ItemRow, moment: datetime) -> ClosedReason | None:
    if offer.status != OfferStatus.PUBLISHED or not item.active or not offer.partner_open:
        return ClosedReason.CLOSED
    if offer.published_until is not None and offer.published_until <= moment:
        return ClosedReason.ENDED
    if item.starts_at is not None and item.starts_at <= moment:
        return ClosedReason.STARTED
    return None


def _closed_for(shopper: Shopper, offer: OfferRow, item: ItemRow) -> ClosedReason | None:
    home = (shopper.country,) if shopper.country else shopper.program_countries
    if item.country not in home:
        return ClosedReason.NOT_IN_YOUR_MARKET
    if shopper.member_id is None:
        return None
    if shopper.tier_rank < offer.min_tier_rank:
        return ClosedReason.TIER_TOO_LOW
    if offer.segment is not None and offer.segment not in shopper.segments:
        return ClosedReason.NOT_FOR_YOU
    return None


def most_within(
    shopper: Shopper,
    item: ItemRow,
    points: int,
    rate: Rate | None,
    worth_bp: int = money.BASIS_POINTS,
    contract_shares: str | None = None,
) -> int | None:
    """The highest amount of an item that costs at most `points`; None when even its least costs more."""
    if rate is None or shopper.point_value is None:
        return None
    limit = dearest_within(shopper, points, item.currency, rate, worth_bp, contract_shares)
    low, high = item.price_minor, min(item.max_price_minor or item.price_minor, limit)
    if high < low:
        return None
    return high - (high - low) % item.step_minor if item.step_minor else high


def nothing_here(offer: OfferRow) -> Refusal:
    """Why an offer without any item in a market cannot be taken there."""
    open_elsewhere = offer.status == OfferStatus.PUBLISHED and offer.partner_open
    return NotAvailable.because(ClosedReason.NOT_IN_YOUR_MARKET if open_elsewhere else ClosedReason.CLOSED)


def out_of_reach(shopper: Shopper, points: int) -> InsufficientPoints | None:
    """That the wallet holds too little, as spending would say it; None when it holds enough."""
    if shopper.member_id is None or shopper.spendable >= points:
        return None
    available = shopper.spendable
    return InsufficientPoints(required=points, available=available, missing=points - available)


@dataclass(frozen=True, slots=True)
class Quote:
    """An item with its price for a shopper (None without a rate) and why they cannot take it (None: they can)."""

    item: ItemRow
    price: Price | None
    refusal: Refusal | None


def quote(
    shopper: Shopper,
    offer: OfferRow,
    item: ItemRow,
    amount_minor: int,
    rate: Rate | None,
    moment: datetime,
    full_until: datetime | None = None,
) -> Quote:
    """Price an item and say whether the shopper can take it now."""
    refusal = closed(shopper, offer, item, moment, full_until)
    try:
        priced = price(
            shopper, amount_minor, item.currency, rate, shopper.policy.worth_of(offer.kind), offer.contract_shares
        )
    except NotAvailable as unpriced:
        return Quote(item, None, refusal or unpriced)
    refusal = refusal or out_of_reach(shopper, priced.points) or over_limit(shopper, priced.points, moment)
    return Quote(item, priced, refusal)


def best(quotes: Sequence[Quote]) -> Quote | None:
    """The quote an offer is shown with: the cheapest that can be taken, else the cheapest."""

    def rank(each: Quote) -> tuple[bool, bool, int]:
        unreachable = each.refusal is not None
        return (
            unreachable and not isinstance(each.refusal, InsufficientPoints),
            unreachable,
            each.item.price_minor,
        )

    return min(quotes, key=rank, default=None)
