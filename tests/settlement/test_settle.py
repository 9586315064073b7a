"""Ordering a settlement: statements, what they say, and what becomes of them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from dirty_equals import IsPartialDict

from marketplace.kit import clock, ids, jobs
from marketplace.kit.ids import new_id
from marketplace.partners.models import AccrualKind, Contract
from marketplace.settlement.jobs import run_due
from marketplace.settlement.models import Statement
from tests import builders
from tests.client import as_operator, as_partner, as_program
from tests.settlement.books import (
    FINANCE,
    a_funded_program,
    euros,
    give_account,
    payout_of,
    refund,
    rows,
    sell,
    settle,
    settled,
    shown,
    standing,
    violations,
    yesterday,
)

pytestmark = pytest.mark.usefixtures("db")

RUN = "... on SettlementRun { id until state } ... on PeriodNotOver { until timezone latest }"
WEEK = timedelta(days=7)


async def test_each_sale_joins_one_line_and_the_statement_adds_up() -> None:
    program, partner = await a_funded_program(), await builders.a_partner(slug="coffee-house")
    for minor in (10_00, 10_00, 25_50):
        await sell(program, partner, minor)
    await sell(program, partner, 99_99, "Breakfast for two")
    await refund(program, await sell(program, partner, 10_00))

    [statement] = await settle()

    said = await shown(statement)
    assert said["number"] == f"ST-COFFEE-HOUSE-{yesterday().year}-0001"
    assert [
        (line["kind"], line["description"], line["quantity"], line["net"]["amount"])
        for line in said["lines"]["nodes"]
    ] == [
        ("SALES", "Breakfast for two", 1, "90.31"),
        ("SALES", "Coffee voucher", 4, "50.12"),
        ("REFUNDS", "Refund: Coffee voucher", 1, "-9.03"),
    ]
    assert said == IsPartialDict(
        opening=euros("0.00"),
        gross=euros("145.49"),
        commission=euros("11.64"),
        vat=euros("2.45"),
        adjustments=euros("0.00"),
        closing=euros("131.40"),
        accruals=6,
    )
    assert await standing(partner) == {"DUE": 131_40}
    assert await settled() == 6
    assert await violations() == []


async def test_finance_orders_a_run_and_watches_it() -> None:
    program = await a_funded_program()
    partner, charity = await builders.a_partner(), await builders.a_charity()
    await sell(program, partner, 10_00)
    await sell(program, charity, 5_00, "Trees", kind=AccrualKind.DONATION)

    ordered = await FINANCE.do("settle", RUN, until=yesterday().isoformat())
    await jobs.drain()

    assert ordered == IsPartialDict(__typename="SettlementRun", until=yesterday().isoformat(), state="RUNNING")
    text = """query($id: ID!) { node(id: $id) { ... on SettlementRun {
        state partners partnersDone finishedAt
        statements { totalCount nodes { closing { amount } partner { name } } } } } }"""
    run = (await FINANCE.get(text, id=ordered["id"]))["node"]
    assert (run["state"], run["partners"], run["partnersDone"]) == ("FINISHED", 2, 2)
    assert run["statements"]["totalCount"] == 2
    assert {
        (statement["partner"]["name"], statement["closing"]["amount"]) for statement in run["statements"]["nodes"]
    } == {(partner.name, "9.03"), (charity.name, "5.00")}
    assert await violations() == []


async def test_the_same_day_settled_again_issues_nothing_new() -> None:
    program, partner = await a_funded_program(), await builders.a_partner()
    await sell(program, partner, 10_00)
    assert len(await settle()) == 1
    before = await standing(partner)

    assert await settle() == []

    assert await standing(partner) == before
    assert await Statement.all().count() == 1


async def test_a_week_later_only_what_is_new_is_taken() -> None:
    program, partner = await a_funded_program(), await builders.a_partner()
    await give_account(partner)
    await sell(program, partner, 10_00)
    [first] = await settle()
    with clock.travel(WEEK):
        await sell(program, partner, 20_00)

        [second] = await settle()

    said = await shown(second)
    assert said == IsPartialDict(opening=euros("0.00"), gross=euros("20.00"), closing=euros("18.06"), accruals=1)
    assert (second.sequence, second.period_from) == (2, first.period_until + timedelta(days=1))
    assert await standing(partner) == {"DUE": 9_03 + 18_06}
    assert await violations() == []


async def test_what_comes_late_lands_in_the_open_period_with_its_own_date() -> None:
    program, partner = await a_funded_program(), await builders.a_partner()
    await sell(program, partner, 10_00)
    [first] = await settle()
    before = await shown(first)
    late = await sell(program, partner, 20_00, "Told weeks later", days_ago=20)
    assert await settle() == []

    with clock.travel(WEEK):
        [second] = await settle()

    assert late.effective_on < first.period_from
    after = await shown(first)
    assert {**after, "payout": None} == {**before, "payout": None}
    assert (second.accruals, second.gross_minor) == (1, 20_00)
    text = """query($id: ID!) { node(id: $id) { ... on Statement {
        lines { nodes { entries { nodes { effectiveOn } } } } } } }"""
    said = await FINANCE.get(text, id=ids.public("statement", second.id))
    [line] = said["node"]["lines"]["nodes"]
    assert line["entries"]["nodes"] == [{"effectiveOn": late.effective_on.isoformat()}]
    assert await violations() == []


async def test_what_the_return_window_still_covers_waits() -> None:
    program, partner = await a_funded_program(), await builders.a_partner(return_window_days=14)
    await sell(program, partner, 10_00)

    assert await settle() == []
    with clock.travel(timedelta(days=15)):
        [statement] = await settle()

    assert statement.closing_minor == 9_03


async def test_a_day_that_is_not_over_in_a_contracts_time_zone_is_refused() -> None:
    program, partner = await a_funded_program(), await builders.a_partner()
    await Contract.filter(partner_id=partner.id).update(timezone="America/Los_Angeles")
    await sell(program, partner, 10_00)
    with clock.at(datetime(2027, 3, 1, 7, 59, tzinfo=UTC)):
        before = await rows()

        answer = await FINANCE.do("settle", RUN, until="2027-02-28")

        assert answer == IsPartialDict(
            __typename="PeriodNotOver",
            until="2027-02-28",
            timezone="America/Los_Angeles",
            latest="2027-02-27",
            code="PERIOD_NOT_OVER",
        )
        assert await rows() == before
    with clock.at(datetime(2027, 3, 1, 8, 0, tzinfo=UTC)):
        answer = await FINANCE.do("settle", RUN, until="2027-02-28")
    assert answer["__typename"] == "SettlementRun"


async def test_a_sale_belongs_to_the_day_it_is_where_the_contract_is() -> None:
    program, partner = await a_funded_program(), await builders.a_partner()
    await Contract.filter(partner_id=partner.id).update(timezone="Pacific/Auckland")
    with clock.at(datetime(2027, 2, 27, 10, 59, tzinfo=UTC)):
        await sell(program, partner, 10_00, "Before midnight", days_ago=0)
    with clock.at(datetime(2027, 2, 27, 11, 1, tzinfo=UTC)):
        await sell(program, partner, 10_00, "After midnight", days_ago=0)

    with clock.at(datetime(2027, 2, 28, 12, 0, tzinfo=UTC)):
        [first] = await settle(date(2027, 2, 27))
        [second] = await settle(date(2027, 2, 28))

    descriptions = [(await shown(each))["lines"]["nodes"][0]["description"] for each in (first, second)]
    assert descriptions == ["Before midnight", "After midnight"]
    assert await violations() == []


async def test_a_refund_after_the_payout_makes_a_negative_balance_that_is_carried_and_then_earned_back() -> None:
    program, partner = await a_funded_program(), await builders.a_partner()
    await give_account(partner)
    sale = await sell(program, partner, 50_00)
    await settle()
    with clock.travel(WEEK):
        await refund(program, sale)
        await sell(program, partner, 10_00)
        [negative] = await settle()
    with clock.travel(WEEK * 2):
        await sell(program, partner, 60_00)
        [positive] = await settle()

    said = await shown(negative)
    assert said == IsPartialDict(opening=euros("0.00"), closing=euros("-36.13"))
    assert said["payout"] == IsPartialDict(state="CARRIED", reason="NEGATIVE_BALANCE", amount=euros("-36.13"))
    assert said["payout"]["carriedInto"] == {"number": positive.number}
    later = await shown(positive)
    assert later == IsPartialDict(
        opening=euros("-36.13"), closing=euros("18.06"), carriedFrom=[{"number": negative.number}]
    )
    assert later["payout"] == IsPartialDict(state="PLANNED", reason=None, amount=euros("18.06"))
    assert await violations() == []


async def test_less_than_the_minimum_is_carried_until_there_is_enough() -> None:
    program, partner = await a_funded_program(), await builders.a_partner(minimum_payout_minor=25_00)
    await give_account(partner)
    with clock.at(datetime(2027, 2, 10, 12, tzinfo=UTC)):
        await sell(program, partner, 20_00)
        [little] = await settle()
    with clock.at(datetime(2027, 2, 17, 12, tzinfo=UTC)):
        assert await settle() == []
        await sell(program, partner, 20_00)
        [enough] = await settle()

    said = (await shown(little))["payout"]
    assert said == IsPartialDict(state="CARRIED", reason="BELOW_MINIMUM", triedAgainOn="2027-03-01")
    assert said["carriedInto"] == {"number": enough.number}
    assert (await payout_of(enough)).state == "PLANNED"
    assert enough.closing_minor == 36_12
    assert await standing(partner) == {"DUE": 36_12}
    assert await violations() == []


async def test_without_an_account_the_money_waits_and_goes_by_itself_once_there_is_one() -> None:
    program, partner = await a_funded_program(), await builders.a_partner()
    await sell(program, partner, 20_00)
    [first] = await settle()
    assert (await payout_of(first)).reason == "NO_PAYOUT_ACCOUNT"
    account = await give_account(partner, ready=False)
    with clock.travel(WEEK):
        await sell(program, partner, 1_00)
        [second] = await settle()
    said = (await shown(second))["payout"]
    assert said == IsPartialDict(state="CARRIED", reason="ACCOUNT_NOT_READY", requirements=["external_account"])
    account.payouts_enabled, account.requirements = True, []
    await account.save()

    with clock.travel(WEEK * 2):
        [third] = await settle()
        assert await settle() == []

    said = await shown(third)
    assert said == IsPartialDict(opening=euros("18.96"), gross=euros("0.00"), closing=euros("18.96"), accruals=0)
    assert (await payout_of(third)).state == "PLANNED"
    assert await violations() == []


async def test_a_suspended_partner_gets_its_statement_and_no_money() -> None:
    program, partner = await a_funded_program(), await builders.a_partner()
    await give_account(partner)
    await sell(program, partner, 20_00)
    partner.status = "SUSPENDED"
    await partner.save()

    [statement] = await settle()

    said = (await shown(statement))["payout"]
    assert said == IsPartialDict(state="CARRIED", reason="PARTNER_SUSPENDED", amount=euros("18.06"))
    assert said["triedAgainOn"] is not None


async def test_a_balance_of_zero_has_nothing_due() -> None:
    program, partner = await a_funded_program(), await builders.a_partner()
    await refund(program, await sell(program, partner, 20_00))

    [statement] = await settle()

    assert (await payout_of(statement)).reason == "NOTHING_DUE"
    assert await standing(partner) == {}
    assert await violations() == []


async def test_a_partner_in_another_currency_is_settled_in_its_own() -> None:
    program, partner = await a_funded_program(), await builders.a_partner(currency="JPY", vat_bp=1000)
    await builders.a_rate("EUR", "JPY", "161.37")
    await sell(program, partner, 10_00)

    [statement] = await settle()

    said = await shown(statement)
    assert said["gross"] == {"amount": "1614", "currency": "JPY"}
    assert said["closing"] == {"amount": "1472", "currency": "JPY"}
    assert await standing(partner, "JPY") == {"DUE": 1472}
    assert await violations() == []


async def test_a_partner_whose_currency_changed_gets_a_statement_for_each() -> None:
    program, partner = await a_funded_program(), await builders.a_partner()
    await builders.a_rate("EUR", "NOK", "11.80")
    await sell(program, partner, 10_00, days_ago=10)
    changed = yesterday() - timedelta(days=5)
    old = await Contract.get(partner_id=partner.id)
    old.valid_until = changed
    await old.save()
    await Contract.create(
        partner=partner, valid_from=changed, commission_bp=500, currency="NOK", schedule="WEEKLY",
        timezone="Europe/Oslo",
    )  # fmt: skip
    await sell(program, partner, 10_00)

    statements = await settle()

    assert [(each.currency, each.closing_minor, each.sequence) for each in statements] == [
        ("EUR", 9_03, 1),
        ("NOK", 112_10, 2),
    ]
    assert await violations() == []


async def test_the_schedule_settles_who_is_due_and_catches_up() -> None:
    program = await a_funded_program()
    monthly, weekly = await builders.a_partner(), await builders.a_partner()
    await Contract.filter(partner_id=weekly.id).update(schedule="WEEKLY")
    with clock.at(datetime(2027, 2, 12, 12, 30, tzinfo=UTC)):
        await sell(program, monthly, 10_00, days_ago=0)
        await sell(program, weekly, 10_00, days_ago=0)
        await run_due()
        assert await Statement.all().count() == 0
    with clock.at(datetime(2027, 2, 16, 12, 30, tzinfo=UTC)):
        await run_due()
        await run_due()
        [first] = await Statement.all()
        assert (first.partner_id, first.period_until) == (weekly.id, date(2027, 2, 14))
    with clock.at(datetime(2027, 3, 2, 12, 30, tzinfo=UTC)):
        await run_due()

    last = await Statement.all().order_by("-id").first()
    assert last is not None
    assert (last.partner_id, last.period_until) == (monthly.id, date(2027, 2, 28))
    assert await Statement.all().count() == 2


async def test_one_key_orders_one_run() -> None:
    program, partner = await a_funded_program(), await builders.a_partner()
    await sell(program, partner, 10_00)
    first = await FINANCE.do("settle", RUN, until=yesterday().isoformat(), idempotencyKey="monthly")
    again = await FINANCE.do("settle", RUN, until=yesterday().isoformat(), idempotencyKey="monthly")
    other = await FINANCE.do("settle", RUN, until="2026-01-01", idempotencyKey="monthly")

    assert again["id"] == first["id"]
    assert other["__typename"] == "IdempotencyKeyReused"
    await jobs.drain()
    assert await Statement.all().count() == 1


async def test_nobody_but_finance_settles_or_sees_runs() -> None:
    program, partner = await a_funded_program(), await builders.a_partner()
    await sell(program, partner, 10_00)
    before = await rows()
    callers = (as_partner(partner.id), as_program(program.id), as_operator(new_id(), "support"))
    for caller in callers:
        order = f'mutation {{ settle(input: {{idempotencyKey: "k", until: "{yesterday()}"}}) {{ __typename }} }}'
        for text in (
            order,
            "{ settlementRuns { totalCount } }",
            f'{{ settlementPreview(until: "{yesterday()}") {{ totalCount }} }}',
        ):
            answer = await caller.ask(text)
            assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN", text
    assert await rows() == before


async def test_the_preview_says_what_a_run_would_do_and_does_nothing() -> None:
    program = await a_funded_program()
    payable, too_little, none = [
        await builders.a_partner(minimum_payout_minor=minimum) for minimum in (0, 100_00, 0)
    ]
    await give_account(payable)
    for partner in (payable, too_little):
        await sell(program, partner, 10_00)
    before = await rows()
    text = """query($after: String) {
        settlementPreview(until: "%s", first: 1, after: $after) {
            totalCount pageInfo { hasNextPage endCursor }
            nodes { closing { amount currency } state reason triedAgainOn accruals partner { name } } } }"""

    first = (await FINANCE.get(text % yesterday()))["settlementPreview"]
    second = (await FINANCE.get(text % yesterday(), after=first["pageInfo"]["endCursor"]))["settlementPreview"]

    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (2, True)
    assert not second["pageInfo"]["hasNextPage"]
    seen = {row["partner"]["name"]: row for page in (first, second) for row in page["nodes"]}
    assert none.name not in seen
    assert seen[payable.name] == IsPartialDict(state="PLANNED", reason=None, closing=euros("9.03"), accruals=1)
    assert seen[too_little.name] == IsPartialDict(state="CARRIED", reason="BELOW_MINIMUM")
    assert await rows() == before
    issued = {statement.partner_id: await payout_of(statement) for statement in await settle()}
    assert (issued[payable.id].state, issued[too_little.id].reason) == ("PLANNED", "BELOW_MINIMUM")
