"""Reading offers and items, scoped to the actor, each page in one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar, cast, get_origin
from uuid import UUID

import orjson

from marketplace.catalog.models import StockMode
from marketplace.kit import clock, database, paging
from marketplace.kit.actor import Actor, ActorKind

SEES_EVERYTHING = (ActorKind.OPERATOR, ActorKind.SYSTEM)
Texts = dict[str, str]
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class OfferRow:
    """An offer as lists show it, with where its partner stands today.

    `partner_open` says that the partner is approved and under contract; `settled_in` is that contract's currency.
    """

    id: UUID
    brand_id: UUID
    sku: str
    kind: str
    status: str
    category_id: str
    title: Texts
    description: Texts
    popularity: int
    published_from: datetime
    published_until: datetime | None
    min_tier_rank: int
    segment: str | None
    delivery: str | None
    unit_name: Texts
    number_pattern: str | None
    check_digit: str | None
    cancel_until_hours: int | None
    cause: Texts
    source: str
    source_updated_at: datetime
    created_at: datetime
    partner_id: UUID
    partner_approved: bool
    settled_in: str | None

    @property
    def partner_open(self) -> bool:
        """Whether the partner can sell today: approved and under contract."""
        return self.partner_approved and self.settled_in is not None


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item with what is left of it (None: no limit) and how many of it one member holds."""

    id: UUID
    offer_id: UUID
    sku: str
    label: Texts
    country: str
    currency: str
    price_minor: int
    max_price_minor: int | None
    step_minor: int | None
    face_minor: int | None
    units: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    attributes: dict[str, Any]
    stock_mode: str
    max_per_member: int | None
    active: bool
    units_left: int | None
    taken_by_member: int


OFFER_COLUMNS = """
o.id, o.brand_id, o.sku, o.kind, o.status, o.category_id, o.title, o.description, o.popularity, o.published_from,
o.published_until, o.min_tier_rank, o.segment, o.delivery, o.unit_name, o.number_pattern, o.check_digit,
o.cancel_until_hours, o.cause, o.source, o.source_updated_at, o.created_at, b.partner_id,
p.status = 'APPROVED' AS partner_approved, (
    SELECT c.currency FROM contract c WHERE c.partner_id = p.id
        AND c.valid_from <= ({moment}::timestamptz AT TIME ZONE c.timezone)::date
        AND (c.valid_until IS NULL OR c.valid_until > ({moment}::timestamptz AT TIME ZONE c.timezone)::date)
    ORDER BY c.valid_from DESC LIMIT 1
) AS settled_in"""
PUBLIC = """o.status = 'PUBLISHED' AND p.status = 'APPROVED'
    AND (o.published_until IS NULL OR o.published_until > {moment})"""
OFFER_TABLES = "offer o JOIN brand b ON b.id = o.brand_id JOIN partner p ON p.id = b.partner_id"
_OFFERS = f"""
SELECT {OFFER_COLUMNS.format(moment="$2")} FROM {OFFER_TABLES} WHERE o.id = ANY($1::uuid[])
    AND (o.status <> 'DRAFT' AND (p.approved_at IS NOT NULL OR p.status = 'APPROVED') OR p.id = $3 OR $4)"""
_ITEMS = """
SELECT i.id, i.offer_id, i.sku, i.label, i.country, i.currency, i.price_minor, i.max_price_minor, i.step_minor,
    i.face_minor, i.units, i.starts_at, i.ends_at, i.attributes, i.stock_mode, i.max_per_member, i.active,
    coalesce(s.loaded - s.taken, 0) + (SELECT count(*) FROM returned_code r WHERE r.item_id = i.id) AS units_left,
    coalesce(t.units, 0) AS taken_by_member
FROM item i LEFT JOIN stock s ON s.item_id = i.id
    LEFT JOIN member_take t ON t.item_id = i.id AND t.member_id = $1"""
_ITEMS_IN = f"""{_ITEMS}
JOIN unnest($2::uuid[], $3::text[]) AS asked (offer_id, country)
    ON i.offer_id = asked.offer_id AND (asked.country IS NULL OR i.country = asked.country)
WHERE i.active ORDER BY i.country, i.starts_at, i.price_minor, i.sku"""
_ITEMS_BY_ID = f"{_ITEMS} WHERE i.id = ANY($2::uuid[])"


def row_of(kind: type[R], row: Mapping[str, Any]) -> R:
    """A database row as its dataclass, with JSON columns read."""
    values = {name: row[name] for name in _names(kind)}
    for name in _json_names(kind):
        values[name] = orjson.loads(values[name])
    return kind(**values)


_cached_names: dict[type, tuple[tuple[str, ...], tuple[str, ...]]] = {}


def _names(kind: type) -> tuple[str, ...]:
    if kind not in _cached_names:
        every = fields(cast(Any, kind))
        texts = tuple(field.name for field in every if get_origin(field.type) is dict)
        _cached_names[kind] = (tuple(field.name for field in every), texts)
    return _cached_names[kind][0]


def _json_names(kind: type) -> tuple[str, ...]:
    return _cached_names[kind][1]


async def offers_by_id(actor: Actor, offer_ids: Sequence[UUID]) -> dict[UUID, OfferRow]:
    """The offers behind ids that the actor may see: everybody what was ever published, partners their own."""
    own = actor.id if actor.kind is ActorKind.PARTNER else None
    found = await database.rows(_OFFERS, list(offer_ids), clock.now(), own, actor.kind in SEES_EVERYTHING)
    return {row["id"]: row_of(OfferRow, row) for row in found}


def _item(row: dict[str, Any]) -> ItemRow:
    if row["stock_mode"] == StockMode.UNLIMITED:
        row["units_left"] = None
    return row_of(ItemRow, row)


async def items_in(
    member_id: UUID | None, wanted: Sequence[tuple[UUID, str | None]]
) -> dict[tuple[UUID, str | None], list[ItemRow]]:
    """The active items of (offer, country) pairs, by date, then price; country None stands for all of them."""
    rows = await database.rows(
        _ITEMS_IN, member_id, [offer for offer, _ in wanted], [place for _, place in wanted]
    )
    found: dict[tuple[UUID, str | None], list[ItemRow]] = {key: [] for key in wanted}
    for item in map(_item, rows):
        for key in ((item.offer_id, item.country), (item.offer_id, None)):
            if key in found:
                found[key].append(item)
    return found


async def items_by_id(member_id: UUID | None, item_ids: Sequence[UUID]) -> dict[UUID, ItemRow]:
    """Items behind ids, closed ones too. Whether their offer may be seen is asked of `offers_by_id`."""
    rows = await database.rows(_ITEMS_BY_ID, member_id, list(item_ids))
    return {row["id"]: _item(row) for row in rows}


async def country_of(actor: Actor) -> str | None:
    """The market a member lives in; None for everybody else."""
    if actor.kind is not ActorKind.MEMBER:
        return None
    return await database.value("SELECT country FROM member WHERE id = $1", actor.id)


@dataclass(frozen=True, slots=True)
class BrandShelf:
    """The offers of one brand that the actor may see, in a country (None: in all)."""

    actor: Actor
    brand_id: UUID
    country: str | None


_OF_BRAND = f"""
FROM {OFFER_TABLES} WHERE o.brand_id = $1
    AND ($2::text IS NULL OR EXISTS (SELECT FROM item i WHERE i.offer_id = o.id AND i.country = $2 AND i.active))
    AND ({PUBLIC.format(moment="$3")} OR p.id = $4 OR $5)"""


def _shelf(asked: BrandShelf) -> tuple[object, ...]:
    own = asked.actor.id if asked.actor.kind is ActorKind.PARTNER else None
    return (asked.brand_id, asked.country, clock.now(), own, asked.actor.kind in SEES_EVERYTHING)


async def offers_of_brand(asked: BrandShelf, *, first: int | None, after: str | None) -> paging.Page[OfferRow]:
    """A page of a brand's offers, newest first."""
    size = paging.page_size(first)
    beyond = paging.id_of_cursor(after) if after else None
    columns = OFFER_COLUMNS.format(moment="$7")
    sql = f"SELECT {columns} {_OF_BRAND} AND ($6::uuid IS NULL OR o.id < $6) ORDER BY o.id DESC LIMIT {size + 1}"
    rows = [row_of(OfferRow, row) for row in await database.rows(sql, *_shelf(asked), beyond, clock.now())]
    return paging.page_of_rows(rows, lambda row: paging.encode_cursor(row.id), first=first, after=after)


async def count_offers_of_brand(asked: BrandShelf) -> int:
    """How many offers the whole list has."""
    return await database.value(f"SELECT count(*) {_OF_BRAND}", *_shelf(asked))
