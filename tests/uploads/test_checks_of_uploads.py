"""The checks of uploads find what is bent."""

import pytest

from marketplace.kit.checks import Check
from marketplace.uploads import checks
from marketplace.uploads.models import Upload, UploadRow
from tests.builders import an_item, an_offer
from tests.uploads.files import COFFEE, a_shop, csv_of, upload, upload_codes

pytestmark = pytest.mark.usefixtures("db")


async def broken(check: Check) -> list[str]:
    """The checks that find something, once for each thing found."""
    return [violation.check async for violation in check()]


async def test_a_row_that_got_lost_is_found() -> None:
    shop, _ = await a_shop()
    await upload(shop, csv_of(COFFEE))
    assert await broken(checks.check_rows_are_counted) == []

    await UploadRow.all().delete()

    assert await broken(checks.check_rows_are_counted) == ["uploads.rows_are_counted"]


async def test_a_published_file_without_its_moment_is_found() -> None:
    shop, _ = await a_shop()
    await upload(shop, csv_of(COFFEE))

    await Upload.all().update(state="PUBLISHED")

    assert await broken(checks.check_rows_are_counted) == ["uploads.rows_are_counted"]


async def test_a_code_in_the_clear_is_found() -> None:
    shop, brand = await a_shop()
    await an_item(await an_offer(brand=brand, sku="COFFEE-10"), codes=[])
    await upload_codes(shop, csv_of("COFFEE-10,ABCD-1234", header="sku,code"))
    assert await broken(checks.check_codes_are_sealed) == []

    await UploadRow.all().update(data={"sku": "COFFEE-10", "code": "ABCD-1234"})

    assert await broken(checks.check_codes_are_sealed) == ["uploads.codes_are_sealed"]
