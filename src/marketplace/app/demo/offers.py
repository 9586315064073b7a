"""The generated catalogue: over five thousand offers of real brands, the same ones every time.

Each brand draws from its own random generator, seeded by its slug, so adding a brand leaves the
others as they were. No price, stock level or availability here is real: see `DISCLAIMER`.
"""

from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from random import Random

from marketplace.app.demo import data, giving, prices, texts
from marketplace.app.demo.data import HOME, Brand
from marketplace.app.demo.seeds import CurrencySeed, ItemSeed, OfferSeed
from marketplace.app.demo.texts import Thing

SEED = "rewards"
FLAGSHIPS = (
    "starbucks", "sephora", "puma", "taco-bell", "the-body-shop", "new-balance", "tim-hortons",
)  # fmt: skip
"""Brands that sell in every home country and carry every kind."""
_HOME_CHANCE, _ELSEWHERE_CHANCE = 0.46, 0.05
_FREE = ("free-sample", "free-coffee", "placement-test")
"""Entitlements that cost the program nothing."""
_HOURS = {"morning": 8, "afternoon": 13, "evening": 17}
_UNIT_OF = {"travel": "miles", "dining": "stars", "entertainment": "coins", "recharge": "credits"}


def generate() -> Iterator[OfferSeed]:
    """Every offer of the world, brand by brand, then charity by charity."""
    for brand in data.brands().values():
        yield from of_brand(brand)
    yield from giving.generate()


@cache
def catalogue() -> list[OfferSeed]:
    """Every offer of the world, made once in a process."""
    return list(generate())


def of_brand(brand: Brand) -> Iterator[OfferSeed]:
    """What one brand offers, in the markets it sells in."""
    dice = Random(f"{SEED}:{brand.slug}")  # noqa: S311 (a catalogue, not a secret)
    where = markets_of(brand, dice)
    if not where:
        return
    fame = max(brand.fame, 1) ** 2 * (3 if brand.slug in FLAGSHIPS else 1)
    yield from _gift_cards(brand, where, fame, dice)
    yield from _entitlements(brand, where, fame, dice)
    yield from _merchandise(brand, where, fame, dice)
    yield from _experiences(brand, where, fame, dice)
    if brand.slug in FLAGSHIPS or dice.random() < 0.94:
        yield _brand_currency(brand, where, fame, dice)


def markets_of(brand: Brand, dice: Random) -> list[str]:
    """Countries in which a brand sells here: all of a local brand's, a sample of a worldwide one's."""
    possible = [country for country in data.markets() if country in brand.countries]
    if brand.slug in FLAGSHIPS:
        return [country for country in possible if country in HOME or dice.random() < 0.3]
    if not brand.worldwide:
        return possible if len(possible) <= 9 else sorted(dice.sample(possible, 9))
    chance = {True: _HOME_CHANCE, False: _ELSEWHERE_CHANCE}
    chosen = [country for country in possible if dice.random() < chance[country in HOME]]
    return chosen or [dice.choice(possible)]


def _link(path: str) -> dict[str, str]:
    """Where a voucher that is a link leads: nowhere, it is a demo (RFC 2606)."""
    return {"link": f"https://redeem.example/{path}"}


def _gift_cards(brand: Brand, where: list[str], fame: int, dice: Random) -> Iterator[OfferSeed]:
    """One voucher offer a market, with the denominations people know there."""
    for country in where:
        currency = data.markets()[country].currency
        delivery = "LINK" if dice.random() < 0.35 else "CODE"
        key = "voucher_link" if delivery == "LINK" else "voucher_code"
        title, description = texts.written(key, brand=brand.name, line=texts.lines()[brand.category])
        amounts = prices.gift_card_amounts(currency, dice.choice((3, 3, 4, 5)))
        items: list[ItemSeed] = []
        for minor in amounts:
            codes = dice.randint(3, 7) if country in HOME else 2
            items.append(
                ItemSeed(
                    sku=f"GC-{country}-{minor}",
                    label=prices.label(minor, currency),
                    country=country,
                    currency=currency,
                    price_minor=minor,
                    face_value_minor=minor,
                    stock=codes if delivery == "CODE" else None,
                    coded=delivery == "CODE",
                    attributes=_link(f"{brand.slug}/{country}/{minor}") if delivery == "LINK" else {},
                )
            )
        starts, ends = _window(dice)
        yield OfferSeed(
            brand_slug=brand.slug,
            kind="VOUCHER",
            sku=f"GC-{country}",
            category=brand.category,
            title=title,
            description=description,
            items=tuple(items),
            popularity=_popularity(fame * 2, dice),
            delivery=delivery,
            published_from_days=starts,
            published_until_days=ends,
        )


def _entitlements(brand: Brand, where: list[str], fame: int, dice: Random) -> Iterator[OfferSeed]:
    """A free drink, an upgrade, a membership: a right rather than a sum."""
    for thing in texts.entitlements().get(brand.category, ()):
        if dice.random() > 0.4 and brand.slug not in FLAGSHIPS:
            continue
        title, description = texts.written("voucher_entitlement", thing=thing.names, brand=brand.name)
        items: list[ItemSeed] = []
        for country in where:
            currency = data.markets()[country].currency
            free = thing.key in _FREE
            items.append(
                ItemSeed(
                    sku=f"EN-{thing.key}-{country}",
                    label=thing.names,
                    country=country,
                    currency=currency,
                    price_minor=0 if free else prices.shop_price(Decimal(thing.euros), currency),
                    stock=dice.choice((None, None, 50, 200)),
                )
            )
        yield OfferSeed(
            brand_slug=brand.slug,
            kind="VOUCHER",
            sku=f"EN-{thing.key}",
            category=brand.category,
            title=title,
            description=description,
            items=tuple(items),
            popularity=_popularity(fame, dice),
            delivery="ENTITLEMENT",
            min_tier=_tier(dice, 0.12),
        )


def _merchandise(brand: Brand, where: list[str], fame: int, dice: Random) -> Iterator[OfferSeed]:
    """A few products, each with its variants in up to three of the brand's markets."""
    things = texts.products()[brand.category]
    how_many = 4 if brand.slug in FLAGSHIPS else dice.choice((2, 2, 2, 3, 4))
    for thing in dice.sample(things, how_many):
        title, description = texts.written(
            "merchandise", thing=thing.names, brand=brand.name, days=dice.choice((3, 5, 7))
        )
        options = texts.words(thing.options)
        keys = (
            list(options)
            if thing.options in ("size", "shoe")
            else dice.sample(list(options), min(3, len(options)))
        )
        euros = Decimal(thing.euros) * dice.choice((80, 90, 100, 110, 130)) / 100
        items = [_variant(thing, country, key, euros, dice) for country in _some(where, 3, dice) for key in keys]
        starts, ends = _window(dice)
        yield OfferSeed(
            brand_slug=brand.slug,
            kind="MERCHANDISE",
            sku=f"ME-{thing.key}",
            category=brand.category,
            title=title,
            description=description,
            items=tuple(items),
            popularity=_popularity(fame, dice),
            min_tier=_tier(dice, 0.04),
            published_from_days=starts,
            published_until_days=ends,
        )


def _variant(thing: Thing, country: str, key: str, euros: Decimal, dice: Random) -> ItemSeed:
    currency = data.markets()[country].currency
    return ItemSeed(
        sku=f"{thing.key}-{country}-{key}",
        label=texts.words(thing.options)[key],
        country=country,
        currency=currency,
        price_minor=prices.shop_price(euros, currency),
        stock=0 if dice.random() < 0.05 else dice.randint(3, 120),
        attributes={} if thing.options == "one" else {thing.options: key},
    )


def _experiences(brand: Brand, where: list[str], fame: int, dice: Random) -> Iterator[OfferSeed]:
    """Dated sessions with seats, each offer in one country."""
    things = texts.experiences()[brand.category]
    how_many = 2 if brand.slug in FLAGSHIPS else dice.choice((1, 1, 2, 2))
    for thing in dice.sample(things, min(how_many, len(things))):
        cancel = dice.choice((24, 48, 72))
        title, description = texts.written(
            "experience",
            thing=thing.names,
            brand=brand.name,
            duration=texts.duration(thing.minutes),
            hours=cancel,
        )
        country = dice.choice([country for country in where if country in HOME] or where)
        days = sorted(dice.sample(range(2, 75), dice.randint(4, 7)))
        items = [_session(thing, country, number, day, dice) for number, day in enumerate(days, start=1)]
        yield OfferSeed(
            brand_slug=brand.slug,
            kind="EXPERIENCE",
            sku=f"EX-{thing.key}-{country}",
            category=brand.category,
            title=title,
            description=description,
            items=tuple(items),
            popularity=_popularity(fame, dice),
            min_tier=_tier(dice, 0.1),
            cancel_until_hours=cancel,
        )


def _session(thing: Thing, country: str, number: int, day: int, dice: Random) -> ItemSeed:
    time = dice.choice(list(_HOURS))
    currency = data.markets()[country].currency
    return ItemSeed(
        sku=f"{thing.key}-{country}-{number}",
        label=texts.words("time")[time],
        country=country,
        currency=currency,
        price_minor=prices.shop_price(Decimal(thing.euros), currency),
        stock=dice.randint(4, 24),
        starts_in_days=day,
        start_hour=_HOURS[time],
        duration_minutes=thing.minutes,
    )


def _brand_currency(brand: Brand, where: list[str], fame: int, dice: Random) -> OfferSeed:
    """The brand's own miles, stars or points: one lot, priced in each market."""
    unit, unit_of = texts.units()[_UNIT_OF.get(brand.category, "points")]
    lot = dice.choice((100, 250, 500, 1000))
    title, description = texts.written("brand_currency", brand=brand.name, units=unit, units_of=unit_of, lot=lot)
    label = texts.fill(texts.words("count")["lot"], n=lot, units=unit, units_of=unit_of)
    euros = Decimal(dice.choice((4, 5, 6, 8, 10)))
    pattern, check = dice.choice(((r"\d{10}", None), (r"\d{16}", "luhn"), (r"[A-Z]{2}\d{8}", None)))
    items = tuple(
        ItemSeed(
            sku=f"BC-{country}",
            label=label,
            country=country,
            currency=data.markets()[country].currency,
            price_minor=prices.round_amount(euros, data.markets()[country].currency),
        )
        for country in where
    )
    return OfferSeed(
        brand_slug=brand.slug,
        kind="BRAND_CURRENCY",
        sku="BC",
        category=brand.category,
        title=title,
        description=description,
        items=items,
        popularity=_popularity(fame, dice),
        brand_currency=CurrencySeed(unit_name=unit, units_per_lot=lot, number_pattern=pattern, check_digit=check),
    )


def _some(countries: list[str], most: int, dice: Random) -> list[str]:
    """Up to `most` of the countries, the home ones first."""
    home = [country for country in countries if country in HOME]
    rest = [country for country in countries if country not in HOME]
    dice.shuffle(home)
    return (home + rest)[:most]


def _window(dice: Random) -> tuple[int | None, int | None]:
    """Days of being published: nearly always open; now and then soon, ending or over."""
    roll = dice.random()
    if roll < 0.015:
        return dice.randint(3, 20), None
    if roll < 0.045:
        return None, dice.randint(5, 45)
    if roll < 0.055:
        return None, -dice.randint(1, 9)
    return None, None


def _tier(dice: Random, chance: float) -> str | None:
    return dice.choice(("silver", "gold", "platinum")) if dice.random() < chance else None


def _popularity(fame: int, dice: Random) -> int:
    """How much an offer is wanted: mostly its brand's fame, and some chance."""
    return int(fame * dice.uniform(0.3, 1.2))
