"""Pictures over HTTP: drawn for what is there, nothing else."""

import httpx
import pytest
from starlette.applications import Starlette

from marketplace.app import pictures
from marketplace.kit import ids
from tests import builders

pytestmark = pytest.mark.anyio


async def fetch(path: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=Starlette(routes=pictures.routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path)


async def test_an_offer_and_its_brand_have_pictures(db: None):
    brand = await builders.a_brand()
    offer = await builders.an_offer(brand=brand, title={"en": "Tea & <cake>"})

    card = await fetch(f"/images/offers/{ids.public('offer', offer.id)}.svg")
    monogram = await fetch(f"/images/brands/{brand.slug}.svg")

    assert card.headers["content-type"] == "image/svg+xml"
    assert "Tea &amp; &lt;cake&gt;" in card.text
    assert monogram.status_code == 200


async def test_a_draft_and_an_unknown_offer_have_none(db: None):
    draft = await builders.an_offer(status="DRAFT")

    for path in (ids.public("offer", draft.id), ids.public("offer", ids.new_id()), "nonsense"):
        assert (await fetch(f"/images/offers/{path}.svg")).status_code == 404
