"""The donation offers: each cause of each charity, in groups of countries that give together."""

from collections.abc import Iterator
from random import Random

from marketplace.app.demo import data, prices, texts
from marketplace.app.demo.data import Charity
from marketplace.app.demo.seeds import ItemSeed, OfferSeed

REGIONS: dict[str, tuple[str, ...]] = {
    "nordics": ("SE", "NO", "DK", "FI", "IS"),
    "west": ("GB", "IE", "NL", "BE", "LU", "DE", "AT", "CH", "FR"),
    "east": ("PL", "CZ", "EE", "LV", "LT", "KZ", "GE"),
    "asia": ("MY", "SG", "BN", "ID", "TH", "PH", "IN", "JP"),
    "americas": ("US", "CA", "MX", "BR"),
    "oceania": ("AU", "NZ", "ZA", "KE"),
}
"""Where a donation offer is shown; every country in a group is a market."""


def generate() -> Iterator[OfferSeed]:
    """Every donation offer."""
    for charity in data.charities().values():
        dice = Random(f"giving:{charity.slug}")  # noqa: S311 (a catalogue, not a secret)
        for cause in charity.causes:
            for region in regions_of(charity, dice):
                yield _offer(charity, cause, region, dice)


def regions_of(charity: Charity, dice: Random) -> list[str]:
    """The charity's own part of the world, and two to four others."""
    home = next((name for name, countries in REGIONS.items() if charity.country in countries), "west")
    others = [name for name in REGIONS if name != home]
    return [home, *dice.sample(others, dice.randint(2, 4))]


def _offer(charity: Charity, cause: str, region: str, dice: Random) -> OfferSeed:
    name, line = texts.causes()[cause]
    title, description = texts.written("donation", thing=name, brand=charity.name, line=line)
    items = tuple(
        ItemSeed(
            sku=f"DO-{cause}-{country}-{minor}",
            label=prices.label(minor, data.markets()[country].currency),
            country=country,
            currency=data.markets()[country].currency,
            price_minor=minor,
            face_value_minor=minor,
        )
        for country in REGIONS[region]
        for minor in prices.donation_amounts(data.markets()[country].currency)
    )
    return OfferSeed(
        brand_slug=charity.slug,
        kind="DONATION",
        sku=f"DO-{cause}-{region}",
        category="charity",
        title=title,
        description=description,
        items=items,
        popularity=int(dice.uniform(200, 2500)),
        charity=charity.registry_id,
        cause=cause,
    )
