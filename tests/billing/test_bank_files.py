"""A bank's own file, from the payer's reference to the program's funding, and back."""

import pytest

from marketplace.app import wiring
from marketplace.billing.models import Receipt, Takeback
from tests import builders
from tests.banking.bank import an_account, clearing, entries, read
from tests.banking.messages import Booked, statement
from tests.billing.test_bank_credits import announce, standing_reference
from tests.billing.test_top_up_program import available, confirm
from tests.books import violations
from tests.client import as_program
from tests.settlement.books import sell

pytestmark = pytest.mark.usefixtures("db")
UNCOVERED = "{ program { funding { uncovered { amount } available { amount } } } }"


async def test_credits_of_a_file_fund_whom_they_name_and_the_rest_stays() -> None:
    wiring.wire()
    await an_account()
    program, other = await builders.a_program(), await builders.a_program()
    _, reference = await announce(program)
    own = await standing_reference(other)

    await read(
        statement(
            [
                Booked("600.00", "B-1", creditor_reference=reference.replace(" ", "")),
                Booked("400.00", "B-2", remittance=f"second part of {reference}"),
                Booked("70.00", "B-3", remittance=own),
                Booked("5.00", "B-4", remittance="no idea"),
            ]
        )
    )

    assert (await available(program), await available(other)) == ("1000.00", "70.00")
    assert [entry["reference"] for entry in await entries(explained=False)] == ["B-4"]
    assert await clearing() == 5_00
    assert await violations() == []


async def test_what_a_person_confirmed_is_proved_by_the_bank_and_not_paid_twice() -> None:
    wiring.wire()
    await an_account()
    program = await builders.a_program()
    top_up, reference = await announce(program)
    await confirm(top_up)
    assert await clearing() == -1000_00

    await read(statement([Booked("1000.00", "B-1", remittance=reference)]))
    await read(statement([Booked("1000.00", "B-9", remittance=reference, day="2026-11-21")]))

    assert await available(program) == "1000.00"
    assert [entry["reference"] for entry in await entries(explained=False)] == ["B-9"]
    assert await Receipt.all().count() == 1


async def test_a_credit_that_went_back_leaves_what_was_spent_uncovered_until_more_arrives() -> None:
    wiring.wire()
    await an_account()
    program, partner = await builders.a_program(), await builders.a_partner()
    own = await standing_reference(program)
    await read(statement([Booked("100.00", "B-1", remittance=own)]))
    await sell(program, partner, 80_00, days_ago=0)

    await read(statement([Booked("-100.00", "B-2", remittance=own, reason="AC04", day="2026-11-21")]))

    funding = (await as_program(program.id).get(UNCOVERED))["program"]["funding"]
    assert funding == {"uncovered": {"amount": "80.00"}, "available": {"amount": "0.00"}}
    assert (await Takeback.get()).uncovered_minor == 80_00
    await read(statement([Booked("50.00", "B-3", remittance=own, day="2026-11-22")]))
    await read(statement([Booked("50.00", "B-4", remittance=own, day="2026-11-23")]))

    funding = (await as_program(program.id).get(UNCOVERED))["program"]["funding"]
    assert funding == {"uncovered": {"amount": "0.00"}, "available": {"amount": "20.00"}}
    recovered = await Receipt.all().order_by("id").values_list("recovered_minor", flat=True)
    assert (list(recovered), await clearing()) == ([0, 50_00, 30_00], 0)
    assert await violations() == []
