"""Steps that write offers in bulk, for a file of thousands: a few statements for each thousand rows.

Partners' uploads and the demo's world say what they offer as `OfferDraft`s; rows that exist (by brand and
SKU) are merged. Call these inside a transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from marketplace.catalog import rules
from marketplace.catalog.models import Delivery, OfferKind, OfferStatus, StockMode
from marketplace.kit import clock, database
from marketplace.kit.ids import new_id

CHUNK = 1000
Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDraft:
    """What exactly is taken, in one market (see `models.Item` for the meaning of each figure).

    `stock` is how many units can still be taken from now on, None for no limit. A `coded` item hands out
    one code a unit: its stock is the codes put in by `load_codes`, and `stock` is left None.
    """

    sku: str
    country: str
    currency: str
    price_minor: int
    label: Texts = field(default_factory=dict[str, str])
    max_price_minor: int | None = None
    step_minor: int | None = None
    face_minor: int | None = None
    units: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    stock: int | None = None
    coded: bool = False
    max_per_member: int | None = None
    active: bool = True

    @property
    def stock_mode(self) -> StockMode:
        """How units of this item are counted."""
        if self.coded:
            return StockMode.CODES
        return StockMode.UNLIMITED if self.stock is None else StockMode.COUNTED


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDraft:
    """One offer of a brand with its items (see `models.Offer`).

    On a merge `kind` and `created_at` stay as they were; items that the draft does not name stay too,
    unless `items_complete` says that it names all: then the others are closed.
    """

    brand_id: UUID
    sku: str
    kind: OfferKind
    category: str
    title: Texts
    items: Sequence[ItemDraft]
    source: str
    description: Texts = field(default_factory=dict[str, str])
    status: OfferStatus = OfferStatus.PUBLISHED
    popularity: int = 0
    published_from: datetime | None = None
    published_until: datetime | None = None
    min_tier_rank: int = 0
    segment: str | None = None
    delivery: Delivery | None = None
    unit_name: Texts = field(default_factory=dict[str, str])
    number_pattern: str | None = None
    check_digit: str | None = None
    cancel_until_hours: int | None = None
    cause: Texts = field(default_factory=dict[str, str])
    source_updated_at: datetime | None = None
    items_complete: bool = False


@dataclass(slots=True)
class Merged:
    """What a bulk merge made: offer ids by (brand id, SKU), item ids by (offer id, SKU, country)."""

    offers: dict[tuple[UUID, str], UUID] = field(default_factory=dict[tuple[UUID, str], UUID])
    items: dict[tuple[UUID, str, str], UUID] = field(default_factory=dict[tuple[UUID, str, str], UUID])
    offers_added: int = 0

    @property
    def offers_changed(self) -> int:
        """How many of the offers were there before."""
        return len(self.offers) - self.offers_added


_OFFERS = """
INSERT INTO offer (id, brand_id, sku, kind, status, category_id, title, description, search_text, popularity,
    published_from, published_until, min_tier_rank, segment, delivery, unit_name, number_pattern, check_digit,
    cancel_until_hours, cause, source, source_updated_at, created_at)
SELECT id, brand_id, sku, kind, status, category, title, description, search_text, popularity,
    coalesce(published_from, $2), published_until, min_tier_rank, segment, delivery, unit_name, number_pattern,
    check_digit, cancel_until_hours, cause, source, coalesce(source_updated_at, $2), $2
FROM jsonb_to_recordset($1::jsonb) AS draft (
    id uuid, brand_id uuid, sku text, kind text, status text, category text, title jsonb, description jsonb,
    search_text text, popularity int, published_from timestamptz, published_until timestamptz,
    min_tier_rank int, segment text, delivery text, unit_name jsonb, number_pattern text, check_digit text,
    cancel_until_hours int, cause jsonb, source text, source_updated_at timestamptz)
ON CONFLICT (brand_id, sku) DO UPDATE SET
    status = excluded.status, category_id = excluded.category_id, title = excluded.title,
    description = excluded.description, search_text = excluded.search_text, popularity = excluded.popularity,
    published_from = excluded.published_from, published_until = excluded.published_until,
    min_tier_rank = excluded.min_tier_rank, segment = excluded.segment, delivery = excluded.delivery,
    unit_name = excluded.unit_name, number_pattern = excluded.number_pattern,
    check_digit = excluded.check_digit, cancel_until_hours = excluded.cancel_until_hours,
    cause = excluded.cause, source = excluded.source, source_updated_at = excluded.source_updated_at
RETURNING id, brand_id, sku, xmax = 0 AS added"""

_ITEMS = """
INSERT INTO item (id, offer_id, sku, label, country, currency, price_minor, max_price_minor, step_minor,
    face_minor, units, starts_at, ends_at, attributes, stock_mode, max_per_member, active)
SELECT id, offer_id, sku, label, country, currency, price_minor, max_price_minor, step_minor,
    face_minor, units, starts_at, ends_at, attributes, stock_mode, max_per_member, active
FROM jsonb_to_recordset($1::jsonb) AS draft (
    id uuid, offer_id uuid, sku text, label jsonb, country text, currency text, price_minor bigint,
    max_price_minor bigint, step_minor bigint, face_minor bigint, units bigint, starts_at timestamptz,
    ends_at timestamptz, attributes jsonb, stock_mode text, max_per_member int, active boolean)
ON CONFLICT (offer_id, sku, country) DO UPDATE SET
    label = excluded.label, currency = excluded.currency, price_minor = excluded.price_minor,
    max_price_minor = excluded.max_price_minor, step_minor = excluded.step_minor,
    face_minor = excluded.face_minor, units = excluded.units, starts_at = excluded.starts_at,
    ends_at = excluded.ends_at, attributes = excluded.attributes,
    stock_mode = CASE WHEN item.stock_mode = 'CODES' THEN item.stock_mode ELSE excluded.stock_mode END,
    max_per_member = excluded.max_per_member, active = excluded.active
RETURNING id, offer_id, sku, country, stock_mode"""

_STOCK = """
INSERT INTO stock (item_id, loaded, taken, withheld)
SELECT item_id, coalesce(units, 0), 0, 0 FROM unnest($1::uuid[], $2::bigint[]) AS counted (item_id, units)
ORDER BY item_id
ON CONFLICT (item_id) DO UPDATE SET loaded = stock.taken + excluded.loaded"""

# An item that was counted before hands out codes from now on: its count begins again at the first code.
_CODED_STOCK = """
WITH counted AS (
    SELECT item_id, taken FROM stock WHERE item_id = ANY($1::uuid[]) AND loaded > 0
        AND NOT EXISTS (SELECT FROM voucher_code code WHERE code.item_id = stock.item_id)
    ORDER BY item_id FOR UPDATE
), recounted AS (
    INSERT INTO stock_movement (id, item_id, change, position, ref_type, ref_id, at)
    SELECT gen_random_uuid(), item_id, -1, NULL, 'recount', gen_random_uuid(), $2
    FROM counted, generate_series(1, taken)
)
INSERT INTO stock (item_id, loaded, taken, withheld)
SELECT item_id, 0, 0, 0 FROM unnest($1::uuid[]) AS coded (item_id)
ON CONFLICT (item_id) DO UPDATE SET loaded = 0, taken = 0
WHERE stock.item_id IN (SELECT item_id FROM counted)"""

_CLOSE_OTHERS = """
UPDATE item SET active = FALSE WHERE offer_id = ANY($1::uuid[]) AND active AND NOT id = ANY($2::uuid[])"""

_LISTINGS = """
INSERT INTO listing AS listed (id, offer_id, country, currency, kind, category_id, brand_id, from_price_minor,
    popularity, published, newest_at)
SELECT gen_random_uuid(), offer.id, item.country, min(item.currency), offer.kind, offer.category_id,
    offer.brand_id, min(item.price_minor), offer.popularity, offer.status = 'PUBLISHED',
    greatest(offer.created_at, offer.published_from)
FROM offer JOIN item ON item.offer_id = offer.id AND item.active
WHERE offer.id = ANY($1::uuid[])
GROUP BY offer.id, item.country
ON CONFLICT (offer_id, country) DO UPDATE SET
    currency = excluded.currency, category_id = excluded.category_id,
    from_price_minor = excluded.from_price_minor, popularity = excluded.popularity,
    published = excluded.published, newest_at = excluded.newest_at
WHERE (listed.currency, listed.category_id, listed.from_price_minor, listed.popularity, listed.published,
    listed.newest_at) IS DISTINCT FROM (excluded.currency, excluded.category_id, excluded.from_price_minor,
    excluded.popularity, excluded.published, excluded.newest_at)"""

_UNLIST = """
UPDATE listing SET published = FALSE
WHERE offer_id = ANY($1::uuid[]) AND published AND NOT EXISTS (
    SELECT FROM item WHERE item.offer_id = listing.offer_id AND item.country = listing.country AND item.active)"""

_WORDS = """
INSERT INTO search_word (word)
SELECT DISTINCT found.word FROM offer, unnest(string_to_array(search_text, ' ')) AS found (word)
WHERE offer.id = ANY($1::uuid[]) AND length(found.word) BETWEEN 3 AND 40
    AND NOT EXISTS (SELECT FROM search_word known WHERE known.word = found.word)
ORDER BY found.word
ON CONFLICT DO NOTHING"""

_SEARCHED_BY = """
SELECT (SELECT coalesce(jsonb_object_agg(id, name), '{}') FROM brand WHERE id = ANY($1::uuid[]))::text AS brands,
    (SELECT coalesce(jsonb_object_agg(code, names), '{}') FROM category)::text AS categories"""


_NOT_COUNTED_MEANWHILE = "LOCK TABLE offer, item, listing, stock, search_word IN SHARE UPDATE EXCLUSIVE MODE"
_PLAN_EACH_TIME = "SET LOCAL plan_cache_mode = force_custom_plan"


async def expect_many() -> None:
    """Before tens of thousands of rows come in one transaction: let them be planned for as what they are.

    PostgreSQL would count these tables meanwhile, see none of the rows that are not committed, and from then on
    scan whole tables where it should go by keys (measured: 460 s instead of 20). The lock keeps only the counting
    away, and a second load of many; members' reads and writes go on. May time out (InProgress at the door).
    """
    await database.execute(_NOT_COUNTED_MEANWHILE)
    await database.execute(_PLAN_EACH_TIME)


async def upsert_offers(drafts: Iterable[OfferDraft]) -> Merged:
    """Insert or merge offers with their items, stock and listings.

    Afterwards each draft is an offer, its items stand as drafted with `stock` units left to take, and lists
    show it wherever it has an active item. Raises ValueError when a brand's SKU, or an item's SKU in a
    country, comes twice.
    """
    merged = Merged()
    waiting = list(drafts)
    for start in range(0, len(waiting), CHUNK):
        await _merge(waiting[start : start + CHUNK], merged)
    if len(merged.offers) != len(waiting):
        raise ValueError("the same brand and SKU came twice")
    return merged


async def refresh_listings(offer_ids: Iterable[UUID]) -> None:
    """Let listings mirror these offers and their active items again, and searches know their words."""
    wanted = list(offer_ids)
    await database.execute(_WORDS, wanted)
    await database.execute(_LISTINGS, wanted)
    await database.execute(_UNLIST, wanted)


async def _merge(drafts: Sequence[OfferDraft], merged: Merged) -> None:
    found = await database.row(_SEARCHED_BY, list({draft.brand_id for draft in drafts}))
    assert found is not None
    brands: dict[str, str] = orjson.loads(found["brands"])
    categories: dict[str, Texts] = orjson.loads(found["categories"])
    rows = [
        _plain(draft) | {"search_text": _search_text(draft, brands, categories), "id": new_id()}
        for draft in drafts
    ]
    ids: dict[tuple[UUID, str], UUID] = {}
    for row in await database.rows(_OFFERS, _json(rows), clock.now()):
        ids[row["brand_id"], row["sku"]] = row["id"]
        merged.offers_added += row["added"]
    merged.offers |= ids
    await _merge_items({ids[draft.brand_id, draft.sku]: draft for draft in drafts}, merged)
    await refresh_listings(ids.values())


async def _merge_items(drafts: Mapping[UUID, OfferDraft], merged: Merged) -> None:
    items = {
        (offer_id, item.sku, item.country): item for offer_id, draft in drafts.items() for item in draft.items
    }
    if len(items) != sum(len(draft.items) for draft in drafts.values()):
        raise ValueError("the same item SKU came twice in one country")
    rows = [
        _plain_item(item) | {"id": new_id(), "offer_id": key[0], "stock_mode": item.stock_mode}
        for key, item in items.items()
    ]
    counted: list[tuple[UUID, int | None]] = []
    coded: list[UUID] = []
    kept: list[UUID] = []
    for row in await database.rows(_ITEMS, _json(rows)):
        key = (row["offer_id"], row["sku"], row["country"])
        merged.items[key] = row["id"]
        kept.append(row["id"])
        if row["stock_mode"] == StockMode.COUNTED:
            counted.append((row["id"], items[key].stock))
        elif row["stock_mode"] == StockMode.CODES:
            coded.append(row["id"])
    await database.execute(_STOCK, [item for item, _ in counted], [units for _, units in counted])
    await database.execute(_CODED_STOCK, coded, clock.now())
    complete = [offer_id for offer_id, draft in drafts.items() if draft.items_complete]
    if complete:
        await database.execute(_CLOSE_OTHERS, complete, kept)


def _plain(draft: OfferDraft) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in OfferDraft.__slots__ if name != "items"}


def _plain_item(item: ItemDraft) -> dict[str, Any]:
    return {name: getattr(item, name) for name in ItemDraft.__slots__}


def _search_text(draft: OfferDraft, brands: Mapping[str, str], categories: Mapping[str, Texts]) -> str:
    shelf = categories.get(draft.category, {})
    return rules.search_text([brands.get(str(draft.brand_id), ""), *draft.title.values(), *shelf.values()])


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return orjson.dumps(rows, default=str).decode()
