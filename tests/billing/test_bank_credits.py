"""What a bank says somebody paid is known by its reference, and funds a program once."""

import asyncio

import pytest
from dirty_equals import IsPartialDict

from marketplace.billing.matching import Credit, Mismatch, match_credit
from marketplace.billing.models import Receipt, TopUp
from marketplace.billing.references import Pays, creditor_reference, printed
from marketplace.kit import database
from marketplace.kit.ids import new_id
from marketplace.kit.money import Money
from marketplace.members.models import Program
from tests import builders
from tests.billing.test_top_up_program import available, confirm, pay_in
from tests.books import violations
from tests.client import as_member, as_partner, as_program
from tests.settlement.books import FINANCE, euros

pytestmark = pytest.mark.usefixtures("db")
FOUND = "{ program { funding { creditorReference } } }"


async def credit(text: str, minor: int = 1000_00, currency: str = "EUR", entry: str = "") -> Receipt | Mismatch:
    """A credit as a bank would tell it."""
    async with database.transaction():
        return await match_credit(Credit(entry or new_id().hex, (text,), Money(minor, currency)))


async def standing_reference(program: Program) -> str:
    return (await as_program(program.id).get(FOUND))["program"]["funding"]["creditorReference"]


async def announce(program: Program, reference: str = "INV-1") -> tuple[str, str]:
    asked = await pay_in(program, reference=reference)
    top_up = await TopUp.get(program_id=program.id, reference=reference)
    assert top_up.creditor_reference
    return asked["id"], printed(top_up.creditor_reference)


async def test_a_transfer_that_names_its_top_up_funds_by_itself() -> None:
    program = await builders.a_program()
    top_up, reference = await announce(program)

    receipt = await credit(f"Invoice 7 {reference} thank you")

    assert isinstance(receipt, Receipt)
    assert await available(program) == "1000.00"
    shown = "query($id: ID!) { node(id: $id) { ... on TopUp { state received { amount } creditorReference } } }"
    found = (await as_program(program.id).get(shown, id=top_up))["node"]
    assert found == {"state": "SUCCEEDED", "received": {"amount": "1000.00"}, "creditorReference": reference}
    assert await violations() == []


async def test_parts_come_one_by_one_and_what_is_more_funds_too() -> None:
    program = await builders.a_program()
    _, reference = await announce(program)

    await credit(reference, 400_00)
    top_up = await TopUp.get()
    assert (top_up.state, top_up.received_minor, await available(program)) == ("PENDING", 400_00, "400.00")
    await credit(reference, 700_00)

    top_up = await TopUp.get()
    assert (top_up.state, top_up.received_minor, await available(program)) == ("SUCCEEDED", 1100_00, "1100.00")
    assert await violations() == []


async def test_a_person_confirms_what_is_missing_of_a_part() -> None:
    program = await builders.a_program()
    top_up, reference = await announce(program)
    await credit(reference, 400_00)

    await confirm(top_up)

    assert await available(program) == "1000.00"
    assert await credit(reference, 600_00) is Mismatch.CONFIRMED_BY_HAND
    assert await available(program) == "1000.00"
    assert await violations() == []


async def test_the_programs_own_reference_always_funds() -> None:
    program, other = await builders.a_program(), await builders.a_program()
    reference = await standing_reference(program)

    await credit(f"//{reference.replace(' ', '.')}//", 250_00)

    assert (await available(program), await available(other)) == ("250.00", "0.00")
    listed = "{ fundingReceipts { totalCount nodes { origin amount { amount } topUp { id } program { code } } } }"
    found = (await as_program(program.id).get(listed))["fundingReceipts"]
    assert found["nodes"] == [
        {"origin": "BANK", "amount": {"amount": "250.00"}, "topUp": None, "program": {"code": program.code}}
    ]
    assert (await as_program(other.id).get(listed))["fundingReceipts"]["totalCount"] == 0
    assert (await FINANCE.get(listed))["fundingReceipts"]["totalCount"] == 1
    for caller in (as_partner(new_id()), as_member(new_id(), program.id)):
        answer = await caller.ask("{ fundingReceipts { totalCount } }")
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_the_same_entry_funds_once_also_when_it_is_told_twice_at_once() -> None:
    program = await builders.a_program()
    reference = await standing_reference(program)

    told = await asyncio.gather(*(credit(reference, 10_00, entry="E-1") for _ in range(3)), return_exceptions=True)
    again = await credit(reference, 10_00, entry="E-1")

    assert isinstance(again, Receipt)
    assert {one.id for one in told if isinstance(one, Receipt)} == {again.id}
    assert await available(program) == "10.00"
    assert await violations() == []


async def test_two_credits_at_once_both_count() -> None:
    program = await builders.a_program()
    _, reference = await announce(program)

    await asyncio.gather(*(credit(reference, minor) for minor in (300_00, 700_00)))

    top_up = await TopUp.get()
    assert (top_up.state, top_up.received_minor, await available(program)) == ("SUCCEEDED", 1000_00, "1000.00")
    assert await violations() == []


async def test_what_is_not_known_for_sure_stays_for_a_person() -> None:
    program, other = await builders.a_program(), await builders.a_program()
    _, reference = await announce(program)
    own = await standing_reference(other)

    answers = [
        await credit("for the rewards of March"),
        await credit(f"{reference} and {own}"),
        await credit(creditor_reference(Pays.TOP_UP, new_id())),
        await credit(creditor_reference(Pays.PROGRAM, new_id())),
        await credit(reference, currency="SEK"),
        await credit(own, currency="SEK"),
    ]

    assert answers == [
        Mismatch.NO_REFERENCE,
        Mismatch.SEVERAL_REFERENCES,
        Mismatch.UNKNOWN_REFERENCE,
        Mismatch.UNKNOWN_REFERENCE,
        Mismatch.WRONG_CURRENCY,
        Mismatch.WRONG_CURRENCY,
    ]
    assert (await available(program), await available(other)) == ("0.00", "0.00")
    assert await Receipt.all().count() == 0


async def test_a_declined_card_leaves_no_reference_and_a_late_transfer_still_counts() -> None:
    program = await builders.a_program()
    asked = await pay_in(program, method="STRIPE", paymentMethod="pm_card_visa")
    assert asked == IsPartialDict(state="PENDING", amount=euros("1000.00"))
    assert (await TopUp.get()).creditor_reference is None
