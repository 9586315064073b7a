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
returned AS (SELECT item_id, count(*) AS units FROM returned_code GROUP BY item_id),
passed AS (
    SELECT w.item_id, count(*) AS units FROM withheld_code w JOIN stock s ON s.item_id = w.item_id
    WHERE w.position <= s.taken
        AND NOT EXISTS (SELECT FROM returned_code r WHERE r.item_id = w.item_id AND r.position = w.position)
        AND coalesce((SELECT sum(m.change) FROM stock_movement m
            WHERE m.item_id = w.item_id AND m.position = w.position), 0) = 0
    GROUP BY w.item_id
)
SELECT coalesce(s.item_id, m.item_id) AS id, coalesce(s.taken, 0) AS taken, coalesce(m.units, 0) AS moved,
    coalesce(r.units, 0) AS returned, coalesce(p.units, 0) AS passed
FROM stock s FULL JOIN moved m ON m.item_id = s.item_id LEFT JOIN returned r ON r.item_id = s.item_id
LEFT JOIN passed p ON p.item_id = s.item_id
WHERE coalesce(s.taken, 0) <> coalesce(m.units, 0) + coalesce(r.units, 0) + coalesce(p.units, 0)"""

_WITHHELD = """
WITH ahead AS (
    SELECT c.item_id, count(w.id) AS withheld, min(c.expires_at) FILTER (WHERE w.id IS NULL) AS first_expiry
    FROM voucher_code c JOIN stock s ON s.item_id = c.item_id AND c.position > s.taken
    LEFT JOIN withheld_code w ON w.item_id = c.item_id AND w.position = c.position GROUP BY c.item_id
)
SELECT s.item_id AS id, s.withheld, coalesce(a.withheld, 0) AS found
FROM stock s LEFT JOIN ahead a ON a.item_id = s.item_id
WHERE s.withheld <> coalesce(a.withheld, 0) OR s.first_expiry > a.first_expiry
    OR (s.first_expiry IS NULL AND a.first_expiry IS NOT NULL)"""

_OUT_TOO_LATE = """
SELECT m.item_id AS id, m.position, m.at, c.expires_at FROM stock_movement m
JOIN voucher_code c ON c.item_id = m.item_id AND c.position = m.position
WHERE m.change = 1 AND c.expires_at <= m.at LIMIT 100"""

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
            f"{row['taken']} taken, movements say {row['moved']}, {row['returned']} codes came back and "
            f"{row['passed']} were passed by",
        )


async def check_returned_codes_were_taken() -> AsyncIterator[Violation]:
    """A code that came back had been taken before."""
    for row in await database.rows(_RETURNED):
        yield Violation(
            "catalog.returned_codes_were_taken",
            f"item {row['id']}",
            f"the code at {row['position']} came back, {row['taken']} were taken",
        )


async def check_withheld_codes_are_counted() -> AsyncIterator[Violation]:
    """Each stock counts its withheld codes still to come, and knows when the first of the others expires."""
    for row in await database.rows(_WITHHELD):
        yield Violation(
            "catalog.withheld_codes_are_counted",
            f"item {row['id']}",
            f"{row['withheld']} counted as withheld, {row['found']} are",
        )


async def check_no_expired_code_went_out() -> AsyncIterator[Violation]:
    """No code was handed out at or after its end."""
    for row in await database.rows(_OUT_TOO_LATE):
        yield Violation(
            "catalog.no_expired_code_went_out",
            f"item {row['id']}",
            f"the code at {row['position']} expired at {row['expires_at']} and went out at {row['at']}",
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
    check_withheld_codes_are_counted,
    check_no_expired_code_went_out,
    check_listings_mirror_offers,
)
