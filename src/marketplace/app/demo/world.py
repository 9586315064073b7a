"""The demo's world in the tables: markets, rates, programs, partners, brands and the whole catalogue.

Everything that only stands there is loaded in bulk in one transaction, so a start that is interrupted leaves
nothing half made. What people did in the last month is played through the doors afterwards: see `history`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from marketplace.access.dev_issuer import DevIssuer
from marketplace.app.demo import counterparties, data, offers
from marketplace.app.demo.bulk import Loader, loading
from marketplace.app.demo.counterparties import Terms
from marketplace.app.demo.programs import PROGRAMS, TIERS, ProgramSeed
from marketplace.app.demo.shelves import stock_up
from marketplace.app.demo.story import DAYS
from marketplace.kit import clock
from marketplace.kit.ids import new_id

AUDIENCE = "rewards-marketplace-demo"
RATE_SOURCE = "demo (illustrative)"
_TIMEZONES = {"NORTH": "Europe/Stockholm", "KOPI": "Asia/Kuala_Lumpur", "ATLAS": "Europe/Berlin"}
_EXACT = Decimal("0.0000000001")


def opening_day() -> datetime:
    """The midnight on which the demo's month begins: offers, contracts and point values count from before it."""
    return datetime.combine(clock.today(), time(), UTC) - timedelta(days=DAYS)


async def build(url: str, issuer: DevIssuer) -> bool:
    """Load the world unless it stands already; returns whether it was loaded now."""
    async with loading(url) as loader:
        if await loader.value("SELECT 1 FROM program WHERE code = ANY($1::text[])", list(PROGRAMS)):
            await _rates_of(loader, clock.today() - timedelta(days=6))
            return False
        await _places(loader)
        await _rates_of(loader, (opening_day() - timedelta(days=14)).date())
        for seed in PROGRAMS.values():
            await _program(loader, seed, issuer)
        brands = await _counterparties(loader)
        await stock_up(loader, list(offers.generate()), brands, opening_day() - timedelta(days=60))
        return True


async def _places(loader: Loader) -> None:
    """Markets and categories; those that are there already stay."""
    there = {row["country"] for row in await loader.rows("SELECT country FROM market")}
    fresh = [market for market in data.markets().values() if market.country not in there]
    rows: Any = [(market.country, market.currency, list(market.languages)) for market in fresh]
    await loader.copy("market", "country currency languages", rows)
    known = {row["code"] for row in await loader.rows("SELECT code FROM category")}
    shelves = [(code, names, place) for place, (code, names) in enumerate(data.categories().items())]
    await loader.copy("category", "code names position", [row for row in shelves if row[0] not in known])


async def _rates_of(loader: Loader, first: Any) -> None:
    """A rate a day for each currency from a day until today, where there is none yet."""
    last = await loader.value("SELECT max(as_of) FROM fx_rate WHERE source = $1", RATE_SOURCE)
    day = max(first, last.date() + timedelta(days=1)) if last else first
    rows: list[tuple[Any, ...]] = []
    while day <= clock.today():
        rows += rates_on(datetime.combine(day, time(), UTC))
        day += timedelta(days=1)
    await loader.copy("fx_rate", "id base quote rate source as_of", rows)


def rates_on(moment: datetime) -> Iterator[tuple[Any, ...]]:
    """The illustrative rates of one day: the checked-in ones, moved by up to half a percent."""
    for currency, rate in data.rates().items():
        if currency != "EUR":
            drift = Random(f"{currency}:{moment.date()}").uniform(-0.005, 0.005)  # noqa: S311 (illustrative)
            moved = (rate * (1 + Decimal(str(round(drift, 5))))).quantize(_EXACT)
            yield new_id(), "EUR", currency, moved, RATE_SOURCE, moment


async def _program(loader: Loader, seed: ProgramSeed, issuer: DevIssuer) -> None:
    key, since = new_id(), opening_day()
    cash = seed.cash
    row = (
        key, seed.code, seed.name, seed.point_name, seed.home_currency, _TIMEZONES[seed.code],
        list(seed.countries), seed.lot_months, issuer.issuer(seed.code), AUDIENCE, None, False, cash.rate_bp,
        cash.min_points, cash.max_points_per_month, list(cash.countries), 30, since,
    )  # fmt: skip
    await loader.copy(
        "program",
        "id code name point_name home_currency timezone countries lot_months issuer audience jwks_uri "
        "enrol_on_sight cash_rate_bp cash_min_points cash_max_points cash_countries gift_days created_at",
        [row],
    )
    issuer.jwks(seed.code)  # makes the program's key
    value = (new_id(), key, (since - timedelta(days=365)).date(), seed.point_value)
    await loader.copy("point_value", "id program_id valid_from value", [value])
    levels = [(new_id(), key, code, name, rank, cut) for rank, (code, name, cut) in enumerate(TIERS)]
    await loader.copy("tier_level", "id program_id code name rank discount_bp", levels)


async def _counterparties(loader: Loader) -> dict[str, UUID]:
    """Partners, their contracts and brands; returns brand ids by slug."""
    partners: list[tuple[Any, ...]] = []
    contracts: list[tuple[Any, ...]] = []
    brands: list[tuple[Any, ...]] = []
    for brand in data.brands().values():
        terms, key = counterparties.of_brand(brand), new_id()
        name = f"{brand.name} (demo partner)"
        partners.append(_partner(key, name, brand.slug, "COMMERCIAL", terms, None))
        contracts.append(_contract(key, terms))
        brands.append(
            (
                new_id(), key, brand.name, brand.slug, brand.website, brand.wikidata,
                sorted(brand.countries), brand.category,
            )
        )  # fmt: skip
    for charity in data.charities().values():
        terms, key = counterparties.of_charity(charity), new_id()
        partners.append(_partner(key, charity.name, charity.slug, "CHARITY", terms, charity.registry_id))
        contracts.append(_contract(key, terms))
        brands.append(
            (new_id(), key, charity.name, charity.slug, charity.website, None, [charity.country], "charity")
        )
    await loader.copy("partner", "id name slug kind status country registry_id created_at approved_at", partners)
    await loader.copy(
        "contract",
        "id partner_id valid_from valid_until commission_bp vat_bp currency schedule timezone "
        "minimum_payout_minor return_window_days",
        contracts,
    )
    await loader.copy("brand", "id partner_id name slug website wikidata_id countries category", brands)
    return {row[3]: row[0] for row in brands}


def _partner(key: UUID, name: str, slug: str, kind: str, terms: Terms, registry_id: str | None) -> tuple[Any, ...]:
    since = opening_day() - timedelta(days=300)
    return key, name, slug, kind, "APPROVED", terms.country, registry_id, since, since


def _contract(partner: UUID, terms: Terms) -> tuple[Any, ...]:
    since = (opening_day() - timedelta(days=300)).date()
    return (
        new_id(), partner, since, None, terms.commission_bp, terms.vat_bp, terms.currency, terms.schedule,
        terms.timezone, terms.minimum_payout_minor, terms.return_window_days,
    )  # fmt: skip
