"""A month in the life of the demo's members, as data: what each did, and how many days ago.

The loader plays it through the same doors that the API uses, with the clock set to each moment, so every
lot, hold, accrual and ledger row comes about as it would have. Balances here are a careful estimate (tier
discounts are ignored), so a redemption that is told can also be paid.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from random import Random

from marketplace.app.demo import data, prices
from marketplace.app.demo.members import MemberSeed, members
from marketplace.app.demo.offers import FLAGSHIPS
from marketplace.app.demo.programs import PROGRAMS, ProgramSeed
from marketplace.app.demo.seeds import ItemSeed, OfferSeed
from marketplace.earning.words import EventType
from marketplace.kit.money import Money

DAYS = 30
_REASONS = ("PURCHASE", "PURCHASE", "PURCHASE", "GOAL", "REVIEW", "SURVEY", "REFERRAL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something a member did, `days_ago` days before the world was made, at `minute` of the day (UTC)."""

    days_ago: int
    minute: int
    member: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Earned(Event):
    """The program's server awarded points."""

    points: int
    reason: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed(Event):
    """One item was taken; a `refunded` one was given back a day later, an `unanswered` one still waits."""

    brand_slug: str
    offer_sku: str
    item_sku: str
    kind: str
    refunded: bool = False
    unanswered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Gave(Event):
    """Points went to another member of the program, or by claim link to somebody (`to` is None).

    A day later it was claimed, a link that nobody used was recalled, and some are still open.
    """

    to: str | None
    still_open: bool
    points: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Donated(Event):
    """Points became a pledge to a charity."""

    charity: str
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Did(Event):
    """Something that a rule of the program may give points for; a `returned` purchase went back two days later."""

    type: EventType
    amount: Money | None
    reference: str
    returned: bool = False


def tell(catalogue: list[OfferSeed]) -> list[Event]:
    """The month's events in the order they happened."""
    shelves = _Shelves(catalogue)
    events = [event for member in members() for event in _of_member(member, shelves)]
    events += [event for member in members() for event in _doings_of(member)]
    return sorted(events, key=lambda event: (-event.days_ago, event.minute, event.member))


class _Shelves:
    """What is open to all, by country, cheapest first."""

    def __init__(self, catalogue: list[OfferSeed]) -> None:
        self._by_country: dict[str, dict[str, list[tuple[OfferSeed, ItemSeed]]]] = {}
        for offer in catalogue:
            if offer.min_tier or offer.published_from_days or offer.published_until_days:
                continue
            for item in offer.items:
                if item.price_minor > 0 and item.stock != 0:
                    kinds = self._by_country.setdefault(item.country, {})
                    kinds.setdefault(offer.kind, []).append((offer, item))

    def affordable(
        self, country: str, kind: str, budget: int, program: ProgramSeed
    ) -> list[tuple[OfferSeed, ItemSeed, int]]:
        """Items of a kind that cost at most so many points, with their price."""
        found: list[tuple[OfferSeed, ItemSeed, int]] = []
        for offer, item in self._by_country.get(country, {}).get(kind, ()):
            points = points_for(item, program)
            if points <= budget and (item.stock is None or item.stock >= 3):
                found.append((offer, item, points))
        return found


def points_for(item: ItemSeed, program: ProgramSeed) -> int:
    """An estimate of the points price: the item's price in the home currency, over the point's value."""
    rates = data.rates()
    home = Money(item.price_minor, item.currency).amount / rates[item.currency] * rates[program.home_currency]
    return int((home / program.point_value).to_integral_value(ROUND_CEILING))


def _of_member(member: MemberSeed, shelves: _Shelves) -> Iterator[Event]:
    dice = Random(f"story:{member.reference}")  # noqa: S311 (invented, not a secret)
    program = PROGRAMS[member.program]
    balance = member.opening_points
    yield Earned(
        days_ago=DAYS,
        minute=dice.randint(360, 600),
        member=member.reference,
        points=member.opening_points,
        reason="SIGN_UP",
        reference=f"welcome-{member.reference}",
    )
    for number, day in enumerate(sorted(dice.sample(range(1, DAYS - 1), dice.randint(3, 6)), reverse=True)):
        minute = dice.randint(420, 1260)
        if dice.random() < 0.5:
            points = _worth(Decimal(dice.choice((2, 3, 5, 8, 12))), program)
            balance += points
            yield Earned(
                days_ago=day,
                minute=minute,
                member=member.reference,
                points=points,
                reason=dice.choice(_REASONS),
                reference=f"order-{member.reference}-{number}",
            )
            continue
        spent = _spend(member, program, shelves, balance // 2, day, minute, dice)
        if spent is not None:
            event, points = spent
            balance -= points
            yield event


def _doings_of(member: MemberSeed) -> Iterator[Did]:
    """What the member does that rules look at: it only adds to what they have."""
    dice = Random(f"doings:{member.reference}")  # noqa: S311 (invented, not a secret)
    currency = data.markets()[member.country].currency
    for number, day in enumerate(sorted(dice.sample(range(1, DAYS - 1), dice.randint(2, 5)), reverse=True)):
        kind = dice.choices(
            (EventType.PURCHASE, EventType.REPEAT_PURCHASE, EventType.TILL_SCAN, EventType.REVIEW),
            (50, 20, 20, 10),
        )[0]
        bought = kind in (EventType.PURCHASE, EventType.REPEAT_PURCHASE)
        euros = Decimal(dice.choice((8, 15, 24, 40, 75)))
        yield Did(
            days_ago=day,
            minute=dice.randint(420, 1260),
            member=member.reference,
            type=kind,
            amount=Money(prices.shop_price(euros, currency), currency) if bought else None,
            reference=f"till-{member.reference}-{number}",
            returned=bought and day > 4 and dice.random() < 0.1,
        )


def _spend(
    member: MemberSeed,
    program: ProgramSeed,
    shelves: _Shelves,
    budget: int,
    day: int,
    minute: int,
    dice: Random,
) -> tuple[Event, int] | None:
    roll = dice.random()
    if roll < 0.12:
        return _give(member, program, budget, day, minute, dice)
    if roll < 0.2:
        points = min(budget, _worth(Decimal(3), program))
        charity = dice.choice(sorted(data.charities()))
        event = Donated(days_ago=day, minute=minute, member=member.reference, charity=charity, points=points)
        return (event, points) if points > 0 else None
    kind = dice.choices(
        ("VOUCHER", "MERCHANDISE", "EXPERIENCE", "BRAND_CURRENCY", "DONATION"), (50, 18, 12, 12, 8)
    )[0]
    choices = shelves.affordable(member.country, kind, budget, program)
    if not choices:
        return None
    favourites = [choice for choice in choices if choice[0].brand_slug in FLAGSHIPS]
    offer, item, points = dice.choice(favourites if favourites and dice.random() < 0.4 else choices)
    taken = Redeemed(
        days_ago=day,
        minute=minute,
        member=member.reference,
        brand_slug=offer.brand_slug,
        offer_sku=offer.sku,
        item_sku=item.sku,
        kind=kind,
        refunded=day > 2 and dice.random() < (0.08 if kind == "VOUCHER" else 0.25),
        unanswered=day < 5,
    )
    return taken, points


def _give(
    member: MemberSeed, program: ProgramSeed, budget: int, day: int, minute: int, dice: Random
) -> tuple[Event, int] | None:
    points = min(budget, _worth(Decimal(4), program))
    friends = [
        other.reference
        for other in members()
        if other.program == member.program and other.reference != member.reference
    ]
    to = dice.choice(friends) if dice.random() < 0.6 else None
    words = {"sv": "Grattis på födelsedagen!", "nb": "Takk for hjelpen!", "nl": "Van harte gefeliciteerd!",
             "ms": "Selamat hari jadi!", "ru": "С днём рождения!"}  # fmt: skip
    message = next((words[language] for language in member.languages if language in words), "A little thank-you!")
    event = Gave(
        days_ago=day,
        minute=minute,
        member=member.reference,
        to=to,
        still_open=day < 3 or dice.random() < 0.25,
        points=points,
        message=message,
    )
    return (event, points) if points > 0 else None


def _worth(euros: Decimal, program: ProgramSeed) -> int:
    """Points worth about so many euros, to the next 50."""
    home = Money(prices.round_amount(euros, program.home_currency), program.home_currency).amount
    return max(50, int(home / program.point_value) // 50 * 50)
