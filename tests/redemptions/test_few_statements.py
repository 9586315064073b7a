"""How often a redemption asks the database: few round trips, whatever it writes."""

import pytest

from tests import builders
from tests.redemptions.world import a_shopper
from tests.statements import recorded

pytestmark = pytest.mark.usefixtures("db")
A_VOUCHER = 6


async def test_a_redemption_of_a_voucher_is_few_statements() -> None:
    shopper, voucher = (
        await a_shopper(points=9000, funding=1_000_000_00),
        await builders.a_voucher(["A", "B", "C"]),
    )
    await shopper.redeem(voucher)
    with recorded() as sent:
        answer = await shopper.redeem(voucher)
    assert answer["__typename"] == "Redemption"
    assert len(sent) == A_VOUCHER, "\n".join(each.sql for each in sent)
