"""Who bears what of a tier's discount above a contract's monthly cap, from the contract to the statement."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from marketplace.kit import clock
from marketplace.kit.ids import new_id
from marketplace.ledger.models import Purpose
from tests import builders
from tests.books import violations
from tests.client import as_operator
from tests.redemptions.world import a_shopper, support
from tests.settlement.books import FINANCE, euros, house, partner_id, settle, shown, standing

pytestmark = pytest.mark.usefixtures("db")
FORECAST = "query($id: ID!) { node(id: $id) { ... on Partner { payoutForecast { closing { amount } } } } }"


def at(month: int, day: int) -> datetime:
    return datetime(2027, month, day, 12, tzinfo=UTC)


async def lines_of(statement: Any) -> dict[str, str]:
    nodes = (await shown(statement))["lines"]["nodes"]
    return {f"{line['kind']} {line['quantity']}": line["net"]["amount"] for line in nodes}


async def refund(redemption: Any) -> None:
    desk = await support()
    back = await desk.do(
        "refundRedemption", "... on Redemption { state }", redemptionId=redemption["id"], reason="Broken"
    )
    assert back["state"] == "REFUNDED"


async def test_above_the_cap_the_marketplace_bears_it_until_refunds_bring_it_below() -> None:
    """A gold member saves 0.90 of each 10.00, the partner bears all of it, up to 1.50 in a month."""
    with clock.at(at(3, 1)):
        shopper, partner = await a_shopper(tier="gold", points=9000), await builders.a_partner()
        voucher = await builders.a_voucher(list("ABCDEFG"), brand=await builders.a_brand(partner))
        agreed = await as_operator(new_id()).do(
            "agreeContract", "... on Contract { discountCap { amount } tierDiscountShareBp }",
            partnerId=partner_id(partner), validFrom="2027-03-02", commissionBp=0, currency="EUR",
            timezone="Europe/Amsterdam", tierDiscountShareBp=10_000, discountCap=euros("1.50"),
        )  # fmt: skip
        assert agreed["discountCap"] == {"amount": "1.50"}
    with clock.at(at(3, 10)):
        bought = [await shopper.redeem(voucher) for _ in range(3)]
        # What is to come says so already: 3 x (10.00 - 0.90), and of the 2.70 that it bore 2.70 - 1.50 back.
        [to_come] = (await FINANCE.get(FORECAST, id=partner_id(partner)))["node"]["payoutForecast"]
        assert to_come["closing"]["amount"] == "28.50"
    with clock.at(at(4, 2)):
        await shopper.redeem(voucher)
        [march] = await settle(date(2027, 3, 31))

    assert await lines_of(march) == {"SALES 3": "27.30", "DISCOUNT_CAP 1": "1.20"}
    said = await shown(march)
    assert (said["adjustments"], said["closing"]) == (euros("1.20"), euros("28.50"))
    assert await house(Purpose.ADJUSTMENTS) == -1_20

    with clock.at(at(4, 20)):
        await refund(bought[0])
    with clock.at(at(5, 2)):
        [april] = await settle(date(2027, 4, 30))

    # Of March 1.80 was borne in the end, so 0.90 of the 1.20 are taken again; April's 0.90 are below the cap.
    assert await lines_of(april) == {"SALES 1": "9.10", "REFUNDS 1": "-9.10", "DISCOUNT_CAP 1": "-0.90"}
    assert await house(Purpose.ADJUSTMENTS) == -30
    with clock.at(at(5, 10)):
        await refund(bought[1])
        await refund(bought[2])
    with clock.at(at(6, 2)):
        [may] = await settle(date(2027, 5, 31))
    assert await lines_of(may) == {"REFUNDS 2": "-18.20", "DISCOUNT_CAP 1": "-0.30"}
    assert await house(Purpose.ADJUSTMENTS) == 0
    assert (await standing(partner))["DUE"] == 9_10
    assert await violations() == []
