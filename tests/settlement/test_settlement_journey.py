"""From a program's payment to the partner's bank and back, through the API alone."""

from datetime import timedelta
from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.app import wiring
from marketplace.kit import clock
from marketplace.kit.ids import new_id
from marketplace.settlement.models import Statement
from tests import builders
from tests.books import violations
from tests.client import as_operator, as_partner, as_program
from tests.payments.outbound import Payments, run_jobs
from tests.redemptions.world import a_shopper
from tests.settlement.books import FINANCE, MONEY, euros, onboard, yesterday

DAY = timedelta(days=1)
STATEMENTS = f"""{{ statements {{ nodes {{ number opening {MONEY} closing {MONEY}
    lines {{ nodes {{ kind description quantity arithmetic net {MONEY} }} }}
    payout {{ state reason triedAgainOn inBankAt }} }} }} }}"""


async def settle(until: str) -> None:
    ordered = await FINANCE.do("settle", "... on SettlementRun { state }", until=until)
    assert ordered["state"] == "RUNNING"
    await run_jobs()


@pytest.mark.usefixtures("db")
async def test_money_reaches_the_partners_bank_and_a_refund_comes_off_the_next(
    payments: Payments,
) -> None:
    wiring.wire()
    partner = await builders.a_partner(name="Coffee House", slug="coffee-house")
    account = await onboard(payments, partner)
    with clock.travel(-10 * DAY):
        shopper = await a_shopper(funding=0)
        await pay_in(shopper.program.id, "100.00")
        item = await builders.a_voucher(["AAAA", "BBBB", "CCCC"], brand=await builders.a_brand(partner))
        taken = [await shopper.redeem(item) for _ in range(2)]
    assert {redemption["state"] for redemption in taken} == {"FULFILLED"}

    await settle((yesterday() - 5 * DAY).isoformat())
    await payments.webhooks(1)
    payout = await payments.payout(account)
    await payments.stand_in.order(f"payouts/{payout}/paid")
    await payments.webhooks(3)

    server = as_partner(partner.id)
    [first] = (await server.get(STATEMENTS))["statements"]["nodes"]
    assert first["closing"] == euros("18.06")
    assert [line["quantity"] for line in first["lines"]["nodes"]] == [2]
    assert first["payout"] == IsPartialDict(state="IN_BANK", reason=None)
    assert await violations() == []

    with clock.travel(-2 * DAY):
        support = as_operator(new_id(), "admin")
        back = await support.do(
            "refundRedemption",
            "... on Redemption { state }",
            redemptionId=taken[0]["id"],
            reason="Broken",
        )
        assert back["state"] == "REFUNDED"
    await settle(yesterday().isoformat())

    second, _ = (await server.get(STATEMENTS))["statements"]["nodes"]
    assert second == IsPartialDict(opening=euros("0.00"), closing=euros("-9.03"))
    assert second["payout"] == IsPartialDict(state="CARRIED", reason="NEGATIVE_BALANCE")
    assert second["payout"]["triedAgainOn"] > clock.today().isoformat()
    assert await Statement.all().count() == 2
    assert await violations() == []


async def pay_in(program: Any, amount: str) -> None:
    asked = await as_program(program).do(
        "topUpProgram", "... on TopUp { id }", amount=euros(amount), method="BANK_TRANSFER", reference="INV-1"
    )
    done = await FINANCE.do("confirmTopUp", "... on TopUp { state }", topUpId=asked["id"], evidence="camt.053")
    assert done["state"] == "SUCCEEDED"
