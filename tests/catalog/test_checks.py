"""The checks of the catalogue find what they look for, and nothing in a healthy one."""

from collections.abc import AsyncIterator

import pytest

from marketplace.catalog.checks import CHECKS
from marketplace.catalog.models import Listing, ReturnedCode, Stock
from marketplace.catalog.steps import put_back, take_stock
from marketplace.kit import database
from marketplace.kit.checks import Violation
from marketplace.kit.ids import new_id
from tests.builders import a_session, a_voucher, an_item, an_offer

pytestmark = pytest.mark.usefixtures("db")


async def violated() -> set[str]:
    return {violation.check async for violation in _all()}


async def _all() -> AsyncIterator[Violation]:
    for check in CHECKS:
        async for violation in check():
            yield violation


async def test_taking_and_putting_back_keeps_everything_true() -> None:
    for item in (await a_voucher(), await a_session(), await an_item(await an_offer())):
        for keep in (True, False):
            cause = new_id()
            async with database.transaction():
                position = await take_stock(item, ref_type="test", ref_id=cause)
                if not keep:
                    await put_back(item, position, ref_type="test", ref_id=cause)

    assert await violated() == set()


async def test_stock_that_moved_by_itself_is_found() -> None:
    await a_session()
    await Stock.all().update(taken=1)

    assert await violated() == {"catalog.stock_has_moved"}


async def test_codes_that_are_not_there_are_found() -> None:
    await a_voucher(["ONE"])
    await Stock.all().update(loaded=2)

    assert await violated() == {"catalog.codes_are_loaded"}


async def test_a_code_that_came_back_without_having_left_is_found() -> None:
    item = await a_voucher()
    await ReturnedCode.create(item=item, position=2)

    assert await violated() == {"catalog.returned_codes_were_taken", "catalog.stock_has_moved"}


async def test_a_listing_that_tells_another_price_is_found() -> None:
    await a_voucher()
    await Listing.all().update(from_price_minor=1)

    assert await violated() == {"catalog.listings_mirror_offers"}
