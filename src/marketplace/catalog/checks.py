"""What must always be true of offers, stock and codes."""

from collections.abc import AsyncIterator

from marketplace.kit import database
from marketplace.kit.checks import Check, Violation

_CODES_LOADED = """
SELECT i.id, coalesce(s.loaded, 0) AS loaded, count(c.id) AS codes, coalesce(max(c.position), 0) AS last
FROM item i LEFT JOIN stock s ON s.item_id = i.id LEFT JOIN voucher_code c ON c.item_id = i.id
WHERE i.stock_mode = 'CODES'
GROUP BY i.id, s.loaded
HAVING coalesce(s.loaded, 0) <> count(c.id) OR count(c.id) <> coalesce(max(c.position), 0)"""

_TAKEN = """
WITH moved AS (SELECT item_id, sum(change) AS units FROM stock_movement GROUP BY item_id),
returned AS (SELECT item_id, count(*) AS units FROM returned_code GROUP BY item_id)
SELECT coalesce(s.item_id, m.item_id) AS id, coalesce(s.taken, 0) AS taken, coalesce(m.units, 0) AS moved,
    coalesce(r.units, 0) AS returned
FROM stock s FULL JOIN moved m ON m.item_id = s.item_id LEFT JOIN returned r ON r.item_id = s.item_id
WHERE coalesce(s.taken, 0) <> coalesce(m.units, 0) + coalesce(r.units, 0)"""

_RETURNED = """
SELECT r.item_id AS id, r.position, s.taken FROM returned_code r JOIN stock s ON s.item_id = r.item_id
WHERE r.position < 1 OR r.position > s.taken"""

_LISTED = """
WITH mirrored AS (
    SELECT o.id, i.country, min(i.currency) AS currency, min(i.price_minor) AS price, o.kind, o.category_id,
        o.brand_id, o.popularity, o.status = 'PUBLISHED' AS published
    FROM offer o JOIN item i ON i.offer_id = o.id AND i.active GROUP BY o.id, i.country
)
SELECT coalesce(m.id, l.offer_id) AS id, coalesce(m.country, l.country) AS country
FROM mirrored m FULL JOIN listing l ON l.offer_id = m.id AND l.country = m.country
WHERE (m.id IS NULL AND l.published)
    OR (m.id IS NOT NULL AND (m.currency, m.price, m.kind, m.category_id, m.brand_id, m.popularity, m.published)
        IS DISTINCT FROM (l.currency, l.from_price_minor, l.kind, l.category_id, l.brand_id, l.popularity,
            l.published))"""


async def check_codes_are_loaded() -> AsyncIterator[Violation]:
    """A coded item has as many codes as its stock says, at positions one, two, three and so on."""
    for row in await database.rows(_CODES_LOADED):
        yield Violation(
            "catalog.codes_are_loaded",
            f"item {row['id']}",
            f"{row['loaded']} in stock, {row['codes']} codes, the last at {row['last']}",
        )


async def check_stock_has_moved() -> AsyncIterator[Violation]:
    """What was taken of an item is the sum of its movements; a code that came back stays counted as taken."""
    for row in await database.rows(_TAKEN):
        yield Violation(
            "catalog.stock_has_moved",
            f"item {row['id']}",
            f"{row['taken']} taken, movements say {row['moved']} and {row['returned']} codes came back",
        )


async def check_returned_codes_were_taken() -> AsyncIterator[Violation]:
    """A code that came back had been taken before."""
    for row in await database.rows(_RETURNED):
        yield Violation(
            "catalog.returned_codes_were_taken",
            f"item {row['id']}",
            f"the code at {row['position']} came back, {row['taken']} were taken",
        )


async def check_listings_mirror_offers() -> AsyncIterator[Violation]:
    """Lists show every published offer where it has an active item, at the price of the cheapest."""
    for row in await database.rows(_LISTED):
        yield Violation(
            "catalog.listings_mirror_offers", f"offer {row['id']}", f"its listing in {row['country']} differs"
        )


CHECKS: tuple[Check, ...] = (
    check_codes_are_loaded,
    check_stock_has_moved,
    check_returned_codes_were_taken,
    check_listings_mirror_offers,
)
