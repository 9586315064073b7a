"""The catalogue as one list, filtered and searched by stored values: what is looked for, and how much there is.

Words are looked for as they are written; only when nothing in the market has them all, the few known words
most like each are looked for too. Pages (`pages.py`) stay in the list's own order: no match set is ever ranked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from uuid import UUID

from marketplace.catalog import rules as catalog_rules
from marketplace.catalog.models import OfferKind
from marketplace.catalog.queries import OFFER_TABLES, PUBLIC
from marketplace.kit import clock, database
from marketplace.kit.refusals import BadUserInput
from marketplace.ledger.queries import Rate
from marketplace.storefront import rules
from marketplace.storefront.rules import Shopper

MOST_ALIKE = 5
NEARLY_AS_ALIKE = 0.8
MOST_CHOSEN = 100
MOST_TEXT = 200


TABLES = f"listing l JOIN {OFFER_TABLES.replace('offer o', 'offer o ON o.id = l.offer_id', 1)}"
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
    """A list in one market, as one shopper asks for it. Of each of `words`, one spelling must be found."""

    market: str
    wanted: OfferFilter
    words: tuple[tuple[str, ...], ...] = ()
    shopper: Shopper | None = None
    price_ranges: "tuple[PriceRange, ...] | None" = None


class Later(Enum):
    """What stands in a statement's values for what each who runs it fills in."""

    MOMENT = "moment"
    MEMBER = "member"


@dataclass(slots=True)
class Where:
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


def filled(values: Iterable[object], member: UUID | None = None) -> list[object]:
    """The values of a statement that is run now, for this member."""
    now, moment_is, member_is = clock.now(), Later.MOMENT, Later.MEMBER
    return [now if each is moment_is else member if each is member_is else each for each in values]


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
    asked = Search(market, wanted, tuple((word,) for word in words), shopper, price_ranges)
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
    where = Where()
    where.add("l.country = {market} AND l.published", market=asked.market)
    _add_words(where, asked)
    sql = f"SELECT EXISTS (SELECT FROM {TABLES} WHERE {where})"
    return await database.value(sql, *where.values)


async def _spellings(words: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Each word with the few known words that are most like it; a number has no other spelling."""
    found: dict[str, list[str]] = {word: [word] for word in words}
    for row in await database.rows(_ALIKE, [word for word in words if not word.isdigit()]):
        found[row["asked"]].append(row["word"])
    return tuple(tuple(dict.fromkeys(found[word])) for word in words)


def _add_words(where: Where, asked: Search) -> None:
    for spellings in asked.words:
        patterns = [f"%{word}%" for word in spellings]
        if len(patterns) == 1:
            where.add("o.search_text LIKE {pattern}", pattern=patterns[0])
        else:
            where.add("o.search_text LIKE ANY ({patterns}::text[])", patterns=patterns)


def _add_one_of(where: Where, column: str, kind: str, wanted: Sequence[object]) -> None:
    """One of what is wanted, if anything is. A single one is an equality, which an index in list order serves."""
    if len(wanted) == 1:
        where.add(f"{column} = {{wanted}}::{kind}", wanted=wanted[0])
    elif wanted:
        where.add(f"{column} = ANY({{wanted}}::{kind}[])", wanted=list(wanted))


def where_of(asked: Search) -> Where:
    """The conditions of a list; its moment is filled in later."""
    wanted, where = asked.wanted, Where()
    where.add("l.country = {market} AND l.published", market=asked.market)
    where.add(PUBLIC, moment=Later.MOMENT)
    _add_one_of(where, "l.kind", "text", [kind.value for kind in wanted.kinds])
    _add_one_of(where, "l.category_id", "text", wanted.categories)
    _add_one_of(where, "l.brand_id", "uuid", wanted.brands)
    if asked.price_ranges is not None:
        _add_prices(where, asked.price_ranges)
    if wanted.available_only:
        _add_available(where, asked)
    _add_words(where, asked)
    return where


def _add_prices(where: Where, ranges: Sequence[PriceRange]) -> None:
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


def _add_available(where: Where, asked: Search) -> None:
    """Only what the shopper could take now, points aside."""
    shopper = asked.shopper
    rank = shopper.tier_rank if shopper and shopper.member_id else -1
    where.add(_OPEN_TO, moment=Later.MOMENT, rank=rank)
    where.add(_TAKEABLE, moment=Later.MOMENT, member=shopper.member_id if shopper else None)
    if shopper is not None and shopper.member_id is not None:
        where.add("o.min_tier_rank <= {rank}", rank=shopper.tier_rank)
        where.add(_NOT_FULL, moment=Later.MOMENT, member=shopper.member_id)
        where.add("o.segment IS NULL OR o.segment = ANY({segments}::text[])", segments=list(shopper.segments))


async def count(asked: Search) -> int:
    """How many offers the whole list has."""
    where = where_of(asked)
    return await database.value(f"SELECT count(*) FROM {TABLES} WHERE {where}", *filled(where.values))


async def counts_by(asked: Search, column: str) -> Sequence[tuple[str, int]]:
    """How many offers there are of each `kind` or `category_id`, most first, leaving that filter itself aside."""
    aside = replace(asked.wanted, kinds=()) if column == "kind" else replace(asked.wanted, categories=())
    where = where_of(replace(asked, wanted=aside))
    sql = (
        f"SELECT l.{column} AS value, count(*) AS offers FROM {TABLES} WHERE {where} GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    return [(row["value"], row["offers"]) for row in await database.rows(sql, *filled(where.values))]
