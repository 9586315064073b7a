"""Reads of uploads, scoped to the actor, and of what a file is checked against."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection
from typing import Any
from uuid import UUID

import orjson
from tortoise.queryset import QuerySet

from marketplace.catalog.models import OfferKind, StockMode
from marketplace.kit import database
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.uploads.codes import CodedItem, Shelf
from marketplace.uploads.models import Upload
from marketplace.uploads.offers import Known, KnownOffer
from marketplace.uploads.rules import MOST_CHOICES

_PARTNER = """
SELECT p.kind = 'CHARITY' AS charity,
    (SELECT coalesce(jsonb_object_agg(slug, id), '{}') FROM brand WHERE partner_id = p.id)::text AS brands,
    (SELECT coalesce(jsonb_object_agg(country, currency), '{}') FROM market)::text AS markets,
    (SELECT coalesce(jsonb_agg(code), '[]') FROM category)::text AS categories
FROM partner p WHERE p.id = $1"""
_OFFERS = (
    "SELECT brand_id, sku, kind, popularity FROM offer WHERE brand_id = ANY($1::uuid[]) AND sku = ANY($2::text[])"
)
# OFFSET 0 keeps the planner from joining in another order: what hangs on an offer is looked up by its key.
_ITEMS = """
SELECT o.brand_id, o.sku, i.sku AS item_sku, i.country, i.stock_mode
FROM (SELECT id, brand_id, sku FROM offer WHERE brand_id = ANY($1::uuid[]) AND sku = ANY($2::text[]) OFFSET 0) o
CROSS JOIN LATERAL (SELECT sku, country, stock_mode FROM item WHERE offer_id = o.id OFFSET 0) i"""
_SHELF = """
SELECT i.id, o.brand, o.sku, i.sku AS item_sku, i.country, i.stock_mode = 'CODES' AS coded
FROM (
    SELECT o.id, o.sku, b.slug AS brand FROM brand b JOIN offer o ON o.brand_id = b.id
    WHERE b.partner_id = $1 AND o.sku = ANY($2::text[]) OFFSET 0
) o
CROSS JOIN LATERAL (SELECT id, sku, country, stock_mode FROM item WHERE offer_id = o.id AND active OFFSET 0) i"""
_SKUS = "SELECT o.sku FROM brand b JOIN offer o ON o.brand_id = b.id WHERE b.partner_id = $1 LIMIT $2"
_IN_VAULT = """
SELECT c.fingerprint FROM unnest($2::text[]) AS asked (fingerprint)
CROSS JOIN LATERAL (SELECT item_id, fingerprint FROM voucher_code WHERE fingerprint = asked.fingerprint OFFSET 0) c
WHERE $1 = (
    SELECT b.partner_id FROM item i JOIN offer o ON o.id = i.offer_id JOIN brand b ON b.id = o.brand_id
    WHERE i.id = c.item_id)"""
_BY_OFFER = """
SELECT array_agg(id) AS ids, array_agg(name) AS names FROM (
    SELECT id, (data->>'brand' || (data->>'sku')) COLLATE "C" AS name FROM upload_row WHERE upload_id = $1
    ORDER BY name, line
) named"""
_ROWS = "SELECT line, data::text AS data FROM upload_row WHERE id = ANY($1::uuid[]) ORDER BY line"
BATCH = 1000


def uploads_visible_to(actor: Actor) -> QuerySet[Upload]:
    """A partner sees its own files, operators of the catalogue all of them, everybody else none."""
    if actor.kind is ActorKind.OPERATOR and actor.may(Scope.CATALOG_MANAGE):
        return Upload.all()
    return Upload.filter(partner_id__in=[actor.id] if actor.kind is ActorKind.PARTNER else [])


async def known_to(partner_id: UUID, skus: Collection[str]) -> Known:
    """What a file of offers with these SKUs is checked against."""
    row = await database.row(_PARTNER, partner_id)
    assert row is not None, "a partner's token speaks for a partner that is there"
    brands = {slug: UUID(id) for slug, id in orjson.loads(row["brands"]).items()}
    named = (list(brands.values()), list(set(skus)))
    return Known(
        brands=brands,
        markets=orjson.loads(row["markets"]),
        categories=frozenset(orjson.loads(row["categories"])),
        charity=row["charity"],
        offers={
            (r["brand_id"], r["sku"]): KnownOffer(OfferKind(r["kind"]), r["popularity"])
            for r in await database.rows(_OFFERS, *named)
        },
        items={
            (r["brand_id"], r["sku"], r["item_sku"], r["country"]): StockMode(r["stock_mode"])
            for r in await database.rows(_ITEMS, *named)
        },
    )


async def shelf_of(partner_id: UUID, skus: Collection[str]) -> Shelf:
    """The partner's items behind these SKUs, and its SKUs as long as they can be searched for a similar one."""
    items: defaultdict[str, list[CodedItem]] = defaultdict(list)
    for row in await database.rows(_SHELF, partner_id, list(set(skus))):
        items[row["sku"]].append(CodedItem(**row))
    known = await database.rows(_SKUS, partner_id, MOST_CHOICES + 1)
    return Shelf(items=items, skus=frozenset(row["sku"] for row in known))


async def in_vault(partner_id: UUID, fingerprints: Collection[str]) -> set[str]:
    """Those of these fingerprints whose code the partner has loaded already."""
    rows = await database.rows(_IN_VAULT, partner_id, list(fingerprints))
    return {row["fingerprint"] for row in rows}


async def rows_of(upload_id: UUID, first: int | None = None) -> list[tuple[int, dict[str, Any]]]:
    """The good rows of a file in its order, all or the first few, with their lines."""
    sql = "SELECT line, data::text AS data FROM upload_row WHERE upload_id = $1 ORDER BY line"
    if first is None:
        return _read(await database.rows(sql, upload_id))
    return _read(await database.rows(f"{sql} LIMIT $2", upload_id, first))


async def batches_of(upload_id: UUID, size: int = BATCH) -> AsyncIterator[list[tuple[int, dict[str, Any]]]]:
    """The good rows of a file of offers, about so many at a time; all rows of an offer are in one batch."""
    found: dict[str, Any] = await database.row(_BY_OFFER, upload_id) or {}
    names: list[str] = found["names"] or []
    start = 0
    while start < len(names):
        end = min(start + size, len(names))
        while end < len(names) and names[end] == names[end - 1]:
            end += 1
        yield _read(await database.rows(_ROWS, found["ids"][start:end]))
        start = end


def _read(rows: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    return [(row["line"], orjson.loads(row["data"])) for row in rows]
