"""Writing the generated catalogue into the tables: offers, their listings, items, stock and sealed codes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

from marketplace.app.demo import data, texts
from marketplace.app.demo.bulk import Loader
from marketplace.app.demo.programs import TIERS
from marketplace.app.demo.seeds import ItemSeed, OfferSeed
from marketplace.catalog.models import OfferStatus, StockMode
from marketplace.kit import clock, vault
from marketplace.kit.ids import new_id

SOURCE = "demo generator"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_RANKS = {code: rank for rank, (code, _, _) in enumerate(TIERS)}
OFFER = (
    "id brand_id sku kind status category_id title description search_text popularity published_from "
    "published_until min_tier_rank segment delivery unit_name number_pattern check_digit cancel_until_hours "
    "cause source source_updated_at created_at"
)
LISTING = "id offer_id country currency kind category_id brand_id from_price_minor popularity published newest_at"
ITEM = (
    "id offer_id sku label country currency price_minor max_price_minor step_minor face_minor units starts_at "
    "ends_at attributes stock_mode max_per_member active"
)
CODE = "id item_id position ciphertext fingerprint expires_at loaded_at"


@dataclass(frozen=True, slots=True)
class Shelf:
    """One offer with the ids it gets, so that every table can be filled from it."""

    id: UUID
    brand_id: UUID
    seed: OfferSeed
    items: tuple[tuple[UUID, ItemSeed], ...]


async def stock_up(
    loader: Loader, catalogue: list[OfferSeed], brands: Mapping[str, UUID], since: datetime
) -> None:
    """Write every offer, open since a moment unless its seed says otherwise."""
    shelves = [
        Shelf(new_id(), brands[seed.brand_slug], seed, tuple((new_id(), item) for item in seed.items))
        for seed in catalogue
    ]
    await loader.copy("offer", OFFER, (_offer(shelf, since) for shelf in shelves))
    await loader.copy("listing", LISTING, (row for shelf in shelves for row in _listings(shelf, since)))
    await loader.copy("item", ITEM, (_item(shelf, key, item) for shelf in shelves for key, item in shelf.items))
    await loader.copy("stock", "item_id loaded taken", _stocks(shelves))
    await loader.copy("voucher_code", CODE, _codes(shelves, since))


def _offer(shelf: Shelf, since: datetime) -> tuple[Any, ...]:
    seed, now = shelf.seed, clock.now()
    currency = seed.brand_currency
    start = since if seed.published_from_days is None else now + timedelta(days=seed.published_from_days)
    end = None if seed.published_until_days is None else now + timedelta(days=seed.published_until_days)
    return (
        shelf.id, shelf.brand_id, seed.sku, seed.kind, OfferStatus.PUBLISHED.value, seed.category,
        seed.title, seed.description, search_text(seed), seed.popularity, start, end,
        _RANKS[seed.min_tier] if seed.min_tier else 0, None, seed.delivery,
        currency.unit_name if currency else {}, currency.number_pattern if currency else None,
        currency.check_digit if currency else None, seed.cancel_until_hours,
        texts.causes()[seed.cause][0] if seed.cause else {}, SOURCE, since, since,
    )  # fmt: skip


def search_text(seed: OfferSeed) -> str:
    """What a search looks through: the brand and the title in every language, folded to lower case."""
    named = data.brands().get(seed.brand_slug) or data.charities()[seed.brand_slug]
    texts_of_offer = (named.name, *seed.title.values())
    return " ".join(dict.fromkeys(" ".join(texts_of_offer).casefold().split()))


def _listings(shelf: Shelf, since: datetime) -> Iterator[tuple[Any, ...]]:
    cheapest: dict[str, ItemSeed] = {}
    for _, item in shelf.items:
        if item.country not in cheapest or item.price_minor < cheapest[item.country].price_minor:
            cheapest[item.country] = item
    seed = shelf.seed
    for country, item in cheapest.items():
        yield (
            new_id(), shelf.id, country, item.currency, seed.kind, seed.category, shelf.brand_id,
            item.price_minor, seed.popularity, True, since,
        )  # fmt: skip


def _item(shelf: Shelf, key: UUID, item: ItemSeed) -> tuple[Any, ...]:
    starts, ends = session_times(item)
    currency = shelf.seed.brand_currency
    return (
        key, shelf.id, item.sku, item.label, item.country, item.currency, item.price_minor, None, None,
        item.face_value_minor, currency.units_per_lot if currency else None, starts, ends, item.attributes,
        _mode(item).value, None, True,
    )  # fmt: skip


def session_times(item: ItemSeed) -> tuple[datetime | None, datetime | None]:
    """When a session starts and ends, counted from the world's own day."""
    if item.starts_in_days is None:
        return None, None
    day = clock.today() + timedelta(days=item.starts_in_days)
    starts = datetime.combine(day, time(item.start_hour or 0), UTC)
    return starts, starts + timedelta(minutes=item.duration_minutes or 0)


def _mode(item: ItemSeed) -> StockMode:
    if item.coded:
        return StockMode.CODES
    return StockMode.UNLIMITED if item.stock is None else StockMode.COUNTED


def _stocks(shelves: list[Shelf]) -> Iterator[tuple[UUID, int, int]]:
    for shelf in shelves:
        for key, item in shelf.items:
            if item.stock is not None:
                yield key, item.stock, 0


def _codes(shelves: list[Shelf], since: datetime) -> Iterator[tuple[Any, ...]]:
    for shelf in shelves:
        dice = Random(f"codes:{shelf.seed.brand_slug}:{shelf.seed.sku}")  # noqa: S311 (demo codes buy nothing)
        for key, item in shelf.items:
            for position in range(1, (item.stock or 0) + 1 if item.coded else 1):
                code = "DEMO-" + "-".join("".join(dice.choices(_LETTERS, k=4)) for _ in range(3))
                yield new_id(), key, position, vault.seal(code), vault.fingerprint("code", code), None, since
