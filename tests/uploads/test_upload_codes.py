"""Rehearsing a file of voucher codes: none is shown, none can be handed out yet."""

from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.catalog.models import Stock, VoucherCode
from marketplace.partners.models import Brand
from marketplace.uploads.models import UploadProblem, UploadRow
from tests.builders import a_voucher, an_item, an_offer
from tests.client import Caller
from tests.uploads.files import a_shop, csv_of, findings, only, upload_codes

pytestmark = pytest.mark.usefixtures("db")


async def a_coffee(codes: list[str] | None = None) -> tuple[Caller, Brand]:
    """A shop with one coffee voucher."""
    shop, brand = await a_shop()
    offer = await an_offer(brand=brand, sku="COFFEE-10")
    await an_item(offer, sku="COFFEE-10", codes=codes or [])
    return shop, brand


async def rehearse(shop: Caller, *lines: str, header: str = "sku,code") -> dict[str, Any]:
    return await upload_codes(shop, csv_of(*lines, header=header))


async def test_good_codes_wait_sealed_and_masked() -> None:
    shop, _ = await a_coffee()

    file = await rehearse(shop, "COFFEE-10,WXYZ-1234-5678")

    assert (file["rowsGood"], findings(file)) == (1, [])
    assert file["preview"] == [IsPartialDict(line=2, sku="COFFEE-10", codeMask="••••678", country="NL")]
    (row,) = await UploadRow.all()
    assert "WXYZ" not in str(row.data)
    assert await VoucherCode.all().count() == 0
    assert (await Stock.all().first()).loaded == 0  # type: ignore[union-attr]


async def test_a_code_stands_once_in_a_file() -> None:
    shop, _ = await a_coffee()

    file = await rehearse(shop, "COFFEE-10,SAME-CODE-1", "COFFEE-10,OTHER-CODE", "COFFEE-10,SAME-CODE-1")

    assert (file["rowsGood"], file["rowsBad"]) == (2, 1)
    assert only(file) == IsPartialDict(line=4, column="code", code="DUPLICATE_CODE", value="••••-1")
    assert "line 2" in only(file)["message"]


async def test_a_code_that_the_vault_has_is_told_without_showing_it() -> None:
    shop, _ = await a_coffee(["LOADED-BEFORE-1"])

    file = await rehearse(shop, "COFFEE-10,LOADED-BEFORE-1", "COFFEE-10,FRESH-ONE-22")

    assert only(file) == IsPartialDict(line=2, column="code", code="CODE_IN_VAULT")
    assert "LOADED" not in str([problem.__dict__ for problem in await UploadProblem.all()])
    assert file["rowsGood"] == 1


async def test_the_vault_of_another_partner_says_nothing() -> None:
    shop, _ = await a_coffee()
    await a_voucher(["THEIR-CODE-123"])

    file = await rehearse(shop, "COFFEE-10,THEIR-CODE-123")

    assert (file["rowsGood"], findings(file)) == (1, [])


async def test_an_unknown_sku_is_told_with_the_nearest() -> None:
    shop, _ = await a_coffee()
    foreign = await a_voucher([])

    file = await rehearse(shop, "COFEE-10,ABCD-1111", f"{(await foreign.offer).sku},ABCD-2222")

    assert findings(file) == [(2, "sku", "UNKNOWN_SKU"), (3, "sku", "UNKNOWN_SKU")]
    assert [found["suggestion"] for found in file["findings"]["nodes"]] == ["COFFEE-10", ""]


async def test_an_item_is_named_as_closely_as_it_must_be() -> None:
    shop, brand = await a_shop()
    offer = await an_offer(brand=brand, sku="GIFT")
    await an_item(offer, sku="GIFT-10", codes=[])
    await an_item(offer, sku="GIFT-25", codes=[])
    await an_item(offer, sku="GIFT-25", country="JP", currency="JPY", codes=[])
    rows = ("GIFT,,,A1", "GIFT,GIFT-10,,A2", "GIFT,GIFT-25,,A3", "GIFT,GIFT-25,jp,A4", "GIFT,GIFT-52,,A5")

    file = await rehearse(shop, *rows, header="sku,item_sku,country,code")

    assert [(found["line"], found["column"], found["code"]) for found in file["findings"]["nodes"]] == [
        (2, "item_sku", "WHICH_ITEM"),
        (4, "country", "WHICH_ITEM"),
        (6, "item_sku", "UNKNOWN_ITEM_SKU"),
    ]
    assert file["findings"]["nodes"][0]["suggestion"] == "GIFT-10, GIFT-25"
    assert [(row["itemSku"], row["country"]) for row in file["preview"]] == [("GIFT-10", "NL"), ("GIFT-25", "JP")]


async def test_an_offer_without_codes_takes_none() -> None:
    shop, brand = await a_shop()
    await an_item(await an_offer(brand=brand, sku="SHIRT"), stock=3)

    assert only(await rehearse(shop, "SHIRT,ABCD-1234"))["code"] == "NOT_CODED"


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        ("COFFEE-10,,", "code", "MISSING_VALUE"),
        (f"COFFEE-10,{'x' * 201},", "code", "BAD_CODE"),
        ("COFFEE-10,ABCD-1234,soon", "expires_at", "BAD_DATE"),
        (",ABCD-1234,", "sku", "MISSING_VALUE"),
    ],
)
async def test_a_bad_cell_is_told(line: str, column: str, code: str) -> None:
    shop, _ = await a_coffee()

    file = await rehearse(shop, line, header="sku,code,expires_at")

    assert findings(file) == [(2, column, code)]
    assert await UploadRow.all().count() == 0


async def test_codes_in_place_of_a_header_are_not_shown() -> None:
    shop, _ = await a_coffee()

    file = await rehearse(shop, "WXYZ-9999", header="WXYZ-1234")

    assert only(file)["code"] == "NO_HEADER"
    assert "WXYZ" not in str(file)
