"""Lines of credit, as tests grant them and look at them."""

from typing import Any

from marketplace.kit import ids
from marketplace.members.models import Program
from tests.client import Caller, as_program
from tests.settlement.books import COLLEAGUE, FINANCE

CREDIT = """{ program { funding { available { amount } credit {
    limit { amount } drawn { amount } held { amount } left { amount } paymentDays } } } }"""


async def propose(program: Program, limit: str, caller: Caller = FINANCE, **fields: object) -> Any:
    money = {"amount": limit, "currency": program.home_currency}
    wish = {"programId": ids.public("program", program.id), "reason": "They pay well"} | fields
    return await caller.do("proposeCreditLine", "... on CreditLineChange { id state }", limit=money, **wish)


async def approve(change: str, caller: Caller = COLLEAGUE) -> Any:
    shown = "... on CreditLineChange { state } ... on CreditLineInUse { limit { amount } inUse { amount } }"
    return await caller.do("approveCreditLine", shown, changeId=change)


async def grant(program: Program, limit: str) -> None:
    """A line of credit, by two people."""
    answer = await approve((await propose(program, limit))["id"])
    assert answer["state"] == "APPROVED", answer


async def credit_of(program: Program) -> Any:
    """limit, drawn, held and left, as the program sees them; None without a line."""
    found = (await as_program(program.id).get(CREDIT))["program"]["funding"]["credit"]
    return found and {name: found[name]["amount"] for name in ("limit", "drawn", "held", "left")}
