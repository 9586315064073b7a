"""Offers in bulk: merged by brand and SKU, with stock, codes and listings that follow."""

from datetime import UTC, datetime
from typing import Any

import pytest

from marketplace.catalog.checks import CHECKS
from marketplace.catalog.codes import CodeDraft, load_codes
from marketplace.catalog.models import (
    Category,
    Item,
    Listing,
    Offer,
    OfferKind,
    OfferStatus,
    Stock,
    VoucherCode,
)
from marketplace.catalog.publishing import ItemDraft, Merged, OfferDraft, upsert_offers
from marketplace.catalog.steps import take_stock
from marketplace.kit import database, vault
from marketplace.kit.ids import new_id
from marketplace.partners.models import Brand
from tests.builders import a_brand
from tests.statements import recorded

pytestmark = pytest.mark.usefixtures("db")


async def a_shop(name: str = "Café Ångström") -> Brand:
    await Category.create(code="dining", names={"en": "Dining", "sv": "Mat & dryck"})
    return await a_brand(name=name)


def a_mug(brand: Brand, *items: ItemDraft, **facts: Any) -> OfferDraft:
    defaults: dict[str, Any] = {
        "brand_id": brand.id,
        "sku": "MUG",
        "kind": OfferKind.MERCHANDISE,
        "category": "dining",
        "title": {"en": "Blue mug", "nb": "Blått krus"},
        "items": items,
        "source": "upload",
    }
    return OfferDraft(**(defaults | facts))


def in_country(country: str = "NL", **facts: Any) -> ItemDraft:
    defaults: dict[str, Any] = {"sku": "BLUE", "country": country, "currency": "EUR", "price_minor": 1250}
    return ItemDraft(**(defaults | facts))


async def merge(*drafts: OfferDraft) -> Merged:
    async with database.transaction():
        return await upsert_offers(drafts)


async def test_a_draft_becomes_an_offer_with_items_stock_and_listings() -> None:
    brand = await a_shop()

    merged = await merge(a_mug(brand, in_country(stock=7), in_country("DE", price_minor=1100), popularity=9))

    offer = await Offer.get()
    assert merged.offers == {(brand.id, "MUG"): offer.id}
    assert (merged.offers_added, merged.offers_changed) == (1, 0)
    assert offer.search_text == "cafe angstrom blue mug blatt krus dining mat dryck"
    assert (await Stock.get()).loaded == 7
    listed = {row.country: row for row in await Listing.all()}
    assert {country: row.from_price_minor for country, row in listed.items()} == {"NL": 1250, "DE": 1100}
    assert all(row.published and row.popularity == 9 and row.kind == "MERCHANDISE" for row in listed.values())


async def test_a_second_merge_changes_the_offer_and_keeps_its_ids() -> None:
    brand = await a_shop()
    first = await merge(a_mug(brand, in_country(stock=7)))
    await Stock.all().update(taken=3)

    second = await merge(a_mug(brand, in_country(stock=5, price_minor=990), title={"en": "Red mug"}))

    assert (second.offers, second.items) == (first.offers, first.items)
    assert (second.offers_added, second.offers_changed) == (0, 1)
    assert (await Offer.get()).title == {"en": "Red mug"}
    assert (await Listing.get()).from_price_minor == 990
    stock = await Stock.get()
    assert stock.loaded - stock.taken == 5


async def test_items_left_out_stay_unless_the_draft_is_complete() -> None:
    brand = await a_shop()
    await merge(a_mug(brand, in_country(), in_country("DE")))

    await merge(a_mug(brand, in_country()))
    assert await Item.filter(active=True).count() == 2

    await merge(a_mug(brand, in_country(), items_complete=True))
    assert [item.country for item in await Item.filter(active=True)] == ["NL"]
    assert not (await Listing.get(country="DE")).published


async def test_a_drafted_offer_is_not_listed() -> None:
    brand = await a_shop()

    await merge(a_mug(brand, in_country(), status=OfferStatus.DRAFT))

    assert not (await Listing.get()).published


async def test_the_same_sku_twice_is_refused_whole() -> None:
    brand = await a_shop()

    with pytest.raises(Exception, match="second time"):
        await merge(a_mug(brand, in_country()), a_mug(brand, in_country()))
    with pytest.raises(ValueError, match="came twice"):
        await merge(a_mug(brand, in_country(), in_country()))

    assert await Offer.all().count() == 0


async def test_codes_follow_those_that_are_there_and_twins_are_left_out() -> None:
    brand = await a_shop()
    merged = await merge(a_mug(brand, in_country(coded=True), kind=OfferKind.VOUCHER, delivery="CODE"))
    (item_id,) = merged.items.values()

    async def load(*codes: str) -> list[str]:
        async with database.transaction():
            drafts = [CodeDraft(item_id=item_id, code=code) for code in codes]
            return [draft.code for draft in (await load_codes(drafts)).duplicates]

    assert await load("ONE-1", "TWO-2", "ONE-1") == ["ONE-1"]
    assert await load("TWO-2", "THREE-3") == ["TWO-2"]

    kept = await VoucherCode.all().order_by("position")
    assert [(code.position, vault.unseal(code.ciphertext)) for code in kept] == [
        (1, "ONE-1"),
        (2, "TWO-2"),
        (3, "THREE-3"),
    ]
    assert (await Stock.get()).loaded == 3
    again = await merge(a_mug(brand, in_country(coded=True), kind=OfferKind.VOUCHER, delivery="CODE"))
    assert (await Stock.get()).loaded == 3
    assert again.items == merged.items


async def test_codes_of_an_item_without_codes_are_an_error() -> None:
    brand = await a_shop()
    merged = await merge(a_mug(brand, in_country()))
    (item_id,) = merged.items.values()

    with pytest.raises(LookupError):
        await load_codes([CodeDraft(item_id=item_id, code="ONE")])


async def test_thousands_of_offers_are_few_statements() -> None:
    brand = await a_shop()
    starts = datetime(2030, 1, 1, tzinfo=UTC)
    drafts = [
        a_mug(brand, *(in_country(country, stock=3) for country in ("NL", "DE", "SE")), sku=f"M{n}",
              title={"en": f"Mug {n}"}, published_from=starts)
        for n in range(5000)
    ]  # fmt: skip
    with recorded() as sent:
        await merge(*drafts)

    assert await Listing.all().count() == 15_000
    assert len(sent) < 60


async def test_a_counted_item_that_turns_to_codes_begins_at_its_first_code() -> None:
    brand = await a_shop()
    card: dict[str, Any] = {"kind": OfferKind.VOUCHER, "delivery": "CODE"}
    made = await merge(a_mug(brand, in_country(stock=5), kind=OfferKind.VOUCHER, delivery="LINK"))
    [item] = made.items.values()
    async with database.transaction():
        await take_stock(await Item.get(id=item), ref_type="test", ref_id=new_id())

    await merge(a_mug(brand, in_country(coded=True), **card))
    stock = await Stock.get(item_id=item)
    assert (stock.loaded, stock.taken) == (0, 0)
    async with database.transaction():
        await load_codes([CodeDraft(item_id=item, code="FIRST")])
        assert await take_stock(await Item.get(id=item), ref_type="test", ref_id=new_id()) == 1
    await merge(a_mug(brand, in_country(coded=True), **card))

    assert await VoucherCode.exists(item_id=item, position=1)
    stock = await Stock.get(item_id=item)
    assert (stock.loaded, stock.taken) == (1, 1)
    assert [found for check in CHECKS async for found in check()] == []
