"""A bank sends back less than what was paid, with a reason: just that is owed again, on the next statement."""

from datetime import timedelta

import pytest
from dirty_equals import IsPartialDict

from marketplace.banking.models import BankEntry
from marketplace.kit import clock, database
from marketplace.partners.models import Accrual
from tests.banking.bank import FINANCE, an_account, bank, clearing, entries, read, violations
from tests.banking.messages import THEIRS, Booked, notification, statement
from tests.banking.payees import Payee, end_to_end, ordered, payees
from tests.settlement.books import settle, shown, standing
from tests.settlement.books import violations as of_settlement

pytestmark = pytest.mark.usefixtures("db")
TODAY = str(clock.today())
TRANSFERS = "{ bankTransfers { nodes { state reasonCode returned { amount } } } }"
PAYOUT = """query($id: ID!) { node(id: $id) { ... on Statement { payout { state reason detail
    history { state reason } } } } }"""


def back(name: str, amount: str, reference: str, reason: str = "AC04") -> Booked:
    return Booked(amount, reference, day=TODAY, end_to_end=name, reason=reason)


async def paid() -> tuple[Payee, str]:
    """A payout that the bank has booked."""
    await an_account()
    (payee,) = await payees(THEIRS)
    await ordered()
    name = await end_to_end(payee)
    await read(notification([Booked("-90.32", "D", day=TODAY, end_to_end=name)]))
    return payee, name


async def nothing_wrong() -> None:
    assert await violations() == await of_settlement() == []


async def test_a_part_that_came_back_is_owed_again_and_stands_on_the_next_statement() -> None:
    payee, name = await paid()

    told = notification([back(name, "40.00", "R-1", "MS03")])
    await read(told)
    await read(told)
    await read(statement([Booked("-90.32", "D", day=TODAY, end_to_end=name), back(name, "40.00", "R-1", "MS03")]))

    assert await payee.where() == ("IN_BANK", "PARTLY_RETURNED")
    assert (await payee.payout()).detail == "MS03: 40.00 EUR of 90.32 EUR came back"
    assert await standing(payee.partner) == {"PAYABLE": 40_00}
    assert (await bank(), await clearing()) == (1000_00 - 50_32, 0)
    (listed,) = (await FINANCE.get(TRANSFERS))["bankTransfers"]["nodes"]
    assert listed == {"state": "BOOKED", "reasonCode": "MS03", "returned": {"amount": "40.00"}}
    [change] = await database.rows("SELECT state FROM change WHERE topic = 'payout' AND state = 'PARTLY_RETURNED'")
    assert change["state"] == "PARTLY_RETURNED"
    with clock.travel(timedelta(days=2)):
        (following,) = await settle()
    said = await shown(following)
    assert said["closing"] == {"amount": "40.00", "currency": "EUR"}
    assert [line["kind"] for line in said["lines"]["nodes"]] == ["ADJUSTMENTS"]
    (owed,) = await Accrual.filter(kind="ADJUSTMENT")
    assert owed.description == f"40.00 EUR of {payee.statement.number} came back (MS03)"
    await nothing_wrong()


async def test_parts_come_back_until_all_of_it_is_there_and_no_further() -> None:
    payee, name = await paid()

    await read(notification([back(name, "40.00", "R-1"), back(name, "50.32", "R-2")]))
    await read(notification([back(name, "0.01", "R-3")]))
    await read(notification([back(name, "90.32", "R-4")]))

    assert await payee.where() == ("IN_BANK", "PARTLY_RETURNED")
    assert (await payee.payout()).detail == "AC04: 90.32 EUR of 90.32 EUR came back"
    assert await standing(payee.partner) == {"PAYABLE": 90_32}
    assert {entry["reference"] for entry in await entries(explained=False)} == {"R-3", "R-4"}
    assert await clearing() == 90_33
    await nothing_wrong()


async def test_a_part_that_is_told_before_its_debit_waits_for_it() -> None:
    await an_account()
    (payee,) = await payees(THEIRS)
    await ordered()
    name = await end_to_end(payee)

    await read(notification([back(name, "10.00", "R-1")]))
    assert await payee.where() == ("PLANNED", "WITH_BANK")
    assert await BankEntry.filter(explained_at=None).count() == 1
    await read(notification([Booked("-90.32", "D", day=TODAY, end_to_end=name)]))

    assert await payee.where() == ("IN_BANK", "PARTLY_RETURNED")
    assert (await standing(payee.partner), await clearing()) == ({"PAYABLE": 10_00}, 0)
    history = (await FINANCE.get(PAYOUT, id=(await shown(payee.statement))["id"]))["node"]["payout"]["history"]
    assert history[-2:] == [
        IsPartialDict(state="IN_BANK", reason=None),
        IsPartialDict(state="IN_BANK", reason="PARTLY_RETURNED"),
    ]
    await nothing_wrong()
