"""The demo's world in the tables: markets, rates, programs, partners, brands and the whole catalogue.

Everything that only stands there is loaded in one transaction, so a start that is interrupted leaves nothing
half made. What people did in the last month is played through the doors afterwards: see `history`.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from marketplace.access.dev_issuer import DevIssuer
from marketplace.app.demo import counterparties, data, offers
from marketplace.app.demo.bulk import insert
from marketplace.app.demo.counterparties import Terms
from marketplace.app.demo.programs import POINTS, PROGRAMS, TIERS, ProgramSeed
from marketplace.app.demo.shelves import stock_up
from marketplace.app.demo.story import DAYS
from marketplace.kit import clock, database
from marketplace.kit.ids import new_id

AUDIENCE = "rewards-marketplace-demo"
RATE_SOURCE = "demo (illustrative)"
_TIMEZONES = {"NORTH": "Europe/Stockholm", "KOPI": "Asia/Kuala_Lumpur", "ATLAS": "Europe/Berlin"}
_EXACT = Decimal("0.0000000001")


def opening_day() -> datetime:
    """The midnight on which the demo's month begins: offers, contracts and point values are older."""
    return datetime.combine(clock.today(), time(), UTC) - timedelta(days=DAYS)


async def stands() -> bool:
    """Whether the world was loaded before."""
    return await database.value("SELECT 1 FROM program WHERE code = ANY ($1)", list(PROGRAMS)) is not None


async def build(issuer: DevIssuer) -> bool:
    """Load the world unless it stands already; returns whether it was loaded now."""
    async with database.transaction():
        await database.execute("SELECT pg_advisory_xact_lock(hashtext('demo world'))")
        if await stands():
            await _keep_rates_fresh(clock.today() - timedelta(days=6))
            return False
        await _places()
        await _keep_rates_fresh((opening_day() - timedelta(days=14)).date())
        for seed in PROGRAMS.values():
            await _program(seed, issuer)
        brands = await _counterparties()
        await stock_up(offers.catalogue(), brands, opening_day() - timedelta(days=60))
        return True


async def _places() -> None:
    """Markets and categories; those that are there already stay."""
    there = {row["country"] for row in await database.rows("SELECT country FROM market")}
    fresh = [market for market in data.markets().values() if market.country not in there]
    await insert(
        "market",
        (
            {"country": market.country, "currency": market.currency, "languages": market.languages}
            for market in fresh
        ),
    )
    known = {row["code"] for row in await database.rows("SELECT code FROM category")}
    shelves = [
        {"code": code, "names": names, "position": place}
        for place, (code, names) in enumerate(data.categories().items())
    ]
    await insert("category", (shelf for shelf in shelves if shelf["code"] not in known))


async def _keep_rates_fresh(first: date) -> None:
    """A rate a day for each currency from a day until today, where there is none yet."""
    last = await database.value("SELECT max(as_of) FROM fx_rate WHERE source = $1", RATE_SOURCE)
    day = max(first, last.date() + timedelta(days=1)) if last else first
    rows: list[dict[str, Any]] = []
    while day <= clock.today():
        rows += rates_on(datetime.combine(day, time(), UTC))
        day += timedelta(days=1)
    await insert("fx_rate", rows)


def rates_on(moment: datetime) -> Iterator[dict[str, Any]]:
    """The illustrative rates of one day: the checked-in ones, moved by up to half a percent."""
    for currency, rate in data.rates().items():
        if currency != "EUR":
            drift = Random(f"{currency}:{moment.date()}").uniform(-0.005, 0.005)  # noqa: S311 (illustrative)
            moved = (rate * (1 + Decimal(str(round(drift, 5))))).quantize(_EXACT)
            yield {
                "id": new_id(),
                "base": "EUR",
                "quote": currency,
                "rate": moved,
                "source": RATE_SOURCE,
                "as_of": moment,
            }


def _policy(seed: ProgramSeed, program_id: UUID, since: datetime) -> dict[str, Any]:
    """What points become: all of their value as rewards, less as cash; a card pays up to 80 % of a price."""
    return {
        "id": new_id(),
        "program_id": program_id,
        "country": "",
        "valid_from": since,
        "worth_bp": {},
        "cash_rate_bp": seed.cash.rate_bp,
        "cash_min_points": seed.cash.min_points,
        "cash_max_points": seed.cash.max_points_per_month,
        "cash_period": "MONTH",
        "cash_countries": seed.cash.countries,
        "identity_required": False,
        "enrolled_days": 0,
        "earned_days": 0,
        "points_share_bp": 2000,
        "arms": {},
    }


async def _program(seed: ProgramSeed, issuer: DevIssuer) -> None:
    key, since = new_id(), opening_day()
    program = {
        "id": key,
        "code": seed.code,
        "name": seed.name,
        "point_name": seed.point_name,
        "point_forms": seed.point_forms,
        "home_currency": seed.home_currency,
        "timezone": _TIMEZONES[seed.code],
        "countries": seed.countries,
        "lot_months": seed.lot_months,
        "issuer": issuer.issuer(seed.code),
        "audience": AUDIENCE,
        "enrol_on_sight": False,
        "gift_days": 30,
        "reviews_rewards": False,
        "created_at": since,
    }
    await insert("program", [program])
    await insert("redemption_policy", [_policy(seed, key, since)])
    issuer.jwks(seed.code)  # makes the program's key
    valid_from = (since - timedelta(days=365)).date()
    value = {"id": new_id(), "program_id": key, "valid_from": valid_from, "value": seed.point_value}
    await insert("point_value", [value])
    await _rules_of_points(seed.code, key, since - timedelta(days=365))
    await insert(
        "tier_level",
        (
            {"id": new_id(), "program_id": key, "code": code, "name": name, "rank": rank, "discount_bp": cut}
            for rank, (code, name, cut) in enumerate(TIERS)
        ),
    )


async def _rules_of_points(code: str, program: UUID, since: datetime) -> None:
    """How the program's points expire and its levels are earned."""
    seed = POINTS[code]
    stated = {"id": new_id(), "program_id": program, "valid_from": since, "stated_at": since}
    policy = {
        "kind": seed.kind, "months": seed.months, "period": seed.period, "periods_after": seed.periods_after,
        "returned": seed.returned, "grace_days": seed.grace_days, "notice_days": [30, 7, 1],
    }  # fmt: skip
    levels = zip(TIERS, seed.thresholds, strict=True)
    scheme = {
        "basis": seed.basis, "span": seed.span, "months": seed.span_months, "grace_months": seed.grace_months,
        "landing": "ONE_LEVEL", "margin_bp": seed.margin_bp,
        "terms": {level: {"threshold": least, "discount_bp": cut} for (level, _, cut), least in levels},
    }  # fmt: skip
    await insert("expiry_policy", [stated | policy])
    await insert("tier_scheme", [stated | {"id": new_id()} | scheme])


async def _counterparties() -> dict[str, UUID]:
    """Partners, their contracts and brands; returns brand ids by slug."""
    partners: list[dict[str, Any]] = []
    contracts: list[dict[str, Any]] = []
    brands: list[dict[str, Any]] = []
    for brand in data.brands().values():
        terms, key = counterparties.of_brand(brand), new_id()
        partners.append(_partner(key, f"{brand.name} (demo partner)", brand.slug, "COMMERCIAL", terms, None))
        contracts.append(_contract(key, terms))
        brands.append(
            {
                "id": new_id(), "partner_id": key, "name": brand.name, "slug": brand.slug,
                "website": brand.website, "wikidata_id": brand.wikidata, "countries": sorted(brand.countries),
                "category": brand.category,
            }
        )  # fmt: skip
    for charity in data.charities().values():
        terms, key = counterparties.of_charity(charity), new_id()
        partners.append(_partner(key, charity.name, charity.slug, "CHARITY", terms, charity.registry_id))
        contracts.append(_contract(key, terms))
        brands.append(
            {
                "id": new_id(), "partner_id": key, "name": charity.name, "slug": charity.slug,
                "website": charity.website, "wikidata_id": None, "countries": [charity.country],
                "category": "charity",
            }
        )  # fmt: skip
    await insert("partner", partners)
    await insert("contract", contracts)
    await insert("brand", brands)
    return {row["slug"]: row["id"] for row in brands}


def _partner(key: UUID, name: str, slug: str, kind: str, terms: Terms, registry_id: str | None) -> dict[str, Any]:
    since = opening_day() - timedelta(days=300)
    return {
        "id": key, "name": name, "slug": slug, "kind": kind, "status": "APPROVED", "country": terms.country,
        "registry_id": registry_id, "created_at": since, "approved_at": since,
    }  # fmt: skip


def _contract(partner: UUID, terms: Terms) -> dict[str, Any]:
    return {
        "id": new_id(), "partner_id": partner, "valid_from": (opening_day() - timedelta(days=300)).date(),
        "commission_bp": terms.commission_bp, "vat_bp": terms.vat_bp, "currency": terms.currency,
        "schedule": terms.schedule, "timezone": terms.timezone,
        "minimum_payout_minor": terms.minimum_payout_minor, "return_window_days": terms.return_window_days,
        "tier_discount_share_bp": terms.tier_discount_share_bp, "vat_rule": "DOMESTIC", "vat_number": None,
        "fee_minor": terms.fee_minor, "reserve_bp": terms.reserve_bp,
        "reserve_days": 30 if terms.reserve_bp else 0, "discount_cap_minor": None, "volume_period": "MONTH",
    }  # fmt: skip
