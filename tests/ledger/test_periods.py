"""Closed books stay as they were: what comes late counts on the first open day, and opening takes two people."""

import asyncio
from contextvars import Context
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from dirty_equals import IsPartialDict, IsStr

from marketplace.kit import clock, database
from marketplace.ledger import accounts, checks, steps
from marketplace.ledger.models import Journal, PeriodClose, Purpose
from marketplace.ledger.queries import balance_as_of
from tests.client import Caller, as_operator, as_partner, as_program

pytestmark = pytest.mark.usefixtures("db")

FINANCE, COLLEAGUE = as_operator(uuid4(), "finance"), as_operator(uuid4(), "finance")
SHOWN = "... on AccountingPeriod { id until periodState digest reopeningReason reopenedBy }"
BANK, FEES = accounts.house(Purpose.BANK, "EUR"), accounts.house(Purpose.STRIPE_FEES, "EUR")


def days_ago(days: int) -> date:
    return clock.today() - timedelta(days=days)


async def book(minor: int, day: date) -> Journal:
    async with database.transaction():
        id = await steps.post("test.booked", "test", uuid4(), [steps.Entry(BANK, FEES, minor)], effective_on=day)
    return await Journal.get(id=id)


async def close(days: int, caller: Caller = FINANCE) -> Any:
    selection = SHOWN + " ... on PeriodStillOpen { until latest } ... on PeriodAlreadyClosed { closedUntil }"
    selection += " ... on BooksDisagree { violations first }"
    return await caller.do("closePeriod", selection, until=days_ago(days).isoformat())


async def decide(verb: str, period: str, caller: Caller, **fields: object) -> Any:
    selection = SHOWN + " ... on NotTheLastPeriod { closedUntil } ... on PeriodNotReopening { periodState }"
    return await caller.do(f"{verb}Reopening", selection, periodId=period, **fields)


async def violations() -> list[str]:
    return [each.check for check in checks.CHECKS async for each in check()]


async def test_what_comes_late_counts_on_the_first_open_day():
    early = await book(100, days_ago(20))
    closed = await close(10)
    late = await book(200, days_ago(15))
    open_day = await book(400, days_ago(5))

    assert closed == IsPartialDict(
        __typename="AccountingPeriod", periodState="CLOSED", digest=IsStr(max_length=64)
    )
    assert (early.effective_on, late.effective_on) == (days_ago(20), days_ago(9))
    assert open_day.effective_on == days_ago(5)
    assert await balance_as_of(FEES, days_ago(10)) == 100
    assert await balance_as_of(FEES, days_ago(9)) == 300
    assert await violations() == []


async def test_what_is_near_cannot_be_closed():
    assert await close(1) == IsPartialDict(__typename="PeriodStillOpen", latest=days_ago(2).isoformat())
    assert await PeriodClose.all().count() == 0


async def test_a_closed_period_is_closed_once():
    await close(10)

    assert await close(12) == IsPartialDict(__typename="PeriodAlreadyClosed", closedUntil=days_ago(10).isoformat())
    assert (await close(5))["__typename"] == "AccountingPeriod"


async def test_books_that_disagree_are_not_closed(opened_database: Any):
    await book(100, days_ago(20))
    wallet = accounts.member(uuid4(), Purpose.WALLET, "PTS-X")
    async with database.transaction():
        await steps.open_accounts([wallet])
    await opened_database.execute("UPDATE balance SET balance = 7 WHERE account_id = $1", wallet.id)

    assert await close(10) == IsPartialDict(
        __typename="BooksDisagree", violations=1, first=IsStr(regex="kept balances are the sums.*")
    )
    assert await PeriodClose.all().count() == 0


async def test_opening_again_takes_two_people_and_leaves_a_trace():
    period = (await close(10))["id"]
    asked = await decide("propose", period, FINANCE, reason="An invoice was missing")
    assert asked == IsPartialDict(periodState="REOPENING", reopeningReason="An invoice was missing")

    assert (await decide("approve", period, FINANCE))["__typename"] == "SamePerson"
    assert (await book(100, days_ago(15))).effective_on == days_ago(9)
    opened = await decide("approve", period, COLLEAGUE)

    assert opened == IsPartialDict(periodState="REOPENED", reopenedBy=IsStr(regex="operator_.*"))
    assert (await book(100, days_ago(15))).effective_on == days_ago(15)
    assert (await decide("approve", period, COLLEAGUE))["__typename"] == "PeriodNotReopening"
    assert (await close(10))["__typename"] == "AccountingPeriod"
    listed = await FINANCE.get("{ accountingPeriods { totalCount nodes { periodState until } } }")
    assert [each["periodState"] for each in listed["accountingPeriods"]["nodes"]] == ["CLOSED", "REOPENED"]
    assert await violations() == []


async def test_a_proposal_to_open_can_be_turned_down():
    period = (await close(10))["id"]
    await decide("propose", period, FINANCE, reason="A mistake")

    declined = await decide("decline", period, COLLEAGUE)

    assert declined == IsPartialDict(periodState="CLOSED", reopeningReason=None)
    assert (await decide("decline", period, COLLEAGUE))["__typename"] == "PeriodNotReopening"


async def test_periods_are_opened_from_the_last_one_backwards():
    first, second = (await close(20))["id"], (await close(10))["id"]

    refused = await decide("propose", first, FINANCE, reason="Too early")

    assert refused == IsPartialDict(__typename="NotTheLastPeriod", closedUntil=days_ago(10).isoformat())
    assert (await decide("propose", second, FINANCE, reason=" "))["__typename"] == "InvalidInput"
    assert (await decide("propose", f"period_{uuid4().hex}", FINANCE, reason="x"))["code"] == "NOT_FOUND"


async def test_two_who_close_at_once_close_once():
    answers = await asyncio.gather(close(10), close(10, COLLEAGUE))

    assert sorted(each["__typename"] for each in answers) == ["AccountingPeriod", "PeriodAlreadyClosed"]


async def test_whoever_is_booking_late_while_the_period_closes_is_waited_for():
    async with database.transaction():
        await steps.post("test.booked", "test", uuid4(), [steps.Entry(BANK, FEES, 5)], effective_on=days_ago(15))
        await database.value("SELECT 1")
        closing = asyncio.create_task(close(10), context=Context())
        await asyncio.sleep(0.3)
        assert not closing.done()
    closed = await closing

    assert closed["periodState"] == "CLOSED"
    assert await balance_as_of(FEES, days_ago(10)) == 5
    assert await violations() == []


async def test_a_changed_closed_period_is_found(opened_database: Any):
    await book(100, days_ago(20))
    await close(10)
    await opened_database.execute("UPDATE transfer SET amount = 101")

    assert "closed periods are as they were" in await violations()


async def test_one_person_alone_cannot_have_opened_a_period(opened_database: Any):
    period = (await close(10))["id"]
    await decide("propose", period, FINANCE, reason="A mistake")

    with pytest.raises(asyncpg.CheckViolationError, match="two_people"):
        await opened_database.execute("UPDATE period_close SET state = 'REOPENED', reopened_by = reopening_by")


@pytest.mark.parametrize(
    "stranger", [as_partner(uuid4()), as_program(uuid4()), as_operator(uuid4(), "support"), Caller()]
)
async def test_nobody_but_finance_closes_or_reads_the_books(stranger: Caller):
    period = (await close(10))["id"]
    texts = [
        "{ accountingPeriods { totalCount } }",
        '{ trialBalance(asOf: {effectiveOn: "2026-01-01"}) { digest } }',
        '{ ledgerAccounts(asOf: {effectiveOn: "2026-01-01"}) { nodes { id } } }',
        'mutation { closePeriod(input: {idempotencyKey: "a", until: "2020-01-01"}) { __typename } }',
        f'mutation {{ approveReopening(input: {{idempotencyKey: "a", periodId: "{period}"}}) {{ __typename }} }}',
    ]
    for text in texts:
        answer = await stranger.ask(text)
        assert answer["errors"][0]["extensions"]["code"] in ("FORBIDDEN", "UNAUTHENTICATED"), text
    assert (await stranger.ask(f'{{ node(id: "{period}") {{ id }} }}'))["data"] == {"node": None}
    assert await PeriodClose.all().count() == 1
