"""Reading offers and items, scoped to the actor, each page in one statement."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from marketplace.kit import clock, database, paging
from marketplace.kit.actor import Actor, ActorKind
from marketplace.kit.rows import Pick, Rows, Selection
from marketplace.kit.sharing import SharedRead

SEES_EVERYTHING = (ActorKind.OPERATOR, ActorKind.SYSTEM)
Texts = dict[str, str]


@dataclass(frozen=True, slots=True)
class OfferRow:
    """An offer as lists show it, with where its partner stands today.

    `partner_open` says that the partner is approved and under contract; `settled_in` is that contract's currency,
    `contract_shares` its commission, the VAT on it and what the partner bears of a tier discount, in basis points
    with blanks between.
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
    limits: dict[str, int]
    early_access: dict[str, int]
    source: str
    source_updated_at: datetime
    created_at: datetime
    partner_id: UUID
    partner_approved: bool
    settled_in: str | None
    contract_shares: str | None

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


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """A shelf as it stands beside an offer."""

    code: str
    names: Texts


CATEGORIES = Rows(CategoryRow, {"code": "c.code", "names": "c.names"}, always=("code",))
_COMMISSION = """coalesce((
    SELECT r.commission_bp FROM contract_rate r WHERE r.contract_id = c.id
        AND (r.offer_kind IS NULL OR r.offer_kind = o.kind) AND (r.brand_id IS NULL OR r.brand_id = b.id)
    ORDER BY r.brand_id IS NULL, r.offer_kind IS NULL LIMIT 1
), c.commission_bp)"""
_SHARES = _COMMISSION + " || ' ' || c.vat_bp || ' ' || c.tier_discount_share_bp"
_SETTLED_IN = """(
    SELECT {what} FROM contract c WHERE c.partner_id = p.id
        AND c.valid_from <= ({moment}::timestamptz AT TIME ZONE c.timezone)::date
        AND (c.valid_until IS NULL OR c.valid_until > ({moment}::timestamptz AT TIME ZONE c.timezone)::date)
    ORDER BY c.valid_from DESC LIMIT 1
)"""
# `b` and `p` are the offer's brand and partner; {moment} is now.
OFFERS = Rows(
    OfferRow,
    {field.name: f"o.{field.name}" for field in fields(OfferRow)}
    | {
        "partner_id": "b.partner_id",
        "partner_approved": "(p.status = 'APPROVED')",
        "limits": "coalesce(o.limits, '{}'::jsonb)",
        "early_access": "coalesce(o.early_access, '{}'::jsonb)",
        "settled_in": _SETTLED_IN.format(what="c.currency", moment="{moment}"),
        "contract_shares": _SETTLED_IN.format(what=_SHARES, moment="{moment}"),
    },
    always=("id", "kind"),
    moments=("published_from", "published_until"),
)
PUBLIC = """o.status = 'PUBLISHED' AND p.status = 'APPROVED'
    AND (o.published_until IS NULL OR o.published_until > {moment})"""
OFFER_TABLES = "offer o JOIN brand b ON b.id = o.brand_id JOIN partner p ON p.id = b.partner_id"
_VISIBLE = """
(o.status <> 'DRAFT' AND (p.approved_at IS NOT NULL OR p.status = 'APPROVED') OR p.id = $2 OR $3)"""
_UNITS_LEFT = """
CASE WHEN i.stock_mode <> 'UNLIMITED'
    THEN coalesce(s.loaded - s.taken - s.withheld, 0) + (
        SELECT count(*) FROM returned_code r WHERE r.item_id = i.id AND NOT EXISTS (
            SELECT FROM withheld_code w WHERE w.item_id = r.item_id AND w.position = r.position)) END"""
ITEMS = Rows(
    ItemRow,
    {field.name: f"i.{field.name}" for field in fields(ItemRow)}
    | {"units_left": _UNITS_LEFT, "taken_by_member": "coalesce(t.units, 0)"},
    always=("id", "offer_id", "country"),
    moments=("starts_at",),
)
_ITEM_TABLES = """
item i LEFT JOIN stock s ON s.item_id = i.id
    LEFT JOIN member_take t ON t.item_id = i.id AND t.member_id = {member}::uuid"""
_ITEM_ORDER = "i.country, i.starts_at, i.price_minor, i.sku"
# The items of `o` that are sold in {market}, null for all of them.
ITEMS_NESTED = f"""(
    SELECT json_agg(json_build_array({{values}}) ORDER BY {_ITEM_ORDER})::text FROM {_ITEM_TABLES}
    WHERE i.offer_id = o.id AND i.active AND ({{market}}::text IS NULL OR i.country = {{market}}::text)
)"""
_ITEMS_IN = f"""
SELECT {{columns}} FROM {_ITEM_TABLES.format(member="$1")}
JOIN unnest($2::uuid[], $3::text[]) AS asked (offer_id, country)
    ON i.offer_id = asked.offer_id AND (asked.country IS NULL OR i.country = asked.country)
WHERE i.active ORDER BY {_ITEM_ORDER}"""
_ITEMS_BY_ID = f"SELECT {{columns}} FROM {_ITEM_TABLES.format(member='$1')} WHERE i.id = ANY($2::uuid[])"


def every_offer_column() -> Pick[OfferRow]:
    """What reads offers whole."""
    return Pick(Selection(OFFERS.reading()))


def picked(
    pick: Pick[OfferRow], bind: Callable[[object], str], *, actor: Actor | None = None, market: str | None = None
) -> str:
    """The select list of a pick of offers, with nested items as an actor sees them in a market (None: in all)."""
    member = actor.id if actor and actor.kind is ActorKind.MEMBER else None
    return pick.select(bind, moment=clock.now(), member=member, market=market)


async def offers_by_id(
    actor: Actor, offer_ids: Sequence[UUID], pick: Pick[OfferRow] | None = None, market: str | None = None
) -> dict[UUID, OfferRow]:
    """The offers behind ids that the actor may see: everybody what was ever published, partners their own.

    Items that are nested in them are those of a market (None: of all).
    """
    own = actor.id if actor.kind is ActorKind.PARTNER else None
    values: list[object] = [list(offer_ids), own, actor.kind in SEES_EVERYTHING]
    pick = pick or every_offer_column()
    columns = picked(pick, partial(_bind, values), actor=actor, market=market)
    sql = f"SELECT {columns} FROM {OFFER_TABLES} {pick.joins} WHERE o.id = ANY($1::uuid[]) AND {_VISIBLE}"
    return {record["id"]: pick.row(record) for record in await database.records(sql, *values)}


def _bind(values: list[object], value: object) -> str:
    values.append(value)
    return f"${len(values)}"


async def items_in(
    member_id: UUID | None,
    wanted: Sequence[tuple[UUID, str | None]],
    columns: Collection[str] | None = None,
) -> dict[tuple[UUID, str | None], list[ItemRow]]:
    """The active items of (offer, country) pairs, by date, then price; country None stands for all of them."""
    reading = ITEMS.reading(columns)
    sql = _ITEMS_IN.format(columns=reading.sql())
    found: dict[tuple[UUID, str | None], list[ItemRow]] = {key: [] for key in wanted}
    apart = [key for key in found if key[1] is None or (key[0], None) not in found]  # each item comes once
    pairs = [offer for offer, _ in apart], [place for _, place in apart]
    for item in map(reading.row, await database.records(sql, member_id, *pairs)):
        for key in ((item.offer_id, item.country), (item.offer_id, None)):
            if key in found:
                found[key].append(item)
    return found


async def items_by_id(member_id: UUID | None, item_ids: Sequence[UUID]) -> dict[UUID, ItemRow]:
    """Items behind ids, closed ones too. Whether their offer may be seen is asked of `offers_by_id`."""
    reading = ITEMS.reading()
    sql = _ITEMS_BY_ID.format(columns=reading.sql())
    return {row.id: row for row in map(reading.row, await database.records(sql, member_id, list(item_ids)))}


_REACHED = """
SELECT t.member_id, t.offer_id, max(t.resets_at) AS resets_at
FROM unnest($1::uuid[], $2::uuid[]) AS asked (member_id, offer_id)
JOIN offer_take t ON t.member_id = asked.member_id AND t.offer_id = asked.offer_id AND t.resets_at > $3
JOIN offer o ON o.id = t.offer_id
WHERE t.units >= (o.limits->>t.period)::int GROUP BY t.member_id, t.offer_id"""


async def _reached(asked: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], datetime]:
    """Of these members and offers those that are at a limit, and when that resets."""
    found = await database.rows(_REACHED, *(list(column) for column in zip(*asked, strict=True)), clock.now())
    return {(row["member_id"], row["offer_id"]): row["resets_at"] for row in found}


_limit = SharedRead(_reached)


async def limits_reached(member_id: UUID, offer_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """Of these offers those that a member has taken as often as the limits allow, and when that resets."""
    asked = [(member_id, offer_id) for offer_id in offer_ids]
    return {offer_id: resets_at for (_, offer_id), resets_at in (await _reached(asked)).items()} if asked else {}


async def limit_reached(member_id: UUID, offer_id: UUID) -> datetime | None:
    """When an offer that a member has taken as often as the limits allow can be taken again; None if now."""
    return await _limit.ask((member_id, offer_id))


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
o.brand_id = $1
    AND ($2::text IS NULL OR EXISTS (SELECT FROM item i WHERE i.offer_id = o.id AND i.country = $2 AND i.active))
    AND ({PUBLIC.format(moment="$3")} OR p.id = $4 OR $5)"""


def _shelf(asked: BrandShelf) -> tuple[object, ...]:
    own = asked.actor.id if asked.actor.kind is ActorKind.PARTNER else None
    return (asked.brand_id, asked.country, clock.now(), own, asked.actor.kind in SEES_EVERYTHING)


async def offers_of_brand(
    asked: BrandShelf, *, first: int | None, after: str | None, pick: Pick[OfferRow] | None = None
) -> paging.Page[OfferRow]:
    """A page of a brand's offers, newest first."""
    size = paging.page_size(first)
    pick = pick or every_offer_column()
    values: list[object] = [*_shelf(asked), paging.id_of_cursor(after) if after else None]
    columns = picked(pick, partial(_bind, values), actor=asked.actor, market=asked.country)
    sql = (
        f"SELECT {columns} FROM {OFFER_TABLES} {pick.joins} WHERE {_OF_BRAND} "
        f"AND ($6::uuid IS NULL OR o.id < $6) ORDER BY o.id DESC LIMIT {size + 1}"
    )
    records = await database.records(sql, *values)
    found = paging.page_of_rows(
        records, lambda record: paging.encode_cursor(record["id"]), first=first, after=after
    )
    return paging.Page(list(map(pick.row, found.items)), found.cursors, found.has_next, found.has_previous)


async def count_offers_of_brand(asked: BrandShelf) -> int:
    """How many offers the whole list has."""
    return await database.value(f"SELECT count(*) FROM {OFFER_TABLES} WHERE {_OF_BRAND}", *_shelf(asked))
