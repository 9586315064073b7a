"""A settlement that is cut off anywhere, or run twice at once, pays everything once."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from marketplace.kit import clock, database
from marketplace.kit.actor import SYSTEM
from marketplace.kit.ids import new_id
from marketplace.partners.models import Partner
from marketplace.payments.models import OutboundTransfer
from marketplace.settlement.jobs import carry_out, settle_until
from marketplace.settlement.models import Payout, SettlementRun, Statement, StatementLine
from marketplace.settlement.operations import Settle, order_run
from tests import builders
from tests.settlement.books import (
    a_funded_program,
    give_account,
    rows,
    sell,
    sell_many,
    settle,
    settled,
    standing,
    violations,
    yesterday,
)

pytestmark = pytest.mark.usefixtures("db")

STEPS = (
    ("INSERT", "operation_record"),
    ("INSERT", "statement_line"),
    ("INSERT", "statement"),
    ("UPDATE", "payout"),
    ("INSERT", "journal"),
    ("INSERT", "transfer"),
    ("INSERT", "payout"),
    ("INSERT", "payout_event"),
    ("INSERT", "outbound_transfer"),
    ("INSERT", "outbox_message"),
    ("UPDATE", "operation_record"),
    ("INSERT", "audit_entry"),
)


@asynccontextmanager
async def cut_off(owner: Any, verb: str, table: str, *, at_commit: bool = False) -> AsyncGenerator[None]:
    """The database ends every transaction that does this to the table, when it does it or when it commits."""
    kind, when = ("CONSTRAINT TRIGGER", "DEFERRABLE INITIALLY DEFERRED") if at_commit else ("TRIGGER", "")
    await owner.execute("""
        CREATE FUNCTION cut_off() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'cut off'; END $$""")
    await owner.execute(f"""
        CREATE {kind} cut_off AFTER {verb} ON {table} {when} FOR EACH ROW EXECUTE FUNCTION cut_off()""")
    try:
        yield
    finally:
        await owner.execute(f"DROP TRIGGER cut_off ON {table}; DROP FUNCTION cut_off()")


async def a_partner_with_everything() -> Partner:
    """What its next statement touches: new sales, an amount carried from before, an account to pay to."""
    program, partner = await a_funded_program(), await builders.a_partner()
    await sell(program, partner, 10_00, days_ago=20)
    with clock.travel(-timedelta(days=7)):
        await settle()
    await sell(program, partner, 20_00)
    await sell(program, partner, 30_00, "Lunch")
    await give_account(partner)
    return partner


async def ordered() -> SettlementRun:
    return await order_run(SYSTEM, Settle(idempotency_key=new_id().hex, until=yesterday()))


@pytest.mark.parametrize(("verb", "table"), STEPS)
async def test_cut_off_at_any_step_nothing_has_happened_and_the_next_run_does_it_all(
    opened_database: Any, verb: str, table: str
) -> None:
    partner = await a_partner_with_everything()
    run = await ordered()
    before = await rows()

    async with cut_off(opened_database, verb, table):
        with pytest.raises(ExceptionGroup, match="could not be settled"):
            await carry_out(run)

    assert await rows() == before
    assert await standing(partner) == {"DUE": 9_03, "PAYABLE": 18_06 + 27_10}
    [statement] = await carry_out(run)
    assert statement.closing_minor == 9_03 + 18_06 + 27_10
    assert await standing(partner) == {"DUE": statement.closing_minor}
    assert (await OutboundTransfer.get()).amount_minor == statement.closing_minor
    assert await violations() == []


async def test_cut_off_while_it_commits_nothing_has_happened(opened_database: Any) -> None:
    await a_partner_with_everything()
    run = await ordered()
    before = await rows()

    async with cut_off(opened_database, "INSERT", "audit_entry", at_commit=True):
        with pytest.raises(ExceptionGroup):
            await carry_out(run)

    assert await rows() == before
    assert len(await carry_out(run)) == 1
    assert await violations() == []


async def test_a_partner_that_fails_does_not_keep_others_from_being_paid(opened_database: Any) -> None:
    good, bad = [await a_partner_with_everything() for _ in range(2)]
    run = await ordered()
    await opened_database.execute(f"""
        CREATE FUNCTION cut_off() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN IF NEW.partner_id = '{bad.id}' THEN RAISE EXCEPTION 'cut off'; END IF; RETURN NEW; END $$;
        CREATE TRIGGER cut_off BEFORE INSERT ON statement FOR EACH ROW EXECUTE FUNCTION cut_off()""")
    try:
        with pytest.raises(ExceptionGroup, match="1 of 2"):
            await carry_out(run)
    finally:
        await opened_database.execute("DROP TRIGGER cut_off ON statement; DROP FUNCTION cut_off()")

    assert await Statement.filter(partner_id=good.id, run_id=run.id).count() == 1
    assert (await SettlementRun.get(id=run.id)).state == "RUNNING"
    assert [statement.partner_id for statement in await carry_out(run)] == [bad.id]
    assert (await SettlementRun.get(id=run.id)).state == "FINISHED"
    assert await violations() == []


async def test_runs_at_once_settle_everything_once() -> None:
    partners = [await builders.a_partner() for _ in range(6)]
    for partner in partners:
        await sell_many(partner, 40)
        await give_account(partner)

    made = await asyncio.gather(*(settle_until(yesterday()) for _ in range(4)))

    issued = [statement for each in made for statement in each]
    assert sorted(statement.partner_id for statement in issued) == sorted(partner.id for partner in partners)
    assert await Statement.all().count() == await Payout.all().count() == await OutboundTransfer.all().count() == 6
    assert await settled() == 240
    assert await violations() == []


async def test_sales_go_on_while_a_partner_is_being_settled(opened_database: Any) -> None:
    program, partner = await a_funded_program(), await builders.a_partner()
    await sell(program, partner, 10_00)
    async with opened_database.transaction():
        await opened_database.execute("SELECT FROM partner WHERE id = $1 FOR NO KEY UPDATE", partner.id)
        await asyncio.wait_for(sell(program, partner, 20_00), timeout=3)

    [statement] = await settle()

    assert statement.accruals == 2


async def test_who_is_booking_while_the_mark_is_drawn_is_waited_for_and_nothing_is_lost() -> None:
    program, partner = await a_funded_program(), await builders.a_partner()
    await sell(program, partner, 10_00)

    async def slowly() -> None:
        async with database.transaction():
            await sell(program, partner, 20_00)
            await asyncio.sleep(0.4)

    async def soon() -> list[Statement]:
        await asyncio.sleep(0.1)
        return await settle()

    _, [statement] = await asyncio.gather(slowly(), soon())

    assert statement.accruals == 2
    assert await violations() == []


async def test_two_runs_of_different_days_at_once_leave_nothing_behind() -> None:
    program, partner = await a_funded_program(), await builders.a_partner()
    for days in (9, 3):
        await sell(program, partner, 10_00, days_ago=days)

    await asyncio.gather(settle(yesterday() - timedelta(days=5)), settle(yesterday()))

    assert await settled() == 2
    assert await violations() == []


async def test_a_run_that_was_overtaken_after_it_added_up_adds_up_again(opened_database: Any) -> None:
    program, partner = await a_funded_program(), await builders.a_partner()
    for days in (9, 3):
        await sell(program, partner, 10_00, days_ago=days)
    await opened_database.execute("""
        CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_advisory_xact_lock(4242); RETURN NULL; END $$;
        CREATE TRIGGER wait AFTER INSERT ON draft_line
            FOR EACH ROW WHEN (NEW.quantity = 2) EXECUTE FUNCTION wait();
        SELECT pg_advisory_lock(4242)""")
    try:
        later = asyncio.create_task(settle(yesterday()))
        async with asyncio.timeout(20):
            while not await opened_database.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await settle(yesterday() - timedelta(days=5))
        await opened_database.execute("SELECT pg_advisory_unlock(4242)")
        await later
    finally:
        await opened_database.execute("""
            SELECT pg_advisory_unlock_all(); DROP TRIGGER wait ON draft_line; DROP FUNCTION wait()""")

    assert await settled() == 2
    assert await violations() == []


async def test_no_accrual_stands_on_two_lines_whoever_tries() -> None:
    program, partner = await a_funded_program(), await builders.a_partner()
    await sell(program, partner, 10_00)
    await settle()
    with clock.travel(timedelta(days=7)):
        await sell(program, partner, 10_00)
        [second] = await settle()

    second.id, second.number, second.sequence = new_id(), "ST-TWIN", 3
    second.period_until += timedelta(days=1)
    with pytest.raises(Exception, match="previous_id"):
        await second.save(force_create=True)


async def test_what_was_issued_cannot_be_changed() -> None:
    program, partner = await a_funded_program(), await builders.a_partner()
    await sell(program, partner, 10_00)
    await settle()

    for model in (Statement, StatementLine):
        with pytest.raises(Exception, match="permission denied") as refused:
            await model.all().delete()
        assert isinstance(refused.value.__cause__, asyncpg.InsufficientPrivilegeError)
    with pytest.raises(Exception, match="permission denied"):
        await Statement.all().update(closing_minor=0)
