"""A partner buys points to give in a program: netted against what it is owed, or by invoice; and taken back."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.billing.coalition import price_of
from marketplace.billing.matching import Mismatch
from marketplace.billing.models import CoalitionAward, CoalitionOrder, Invoice, Receipt
from marketplace.earning.models import EarningBudget
from marketplace.kit import clock, database, ids
from marketplace.kit.ids import new_id
from marketplace.ledger.models import FxRate
from marketplace.members.models import Program
from marketplace.partners.models import Partner
from tests import builders
from tests.billing.test_bank_credits import credit
from tests.billing.test_top_up_program import available
from tests.books import violations
from tests.client import Caller, as_member, as_operator, as_partner, as_program
from tests.settlement.books import FINANCE, a_funded_program, sell, settle, shown, standing

pytestmark = pytest.mark.usefixtures("db")
MONEY = "{ amount currency }"
BOUGHT = f"""... on CoalitionOrder {{ id state points price {MONEY} charged {MONEY} payment budgetCode reason
    invoice {{ state kind creditorReference amount {MONEY} }} }}"""
ORDER = f"""{BOUGHT}
    ... on CoalitionNotCovered {{ price {MONEY} owed {MONEY} }}
    ... on CoalitionPriceChanged {{ seen {MONEY} now {MONEY} }}"""

GIVEN = "... on CoalitionPointsGiven { points left }"


def euros(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


async def a_coalition(price: str = "10.00", minimum: int = 1000, **facts: Any) -> Program:
    program = await a_funded_program(1000_00, **facts)
    rate = {"perThousand": {"amount": price, "currency": program.home_currency}, "minimumPoints": minimum}
    assert "code" in await as_program(program.id).do("setCoalitionRate", "... on Program { code }", **rate)
    return program


async def order(
    program: Program, partner: Partner, points: int, price: str, payment: str = "NETTED", **more: Any
) -> Any:
    money = {"amount": price, "currency": program.home_currency}
    wish: dict[str, Any] = {"programId": ids.public("program", program.id), "points": points} | more
    return await as_partner(partner.id).do(
        "orderCoalitionPoints", ORDER, expectedPrice=money, payment=payment, **wish
    )


async def reverse(id: str, caller: Caller = FINANCE) -> Any:
    return await caller.do("reverseCoalitionOrder", BOUGHT + GIVEN, orderId=id, reason="Ordered twice")


@pytest.mark.parametrize(("points", "rate", "price"), [(1000, 10_00, 10_00), (1001, 10_00, 10_01), (1, 1, 1)])
async def test_a_price_is_rounded_up(points: int, rate: int, price: int) -> None:
    assert price_of(points, rate) == price


async def test_points_are_netted_on_the_next_statement_and_fund_the_program() -> None:
    program, partner = await a_coalition(), await builders.a_partner(commission_bp=0)
    await sell(program, partner, 300_00)

    bought = await order(program, partner, 20_000, "200.00")

    assert bought == IsPartialDict(
        state="READY", price=euros("200.00"), charged=euros("200.00"),
        invoice=IsPartialDict(state="PAID", kind="COALITION"),
    )  # fmt: skip
    budget = await EarningBudget.get(code=bought["budgetCode"])
    assert (budget.points, budget.used, budget.sponsor) == (20_000, 0, partner.name)
    assert await available(program) == "900.00"
    assert (await standing(partner))["PAYABLE"] == 100_00
    with clock.travel(timedelta(days=2)):
        [statement] = await settle()
    said = await shown(statement)
    adjusted = [line for line in said["lines"]["nodes"] if line["kind"] == "ADJUSTMENTS"]
    assert [line["net"] for line in adjusted] == [euros("-200.00")]
    assert said["closing"] == euros("100.00")
    assert await violations() == []


async def test_no_more_is_netted_than_is_owed_however_many_orders_come_at_once() -> None:
    program, partner = await a_coalition(), await builders.a_partner(commission_bp=0)
    await sell(program, partner, 50_00)

    answers = await asyncio.gather(*(order(program, partner, 3000, "30.00") for _ in range(3)))

    assert sorted(each["__typename"] for each in answers) == ["CoalitionNotCovered"] * 2 + ["CoalitionOrder"]
    refused = next(each for each in answers if each["__typename"] == "CoalitionNotCovered")
    assert refused == IsPartialDict(price=euros("30.00"), owed=euros("20.00"))
    assert await CoalitionOrder.all().count() == await Invoice.all().count() == 1
    assert await violations() == []


async def test_another_currency_is_netted_at_the_rate_of_the_day_and_goes_back_at_it() -> None:
    program, partner = await a_coalition(), await builders.a_partner(commission_bp=0, currency="SEK")
    await FxRate.create(base="EUR", quote="SEK", rate="11.5", as_of=clock.now(), source="ECB")
    await sell(program, partner, 100_00, days_ago=0)
    assert (await standing(partner, "SEK"))["PAYABLE"] == 1150_00

    bought = await order(program, partner, 5000, "50.00")
    await FxRate.create(base="EUR", quote="SEK", rate="12", as_of=clock.now(), source="ECB")

    assert bought["charged"] == {"amount": "575.00", "currency": "SEK"}
    assert (await standing(partner, "SEK"))["PAYABLE"] == 575_00
    assert (await reverse(bought["id"])) == IsPartialDict(state="REVERSED", reason="Ordered twice")
    assert (await standing(partner, "SEK"))["PAYABLE"] == 1150_00
    assert await available(program) == "900.00"
    assert (await EarningBudget.get(code=bought["budgetCode"])).points == 0
    assert await violations() == []


async def test_an_invoice_is_paid_by_just_its_amount_and_brings_the_points() -> None:
    program, partner = await a_coalition(), await builders.a_partner()
    bought = await order(program, partner, 5000, "50.00", "INVOICE")
    reference = bought["invoice"]["creditorReference"]
    assert (bought["state"], await EarningBudget.all().count()) == ("AWAITING", 0)

    assert await credit(reference, 49_99) is Mismatch.NOT_THE_AMOUNT
    paid = await credit(reference, 50_00)
    assert await credit(reference, 50_00) is Mismatch.NOT_THE_AMOUNT

    assert isinstance(paid, Receipt)
    [row] = await CoalitionOrder.all()
    assert (row.state, (await Invoice.get()).state) == ("READY", "PAID")
    assert (await EarningBudget.get()).points == 5000
    assert await available(program) == "1050.00"
    assert await violations() == []


async def test_an_unpaid_order_is_cancelled_and_its_invoice_takes_no_money() -> None:
    program, partner = await a_coalition(), await builders.a_partner()
    bought = await order(program, partner, 5000, "50.00", "INVOICE")

    assert (await reverse(bought["id"]))["state"] == "CANCELLED"

    assert await credit(bought["invoice"]["creditorReference"], 50_00) is Mismatch.NOT_THE_AMOUNT
    assert (await reverse(bought["id"]))["__typename"] == "CoalitionOrderClosed"
    assert await available(program) == "1000.00"
    assert await violations() == []


async def test_points_that_were_given_are_not_taken_back() -> None:
    program, partner = await a_coalition(), await builders.a_partner(commission_bp=0)
    await sell(program, partner, 100_00)
    bought = await order(program, partner, 5000, "50.00")
    used = "UPDATE earning_budget SET used = 10 WHERE code = $1"
    async with database.transaction():
        await database.execute(used, bought["budgetCode"])

    answer = await reverse(bought["id"])

    assert answer == IsPartialDict(__typename="CoalitionPointsGiven", points=5000, left=4990)
    assert (await standing(partner))["PAYABLE"] == 50_00


AWARD = """... on CoalitionAward { id points reference left program { id } } ... on CoalitionPointsSpent { left }
    ... on CoalitionReferenceReused { reference points }"""


async def give(program: Program, partner: Partner, to: str, points: int, reference: str, **more: Any) -> Any:
    what: dict[str, Any] = {"programId": ids.public("program", program.id), "reason": "Bought a book"} | more
    return await as_partner(partner.id).do(
        "awardCoalitionPoints", AWARD, memberReference=to, points=points, reference=reference, **what
    )


async def test_a_partner_gives_members_what_it_bought_and_no_more() -> None:
    program, partner = await a_coalition(), await builders.a_partner(commission_bp=0)
    member = await builders.a_member(program)
    await sell(program, partner, 100_00)
    nothing = await give(program, partner, member.reference, 10, "till-0")
    assert nothing == IsPartialDict(__typename="CoalitionPointsSpent", left=0)
    bought = await order(program, partner, 5000, "50.00")

    given = await give(program, partner, member.reference, 4000, "till-1")
    assert given == IsPartialDict(points=4000, reference="till-1", left=1000)
    again = await give(program, partner, member.reference, 4000, "till-1")
    assert again["id"] == given["id"]
    other = await give(program, partner, member.reference, 3999, "till-1")
    assert other == IsPartialDict(__typename="CoalitionReferenceReused", reference="till-1", points=4000)
    at_once = await asyncio.gather(*(give(program, partner, member.reference, 600, f"till-{n}") for n in (2, 3)))
    assert sorted(each["__typename"] for each in at_once) == ["CoalitionAward", "CoalitionPointsSpent"]

    phone = as_member(member.id, program.id)
    seen = await phone.get(
        "{ me { wallet { available movements(first: 2) { nodes { points cause { title } } } } } }"
    )
    assert seen["me"]["wallet"]["available"] == 4600
    assert await available(program) == "950.00"
    assert (await reverse(bought["id"])) == IsPartialDict(__typename="CoalitionPointsGiven", points=5000, left=400)
    with clock.travel(timedelta(days=2)):
        [statement] = await settle()
    assert (await shown(statement))["adjustments"] == euros("-50.00")
    assert await violations() == []


async def test_what_cannot_be_given_says_why_and_nobody_else_sees_what_was() -> None:
    program, partner, other = (
        await a_coalition(),
        await builders.a_partner(commission_bp=0),
        await builders.a_partner(),
    )
    member, gone = await builders.a_member(program), await builders.a_member(program, status="ERASED")
    await sell(program, partner, 100_00)
    await order(program, partner, 5000, "50.00")

    for to in ("nobody", gone.reference):
        assert (await give(program, partner, to, 10, "a"))["__typename"] == "NotFound"
    nowhere = ids.public("program", new_id())
    nothing = await give(program, partner, member.reference, 10, "a", programId=nowhere)
    assert nothing == IsPartialDict(__typename="CoalitionPointsSpent", left=0)
    assert (await give(program, partner, member.reference, 0, "a"))["problems"][0]["path"] == "points"
    assert (await give(program, partner, member.reference, 1, " "))["problems"][0]["path"] == "reference"
    assert (await give(program, partner, member.reference, 1, "a", reason=""))["problems"][0]["path"] == "reason"
    assert (await give(program, other, member.reference, 1, "a"))["__typename"] == "CoalitionPointsSpent"
    assert await CoalitionAward.all().count() == 0
    given = await give(program, partner, member.reference, 10, "a")
    await Partner.filter(id=partner.id).update(status="SUSPENDED")
    assert (await give(program, partner, member.reference, 1, "b"))["__typename"] == "PartnerNotApproved"

    look, listed = "query($id: ID!) { node(id: $id) { __typename } }", "{ coalitionAwards { totalCount } }"
    for caller, seen in (
        (as_partner(partner.id), 1), (as_program(program.id), 1), (FINANCE, 1), (as_partner(other.id), 0),
        (as_program((await builders.a_program()).id), 0), (as_operator(new_id(), "support"), 0),
    ):  # fmt: skip
        assert (await caller.get(listed))["coalitionAwards"]["totalCount"] == seen
        assert bool((await caller.get(look, id=given["id"]))["node"]) == bool(seen)


async def test_what_a_program_has_spent_cannot_go_back() -> None:
    program, partner = await a_coalition(), await builders.a_partner(commission_bp=0)
    await sell(program, partner, 100_00)
    bought = await order(program, partner, 5000, "50.00")
    await sell(program, partner, 950_00, days_ago=0)

    assert (await reverse(bought["id"]))["__typename"] == "ProgramUnfunded"
    assert (await EarningBudget.get()).points == 5000
    assert await violations() == []


async def test_an_order_is_at_the_price_that_was_seen_and_of_points_that_are_sold() -> None:
    program, partner = await a_coalition(), await builders.a_partner()
    closed = await builders.a_program()

    changed = await order(program, partner, 5000, "49.99")
    assert changed == IsPartialDict(__typename="CoalitionPriceChanged", seen=euros("49.99"), now=euros("50.00"))
    few = await order(program, partner, 999, "9.99")
    assert few["problems"][0]["path"] == "points"
    assert (await order(closed, partner, 5000, "50.00"))["__typename"] == "CoalitionClosed"
    nothing = await order(program, partner, 5000, "50.00", programId=ids.public("program", new_id()))
    assert nothing["__typename"] == "NotFound"
    pending = await builders.a_partner(status="SUSPENDED")
    assert (await order(program, pending, 5000, "50.00"))["__typename"] == "PartnerNotApproved"
    rates = (await as_partner(partner.id).get("{ coalitionRates { programName perThousand { amount } } }"))[
        "coalitionRates"
    ]
    assert rates == [{"programName": program.name, "perThousand": {"amount": "10.00"}}]
    await as_program(program.id).do("setCoalitionRate", "... on Program { code }")
    assert (await order(program, partner, 5000, "50.00"))["__typename"] == "CoalitionClosed"
    assert await CoalitionOrder.all().count() == 0


async def test_a_rate_must_be_sound() -> None:
    server = as_program((await builders.a_program()).id)
    free = await server.do("setCoalitionRate", "", perThousand=euros("0.00"))
    assert free["problems"][0]["path"] == "perThousand.amount"
    none = await server.do("setCoalitionRate", "", perThousand=euros("1.00"), minimumPoints=0)
    assert none["problems"][0]["path"] == "minimumPoints"
    wrong = await server.do("setCoalitionRate", "", perThousand={"amount": "1.00", "currency": "SEK"})
    assert wrong["__typename"] == "WrongCurrency"


async def test_orders_are_their_partners_and_their_programs() -> None:
    program, partner, other = await a_coalition(), await builders.a_partner(), await builders.a_partner()
    bought = await order(program, partner, 5000, "50.00", "INVOICE")
    look, listed = "query($id: ID!) { node(id: $id) { __typename } }", "{ coalitionOrders { totalCount } }"
    for caller, seen in (
        (as_partner(partner.id), 1), (as_program(program.id), 1), (FINANCE, 1), (as_partner(other.id), 0),
        (as_program((await builders.a_program()).id), 0), (as_operator(new_id(), "support"), 0),
    ):  # fmt: skip
        assert (await caller.get(listed))["coalitionOrders"]["totalCount"] == seen
        assert bool((await caller.get(look, id=bought["id"]))["node"]) == bool(seen)
    member = await builders.a_member(program)
    phone = as_member(member.id, program.id)
    taken = f"""mutation {{ reverseCoalitionOrder(input: {{ idempotencyKey: "k", orderId: "{bought["id"]}",
        reason: "x" }}) {{ __typename }} }}"""
    for caller, text in (
        (phone, listed),
        (phone, taken),
        (as_partner(partner.id), taken),
        (as_program(program.id), taken),
    ):
        answer = await caller.ask(text)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
