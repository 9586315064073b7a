"""Rehearsing a file of offers: every problem is told, and nothing reaches the catalogue."""

from dataclasses import replace
from typing import Any

import pytest
from dirty_equals import IsPartialDict, IsStr

from marketplace.catalog.models import Offer
from marketplace.kit.ids import new_id
from marketplace.uploads.models import Upload, UploadRow
from tests.builders import a_brand, a_charity, a_member, a_partner
from tests.client import Caller, as_member, as_operator, as_partner
from tests.uploads.files import COFFEE, HEADER, a_shop, csv_of, findings, only, upload

pytestmark = pytest.mark.usefixtures("db")


async def one(row: str, header: str) -> dict[str, object]:
    """The one finding about one row."""
    shop, _ = await a_shop()
    file = await upload(shop, csv_of(row, header=header))
    assert (file["rowsGood"], file["rowsBad"]) == (0, 1)
    return only(file)


async def test_a_good_row_is_shown_as_it_would_be() -> None:
    shop, _ = await a_shop()

    file = await upload(shop, csv_of(COFFEE))

    assert file == IsPartialDict(
        state="CHECKED", kind="OFFERS", filename="offers.csv", rowsTotal=1, rowsGood=1, rowsBad=0, publishedAt=None
    )
    assert file["findings"] == {"nodes": [], "totalCount": 0}
    assert file["preview"] == [
        IsPartialDict(
            line=2,
            sku="COFFEE-10",
            country="NL",
            change="NEW",
            kind="VOUCHER",
            title="Coffee for 10",
            price={"amount": "10.00", "currency": "EUR"},
        )
    ]
    assert await Offer.all().count() == 0


async def test_the_same_key_rehearses_once() -> None:
    shop, _ = await a_shop()

    first = await upload(shop, csv_of(COFFEE), idempotencyKey="one")
    again = await upload(shop, csv_of(COFFEE), idempotencyKey="one")
    other = await upload(shop, csv_of(COFFEE, COFFEE), idempotencyKey="one")

    assert first == again
    assert other["__typename"] == "IdempotencyKeyReused"
    assert await Upload.all().count() == 1


async def test_bad_rows_do_not_spoil_good_ones() -> None:
    shop, _ = await a_shop()

    file = await upload(shop, csv_of(COFFEE, COFFEE.replace("COFFEE-10", "TEA").replace("10.00", "free")))

    assert (file["rowsTotal"], file["rowsGood"], file["rowsBad"]) == (2, 1, 1)
    assert findings(file) == [(3, "price", "NOT_AN_AMOUNT")]
    assert await UploadRow.all().count() == 1


RANGE = "max_price,step"
TEA, TOUR = "C,VOUCHER,dining,Tea,CODE,NL,EUR,10", "C,EXPERIENCE,travel,Tour,,NL,EUR,10"
MILES = "C,BRAND_CURRENCY,travel,Miles,,NL,EUR,10,miles"
FREE = "Only vouchers delivered as ENTITLEMENT may cost nothing."
CASES = [
    ("C,VOUCHER,dining,Tea,CODE,NL,EUR,10.005", "", "price", "TOO_MANY_DECIMALS", "10.00"),
    ("C,VOUCHER,dining,Tea,CODE,JP,JPY,1200.50", "", "price", "TOO_MANY_DECIMALS", "1200"),
    ("C,VOUCHER,dining,Tea,CODE,NL,EUR,1 250", "", "price", "NOT_AN_AMOUNT", "1250"),
    ("C,VOUCHER,dining,Tea,CODE,NL,ERU,10.00", "", "currency", "UNKNOWN_CURRENCY", "EUR"),
    ("C,VOUCHER,dining,Tea,CODE,NL,USD,10.00", "", "currency", "OTHER_CURRENCY", "EUR"),
    ("C,VOUCHER,dining,Tea,CODE,XX,EUR,10.00", "", "country", "UNKNOWN_COUNTRY", "JP, NL"),
    ("C,VOUCHER,dining,Tea,CODE,SE,EUR,10.00", "", "country", "NO_MARKET", "JP, NL"),
    ("C,VOUCHER,dinning,Tea,CODE,NL,EUR,10.00", "", "category", "UNKNOWN_CATEGORY", "dining"),
    ("C,VUCHER,dining,Tea,CODE,NL,EUR,10.00", "", "kind", "UNKNOWN_KIND", "VOUCHER"),
    ("C,VOUCHER,dining,Tea,COED,NL,EUR,10.00", "", "delivery", "UNKNOWN_DELIVERY", "CODE"),
    ("C,DONATION,charity,Trees,,NL,EUR,10.00", "", "kind", "KIND_NOT_YOURS", IsStr()),
    ("C,VOUCHER,dining,Tea,CODE,NL,EUR,0", "", "price", "PRICE_NOT_POSITIVE", FREE),
    ("C,VOUCHER,dining,Tea,ENTITLEMENT,NL,EUR,-1", "", "price", "PRICE_NOT_POSITIVE", ""),
    ("C,VOUCHER,dining,,CODE,NL,EUR,10.00", "", "title_en", "MISSING_TITLE", ""),
    ("C,VOUCHER,dining,=HYPERLINK(1),CODE,NL,EUR,10.00", "", "title_en", "FORMULA", "HYPERLINK(1)"),
    ("C,VOUCHER,dining,@all,CODE,NL,EUR,10.00", "", "title_en", "FORMULA", "all"),
    ("C,VOUCHER,dining,+1 coffee,CODE,NL,EUR,10.00", "", "title_en", "FORMULA", "1 coffee"),
    (",VOUCHER,dining,Tea,CODE,NL,EUR,10.00", "", "sku", "MISSING_VALUE", ""),
    ("<b>,VOUCHER,dining,Tea,CODE,NL,EUR,10.00", "", "sku", "BAD_SKU", ""),
    ("C,VOUCHER,dining,Tea,CODE,NL,EUR,10.00,surplus", "", "", "TOO_MANY_CELLS", ""),
    ("C,VOUCHER,dining,Tea,ENTITLEMENT,NL,EUR,10,55,10", RANGE, "max_price", "OFF_STEP", "50.00, 60.00"),
    ("C,VOUCHER,dining,Tea,ENTITLEMENT,NL,EUR,12,50,5", RANGE, "price", "OFF_STEP", "10.00, 15.00"),
    ("C,VOUCHER,dining,Tea,ENTITLEMENT,NL,EUR,50,10,5", RANGE, "max_price", "RANGE_IN_DISORDER", ""),
    ("C,VOUCHER,dining,Tea,ENTITLEMENT,NL,EUR,10,50,", RANGE, "step", "MISSING_VALUE", ""),
    (f"{TEA},50,5", RANGE, "max_price", "RANGE_OF_CODES", ""),
    ("C,MERCHANDISE,fashion,Shirt,CODE,NL,EUR,10", "", "delivery", "NOT_FOR_KIND", "Leave it blank."),
    (f"{TEA},5", "stock", "stock", "STOCK_IS_CODES", IsStr()),
    ("C,VOUCHER,dining,Tea,LINK,NL,EUR,10,", "link", "link", "MISSING_VALUE", ""),
    ("C,VOUCHER,dining,Tea,LINK,NL,EUR,10,http://x.io", "link", "link", "BAD_LINK", ""),
    (f"{TEA},31.12.2027", "published_until", "published_until", "BAD_DATE", "2027-12-31"),
    (f"{TEA},2027-01-01T10:00", "published_from", "published_from", "NO_TIME_ZONE", IsStr()),
    (f"{TEA},maybe", "active", "active", "NOT_YES_OR_NO", IsStr()),
    (f"{TEA},0", "max_per_member", "max_per_member", "NOT_A_NUMBER", ""),
    (f"{MILES},", "unit_name_en,units", "units", "MISSING_VALUE", ""),
    (f"{MILES},5,(a+)+b", "unit_name_en,units,number_pattern", "number_pattern", "BAD_PATTERN", "\\d{9}"),
    (f"{TOUR},2027-05-01,2027-05-01T12:00Z", "starts_at,ends_at", "starts_at", "NO_TIME", IsStr()),
    (f"{TOUR},2027-05-01T14:00Z,2027-05-01T12:00Z", "starts_at,ends_at", "ends_at", "DATES_IN_DISORDER", ""),
]  # fmt: skip


@pytest.mark.parametrize(("row", "more", "column", "code", "suggestion"), CASES)
async def test_a_bad_cell_is_told_with_its_place_and_what_to_write(
    row: str, more: str, column: str, code: str, suggestion: object
) -> None:
    found = await one(row, f"{HEADER},{more}".rstrip(","))

    assert found == IsPartialDict(line=2, column=column, code=code, suggestion=suggestion)
    assert found["message"]
    assert await Offer.all().count() == 0


async def test_an_entitlement_may_cost_nothing() -> None:
    shop, _ = await a_shop()

    file = await upload(shop, csv_of("FREE,VOUCHER,dining,A free coffee,ENTITLEMENT,NL,EUR,0"))

    assert (file["rowsGood"], file["rowsBad"]) == (1, 0)


async def test_every_kind_of_offer_can_be_uploaded() -> None:
    shop, _ = await a_shop()
    header = (
        "sku,item_sku,kind,category,title_en,delivery,country,currency,price,max_price,step,units,unit_name_en,"
        "starts_at,ends_at,cancel_until_hours,stock,attribute_size,number_pattern,check_digit"
    )
    rows = (
        "GIFT,,VOUCHER,dining,Gift card,ENTITLEMENT,NL,EUR,10,100,5,,,,,,,,,",
        "MILES,,BRAND_CURRENCY,travel,Miles,,NL,EUR,10,,,500,miles,,,,,,\\d{9},luhn",
        "SHIRT,SHIRT-M,MERCHANDISE,fashion,Shirt,,NL,EUR,25,,,,,,,,3,M,,",
        "SHIRT,SHIRT-L,MERCHANDISE,fashion,Shirt,,NL,EUR,25,,,,,,,,0,L,,",
        "TOUR,TOUR-1,EXPERIENCE,travel,Tour,,NL,EUR,40,,,,,2027-05-01T10:00+02:00,2027-05-01T12:00+02:00,24,8,,,",
    )

    file = await upload(shop, csv_of(*rows, header=header))

    assert findings(file) == []
    assert [row["kind"] for row in file["preview"]] == [
        "VOUCHER",
        "BRAND_CURRENCY",
        "MERCHANDISE",
        "MERCHANDISE",
        "EXPERIENCE",
    ]
    assert file["preview"][0]["maxPrice"] == {"amount": "100.00"}
    assert [row["stock"] for row in file["preview"]] == [None, None, 3, 0, 8]


async def test_a_charity_uploads_causes_and_nothing_else() -> None:
    await a_shop()
    charity = await a_charity()
    await a_brand(charity)

    rows = ("TREES,DONATION,charity,Ten trees,,NL,EUR,5.00", "TEA,VOUCHER,dining,Tea,CODE,NL,EUR,5.00")
    file = await upload(as_partner(charity.id), csv_of(*rows))

    assert (file["rowsGood"], file["rowsBad"]) == (1, 1)
    assert only(file) == IsPartialDict(line=3, column="kind", code="KIND_NOT_YOURS", suggestion="DONATION")


async def test_a_sku_stands_once_in_each_country() -> None:
    shop, _ = await a_shop()

    file = await upload(shop, csv_of(COFFEE, COFFEE.replace("NL,EUR,10.00", "JP,JPY,1500"), COFFEE))

    assert (file["rowsGood"], file["rowsBad"]) == (2, 1)
    assert only(file) == IsPartialDict(line=4, column="sku", value="COFFEE-10", code="DUPLICATE_SKU")


async def test_rows_of_one_offer_take_over_what_its_first_row_says() -> None:
    shop, _ = await a_shop()
    header = "sku,item_sku,kind,category,title_en,delivery,country,currency,price"
    rows = (
        "GIFT,GIFT-10,VOUCHER,dining,Gift card,CODE,NL,EUR,10.00",
        "GIFT,GIFT-25,VOUCHER,,,,NL,EUR,25.00",
        "GIFT,GIFT-50,VOUCHER,fashion,,,NL,EUR,50.00",
    )

    file = await upload(shop, csv_of(*rows, header=header))

    assert [row["title"] for row in file["preview"]] == ["Gift card", "Gift card"]
    assert only(file) == IsPartialDict(
        line=4, column="category", value="fashion", code="OFFER_DISAGREES", suggestion="dining"
    )


async def test_a_partner_with_two_brands_says_which() -> None:
    shop, brand = await a_shop()
    await a_brand(await brand.partner, slug="kiosk")
    await a_brand(slug="foreign")

    rows = (f"{COFFEE},", f"{COFFEE},kioks", f"{COFFEE},foreign", f"{COFFEE},kiosk")
    file = await upload(shop, csv_of(*rows, header=f"{HEADER},brand"))

    assert [(found["line"], found["code"], found["suggestion"]) for found in file["findings"]["nodes"]] == [
        (2, "MISSING_VALUE", "kaffe, kiosk"),
        (3, "UNKNOWN_BRAND", "kiosk"),
        (4, "UNKNOWN_BRAND", ""),
    ]
    assert file["rowsGood"] == 1


async def test_findings_come_in_pages() -> None:
    shop, _ = await a_shop()
    file = await upload(shop, csv_of(*(f"S{n},VOUCHER,dining,Tea,CODE,NL,EUR,x" for n in range(25))))
    text = """query($id: ID!, $after: String) { node(id: $id) { ... on UploadedFile {
      findings(first: 10, after: $after) { nodes { line } totalCount pageInfo { hasNextPage endCursor } } } } }"""

    lines: list[int] = []
    page: dict[str, Any] = {}
    after = None
    for _ in range(3):
        page = (await shop.get(text, id=file["id"], after=after))["node"]["findings"]
        lines += [found["line"] for found in page["nodes"]]
        after = page["pageInfo"]["endCursor"]

    assert lines == list(range(2, 27))
    assert page["totalCount"] == 25
    assert page["pageInfo"]["hasNextPage"] is False


async def test_a_partner_sees_its_own_files_only() -> None:
    shop, _ = await a_shop()
    file = await upload(shop, csv_of(COFFEE))
    other = as_partner((await a_partner()).id)
    listed = "{ uploads { nodes { id } totalCount } }"
    node = "query($id: ID!) { node(id: $id) { id } }"

    assert (await shop.get(listed))["uploads"] == {"nodes": [{"id": file["id"]}], "totalCount": 1}
    assert (await other.get(listed))["uploads"] == {"nodes": [], "totalCount": 0}
    assert (await other.get(node, id=file["id"]))["node"] is None
    assert (await as_operator(new_id(), "admin").get(node, id=file["id"]))["node"] == {"id": file["id"]}


async def test_a_waiting_partner_can_rehearse() -> None:
    shop, _ = await a_shop(status="PENDING")

    assert (await upload(shop, csv_of(COFFEE)))["rowsGood"] == 1


async def test_only_partners_upload() -> None:
    await a_shop()
    member = await a_member()
    text = "mutation($input: UploadOffersInput!) { uploadOffers(input: $input) { __typename } }"

    for caller in (as_member(member.id, member.program_id), as_operator(new_id())):
        with pytest.raises(AssertionError, match="FORBIDDEN"):
            await upload(caller, csv_of(COFFEE))
    answer = await as_partner(new_id()).ask(text, input={"idempotencyKey": "k", "file": "offers.csv"})

    assert answer["data"]["uploadOffers"]["__typename"] == "InvalidInput"
    assert await Upload.all().count() == 0


async def test_what_is_wrong_is_told_in_the_readers_language_and_a_cell_is_quoted_as_it_is() -> None:
    shop, _ = await a_shop()
    tea, cocoa = (COFFEE.replace("COFFEE-10", sku) for sku in ("TEA-10", "COCOA-10"))
    rows = (COFFEE, tea.replace("CODE", "offer"), cocoa.replace("VOUCHER", "{kind}"), COFFEE)
    file = await upload(shop, csv_of(*rows))
    assert shop.actor is not None
    reader = Caller(replace(shop.actor, languages=("sv",)))
    shown = "... on UploadedFile { findings { nodes { message suggestion } } }"
    found = (await reader.get(f'{{ node(id: "{file["id"]}") {{ {shown} }} }}'))["node"]["findings"]["nodes"]
    assert [(each["message"], each["suggestion"]) for each in found] == [
        ("offer är inget leveranssätt.", "CODE, ENTITLEMENT, GENERIC_CODE, LINK"),
        ("{kind} är inte ett slags erbjudande.", "BRAND_CURRENCY, DONATION, EXPERIENCE, MERCHANDISE, VOUCHER"),
        ("Samma SKU står på rad 2 för samma land.", "Ge varje rad i ett erbjudande sin egen item_sku."),
    ]
    english = file["findings"]["nodes"][2]
    assert english["message"] == "The same SKU is in line 2 for the same country."
    assert english["suggestion"] == "Give each row of an offer its own item_sku."
