"""Pictures of brands and offers, drawn when asked for: `/images/brands/{slug}.svg`, `/images/offers/{id}.svg`.

They are for offers whose partner sent no picture, which is every offer of the demo.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from marketplace.app.demo.images import brand_svg, offer_svg
from marketplace.kit import database, ids

_HEADERS: Final = {
    "Cache-Control": "public, max-age=86400",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


def routes() -> list[BaseRoute]:
    """Where the pictures are served."""
    return [
        Route("/images/brands/{slug}.svg", brand_picture),
        Route("/images/offers/{id}.svg", offer_picture),
    ]


async def brand_picture(request: Request) -> Response:
    """A brand's monogram."""
    brand = await database.row("SELECT name, slug FROM brand WHERE slug = $1", request.path_params["slug"])
    return _drawn(brand_svg(brand["name"], brand["slug"])) if brand else _missing()


async def offer_picture(request: Request) -> Response:
    """An offer's card, its title in English or the language it has."""
    try:
        key = ids.parse("offer", request.path_params["id"])
    except ids.BadId:
        return _missing()
    offer = await database.row(
        "SELECT offer.kind, offer.sku, brand.slug, "
        "COALESCE(offer.title->>'en', (SELECT min(value) FROM jsonb_each_text(offer.title)), '') AS title "
        "FROM offer JOIN brand ON brand.id = offer.brand_id WHERE offer.id = $1 AND offer.status = 'PUBLISHED'",
        key,
    )
    if offer is None:
        return _missing()
    return _drawn(offer_svg(offer["kind"], offer["title"], f"{offer['slug']}:{offer['sku']}"))


def _drawn(picture: str) -> Response:
    return Response(picture, media_type="image/svg+xml", headers=_HEADERS)


def _missing() -> Response:
    return PlainTextResponse("There is no such picture.", status_code=404)
