"""Publishing what is good of a file, and giving files up."""

import asyncio

import pytest
from dirty_equals import IsPartialDict

from marketplace.app import rooms
from marketplace.catalog.models import Item, Listing, Offer, OfferKind, Stock, VoucherCode
from marketplace.kit import ids, vault
from marketplace.kit.ids import new_id
from marketplace.partners.models import Partner
from marketplace.uploads.models import Upload, UploadRow
from tests.builders import a_partner, an_item, an_offer
from tests.client import as_operator, as_partner
from tests.uploads.files import COFFEE, HEADER, a_shop, csv_of, findings, publish, upload, upload_codes

pytestmark = pytest.mark.usefixtures("db")


async def no_violations() -> bool:
    """Whether the checks of uploads find nothing."""
    checks = [check for check in rooms.checks() if "uploads" in check.__module__]
    assert checks
    return [violation for check in checks async for violation in check()] == []


async def test_good_rows_are_in_the_catalogue_and_bad_ones_are_not() -> None:
    shop, brand = await a_shop()
    bad = COFFEE.replace("COFFEE-10", "TEA").replace("EUR", "ERU")

    file = await publish(shop, await upload(shop, csv_of(COFFEE, bad)))

    assert file == IsPartialDict(__typename="UploadedFile", state="PUBLISHED", rowsGood=1, rowsBad=1)
    offer = await Offer.get(brand_id=brand.id)
    assert (offer.sku, offer.status, offer.title) == ("COFFEE-10", "PUBLISHED", {"en": "Coffee for 10"})
    item = await Item.get(offer_id=offer.id)
    assert (item.price_minor, item.currency, item.country, item.stock_mode) == (1000, "EUR", "NL", "CODES")
    assert await Listing.all().count() == 1
    assert await no_violations()


async def test_publishing_twice_is_refused_by_name() -> None:
    shop, _ = await a_shop()
    file = await upload(shop, csv_of(COFFEE))
    await publish(shop, file)
    await Offer.all().update(popularity=7)

    answer = await publish(shop, file)

    assert answer["__typename"] == "UploadAlreadyPublished"
    assert (await Offer.get()).popularity == 7


async def test_the_same_key_publishes_once_and_answers_the_same() -> None:
    shop, _ = await a_shop()
    file = await upload(shop, csv_of(COFFEE))

    first, again = await asyncio.gather(*(publish(shop, file, idempotencyKey="one") for _ in range(2)))

    assert first == again
    assert first["state"] == "PUBLISHED"


async def test_two_keys_at_once_publish_once() -> None:
    shop, _ = await a_shop()
    file = await upload(shop, csv_of(COFFEE))

    answers = await asyncio.gather(*(publish(shop, file) for _ in range(4)))

    kinds = sorted(answer["__typename"] for answer in answers)
    assert kinds == ["UploadAlreadyPublished"] * 3 + ["UploadedFile"]
    assert await Offer.all().count() == 1


async def test_the_same_sku_again_updates_its_offer() -> None:
    shop, _ = await a_shop()
    await publish(shop, await upload(shop, csv_of(COFFEE)))
    before = await Offer.get()
    await Offer.all().update(popularity=42)

    dearer = await upload(shop, csv_of(COFFEE.replace("10.00", "12.00").replace("for 10", "for 12")))
    await publish(shop, dearer)

    after = await Offer.get()
    assert dearer["preview"][0]["change"] == "UPDATE"
    assert (after.id, after.title, after.popularity) == (before.id, {"en": "Coffee for 12"}, 42)
    assert (await Item.get()).price_minor == 1200
    assert await Listing.all().values_list("from_price_minor", flat=True) == [1200]


async def test_everything_a_row_says_reaches_the_catalogue() -> None:
    shop, _ = await a_shop()
    header = (
        "sku,item_sku,kind,category,title_en,title_nb,country,currency,price,starts_at,ends_at,"
        "cancel_until_hours,stock,max_per_member,published_from,published_until,label_en,active"
    )
    row = (
        "TOUR,TOUR-1,EXPERIENCE,travel,A tour,En tur,NL,EUR,40.00,2027-05-01T10:00+02:00,2027-05-01T12:00+02:00,"
        "24,8,2,2026-01-01,2027-04-30,Morning,yes"
    )

    await publish(shop, await upload(shop, csv_of(row, header=header)))

    offer, item, stock = await Offer.get(), await Item.get(), await Stock.get()
    assert offer.title == {"en": "A tour", "nb": "En tur"}
    assert offer.cancel_until_hours == 24
    assert [str(moment) for moment in (offer.published_from, offer.published_until)] == [
        "2026-01-01 00:00:00+00:00",
        "2027-05-01 00:00:00+00:00",
    ]
    assert (item.sku, item.label, item.max_per_member, item.active) == ("TOUR-1", {"en": "Morning"}, 2, True)
    assert str(item.starts_at) == "2027-05-01 08:00:00+00:00"
    assert (stock.loaded, stock.taken) == (8, 0)


async def test_a_large_file_is_published_with_every_item_of_every_offer() -> None:
    shop, brand = await a_shop()
    header = "sku,item_sku,kind,category,title_en,delivery,country,currency,price"
    rows = [
        f"CARD-{offer:04},CARD-{offer:04}-{size},VOUCHER,dining,Card {offer},CODE,NL,EUR,{size}.00"
        for size in (10, 25, 50)
        for offer in range(700)
    ]

    file = await publish(shop, await upload(shop, csv_of(*rows, header=header)))

    assert (file["state"], file["rowsGood"]) == ("PUBLISHED", 2100)
    counts = await Item.filter(offer__brand_id=brand.id).values_list("offer_id", flat=True)
    assert (len(set(counts)), len(counts)) == (700, 2100)
    assert await Listing.filter(from_price_minor=1000).count() == 700
    assert await Stock.all().count() == 2100


async def test_the_link_of_a_voucher_is_kept_for_its_owner() -> None:
    shop, _ = await a_shop()
    row = COFFEE.replace("CODE", "LINK") + ",https://kaffe.example.org/in"

    await publish(shop, await upload(shop, csv_of(row, header=f"{HEADER},link")))

    item = await Item.get()
    assert (item.attributes, item.stock_mode) == ({"link": "https://kaffe.example.org/in"}, "UNLIMITED")


async def test_codes_are_in_the_vault_sealed_and_can_be_handed_out() -> None:
    shop, brand = await a_shop()
    await publish(shop, await upload(shop, csv_of(COFFEE)))
    file = await upload_codes(shop, csv_of("COFFEE-10,AAAA-1111", "COFFEE-10,BBBB-2222", header="sku,code"))
    assert await VoucherCode.all().count() == 0

    await publish(shop, file)

    codes = await VoucherCode.all().order_by("position")
    assert [(code.position, vault.unseal(code.ciphertext)) for code in codes] == [
        (1, "AAAA-1111"),
        (2, "BBBB-2222"),
    ]
    assert (await Stock.get()).loaded == 2
    assert await UploadRow.filter(upload_id=ids.parse("upload", file["id"])).count() == 0
    again = await upload_codes(shop, csv_of("COFFEE-10,AAAA-1111", header="sku,code"))
    assert findings(again) == [(2, "code", "CODE_IN_VAULT")]
    assert await no_violations()
    assert brand.partner_id


async def test_codes_that_came_in_since_are_refused_whole() -> None:
    shop, _ = await a_shop()
    await publish(shop, await upload(shop, csv_of(COFFEE)))
    lines = ("COFFEE-10,AAAA-1111", "COFFEE-10,BBBB-2222")
    first = await upload_codes(shop, csv_of(lines[1], header="sku,code"))
    second = await upload_codes(shop, csv_of(*lines, header="sku,code"))
    await publish(shop, first)

    answer = await shop.do("publishUpload", "... on CatalogueChanged { line }", uploadId=second["id"])

    assert answer == IsPartialDict(__typename="CatalogueChanged", line=3)
    assert await VoucherCode.all().count() == 1
    assert (await Upload.get(id=ids.parse("upload", second["id"]))).state == "CHECKED"


async def test_a_kind_that_changed_since_is_refused() -> None:
    shop, brand = await a_shop()
    file = await upload(shop, csv_of(COFFEE.replace("COFFEE-10", "X")))
    await an_item(await an_offer(OfferKind.MERCHANDISE, brand=brand, sku="X"), stock=1)

    answer = await publish(shop, file)

    assert answer["__typename"] == "CatalogueChanged"
    assert (await Offer.get()).kind == "MERCHANDISE"


async def test_the_kind_and_the_delivery_of_what_is_there_stay() -> None:
    shop, _ = await a_shop()
    await publish(shop, await upload(shop, csv_of(COFFEE, COFFEE.replace("COFFEE-10", "TEA"))))

    rows = (
        COFFEE.replace("CODE", "ENTITLEMENT"),
        "TEA,MERCHANDISE,dining,Tea,,NL,EUR,10.00",
    )
    file = await upload(shop, csv_of(*rows))

    assert findings(file) == [(2, "delivery", "DELIVERY_CHANGED"), (3, "kind", "KIND_CHANGED")]
    assert file["rowsGood"] == 0


async def test_a_waiting_partner_cannot_publish() -> None:
    shop, _ = await a_shop(status="PENDING")
    file = await upload(shop, csv_of(COFFEE))

    answer = await shop.do("publishUpload", "... on PartnerNotApproved { status }", uploadId=file["id"])

    assert answer == IsPartialDict(__typename="PartnerNotApproved", status="PENDING")
    assert await Offer.all().count() == 0
    await Partner.all().update(status="APPROVED")
    assert (await publish(shop, file))["state"] == "PUBLISHED"


async def test_a_file_without_a_good_row_is_not_published() -> None:
    shop, _ = await a_shop()
    file = await upload(shop, csv_of(COFFEE.replace("EUR", "ERU"), header=HEADER))

    answer = await shop.do("publishUpload", "... on NothingToPublish { listed }", uploadId=file["id"])

    assert answer == IsPartialDict(__typename="NothingToPublish", listed=1)
    assert (await Upload.get()).state == "CHECKED"


async def test_a_file_of_another_partner_is_not_there() -> None:
    shop, _ = await a_shop()
    file = await upload(shop, csv_of(COFFEE))
    other = as_partner((await a_partner()).id)

    answers = [
        await publish(other, file),
        await publish(other, ids.public("upload", new_id())),
        await publish(other, "upload_nonsense"),
        await other.do("discardUpload", "", uploadId=file["id"]),
    ]

    assert {answer["__typename"] for answer in answers} == {"NotFound"}
    assert {answer["message"] for answer in answers} == {"There is no such upload."}
    assert (await Upload.get()).state == "CHECKED"
    assert await Offer.all().count() == 0


async def test_an_operator_publishes_for_nobody() -> None:
    shop, _ = await a_shop()
    file = await upload(shop, csv_of(COFFEE))

    text = "mutation($input: PublishUploadInput!) { publishUpload(input: $input) { __typename } }"
    asked = {"idempotencyKey": "k", "uploadId": file["id"]}
    answer = await as_operator(new_id()).ask(text, input=asked)

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await Offer.all().count() == 0


async def test_a_discarded_file_is_never_published() -> None:
    shop, _ = await a_shop()
    file = await upload(shop, csv_of(COFFEE))

    given_up = await shop.do("discardUpload", "... on UploadedFile { state }", uploadId=file["id"])
    again = await shop.do("discardUpload", "", uploadId=file["id"])
    published = await publish(shop, file)

    assert given_up == IsPartialDict(__typename="UploadedFile", state="DISCARDED")
    assert (again["__typename"], published["__typename"]) == ("UploadAlreadyDiscarded", "UploadAlreadyDiscarded")
    assert await Offer.all().count() == 0
    assert await UploadRow.all().count() == 0
    assert await no_violations()


async def test_a_published_file_cannot_be_discarded() -> None:
    shop, _ = await a_shop()
    file = await upload(shop, csv_of(COFFEE))
    await publish(shop, file)

    answer = await shop.do(
        "discardUpload", "... on UploadAlreadyPublished { publishedSince }", uploadId=file["id"]
    )

    assert answer["__typename"] == "UploadAlreadyPublished"
    assert answer["publishedSince"]
    assert await Offer.all().count() == 1
