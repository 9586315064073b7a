"""A program's account, stated: frozen, numbered, explained to the journals, and equal to the books."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.billing import jobs, position, stating
from marketplace.billing.models import Invoice, ProgramStatement, Receipt, TakebackCause
from marketplace.billing.steps import lock_program, take_back
from marketplace.kit import clock, database, ids
from marketplace.kit.ids import new_id
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.members.models import Program
from tests import builders
from tests.billing.credit import grant
from tests.billing.test_bank_credits import credit, standing_reference
from tests.books import violations
from tests.client import Caller, as_member, as_operator, as_partner, as_program
from tests.settlement.books import FINANCE, refund, sell

pytestmark = pytest.mark.usefixtures("db")
LATER = timedelta(days=2)
MONEY = "{ amount }"
INVOICE = f"number kind state amount {MONEY} paid {MONEY} creditorReference dueOn"
SHOWN = f"""number periodFrom periodUntil opening {MONEY} closing {MONEY} held {MONEY} creditLimit {MONEY}
    digest csv
    invoice {{ {INVOICE} }} lines {{ kind detail count amount {MONEY}
    journals(first: 2) {{ totalCount nodes {{ reason about amount {MONEY} }}
        pageInfo {{ hasNextPage endCursor }} }} }}"""


async def state(program: Program, caller: Caller = FINANCE, *, days: int = 0) -> Any:
    """The statement up to and with today, asked for in two days; `days` shifts both."""
    with clock.travel(timedelta(days=days)):
        until = clock.today(program.timezone)
    with clock.travel(LATER + timedelta(days=days)):
        wish = {"programId": ids.public("program", program.id), "until": until.isoformat()}
        shown = f"... on ProgramStatement {{ {SHOWN} }} ... on ProgramStatementStands {{ number }}"
        return await caller.do("issueProgramStatement", shown, **wish)


def lines_of(statement: Any) -> list[tuple[str, str, int, str]]:
    return [(line["kind"], line["detail"], line["count"], line["amount"]["amount"]) for line in statement["lines"]]


async def a_busy_month() -> tuple[Program, Receipt]:
    """100 paid in and 40 of it returned; 130 sold and 20 given back, on a line of 200."""
    program, partner = await builders.a_program(), await builders.a_partner()
    receipt = await credit(await standing_reference(program), 100_00)
    assert isinstance(receipt, Receipt)
    await grant(program, "200.00")
    await sell(program, partner, 50_00, days_ago=0)
    sold = await sell(program, partner, 80_00, days_ago=0)
    await refund(program, sold, days_ago=0)
    async with database.transaction():
        locked, bank = await lock_program(program.id), accounts.house(Purpose.BANK_CLEARING, "EUR")
        await take_back(locked, receipt, TakebackCause.BANK_RETURN, "R-1", 40_00, bank)
    return program, receipt


async def test_a_statement_says_what_moved_and_closes_where_the_books_stand() -> None:
    program, _ = await a_busy_month()

    said = await state(program)

    assert lines_of(said) == [
        ("PAID_IN", "BANK", 1, "100.00"),
        ("RETURNED", "BANK_RETURN", 1, "-40.00"),
        ("SPENT", "VOUCHER", 2, "-130.00"),
        ("REFUNDED", "DONATION", 1, "80.00"),
    ]
    assert said == IsPartialDict(
        number=f"PS-{program.code}-{clock.today(program.timezone).year}-0001",
        opening={"amount": "0.00"},
        closing={"amount": "10.00"},
        creditLimit={"amount": "200.00"},
        invoice=None,
    )
    spent = said["lines"][2]["journals"]
    assert [spent["totalCount"], spent["pageInfo"]["hasNextPage"]] == [2, False]
    assert sum(Decimal(each["amount"]["amount"]) for each in spent["nodes"]) == Decimal("-130.00")
    rows = [row.split(",") for row in said["csv"].splitlines()]
    assert sum(Decimal(row[-1]) for row in rows[1:-1]) == Decimal(rows[-1][-1]) == Decimal("10.00")
    assert await violations() == []


async def test_what_is_owed_is_billed_once_and_paid_by_whatever_comes() -> None:
    program, partner = await builders.a_program(), await builders.a_partner()
    await grant(program, "200.00")
    await sell(program, partner, 120_00, days_ago=0)

    first = await state(program)
    second = await state(program, days=3)

    assert first["closing"] == {"amount": "-120.00"}
    assert first["invoice"] == IsPartialDict(kind="CREDIT", state="OPEN", amount={"amount": "120.00"})
    assert (second["opening"], second["lines"], second["invoice"]) == ({"amount": "-120.00"}, [], None)
    await sell(program, partner, 30_00, days_ago=-4)
    third = await state(program, days=6)
    assert third["invoice"]["amount"] == {"amount": "30.00"}
    with clock.travel(timedelta(days=7)):
        await credit(third["invoice"]["creditorReference"], 50_00)
        listed = await as_program(program.id).get(f"{{ invoices {{ nodes {{ {INVOICE} }} }} }}")
        due = "{ program { funding { due { amount } dueOn } } }"
        funding = (await as_program(program.id).get(due))["program"]["funding"]
    assert [(one["state"], one["paid"]["amount"]) for one in listed["invoices"]["nodes"]] == [
        ("PAID", "30.00"),
        ("OPEN", "20.00"),
    ]
    assert funding == {"due": {"amount": "100.00"}, "dueOn": first["invoice"]["dueOn"]}
    with clock.travel(timedelta(days=40)):
        late = await FINANCE.get("{ invoices(state: OVERDUE) { nodes { number } } }")
        assert late["invoices"]["nodes"] == [{"number": first["invoice"]["number"]}]
        await credit(await standing_reference(program), 100_00)
    assert {invoice.state for invoice in await Invoice.all()} == {"PAID"}
    assert await violations() == []


async def test_a_payment_that_goes_back_opens_its_invoice_again() -> None:
    program, partner = await builders.a_program(), await builders.a_partner()
    await grant(program, "100.00")
    await sell(program, partner, 60_00, days_ago=0)
    billed = (await state(program))["invoice"]
    with clock.travel(LATER):
        receipt = await credit(billed["creditorReference"], 60_00)
        assert isinstance(receipt, Receipt)
        assert (await Invoice.get()).state == "PAID"
        async with database.transaction():
            locked, bank = await lock_program(program.id), accounts.house(Purpose.BANK_CLEARING, "EUR")
            await take_back(locked, receipt, TakebackCause.BANK_RETURN, "R-1", 45_00, bank)

    invoice = await Invoice.get()
    assert (invoice.state, invoice.paid_minor, invoice.paid_at) == ("OPEN", 15_00, None)
    assert await violations() == []


async def test_the_clock_states_each_month_once() -> None:
    program, _ = await a_busy_month()
    end_of_month = stating.month_end_before(clock.today(program.timezone))

    with clock.travel(timedelta(days=40)):
        await jobs.issue_due()
        await jobs.issue_due()

    [statement] = await ProgramStatement.all()
    assert statement.period_until > end_of_month
    assert (statement.period_until + timedelta(days=1)).day == 1
    assert statement.closing_minor == 10_00
    assert await position.first_booked(program) is not None
    assert await violations() == []


async def test_a_day_that_is_not_over_or_stated_is_refused() -> None:
    program = await builders.a_program()
    wish = {"programId": ids.public("program", program.id), "until": clock.today(program.timezone).isoformat()}

    answer = await FINANCE.do("issueProgramStatement", "... on ProgramPeriodNotOver { latest }", **wish)

    assert answer["__typename"] == "ProgramPeriodNotOver"
    await state(program)
    assert (await state(program))["__typename"] == "ProgramStatementStands"
    nobody = wish | {"programId": ids.public("program", new_id())}
    assert (await FINANCE.do("issueProgramStatement", "", **nobody))["__typename"] == "NotFound"
    assert await ProgramStatement.all().count() == 1


async def test_days_before_anything_moved_are_stated_too() -> None:
    program, _ = await a_busy_month()

    early = await state(program, days=-5)

    assert (early["opening"], early["closing"], early["lines"]) == ({"amount": "0.00"}, {"amount": "0.00"}, [])
    assert (await state(program))["closing"] == {"amount": "10.00"}
    assert await violations() == []


async def test_nobody_else_states_or_reads() -> None:
    program, other = await builders.a_program(), await builders.a_program()
    await state(program)
    statement = ids.public("programStatement", (await ProgramStatement.get()).id)
    member = await builders.a_member(program)
    look, listed = "query($id: ID!) { node(id: $id) { __typename } }", "{ programStatements { totalCount } }"
    assert (await as_program(program.id).get(listed))["programStatements"]["totalCount"] == 1
    assert (await as_program(other.id).get(listed))["programStatements"]["totalCount"] == 0
    assert await as_program(other.id).get(look, id=statement) == {"node": None}
    for caller in (as_partner(new_id()), as_member(member.id, program.id)):
        answer = await caller.ask(listed)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    asked = f"""mutation {{ issueProgramStatement(input: {{ idempotencyKey: "k", until: "2020-01-01",
        programId: "{ids.public("program", program.id)}" }}) {{ __typename }} }}"""
    for caller in (as_program(program.id), as_partner(new_id()), as_operator(new_id(), "support")):
        answer = await caller.ask(asked)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
