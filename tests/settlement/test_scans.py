"""What grows with history is not read again: a run, a look ahead, a count of a day and checks read what is new.

Counted by EXPLAIN, in rows that were read, whatever the machine: as of tables that are too large to be read whole.
"""

from collections import Counter
from datetime import timedelta
from typing import Any

import orjson
import pytest

from marketplace.app import wiring
from marketplace.finance import counting
from marketplace.kit import clock, database
from marketplace.kit.checks import first_new, what_is_new
from marketplace.kit.ids import new_id
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.ledger.steps import Entry, open_accounts, post
from marketplace.partners.checks import UNBOOKED
from marketplace.payments import balance, days
from marketplace.payments.steps import tracing
from marketplace.settlement import cases, issuing
from tests import builders
from tests.books import violations
from tests.payments.outbound import Payments
from tests.redemptions.world import a_shopper
from tests.settlement.books import a_funded_program, sell, sell_many, settle, yesterday
from tests.settlement.test_stripe_reconciliation import a_charge, close

pytestmark = pytest.mark.usefixtures("db")
OLD, NEW, LONG = 4_000, 6, 1_000
EARNED_LONG_AGO = """
WITH one AS (SELECT gen_random_uuid() AS id FROM generate_series(1, $3)),
told AS (
    INSERT INTO journal (id, reason, ref_type, ref_id, booked_at, effective_on)
    SELECT gen_random_uuid(), 'points.earned', 'award', id, $2::timestamptz, ($2::timestamptz)::date FROM one
)
INSERT INTO lot (id, member_id, origin_type, origin_id, points, remaining, earned_at)
SELECT id, $1, 'award', id, 5, 5, $2::timestamptz FROM one"""

LONG_AT_STRIPE = """
WITH told AS (
    INSERT INTO balance_transaction (id, stripe_id, type, amount_minor, fee_minor, net_minor, currency, source,
        created_at, available_on, counts_on, explained_at)
    SELECT (lpad(to_hex((extract(epoch FROM $2::timestamptz) * 1000)::bigint), 12, '0') || '7'
        || substr(md5(n::text), 1, 19))::uuid, 'txn_old_' || n, 'stripe_fee', -1, 0, -1, 'EUR', 'fee_' || n,
        $2::timestamptz, $2, $3::date, $2 FROM generate_series(1, $1::int) n RETURNING id, source
), booked AS (
    INSERT INTO journal (id, reason, ref_type, ref_id, booked_at, effective_on)
    SELECT gen_random_uuid(), 'stripe_balance', 'BalanceTransaction', id, $2, $3 FROM told RETURNING id, ref_id
), moved AS (
    INSERT INTO transfer (id, journal_id, debit_account_id, credit_account_id, unit, amount)
    SELECT gen_random_uuid(), id, $5, $4, 'EUR', 1 FROM booked
)
INSERT INTO stripe_posting (id, journal_id, source, minor, currency, posted_at, transaction_id, matched_at)
SELECT gen_random_uuid(), b.id, t.source, -1, 'EUR', $2, t.id, $2 FROM booked b JOIN told t ON t.id = b.ref_id"""


def counted(node: dict[str, Any], read: Counter[str]) -> Counter[str]:
    """Rows that the scans of a plan read, by table, also those that a filter threw away."""
    if name := node.get("Relation Name"):
        each = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        read[name] += round((each + node.get("Rows Removed by Index Recheck", 0)) * node["Actual Loops"])
    for part in node.get("Plans", ()):
        counted(part, read)
    return read


async def rows_read(sql: str, *values: object) -> Counter[str]:
    async with database.transaction():
        await database.execute("SET LOCAL enable_seqscan = off")
        [row] = await database.rows(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", *values)
    plan = row["QUERY PLAN"]
    return counted((orjson.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"], Counter())


async def test_what_was_settled_is_not_read_again(opened_database: Any) -> None:
    program = await a_funded_program()
    partners = [await builders.a_partner(reserve_bp=100, reserve_days=5, fee_minor=100) for _ in range(3)]
    for partner in partners:
        await sell_many(partner, OLD // len(partners))
    assert await cases.mostly_open()
    assert len(await settle()) == len(partners)
    for n in range(NEW):
        await sell(program, partners[n % 2], 10_00, days_ago=0)
    await opened_database.execute("VACUUM ANALYZE accrual, statement, contract, journal, transfer, account")
    until = clock.today() + timedelta(days=1)
    mark = await database.value("SELECT draw_mark()")

    a_run = await rows_read(issuing.DRAFT, until, mark, new_id(), clock.now())
    assert not await cases.mostly_open()
    a_look = await rows_read(cases.EVERY_CASE, until)
    whole_look = await rows_read(cases.EVERY_CASE_AT_ONCE, until)
    since = clock.now() - timedelta(hours=1)
    with what_is_new(since):
        a_night = await rows_read(UNBOOKED, first_new())
    all_of_it = await rows_read(UNBOOKED, first_new())
    whole = await rows_read(issuing.WHOLE_DRAFT, until, mark, new_id(), clock.now())
    drafts = await database.rows("SELECT draft, sum(quantity)::int AS taken FROM draft_line GROUP BY draft")

    few = 4 * (NEW + 4 * len(partners))
    assert NEW <= a_run["accrual"] <= few, a_run
    assert min(whole["accrual"], whole_look["accrual"]) >= OLD, (
        "before the first run everything is looked at once, which is faster"
    )
    assert [row["taken"] for row in drafts] == [NEW, NEW], drafts
    assert NEW <= a_look["accrual"] <= few, a_look
    assert NEW <= a_night["accrual"] <= few, a_night
    assert a_night["transfer"] <= 4 * few, a_night
    assert all_of_it["accrual"] >= OLD, all_of_it
    assert await violations() == []
    assert yesterday() < until


async def test_a_day_is_counted_from_its_own_journals(opened_database: Any) -> None:
    """Lots of long ago, and somebody who earned today: the count of today reads what is of today."""
    before = clock.now() - timedelta(days=30)
    await database.execute(EARNED_LONG_AGO, (await builders.a_member()).id, before, OLD)
    await a_shopper(points=3000)
    await opened_database.execute("VACUUM ANALYZE journal, transfer, lot, points_hold, lot_allocation, member")

    now = clock.now()
    today = await rows_read(counting.CHANGED, now - timedelta(minutes=5), now)

    assert 0 < today["journal"] <= 12, today
    assert 0 < today["lot"] <= 100, today


async def test_how_stripe_and_books_stand_goes_on_from_the_closed_day(
    payments: Payments, opened_database: Any
) -> None:
    """Of thousands of transactions on a closed day, and a charge since, some of it told too late for its day."""
    wiring.wire()
    today = clock.today()
    closed, moment = today - timedelta(days=1), clock.now() - timedelta(days=1)
    await balance.sync()
    at_stripe = [accounts.house(purpose, "EUR") for purpose in (Purpose.STRIPE_CLEARING, Purpose.STRIPE_FEES)]
    async with database.transaction():
        await open_accounts(at_stripe)
        await database.execute(LONG_AT_STRIPE, LONG, moment, closed, *(account.id for account in at_stripe))
    with clock.travel(timedelta(hours=1)):
        await balance.sync()
        assert (await close(closed))["closing"]["amount"] == f"{-LONG / 100:.2f}"
    await a_charge(payments)
    await balance.sync()
    async with database.transaction():
        for debit, credit, gain, day in ((*at_stripe[::-1], -700, closed), (*at_stripe, 700, today)):
            late = await post("test.late", "test", new_id(), [Entry(debit, credit, 700)], effective_on=day)
            await tracing.trace(late, "fee_late", gain, "EUR")
    await opened_database.execute("VACUUM ANALYZE balance_transaction, stripe_posting, journal, transfer")

    for ahead in range(-3, 3):
        day = today + timedelta(days=ahead)
        assert await days.standing("EUR", day) == await days.standing_anew("EUR", day)
    read = await rows_read(days.STRIPE, "EUR", closed, today, today)
    read += await rows_read(days.BOOKS, "EUR", closed, today)
    read += await rows_read(days.CROSSING, "EUR", closed, today)
    assert 0 < read["balance_transaction"] <= 60, read
    assert 0 < read["stripe_posting"] + read["journal"] <= 120, read
    assert await violations() == []
