"""Programs pay in, and their members can spend it once it is there."""

import asyncio
from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.access.models import FirstWord
from marketplace.app import wiring
from marketplace.billing.models import TopUp
from marketplace.kit import database, ids, jobs
from marketplace.kit.ids import new_id
from marketplace.ledger.models import Purpose
from marketplace.members.models import Program
from marketplace.payments.models import InboundPayment
from marketplace.payments.steps import plan_refund
from tests import builders
from tests.books import violations
from tests.client import as_member, as_operator, as_partner, as_program
from tests.payments.outbound import Payments, run_jobs
from tests.settlement.books import COLLEAGUE, FINANCE, euros, house, rows, sell

pytestmark = pytest.mark.usefixtures("db")

SHOWN = """... on TopUp { id reference method state failure evidence succeededAt amount { amount currency } }
    ... on WrongCurrency { expected given }
    ... on TopUpReferenceReused { reference amount { amount currency } }"""
FUNDING = "{ program { funding { available { amount } held { amount } currency } } }"


async def pay_in(program: Program, amount: str = "1000.00", currency: str = "EUR", **fields: object) -> Any:
    what: dict[str, object] = {"method": "BANK_TRANSFER", "reference": "INV-1"} | fields
    money = {"amount": amount, "currency": currency}
    return await as_program(program.id).do("topUpProgram", SHOWN, amount=money, **what)


async def available(program: Program) -> str:
    return (await as_program(program.id).get(FUNDING))["program"]["funding"]["available"]["amount"]


async def confirm(top_up: str, evidence: str = "camt.053 2027-02-01 entry 7", caller: Any = FINANCE) -> Any:
    selection = SHOWN.split("... on WrongCurrency")[0] + "... on TopUpNotPending { state }"
    return await caller.do("confirmTopUp", selection, topUpId=top_up, evidence=evidence)


async def test_a_bank_transfer_waits_until_finance_has_seen_it() -> None:
    program = await builders.a_program()

    asked = await pay_in(program)

    assert asked == IsPartialDict(__typename="TopUp", state="PENDING", amount=euros("1000.00"), succeededAt=None)
    assert await available(program) == "0.00"

    confirmed = await confirm(asked["id"])

    assert confirmed == IsPartialDict(state="SUCCEEDED", evidence="camt.053 2027-02-01 entry 7")
    funding = (await as_program(program.id).get(FUNDING))["program"]["funding"]
    assert funding == {"available": {"amount": "1000.00"}, "held": {"amount": "0.00"}, "currency": "EUR"}
    assert await house(Purpose.BANK_CLEARING) == -1000_00
    assert await violations() == []


async def test_a_transfer_is_confirmed_once() -> None:
    program = await builders.a_program()
    asked = await pay_in(program)
    await confirm(asked["id"])
    before = await rows()

    again = await confirm(asked["id"])

    assert again == IsPartialDict(__typename="TopUpNotPending", state="SUCCEEDED")
    assert (await rows(), await available(program)) == (before, "1000.00")


async def test_what_is_not_there_cannot_be_confirmed() -> None:
    before = await rows()
    assert (await confirm(ids.public("topUp", new_id())))["__typename"] == "NotFound"
    assert (await confirm(ids.public("offer", new_id())))["problems"][0]["path"] == "topUpId"
    assert await rows() == before


async def test_confirming_needs_evidence() -> None:
    program = await builders.a_program()
    asked = await pay_in(program)
    before = await rows()

    answer = await confirm(asked["id"], "  ")

    assert answer["problems"][0]["path"] == "evidence"
    assert (await rows(), await available(program)) == (before, "0.00")


async def test_a_card_payment_funds_by_itself(payments: Payments) -> None:
    wiring.wire()
    program = await builders.a_program()

    asked = await pay_in(program, method="STRIPE", paymentMethod="pm_card_bypassPending")
    assert asked["state"] == "PENDING"
    await run_jobs()
    await run_jobs()

    [top_up] = await TopUp.all()
    assert top_up.state == "SUCCEEDED"
    assert await available(program) == "1000.00"
    assert await house(Purpose.STRIPE_CLEARING) == -1000_00
    assert await violations() == []


@pytest.mark.parametrize(("spent", "uncovered", "left"), [(0, "0.00", "50.00"), (300_00, "250.00", "0.00")])
async def test_a_payment_that_goes_back_takes_back_what_is_not_spent(
    payments: Payments, spent: int, uncovered: str, left: str
) -> None:
    wiring.wire()
    program = await builders.a_program()
    await confirm((await pay_in(program, "50.00", reference="INV-0"))["id"])
    await pay_in(program, method="STRIPE", paymentMethod="pm_card_bypassPending")
    await run_jobs()
    if spent:
        await sell(program, await builders.a_partner(), spent, days_ago=0)
    async with database.transaction():
        await plan_refund((await InboundPayment.get()).id)

    await run_jobs()
    await payments.webhooks(2)

    listed = await as_program(program.id).get("{ topUps(state: RETURNED) { nodes { uncovered { amount } } } }")
    assert listed["topUps"]["nodes"] == [{"uncovered": {"amount": uncovered}}]
    assert await available(program) == left
    assert await house(Purpose.STRIPE_CLEARING) == 0
    assert await violations() == []


@pytest.mark.parametrize(
    ("card", "failure"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined"),
        ("pm_card_authenticationRequired", "authentication_required"),
        ("pm_nonsense", "resource_missing"),
    ],
)
async def test_a_declined_card_funds_nothing(payments: Payments, card: str, failure: str) -> None:
    wiring.wire()
    program = await builders.a_program()
    await pay_in(program, method="STRIPE", paymentMethod=card)

    await run_jobs()

    listed = await as_program(program.id).get(
        "{ topUps(state: FAILED) { totalCount nodes { failure program { code } } } }"
    )
    assert listed["topUps"] == {
        "totalCount": 1,
        "nodes": [{"failure": failure, "program": {"code": program.code}}],
    }
    assert await available(program) == "0.00"
    assert await violations() == []


async def test_a_card_payment_is_not_confirmed_by_hand() -> None:
    program = await builders.a_program()
    asked = await pay_in(program, method="STRIPE", paymentMethod="pm_card_visa")
    before = await rows()

    answer = await confirm(asked["id"])

    assert answer["__typename"] == "TopUpConfirmsItself"
    assert (await rows(), await available(program)) == (before, "0.00")


async def test_the_same_reference_with_the_same_facts_is_the_same_top_up() -> None:
    program = await builders.a_program()

    first, again = await pay_in(program), await pay_in(program)

    assert first["id"] == again["id"]
    assert await TopUp.all().count() == 1


async def test_the_same_reference_with_other_facts_is_refused() -> None:
    program, other = await builders.a_program(), await builders.a_program()
    await pay_in(program)
    before = await rows()

    dearer = await pay_in(program, "2000.00")
    by_card = await pay_in(program, method="STRIPE", paymentMethod="pm_card_visa")

    for answer in (dearer, by_card):
        assert answer == IsPartialDict(
            __typename="TopUpReferenceReused", reference="INV-1", amount=euros("1000.00")
        )
    assert await rows() == before
    assert (await pay_in(other))["__typename"] == "TopUp"


async def test_another_currency_than_the_programs_is_refused() -> None:
    program = await builders.a_program()
    before = await rows()

    answer = await pay_in(program, currency="SEK")

    assert answer == IsPartialDict(__typename="WrongCurrency", expected="EUR", given="SEK")
    assert await rows() == before


async def test_every_problem_is_told_at_once() -> None:
    program = await builders.a_program()
    before = await rows()

    answer = await pay_in(program, "0.00", reference="", method="STRIPE")

    assert [problem["path"] for problem in answer["problems"]] == ["amount.amount", "reference", "paymentMethod"]
    odd = await pay_in(program, "1.001")
    assert odd["problems"][0]["path"] == "amount.amount"
    assert await rows() == before


async def test_nobody_else_pays_in_confirms_or_looks() -> None:
    program, other = await builders.a_program(), await builders.a_program()
    member = await builders.a_member(program)
    asked = await pay_in(program)
    partner = await builders.a_partner()
    before = await rows()
    top_up = """mutation { topUpProgram(input: { idempotencyKey: "k", method: BANK_TRANSFER, reference: "x",
        amount: { amount: "1", currency: "EUR" } }) { __typename } }"""
    confirmed = f"""mutation {{ confirmTopUp(input: {{
        idempotencyKey: "k", topUpId: "{asked["id"]}", evidence: "x" }}) {{ __typename }} }}"""
    for caller in (as_member(member.id, program.id), as_partner(partner.id), as_operator(new_id(), "admin")):
        answer = await caller.ask(top_up)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    for caller in (as_program(program.id), as_partner(partner.id), as_operator(new_id(), "support")):
        answer = await caller.ask(confirmed)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    look = "query($id: ID!) { node(id: $id) { __typename } }"
    assert await as_program(other.id).get(look, id=asked["id"]) == {"node": None}
    assert (await as_program(other.id).get("{ topUps { totalCount } }"))["topUps"]["totalCount"] == 0
    seen = await as_member(member.id, program.id).get(FUNDING)
    assert seen["program"]["funding"] is None
    assert await rows() == before
    await jobs.drain()


async def test_much_money_takes_two_people_of_finance() -> None:
    program = await builders.a_program()
    asked = await pay_in(program, "10000.01")
    shown = "... on TopUp { state evidence awaitsSecondPerson }"
    wish = {"topUpId": asked["id"]}

    first = await FINANCE.do("confirmTopUp", shown, **wish, evidence="entry 7")
    again = await FINANCE.do("confirmTopUp", shown, **wish, evidence="entry 7")

    assert first == IsPartialDict(state="PENDING", evidence="entry 7", awaitsSecondPerson=True)
    assert again == IsPartialDict(__typename="SecondPersonNeeded", code="SECOND_PERSON_NEEDED")
    assert await available(program) == "0.00"

    second = await COLLEAGUE.do("confirmTopUp", shown, **wish, evidence="entry 7, seen")

    assert second == IsPartialDict(state="SUCCEEDED", awaitsSecondPerson=False)
    assert await available(program) == "10000.01"
    assert (await FirstWord.get()).said == "entry 7"
    assert await violations() == []


async def test_two_at_once_are_two_people_and_the_same_person_is_not() -> None:
    program = await builders.a_program()
    asked = await pay_in(program, "50000.00")
    wish = {"topUpId": asked["id"], "evidence": "entry 8"}

    twins = await asyncio.gather(*(FINANCE.do("confirmTopUp", "", **wish) for _ in range(3)))
    assert sorted(each["__typename"] for each in twins) == ["SecondPersonNeeded", "SecondPersonNeeded", "TopUp"]
    assert await available(program) == "0.00"

    await COLLEAGUE.do("confirmTopUp", "", **wish)
    assert await available(program) == "50000.00"


async def test_a_currency_without_a_limit_always_takes_two() -> None:
    program = await builders.a_program(home_currency="KWD")
    asked = await pay_in(program, "1.000", "KWD")

    assert (await confirm(asked["id"]))["state"] == "PENDING"
    assert (await confirm(asked["id"], caller=COLLEAGUE))["state"] == "SUCCEEDED"
