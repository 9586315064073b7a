"""Pages of the catalogue, sorted by stored values: which offers are on one is asked in one row.

Where all of them were shaped before, that is all (see `kit/plans`); otherwise a second statement reads them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from marketplace.catalog import queries as catalog
from marketplace.catalog.queries import OfferRow
from marketplace.kit import database, ids, paging, stamps
from marketplace.kit.actor import Actor
from marketplace.kit.plans import RecallingPick
from marketplace.kit.refusals import BadUserInput
from marketplace.kit.rows import Pick
from marketplace.storefront import standpoint
from marketplace.storefront.search import TABLES, Later, OfferFilter, Search, Where, filled, where_of
from marketplace.storefront.standpoint import Standing
from marketplace.storefront.witness import PageWitness


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
_KNOWN = 1_024


class Ends(NamedTuple):
    """Which page of a list is asked for."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


async def page(
    asked: Search,
    sort: OfferSort,
    ends: Ends,
    pick: Pick[OfferRow] | None = None,
    *,
    actor: Actor | None = None,
    standing: Standing | None = None,
) -> paging.Page[OfferRow]:
    """One page of offers, each shown once; raises BadUserInput for a bad cursor or size, and Moved.

    With a `standing` it is made by what is remembered of the member, and says whether that holds.
    """
    size = paging.page_size(ends.first, ends.last)
    reading = _Reading(asked, _statement(asked, sort, ends), size, pick or catalog.every_offer_column(), standing)
    found = await reading.recalled() or await reading.read(actor)
    kept = paging.page_of_rows(
        range(len(found.places)),
        lambda at: paging.encode_cursor(sort.value, *found.place(at)),
        first=ends.first,
        after=ends.after,
        last=ends.last,
        before=ends.before,
    )
    offers = found.offers if ends.last is None else found.offers[::-1]
    return paging.Page(offers, kept.cursors, kept.has_next, kept.has_previous)


@dataclass(frozen=True, eq=False)
class _Statement:
    """Which offers are on a page, and the first of the next one, in SQL."""

    place: str
    conditions: str
    tail: str
    values: Sequence[object]

    def reading(self, columns: str, joins: str = "") -> str:
        """What reads these columns of each, and its place in the list."""
        return f"SELECT {columns}, {self.place} AS place FROM {TABLES} {joins} WHERE {self.conditions} {self.tail}"

    @cached_property
    def finding(self) -> tuple[str, Sequence[object]]:
        """What says in one row which they are now, and by which version of a member's facts; with its values."""
        where = Where(values=list(self.values))
        version = standpoint.version(where.bind, Later.MEMBER)
        found = self.reading("l.offer_id AS id, o.published_until AS ends")
        sql = f"""
SELECT {version}, {stamps.stamp("catalogue")} AS stamp,
    {ids.PACKED} AS ids, coalesce(array_agg(place), '{{}}') AS places,
    coalesce(array_agg(ends) FILTER (WHERE ends IS NOT NULL), '{{}}') AS ends
FROM ({found}) AS found"""
        return sql, where.values


def _statement(asked: Search, sort: OfferSort, ends: Ends) -> _Statement:
    """The statement for a page; raises BadUserInput for a bad cursor. What many ask for is made once."""
    if asked.wanted.goes_by_shopper:
        return _made(asked, sort, ends)
    return _known(asked.market, asked.wanted, asked.words, sort, ends)


def _made(asked: Search, sort: OfferSort, ends: Ends) -> _Statement:
    column, kind, descending = _ORDERS[sort]
    where = where_of(asked)
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
    order = "DESC" if descending is not (ends.last is not None) else "ASC"
    size = paging.page_size(ends.first, ends.last)
    tail = f"ORDER BY l.{column} {order}, l.offer_id {order} LIMIT {size + 1}"
    return _Statement(f"l.{column}", str(where), tail, where.values)


@lru_cache(maxsize=_KNOWN)
def _known(
    market: str, wanted: OfferFilter, words: tuple[tuple[str, ...], ...], sort: OfferSort, ends: Ends
) -> _Statement:
    return _made(Search(market, wanted, words), sort, ends)


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


class _Found(NamedTuple):
    """The offers of a page; and of these and one more, if there is one, the ids (packed) and the places."""

    offers: list[Any]
    ids: bytes
    places: list[Any]

    def place(self, at: int) -> tuple[Any, UUID]:
        """Where one of them stands in the list: what its cursor holds."""
        start = at * ids.WIDTH
        return self.places[at], UUID(bytes=self.ids[start : start + ids.WIDTH])


@dataclass(slots=True)
class _Reading:
    """A page that is read."""

    asked: Search
    statement: _Statement
    size: int
    pick: Pick[OfferRow]
    standing: Standing | None

    async def recalled(self) -> _Found | None:
        """The page of offers that are remembered, when only which ones they are must be asked; None for others."""
        pick, standing = self.pick, self.standing
        if standing is None or not isinstance(pick, RecallingPick) or not pick.by_key:
            return None
        sql, values = self.statement.finding
        (found,) = await database.records(sql, *filled(values, standing.actor.id))
        standing.must_hold(found["facts"])
        packed, stamp = found["ids"], found["stamp"]
        self._tell(found["ends"], stamp, packed)
        offers = pick.recalled(packed[: self.size * ids.WIDTH], stamp, market=self.asked.market)
        return None if offers is None else _Found(offers, packed, found["places"])

    async def read(self, actor: Actor | None) -> _Found:
        """The page read whole."""
        values = filled(self.statement.values)
        bind = Where(values=values).bind
        columns = catalog.picked(self.pick, bind, actor=actor, market=self.asked.market)
        standing = self.standing
        if standing is not None:
            version = standpoint.version(bind, standing.actor.id)
            columns = f"{columns}, o.published_until AS ends, {version}, {stamps.stamp('catalogue')} AS stamp"
        records = await database.records(self.statement.reading(columns, self.pick.joins), *values)
        packed = ids.packed(record["id"] for record in records)
        if standing is not None and records:
            standing.must_hold(records[0]["facts"])
            ends = [record["ends"] for record in records if record["ends"] is not None]
            self._tell(ends, records[0]["stamp"], packed)
        elif standing is not None:
            await standing.must_hold_now()
        offers = [self.pick.row(record) for record in records[: self.size]]
        return _Found(offers, packed, [record["place"] for record in records])

    def _tell(self, ends: list[datetime], stamp: str, packed: bytes) -> None:
        """Say what the page goes by beside its rows: when each ends, and who looks, where that decides."""
        if isinstance(self.pick, RecallingPick):
            lasting = not self.asked.wanted.available_only
            self.pick.goes_by(ends, lasting=lasting, witness=PageWitness(*self.statement.finding, (stamp, packed)))
