"""A bank sends back what paid for a partner's points: the invoice is open again and says why."""

import asyncio
from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.app import wiring
from marketplace.billing.matching import Mismatch
from marketplace.billing.models import CoalitionOrder, Receipt
from marketplace.earning.models import EarningBudget
from marketplace.kit import database
from marketplace.kit.checks import Violation
from marketplace.members.models import Program
from marketplace.partners.models import Partner
from tests import builders
from tests.banking.bank import an_account, clearing, entries, read
from tests.banking.messages import Booked, notification
from tests.billing.test_bank_credits import credit
from tests.billing.test_coalition import BOUGHT, GIVEN, a_coalition, order
from tests.billing.test_top_up_program import available
from tests.books import violations
from tests.client import as_partner
from tests.settlement.books import FINANCE, sell, standing

pytestmark = pytest.mark.usefixtures("db")
SHOWN = """query($id: ID!) { node(id: $id) { ... on CoalitionOrder { state pointsGiven readyAt invoice { state
    paid { amount } reopenedBy reopenedCode } } } }"""
PARTLY = "... on CoalitionPartlyPaid { paid { amount } }"


async def ordered() -> tuple[Program, Partner, Any, str]:
    """5,000 points for 50 EUR, paid by a bank's credit."""
    wiring.wire()
    program, partner = await a_coalition(), await builders.a_partner(commission_bp=0)
    await an_account()
    bought = await order(program, partner, 5000, "50.00", "INVOICE")
    reference = bought["invoice"]["creditorReference"]
    await read(notification([Booked("50.00", "IN-1", remittance=reference)]))
    return program, partner, bought["id"], reference


async def shown(partner: Partner, id: str) -> Any:
    return (await as_partner(partner.id).get(SHOWN, id=id))["node"]


def back(reference: str, amount: str = "-50.00", entry: str = "OUT-1") -> bytes:
    return notification([Booked(amount, entry, remittance=reference, reason="MD06", day="2026-11-21")])


async def cancel(id: str) -> Any:
    asked = f"{BOUGHT} {GIVEN} {PARTLY}"
    return await FINANCE.do("reverseCoalitionOrder", asked, orderId=id, reason="Called off")


async def given(points: int) -> None:
    """As if members had been given some of the budget's points."""
    async with database.transaction():
        await database.execute("UPDATE earning_budget SET used = used + $1", points)


async def but_for_the_budget() -> list[Violation]:
    """What is wrong, besides points that were given without a member."""
    return [found for found in await violations() if found.check != "budgets are kept"]


async def test_the_invoice_is_open_again_and_says_why_until_it_is_paid_again() -> None:
    program, partner, id, reference = await ordered()
    assert (await EarningBudget.get()).points == 5000

    await read(back(reference))
    await read(back(reference))

    assert await shown(partner, id) == {
        "state": "AWAITING", "pointsGiven": 0, "readyAt": None,
        "invoice": {
            "state": "OPEN", "paid": {"amount": "0.00"}, "reopenedBy": "BANK_RETURN", "reopenedCode": "MD06",
        },
    }  # fmt: skip
    assert (await available(program), (await EarningBudget.get()).points, await clearing()) == ("1000.00", 0, 0)
    changes = await database.rows("SELECT audience, state FROM change WHERE topic = 'invoice'")
    assert [(row["audience"], row["state"]) for row in changes] == [(f"{program.id} {partner.id}", "OPEN")]
    assert await violations() == []
    await read(notification([Booked("50.00", "IN-2", remittance=reference, day="2026-11-22")]))
    again = await shown(partner, id)
    assert (again["state"], again["invoice"]["state"], again["invoice"]["reopenedCode"]) == (
        "READY",
        "PAID",
        "MD06",
    )
    assert (await available(program), (await EarningBudget.get()).points) == ("1050.00", 5000)
    await read(back(reference, entry="OUT-2"))
    assert (await shown(partner, id))["state"] == "AWAITING"
    assert (await cancel(id))["state"] == "CANCELLED"
    assert await credit(reference, 50_00) is Mismatch.NOT_THE_AMOUNT
    assert await violations() == []


async def test_points_that_members_have_stay_theirs_and_the_rest_comes_with_the_next_payment() -> None:
    program, partner, id, reference = await ordered()
    await given(2000)
    await sell(program, partner, 1030_00, days_ago=0)

    await read(back(reference))

    assert (await shown(partner, id)) == IsPartialDict(state="AWAITING", pointsGiven=2000)
    assert (await EarningBudget.get()).points == 2000
    assert await cancel(id) == IsPartialDict(__typename="CoalitionPointsGiven", points=5000, left=3000)
    assert await but_for_the_budget() == []
    assert isinstance(await credit(reference, 50_00), Receipt)
    assert (await shown(partner, id)) == IsPartialDict(state="READY", pointsGiven=0)
    assert (await EarningBudget.get()).points == 5000
    assert await but_for_the_budget() == []


async def test_a_part_that_went_back_is_just_what_is_asked_for_again() -> None:
    program, partner, id, reference = await ordered()

    await read(back(reference, "-20.00"))

    seen = await shown(partner, id)
    assert (seen["state"], seen["invoice"]["paid"]) == ("AWAITING", {"amount": "30.00"})
    assert await cancel(id) == IsPartialDict(__typename="CoalitionPartlyPaid", paid={"amount": "30.00"})
    assert await credit(reference, 50_00) is Mismatch.NOT_THE_AMOUNT
    assert await violations() == []
    assert isinstance(await credit(reference, 20_00), Receipt)
    assert (await shown(partner, id))["state"] == "READY"
    assert await available(program) == "1050.00"
    assert await violations() == []


async def test_a_reversed_order_whose_payment_went_back_leaves_its_price_to_be_paid() -> None:
    program, partner, id, reference = await ordered()
    assert (await cancel(id))["state"] == "REVERSED"
    assert (await standing(partner))["PAYABLE"] == 50_00

    await read(back(reference))

    seen = await shown(partner, id)
    assert (seen["state"], seen["invoice"]["state"]) == ("REVERSED", "OPEN")
    assert await available(program) == "950.00"
    assert await violations() == []
    assert isinstance(await credit(reference, 50_00), Receipt)
    assert (await shown(partner, id))["invoice"]["state"] == "PAID"
    assert ((await CoalitionOrder.get()).state, (await EarningBudget.get()).points) == ("REVERSED", 0)
    assert await violations() == []


async def test_a_return_and_a_reversal_at_once_leave_books_that_agree() -> None:
    _, partner, id, reference = await ordered()

    await asyncio.gather(read(back(reference)), cancel(id))

    seen = await shown(partner, id)
    assert (seen["state"], seen["invoice"]["state"]) in {("CANCELLED", "CANCELLED"), ("REVERSED", "OPEN")}
    assert await entries(explained=False) == []
    assert (await EarningBudget.get()).points == 0
    assert await violations() == []
