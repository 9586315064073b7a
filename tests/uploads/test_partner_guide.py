"""The partners' guide: its samples work, and it names every column and finding there is."""

import re
from pathlib import Path

import pytest

from marketplace.catalog.models import Item, Market, Offer, VoucherCode
from marketplace.uploads import headers
from tests.builders import a_market
from tests.uploads.files import a_shop, findings, publish, upload, upload_codes

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guides" / "partner.md").read_text()
SAMPLES = ROOT / "docs" / "samples"


@pytest.mark.usefixtures("db")
async def test_the_samples_of_the_guide_are_published_whole() -> None:
    shop, brand = await a_shop()
    await a_market("SE", "SEK", ("sv", "en"))

    offers = await upload(shop, (SAMPLES / "offers.csv").read_bytes())
    published = await publish(shop, offers)
    codes = await upload_codes(shop, (SAMPLES / "codes.csv").read_bytes())
    loaded = await publish(shop, codes)

    assert (findings(offers), findings(codes)) == ([], [])
    assert (published["state"], loaded["state"]) == ("PUBLISHED", "PUBLISHED")
    assert await Offer.filter(brand_id=brand.id).count() == 6
    assert await Item.all().count() == 9
    assert await VoucherCode.all().count() == 4
    assert await Market.all().count() == 3


def test_the_guide_names_every_column() -> None:
    texts = {f"{base}_en" for base in headers.TEXTS}
    columns = set(headers.OFFER_WIDE) | set(headers.ITEM) | headers.CODES | texts

    assert {column for column in columns if f"`{column}`" not in GUIDE} == set()


def test_the_guide_names_every_finding() -> None:
    room = ROOT / "src" / "marketplace" / "uploads"
    source = "".join(path.read_text() for path in room.glob("*.py") if path.name != "refusals.py")
    codes = set(re.findall(r'"([A-Z0-9]+(?:_[A-Z0-9]+)+)"', source))
    assert len(codes) > 20

    assert {code for code in codes if f"`{code}`" not in GUIDE} == set()
