"""A catalogue of any size, made by SQL: two thousand brands in one market, each offer with two items."""

from dataclasses import dataclass
from typing import Final

from marketplace.catalog.models import Category
from marketplace.kit import database
from tests import builders

BRANDS: Final = 2_000
AUDIENCE: Final = "marketplace"
PROGRAM: Final = "BENCH"
SUBJECT: Final = "bench-member"
CATEGORIES: Final = tuple(f"shelf-{n}" for n in range(20))
_BRANDS = """
INSERT INTO brand (id, partner_id, name, slug, website, countries, category)
SELECT gen_random_uuid(), $2, 'Brand ' || n, 'bench-brand-' || n, 'https://brand' || n || '.test', '["NL"]',
    'dining'
FROM generate_series(1, $1::int) n"""
_OFFERS = """
INSERT INTO offer (id, brand_id, sku, kind, status, category_id, title, description, search_text, popularity,
    published_from, min_tier_rank, delivery, unit_name, cause, source, source_updated_at, created_at)
SELECT gen_random_uuid(), brand.id, 'bench-' || n, kind, 'PUBLISHED', ($2::text[])[1 + n % 20],
    jsonb_build_object('en', 'Offer ' || n, 'nl', 'Aanbod ' || n),
    jsonb_build_object('en', 'Good things, number ' || n || ', for one or two.'), 'offer ' || n, n % 10007,
    now() - interval '30 days', 0, CASE kind WHEN 'VOUCHER' THEN 'CODE' END, '{}', '{}', 'bench', now(), now()
FROM generate_series(1, $1::int) n
    JOIN (SELECT id, row_number() OVER () AS place FROM brand) brand ON brand.place = 1 + n % $3
    CROSS JOIN LATERAL (SELECT (ARRAY['VOUCHER', 'MERCHANDISE', 'EXPERIENCE'])[1 + n % 3] AS kind) of"""
_ITEMS = """
INSERT INTO item (id, offer_id, sku, label, country, currency, price_minor, stock_mode, active, attributes)
SELECT gen_random_uuid(), o.id, 'item-' || n, '{"en": "One of it"}', 'NL', 'EUR', n * (500 + o.popularity),
    'UNLIMITED', TRUE, '{}'
FROM offer o CROSS JOIN generate_series(1, 2) n"""
_LISTINGS = """
INSERT INTO listing (id, offer_id, country, currency, kind, category_id, brand_id, from_price_minor, popularity,
    published, newest_at)
SELECT gen_random_uuid(), id, 'NL', 'EUR', kind, category_id, brand_id, 500 + popularity, popularity, TRUE,
    created_at
FROM offer"""


@dataclass(frozen=True, slots=True)
class Shopper:
    """Who looks: a member, as their program's issuer names them."""

    program: str
    subject: str


async def fill(count: int) -> Shopper:
    """Make the offers, and a member who looks at them with a tier's discount."""
    program = await builders.a_program(code=PROGRAM, issuer=_issuer(PROGRAM), audience=AUDIENCE)
    member = await builders.a_member(program, tier="gold", subject=SUBJECT)
    partner = await builders.a_partner()
    await builders.a_market()
    for code in CATEGORIES:
        await Category.create(code=code, names={"en": code.title()})
    await database.execute(_BRANDS, BRANDS, partner.id)
    await database.execute(_OFFERS, count, list(CATEGORIES), BRANDS)
    await database.execute(_ITEMS)
    await database.execute(_LISTINGS)
    return Shopper(program.code, member.subject)


def _issuer(code: str) -> str:
    return f"urn:rewards-marketplace:dev-issuer:{code}"
