"""The catalogue as one list: filtered, searched, sorted and paged by stored values, a statement a page.

Words are looked for as they are written; only when nothing in the market has them all, the few known words
most like each are looked for too. Pages stay in the list's own order: no match set is ever ranked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache, partial
from typing import Any, cast
from uuid import UUID

from marketplace.catalog import queries as catalog
from marketplace.catalog import rules as catalog_rules
from marketplace.catalog.models import OfferKind
from marketplace.catalog.queries import OFFER_TABLES, PUBLIC, OfferRow
from marketplace.kit import clock, database, paging, stamps
from marketplace.kit.actor import Actor
from marketplace.kit.plans import RecallingPick
from marketplace.kit.refusals import BadUserInput
from marketplace.kit.rows import Pick
from marketplace.ledger.queries import Rate
from marketplace.storefront import rules, standpoint
from marketplace.storefront.rules import Shopper
from marketplace.storefront.standpoint import Standing
from marketplace.storefront.witness import PageWitness

MOST_ALIKE = 5
NEARLY_AS_ALIKE = 0.8
MOST_CHOSEN = 100
MOST_TEXT = 200


class OfferSort(StrEnum):
    """The order of the catalogue."""

    POPULAR = "POPULAR"
    PRICE_ASC = "PRICE_ASC"
    PRICE_DESC = "PRICE_DESC"
    NEWEST = "NEWEST"


_ORDERS = {
    OfferSort.POPULAR: ("popularity", "int", True),
    OfferSort.PRICE_ASC: ("from_price_minor", "bigint", False),
    OfferSort.PRICE_DESC: ("from_price_minor", "bigint", True),
    OfferSort.NEWEST: ("newest_at", "timestamptz", True),
}
_TABLES = f"listing l JOIN {OFFER_TABLES.replace('offer o', 'offer o ON o.id = l.offer_id', 1)}"
_TAKEABLE = """
EXISTS (
    SELECT FROM item i LEFT JOIN stock s ON s.item_id = i.id
    WHERE i.offer_id = l.offer_id AND i.country = l.country AND i.active
        AND (i.starts_at IS NULL OR i.starts_at > {moment})
        AND (i.stock_mode = 'UNLIMITED' OR s.taken + s.withheld < s.loaded
            OR EXISTS (SELECT FROM returned_code r WHERE r.item_id = i.id AND NOT EXISTS (
                SELECT FROM withheld_code w WHERE w.item_id = r.item_id AND w.position = r.position)))
        AND (i.max_per_member IS NULL OR NOT EXISTS (
            SELECT FROM member_take t WHERE t.item_id = i.id AND t.member_id = {member}
                AND t.units >= i.max_per_member)))"""

_OPEN_TO = """
o.published_from <= {moment} OR o.early_access IS NOT NULL AND o.published_from <= {moment} + make_interval(
    hours => (SELECT max(hours::int) FROM jsonb_each_text(o.early_access) AS e (rank, hours)
        WHERE rank::int <= {rank}))"""
_NOT_FULL = """
o.limits IS NULL OR NOT EXISTS (
    SELECT FROM offer_take f WHERE f.offer_id = o.id AND f.member_id = {member} AND f.resets_at > {moment}
        AND f.units >= (o.limits->>f.period)::int)"""
_ALIKE = f"""
SELECT asked, alike.word FROM unnest($1::text[]) AS asked CROSS JOIN LATERAL (
    SELECT known.word, likeness, max(likeness) OVER () AS best
    FROM search_word known, similarity(known.word, asked) AS likeness
    WHERE known.word % asked ORDER BY likeness DESC, known.word LIMIT {MOST_ALIKE}
) alike WHERE likeness >= {NEARLY_AS_ALIKE} * best"""


@dataclass(frozen=True, slots=True)
class OfferFilter:
    """What a list is narrowed to; empty parts narrow nothing."""

    kinds: tuple[OfferKind, ...] = ()
    categories: tuple[str, ...] = ()
    brands: tuple[UUID, ...] = ()
    text: str = ""
    min_points: int | None = None
    max_points: int | None = None
    available_only: bool = False

    @property
    def ranged(self) -> bool:
        """Whether points are said."""
        return self.min_points is not None or self.max_points is not None

    @property
    def goes_by_shopper(self) -> bool:
        """Whether which offers there are depends on who looks."""
        return self.ranged or self.available_only

    def __post_init__(self) -> None:
        if max(len(self.kinds), len(self.categories), len(self.brands)) > MOST_CHOSEN:
            raise BadUserInput(f"A filter names up to {MOST_CHOSEN} kinds, categories and brands each.")
        if len(self.text) > MOST_TEXT:
            raise BadUserInput(f"A search text has up to {MOST_TEXT} characters.")


@dataclass(frozen=True, slots=True)
class PriceRange:
    """Prices in the market's minor units, both ends included, of rewards of some kinds."""

    kinds: tuple[OfferKind, ...]
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Search:
    """A list in one market, as one shopper asks for it. Of each of `words`, one spelling must be found.

    With a `standing` the list is made by what is remembered of the member, and says whether that holds.
    """

    market: str
    wanted: OfferFilter
    shopper: Shopper | None
    price_ranges: "tuple[PriceRange, ...] | None"
    moment: datetime
    words: tuple[tuple[str, ...], ...] = ()
    actor: Actor | None = None
    standing: Standing | None = None


@dataclass(slots=True)
class _Where:
    """Conditions with their parameters, numbered as they come."""

    conditions: list[str] = field(default_factory=list[str])
    values: list[object] = field(default_factory=list[object])

    def bind(self, value: object) -> str:
        """The placeholder of a value."""
        self.values.append(value)
        return f"${len(self.values)}"

    def add(self, condition: str, **values: object) -> None:
        """A condition; each `{name}` in it becomes the placeholder of that value."""
        self.conditions.append(condition.format(**{name: self.bind(value) for name, value in values.items()}))

    def __str__(self) -> str:
        return " AND ".join(f"({condition})" for condition in self.conditions)


async def settle(
    market: str, currency: str | None, wanted: OfferFilter, shopper: Shopper | None, rate: Rate | None
) -> Search:
    """Settle what is looked for: the points range as prices, and whether words must be forgiven their typos.

    `rate` is from the market's `currency` to the shopper's; without it nothing has a price in points. Raises
    BadUserInput for a points range when there is nobody whose points are meant.
    """
    price_ranges = None
    if wanted.ranged:
        if shopper is None:
            raise BadUserInput("A range of points needs a member or a program.")
        price_ranges = _price_ranges(shopper, wanted, currency, rate)
    words = catalog_rules.search_words(wanted.text)
    asked = Search(market, wanted, shopper, price_ranges, clock.now(), tuple((word,) for word in words))
    if not words or await _any_spelt_so(asked):
        return asked
    return replace(asked, words=await _spellings(words))


async def currency_of(market: str) -> str | None:
    """The currency of a market; None when there is no such market."""
    return await database.value("SELECT currency FROM market WHERE country = $1", market)


def _price_ranges(
    shopper: Shopper, wanted: OfferFilter, currency: str | None, rate: Rate | None
) -> tuple[PriceRange, ...]:
    """Prices whose points lie in the range, for the kinds for which a point is worth the same.

    Without a rate or a point value there are none.
    """
    if currency is None or rate is None or shopper.point_value is None:
        return ()
    kinds: dict[int, list[OfferKind]] = {}
    for kind in OfferKind:
        kinds.setdefault(shopper.policy.worth_of(kind), []).append(kind)
    least, most = wanted.min_points, wanted.max_points
    found: list[PriceRange] = []
    for worth, alike in kinds.items():
        low = 0 if not least else rules.dearest_within(shopper, least - 1, currency, rate, worth) + 1
        high = rules.MOST_POINTS
        if most is not None:
            high = rules.dearest_within(shopper, most, currency, rate, worth)
        found.append(PriceRange(tuple(alike), low, high))
    return tuple(found)


async def _any_spelt_so(asked: Search) -> bool:
    where = _Where()
    where.add("l.country = {market} AND l.published", market=asked.market)
    _add_words(where, asked)
    sql = f"SELECT EXISTS (SELECT FROM {_TABLES} WHERE {where})"
    return await database.value(sql, *where.values)


async def _spellings(words: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Each word with the few known words that are most like it; a number has no other spelling."""
    found: dict[str, list[str]] = {word: [word] for word in words}
    for row in await database.rows(_ALIKE, [word for word in words if not word.isdigit()]):
        found[row["asked"]].append(row["word"])
    return tuple(tuple(dict.fromkeys(found[word])) for word in words)


def _add_words(where: _Where, asked: Search) -> None:
    for spellings in asked.words:
        patterns = [f"%{word}%" for word in spellings]
        if len(patterns) == 1:
            where.add("o.search_text LIKE {pattern}", pattern=patterns[0])
        else:
            where.add("o.search_text LIKE ANY ({patterns}::text[])", patterns=patterns)


def _add_one_of(where: _Where, column: str, kind: str, wanted: Sequence[object]) -> None:
    """One of what is wanted, if anything is. A single one is an equality, which an index in list order serves."""
    if len(wanted) == 1:
        where.add(f"{column} = {{wanted}}::{kind}", wanted=wanted[0])
    elif wanted:
        where.add(f"{column} = ANY({{wanted}}::{kind}[])", wanted=list(wanted))


def _where(asked: Search) -> _Where:
    wanted, where = asked.wanted, _Where()
    where.add("l.country = {market} AND l.published", market=asked.market)
    where.add(PUBLIC, moment=asked.moment)
    _add_one_of(where, "l.kind", "text", [kind.value for kind in wanted.kinds])
    _add_one_of(where, "l.category_id", "text", wanted.categories)
    _add_one_of(where, "l.brand_id", "uuid", wanted.brands)
    if asked.price_ranges is not None:
        _add_prices(where, asked.price_ranges)
    if wanted.available_only:
        _add_available(where, asked)
    _add_words(where, asked)
    return where


def _add_prices(where: _Where, ranges: Sequence[PriceRange]) -> None:
    if not ranges:
        where.add("FALSE")
    elif len(ranges) == 1:
        where.add("l.from_price_minor BETWEEN {low} AND {high}", low=ranges[0].low, high=ranges[0].high)
    else:
        each = "(l.kind = ANY({}::text[]) AND l.from_price_minor BETWEEN {} AND {})"
        parts = [
            each.format(where.bind([kind.value for kind in one.kinds]), where.bind(one.low), where.bind(one.high))
            for one in ranges
        ]
        where.add(" OR ".join(parts))


def _add_available(where: _Where, asked: Search) -> None:
    """Only what the shopper could take now, points aside."""
    shopper = asked.shopper
    rank = shopper.tier_rank if shopper and shopper.member_id else -1
    where.add(_OPEN_TO, moment=asked.moment, rank=rank)
    where.add(_TAKEABLE, moment=asked.moment, member=shopper.member_id if shopper else None)
    if shopper is not None and shopper.member_id is not None:
        where.add("o.min_tier_rank <= {rank}", rank=shopper.tier_rank)
        where.add(_NOT_FULL, moment=asked.moment, member=shopper.member_id)
        where.add("o.segment IS NULL OR o.segment = ANY({segments}::text[])", segments=list(shopper.segments))


@dataclass(frozen=True, slots=True)
class Ends:
    """Which page of a list is asked for."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


async def page(
    asked: Search, sort: OfferSort, ends: Ends, pick: Pick[OfferRow] | None = None
) -> paging.Page[OfferRow]:
    """One page of offers, each shown once; raises BadUserInput for a bad cursor or size, and Moved."""
    column, kind, descending = _ORDERS[sort]
    size, backwards = paging.page_size(ends.first, ends.last), ends.last is not None
    where = _where(asked)
    for cursor, onward in ((ends.after, True), (ends.before, False)):
        if cursor is not None:
            place, offer_id = _place(cursor, sort)
            sign = "<" if descending is onward else ">"
            # behind SELECT, a place is unknown to the planner, which then keeps its plan: that is most of the time
            where.add(
                f"(l.{column}, l.offer_id) {sign} ((SELECT {{place}}::{kind}), (SELECT {{offer_id}}::uuid))",
                place=place,
                offer_id=offer_id,
            )
    order = "DESC" if descending is not backwards else "ASC"
    tail = f"ORDER BY l.{column} {order}, l.offer_id {order} LIMIT {size + 1}"
    pick = pick or catalog.every_offer_column()
    reading = _Reading(asked, where, tail, f"l.{column} AS place", size, pick)
    found = await reading.recalled() if isinstance(pick, RecallingPick) and pick.by_key else None
    records, offers = found or await reading.read()
    kept = paging.page_of_rows(
        records,
        lambda record: paging.encode_cursor(sort.value, record["place"], record["id"]),
        first=ends.first,
        after=ends.after,
        last=ends.last,
        before=ends.before,
    )
    return paging.Page(offers[::-1] if backwards else offers, kept.cursors, kept.has_next, kept.has_previous)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A page that is read: its records, one more than the page has, and the rows of the page."""

    asked: Search
    where: _Where
    tail: str
    place: str
    size: int
    pick: Pick[OfferRow]

    async def recalled(self) -> tuple[list[Any], list[Any]] | None:
        """The page of rows that are remembered, when only which ones they are must be asked; None for others."""
        records = await self._records("l.offer_id AS id", self.where.values.copy(), "")
        stamp = records[0]["stamp"] if records else ""
        ids = [record["id"] for record in records[: self.size]]
        pick = cast(RecallingPick, self.pick)
        rows = pick.recalled(ids, stamp, market=self.asked.market)
        return None if rows is None else (records, rows)

    async def read(self) -> tuple[list[Any], list[Any]]:
        """The page read whole."""
        values = self.where.values.copy()
        bind = _Where(values=values).bind
        columns = catalog.picked(self.pick, bind, actor=self.asked.actor, market=self.asked.market)
        records = await self._records(columns, values, self.pick.joins)
        return records, [self.pick.row(record) for record in records[: self.size]]

    async def _records(self, columns: str, values: list[object], joins: str) -> list[Any]:
        standing = self.asked.standing
        if standing is not None:
            version = standpoint.version(standing.actor, _Where(values=values).bind)
            columns = f"{columns}, o.published_until AS ends, {version}, {stamps.stamp('catalogue')} AS stamp"
        sql = f"SELECT {columns}, {self.place} FROM {_TABLES} {joins} WHERE {self.where} {self.tail}"
        records = await database.records(sql, *values)
        if standing is not None and records:
            standing.must_hold(records[0]["facts"])
        elif standing is not None:
            await standing.must_hold_now()
        self._tell(records)
        return records

    def _tell(self, records: list[Any]) -> None:
        """Say what the page goes by beside its rows: when each ends, and who looks, where that decides."""
        if isinstance(self.pick, RecallingPick) and self.asked.standing is not None:
            ends = [record["ends"] for record in records if record["ends"] is not None]
            lasting = not self.asked.wanted.available_only
            # not a method of ours: we hold the pick, and all would stay until somebody looks for garbage
            witness = partial(_witness, self.asked, self.asked.standing, self.where, self.tail, records)
            self.pick.goes_by(ends, lasting=lasting, witness=witness)


def _witness(asked: Search, standing: Standing, where: _Where, tail: str, records: Sequence[Any]) -> PageWitness:
    """Who finds these rows again, at another moment and for another member of the same standpoint."""
    values = where.values.copy()
    version = standpoint.version(standing.actor, _Where(values=values).bind)
    found = f"SELECT l.offer_id AS id FROM {_TABLES} WHERE {where} {tail}"
    ids = f"(SELECT string_agg(id::text, '') FROM ({found}) AS found)"
    return PageWitness(
        f"SELECT {version}, {stamps.stamp('catalogue')}, {ids}",
        tuple(values),
        values.index(asked.moment),
        values.index(standing.actor.id),
        (records[0]["stamp"] if records else "", "".join(str(record["id"]) for record in records) or None),
    )


@lru_cache(maxsize=4096)
def _place(cursor: str, sort: OfferSort) -> tuple[Any, UUID]:
    """The sort value and offer in a cursor; raises BadUserInput for one of another order."""
    of_sort, place, offer_id = paging.decode_cursor(cursor, 3)
    if of_sort != sort.value:
        raise BadUserInput("This cursor belongs to a list in another order.")
    try:
        value = datetime.fromisoformat(place) if sort is OfferSort.NEWEST else int(place)
        return value, UUID(offer_id)
    except (TypeError, ValueError, AttributeError):
        raise BadUserInput("This cursor is not one that a page of this list gave.") from None


async def count(asked: Search) -> int:
    """How many offers the whole list has."""
    where = _where(asked)
    return await database.value(f"SELECT count(*) FROM {_TABLES} WHERE {where}", *where.values)


async def counts_by(asked: Search, column: str) -> Sequence[tuple[str, int]]:
    """How many offers there are of each `kind` or `category_id`, most first, leaving that filter itself aside."""
    aside = replace(asked.wanted, kinds=()) if column == "kind" else replace(asked.wanted, categories=())
    where = _where(replace(asked, wanted=aside))
    sql = (
        f"SELECT l.{column} AS value, count(*) AS offers FROM {_TABLES} WHERE {where} "
        "GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    return [(row["value"], row["offers"]) for row in await database.rows(sql, *where.values)]
