"""A process may die between any two writes of a payment by points and card: the end is the same."""

from datetime import timedelta
from typing import Any

import pytest

from marketplace.kit import clock, database, jobs
from marketplace.ledger.models import Purpose
from marketplace.payments.models import CardPayment, CardRefund
from tests import builders
from tests.payments.outbound import Payments, run_jobs
from tests.redemptions.carding import a_buyer, balanced, buy, confirm, everything, house, look
from tests.redemptions.world import support

CRASH = """
CREATE SEQUENCE crash_line; GRANT USAGE, SELECT ON SEQUENCE crash_line TO PUBLIC;
CREATE TABLE crash_at (line bigint);
GRANT SELECT ON crash_at TO PUBLIC;
CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('crash_line') = (SELECT line FROM crash_at) THEN RAISE EXCEPTION 'the process was killed'; END IF;
    RETURN NULL; END $$"""
TABLES = (
    "card_payment card_refund redemption points_hold journal accrual stripe_event outbox_message stock_movement"
)


@pytest.fixture
async def crashes(opened_database: Any) -> Any:
    """Writes can be cut: `crash_at` says at which of them, counted over all tables of the story."""
    await opened_database.execute(CRASH)
    for table in TABLES.split():
        each = f"AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH STATEMENT"
        await opened_database.execute(f"CREATE TRIGGER crash {each} EXECUTE FUNCTION crash()")
    yield opened_database
    for table in TABLES.split():
        await opened_database.execute(f"DROP TRIGGER crash ON {table}")
    await opened_database.execute("DROP FUNCTION crash; DROP SEQUENCE crash_line; DROP TABLE crash_at")


async def stubbornly(payments: Payments) -> None:
    """Workers that are killed and started again, and webhooks that Stripe sends until they are answered."""
    for _ in range(12):
        try:
            await everything(payments)
            with clock.travel(timedelta(minutes=4)):
                await jobs.periodics()["payments.recover"].handler()
            await run_jobs(after=timedelta(minutes=4))
        except Exception as cut:  # noqa: BLE001 - whatever way the cut shows itself
            assert "killed" in str(cut)  # noqa: PT017
            continue
        running = await CardPayment.filter(state__in=["AUTHORISED", "CAPTURING", "RELEASING"]).exists()
        refunding = await CardRefund.filter(state="ORDERED").exists()
        if not running and not refunding and len(payments.inbox.got) == payments.brought:
            return


@pytest.mark.parametrize("refunded", [False, True])
@pytest.mark.parametrize("stride", [pytest.param(1, marks=pytest.mark.faults), 9])
async def test_wherever_a_process_dies_the_end_is_the_same(
    payments: Payments, crashes: Any, refunded: bool, stride: int
) -> None:
    """Each write of the story in turn is the last one before a crash; in the quick suite each ninth."""
    shopper, item = await a_buyer(), await builders.a_voucher([f"CODE-{n:04}" for n in range(60)])
    cut = 0
    for line in range(2, 200, stride):
        bought = await buy(shopper, item)
        if refunded:
            await confirm(payments, shopper, bought)
            await everything(payments)
        else:
            await confirm(payments, shopper, bought)
        await crashes.execute(
            f"ALTER SEQUENCE crash_line RESTART; DELETE FROM crash_at; INSERT INTO crash_at VALUES ({line})"
        )
        if refunded:
            await refund_until_it_is_done(bought)
        await stubbornly(payments)
        passed = await database.value("SELECT last_value FROM crash_line")
        await crashes.execute("DELETE FROM crash_at")
        found = await look(shopper, bought)
        assert (found["state"], found["card"]["state"]) == ("REFUNDED" if refunded else "FULFILLED", "CAPTURED"), (
            line
        )
        if not refunded:
            await (await support()).do("refundRedemption", "", redemptionId=bought["id"], reason="next")
            await stubbornly(payments)
        assert (await shopper.wallet(), await shopper.wallet(Purpose.HELD)) == (3000, 0), line
        assert (await house(Purpose.STRIPE_CLEARING), await house(Purpose.CARD_CLEARING)) == (0, 0), line
        if passed < line:
            break
        cut += 1
    assert cut > 20 // stride
    await balanced()


async def refund_until_it_is_done(bought: Any) -> None:
    desk = await support()
    for _ in range(3):
        try:
            await desk.do("refundRedemption", "", redemptionId=bought["id"], reason="broken")
        except Exception:  # noqa: BLE001 - the request was cut; the desk asks again
            continue
        return
