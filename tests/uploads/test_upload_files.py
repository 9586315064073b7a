"""What files look like: encodings, delimiters, workbooks, headers, sizes."""

import io
from datetime import datetime

import pytest
from dirty_equals import IsPartialDict, IsStr
from openpyxl import Workbook

from marketplace.catalog.models import Offer
from marketplace.kit.ids import new_id
from marketplace.kit.settings import settings
from marketplace.uploads.models import Upload, UploadRow
from tests.client import as_operator
from tests.uploads.files import COFFEE, HEADER, a_shop, csv_of, findings, only, upload

pytestmark = pytest.mark.usefixtures("db")


def workbook(*rows: list[object]) -> bytes:
    """A spreadsheet with these rows."""
    book = Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
async def test_any_usual_delimiter_is_read(delimiter: str) -> None:
    shop, _ = await a_shop()

    file = await upload(shop, csv_of(COFFEE).replace(b",", delimiter.encode()))

    assert (file["rowsGood"], file["rowsBad"]) == (1, 0)


async def test_a_byte_order_mark_and_windows_line_ends_are_read() -> None:
    shop, _ = await a_shop()

    file = await upload(shop, b"\xef\xbb\xbf" + csv_of(COFFEE, "", COFFEE).replace(b"\n", b"\r\n"))

    assert file["rowsGood"] == 1
    assert findings(file) == [(4, "sku", "DUPLICATE_SKU")]


async def test_the_delimiter_line_of_a_spreadsheet_is_passed_over() -> None:
    shop, _ = await a_shop()

    bad = COFFEE.replace("10.00", "x")
    file = await upload(shop, b"sep=;\r\n" + csv_of(COFFEE, bad).replace(b",", b";"))

    assert file["rowsGood"] == 1
    assert findings(file) == [(4, "price", "NOT_AN_AMOUNT")]


async def test_quotes_and_line_breaks_stay_in_their_cell() -> None:
    shop, _ = await a_shop()
    first = 'TEA,VOUCHER,dining,"Tea, ""the good""\nkind",CODE,NL,EUR,5.00'

    file = await upload(shop, csv_of(first, COFFEE.replace("10.00", "x")))

    assert file["preview"][0]["title"] == 'Tea, "the good" kind'
    assert findings(file) == [(4, "price", "NOT_AN_AMOUNT")]


async def test_text_that_is_not_utf8_is_told_with_its_line() -> None:
    shop, _ = await a_shop()

    file = await upload(shop, csv_of(COFFEE) + "\nCRÈME,VOUCHER".encode("cp1252"))

    assert only(file) == IsPartialDict(
        line=3, code="NOT_UTF8", value="byte 0xC8", suggestion="Save it as “CSV UTF-8”."
    )
    assert (file["rowsTotal"], file["rowsGood"]) == (0, 0)


@pytest.mark.parametrize("content", [b"\xd0\xcf\x11\xe0old", b"PK\x03\x04broken", b"sku\x00,kind"])
async def test_what_is_no_table_is_told(content: bytes) -> None:
    shop, _ = await a_shop()

    file = await upload(shop, content)

    assert only(file) == IsPartialDict(line=1, code="NOT_A_TABLE")
    assert file["rowsGood"] == 0


@pytest.mark.parametrize("content", [b"", b"\n\n", HEADER.encode()])
async def test_an_empty_file_is_told(content: bytes) -> None:
    shop, _ = await a_shop()

    assert only(await upload(shop, content))["code"] == "EMPTY_FILE"


async def test_an_open_quote_is_told_and_nothing_is_good() -> None:
    shop, _ = await a_shop()

    file = await upload(shop, csv_of(COFFEE, 'TEA,VOUCHER,dining,"Tea,CODE,NL,EUR,5.00'))

    assert only(file) == IsPartialDict(line=3, code="UNREADABLE_LINE")
    assert (file["rowsGood"], await UploadRow.all().count()) == (0, 0)


async def test_unknown_and_missing_columns_are_told_and_nothing_is_good() -> None:
    shop, _ = await a_shop()

    file = await upload(shop, csv_of(COFFEE, header=HEADER.replace("currency", "curency")))

    assert [(f["line"], f["column"], f["code"], f["suggestion"]) for f in file["findings"]["nodes"]] == [
        (1, "curency", "UNKNOWN_COLUMN", "currency"),
        (1, "currency", "MISSING_COLUMN", "Add currency."),
    ]
    assert (file["rowsGood"], file["rowsBad"]) == (0, 1)


async def test_a_column_can_be_left_out_by_a_hash() -> None:
    shop, _ = await a_shop()

    file = await upload(shop, csv_of(f"{COFFEE},ask Ola", header=f"{HEADER},#notes"))

    assert (file["rowsGood"], findings(file)) == (1, [])


async def test_a_language_that_nobody_speaks_is_an_unknown_column() -> None:
    shop, _ = await a_shop()

    file = await upload(shop, csv_of(f"{COFFEE},Kaffe,Kaffi", header=f"{HEADER},title_nb-NO,title_qqx"))

    assert only(file) == IsPartialDict(column="title_qqx", code="UNKNOWN_COLUMN")


async def test_no_attribute_of_a_product_is_called_link() -> None:
    shop, _ = await a_shop()

    file = await upload(shop, csv_of(f"{COFFEE},https://x.example.org", header=f"{HEADER},attribute_link"))

    assert only(file) == IsPartialDict(column="attribute_link", code="UNKNOWN_COLUMN")


async def test_a_column_stands_once() -> None:
    shop, _ = await a_shop()

    file = await upload(shop, csv_of(f"{COFFEE},5.00", header=f"{HEADER},Price"))

    assert only(file) == IsPartialDict(column="Price", code="COLUMN_TWICE")


async def test_a_first_line_without_names_is_told() -> None:
    shop, _ = await a_shop()

    assert only(await upload(shop, f"{COFFEE}\n{COFFEE}".encode()))["code"] == "NO_HEADER"


async def test_a_spreadsheet_is_read_like_a_csv() -> None:
    shop, _ = await a_shop()
    header: list[object] = [*HEADER.split(","), "published_until"]
    rows: list[list[object]] = [
        ["TEA", "VOUCHER", "dining", "Tea", "CODE", "NL", "EUR", 5, datetime(2027, 12, 31)],  # noqa: DTZ001
        ["CAKE", "VOUCHER", "dining", "Cake", "CODE", "NL", "EUR", 12.5, None],
        ["RISK", "VOUCHER", "dining", "=1+1", "CODE", "NL", "EUR", 12.345, None],
    ]

    file = await upload(shop, workbook(header, *rows), name="offers.xlsx")

    assert [row["price"]["amount"] for row in file["preview"]] == ["5.00", "12.50"]
    assert findings(file) == [(4, "title_en", "FORMULA"), (4, "price", "TOO_MANY_DECIMALS")]


async def test_too_many_rows_are_told_and_none_is_kept() -> None:
    shop, _ = await a_shop()

    file = await upload(shop, csv_of(*[COFFEE] * 100_001))

    assert only(file) == IsPartialDict(line=100_002, code="TOO_MANY_ROWS")
    assert await UploadRow.all().count() == 0


async def test_too_large_a_file_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    shop, _ = await a_shop()
    monkeypatch.setenv("MARKETPLACE_MAX_UPLOAD_BYTES", "100")
    settings.cache_clear()
    try:
        asked = "... on FileTooLarge { sizeBytes limitBytes }"
        answer = await shop.send("uploadOffers", asked, ("offers.csv", csv_of(COFFEE)))
    finally:
        monkeypatch.undo()
        settings.cache_clear()

    assert answer == IsPartialDict(__typename="FileTooLarge", limitBytes=100, sizeBytes=len(csv_of(COFFEE)))
    assert await Upload.all().count() == 0


async def test_a_file_name_is_kept_without_its_folders() -> None:
    shop, _ = await a_shop()

    file = await upload(shop, csv_of(COFFEE), name="C:\\Users\\me\\offers.csv")

    assert file["filename"] == IsStr(regex=r"[^/\\]*offers\.csv")
    assert await Offer.all().count() == 0


async def test_many_problems_are_cut_short_and_it_is_said() -> None:
    shop, _ = await a_shop()

    file = await upload(shop, csv_of(*(f"S{n},VOUCHER,dining,Tea,CODE,NL,EUR,x" for n in range(10_050))))

    assert file["rowsBad"] == 10_050
    assert file["findings"]["totalCount"] == 10_001


async def test_the_catalogues_operators_list_the_files_of_all_partners() -> None:
    shop, _ = await a_shop()
    file = await upload(shop, csv_of(COFFEE))
    text = "{ uploads(first: 5) { nodes { id } totalCount } }"

    listed = await as_operator(new_id(), "catalogue").get(text)
    turned_away = await as_operator(new_id(), "finance").ask(text)

    assert listed["uploads"] == {"nodes": [{"id": file["id"]}], "totalCount": 1}
    assert turned_away["errors"][0]["extensions"]["code"] == "FORBIDDEN"
