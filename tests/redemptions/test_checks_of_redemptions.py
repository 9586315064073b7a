"""The checks see nothing wrong with an eventful day, and each sees the one thing it is for."""

from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest

from marketplace.catalog.models import OfferKind
from marketplace.kit import database
from marketplace.redemptions.checks import CHECKS
from tests import builders
from tests.books import violations
from tests.redemptions.world import ADDRESS, Shopper, a_shopper, key, partner_of, support

pytestmark = pytest.mark.usefixtures("db")


def money(amount: str) -> dict[str, str]:
    """An amount in EUR."""
    return {"amount": amount, "currency": "EUR"}


NUMBER = {"membershipNumber": "12345678"}


async def an_eventful_day() -> tuple[Shopper, dict[str, Any]]:
    """Every kind redeemed, and every way a redemption can go."""
    shopper, desk = await a_shopper(tier="gold", points=30_000), await support()
    voucher = await builders.a_voucher([f"C{n}" for n in range(9)])
    free = await builders.a_voucher(price_minor=0)
    mug = await builders.an_item(await builders.an_offer(OfferKind.MERCHANDISE), stock=5)
    miles = await builders.an_item(await builders.an_offer(OfferKind.BRAND_CURRENCY), units=100, stock=9)
    cause = await builders.an_item(await builders.an_offer(OfferKind.DONATION))
    session = await builders.a_session(seats=3)
    mine: dict[str, Any] = {}
    for name in ("kept", "exchanged", "refunded", "seen"):
        mine[name] = await shopper.redeem(voucher)
    mine["free"], mine["given"] = await shopper.redeem(free, expectedPoints=0), await shopper.redeem(cause)
    mine["undone"], mine["seat"] = await shopper.redeem(cause), await shopper.redeem(session)
    mine["left"] = await shopper.redeem(session)
    mine["part"] = await shopper.redeem(session)
    await desk.do(
        "refundRedemption", "", redemptionId=mine["part"]["id"], reason="x", part={"amount": money("3.33")}
    )
    for name in ("ordered", "sent", "dropped"):
        mine[name] = await shopper.redeem(mug, address=ADDRESS)
    for name in ("asked", "credited", "refused"):
        mine[name] = await shopper.redeem(miles, lots=2, expectedPoints=2000, **NUMBER)
    await shopper.phone.do("revealCode", "", redemptionId=mine["seen"]["id"])
    await desk.do("reissueCode", "", redemptionId=mine["exchanged"]["id"], reason="x")
    for name in ("refunded", "seen", "undone"):
        await desk.do("refundRedemption", "", redemptionId=mine[name]["id"], reason="x")
    for name in ("left", "dropped"):
        await shopper.phone.do("cancelRedemption", "", redemptionId=mine[name]["id"])
    post = {"carrier": "PostNL", "tracking": "1"}
    await (await partner_of(mug)).do("shipRedemption", "", redemptionId=mine["sent"]["id"], **post)
    airline = await partner_of(miles)
    await airline.do("confirmCredit", "", redemptionId=mine["credited"]["id"])
    await airline.do("refuseCredit", "", redemptionId=mine["refused"]["id"], reason="x")
    return shopper, mine


async def test_an_eventful_day_leaves_the_books_clean() -> None:
    await an_eventful_day()
    assert await violations() == []


_ANOTHER_REFUND = """
INSERT INTO refund (id, redemption_id, number, price_minor, quantity, points, discount_points, home_minor,
    card_minor, reason, refunded_at) VALUES (gen_random_uuid(), $1, 2, 0, 0, {points}, 0, {home}, 0, 'x', now())"""
BENT = [
    ("UPDATE redemption SET code_position = 8 WHERE id = $1", "kept", "codes out are redeemed"),
    ("UPDATE points_hold SET state = 'RELEASED' WHERE ref_id = $1", "asked", "redemptions hold their points"),
    ("UPDATE redemption SET state = 'PENDING' WHERE id = $1", "kept", "redemptions are owed"),
    ("UPDATE redemption SET home_minor = 999 WHERE id = $1", "sent", "redemptions are owed"),
    ("UPDATE redemption SET home_minor = 1 WHERE id = $1", "asked", "held money is for open redemptions"),
    ("UPDATE redemption SET state = 'FULFILLED' WHERE id = $1", "refunded", "refunds add up"),
    (_ANOTHER_REFUND.format(points=1, home=1), "refunded", "refunds add up"),
    (_ANOTHER_REFUND.format(points=1, home=0), "part", "redemptions hold their points"),
    (_ANOTHER_REFUND.format(points=0, home=1), "part", "redemptions are owed"),
    ("UPDATE shipment SET state = 'ORDERED' WHERE redemption_id = $1", "sent", "redemptions arrive"),
    ("UPDATE credit SET state = 'REFUSED' WHERE redemption_id = $1", "credited", "redemptions arrive"),
    ("UPDATE pledge SET state = 'CANCELLED' WHERE redemption_id = $1", "given", "redemptions arrive"),
    ("DELETE FROM booking WHERE redemption_id = $1", "seat", "redemptions arrive"),
]


class Undone(Exception):
    """Ends a transaction without a trace."""


async def found_after(statement: str, id: UUID) -> set[str]:
    """What the checks of this room find once a row is bent; afterwards it is straight again."""
    found: set[str] = set()
    with suppress(Undone):
        async with database.transaction():
            await database.execute(statement, id)
            for check in CHECKS:
                found |= {violation.check async for violation in check()}
            raise Undone
    return found


async def test_each_check_sees_what_it_is_for() -> None:
    _, mine = await an_eventful_day()
    for statement, name, check in BENT:
        assert check in await found_after(statement, key(mine[name])), statement
    assert await violations() == []
