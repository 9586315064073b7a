"""A program spends beyond what it has paid in, as far as two people of finance allow, and repays it first."""

import asyncio

import asyncpg
import pytest
from dirty_equals import IsPartialDict

from marketplace.billing.models import CreditLine
from marketplace.billing.rules import credit_standing
from marketplace.kit import database, ids
from marketplace.kit.ids import new_id
from marketplace.kit.writes import Raced
from marketplace.members.models import Program
from marketplace.members.refusals import ProgramUnfunded
from marketplace.members.steps import hold_funding
from tests import builders
from tests.billing.credit import approve, credit_of, grant, propose
from tests.billing.test_bank_credits import credit, standing_reference
from tests.billing.test_top_up_program import available
from tests.books import violations
from tests.client import as_member, as_operator, as_partner, as_program
from tests.settlement.books import COLLEAGUE, FINANCE, sell

pytestmark = pytest.mark.usefixtures("db")


async def hold(program: Program, minor: int) -> None:
    """Hold money as an operation does: again when somebody else came in between."""
    while True:
        try:
            async with database.transaction():
                return await hold_funding(program, minor, ref_type="test", ref_id=new_id())
        except (asyncpg.DeadlockDetectedError, Raced):
            continue


async def test_a_line_is_drawn_when_funding_runs_out_and_repaid_first() -> None:
    program, partner = await builders.a_program(), await builders.a_partner()
    reference = await standing_reference(program)
    await credit(reference, 50_00)
    await grant(program, "100.00")
    assert await credit_of(program) == {"limit": "100.00", "drawn": "0.00", "held": "0.00", "left": "100.00"}
    assert await available(program) == "150.00"

    await sell(program, partner, 80_00, days_ago=0)
    assert await credit_of(program) == {"limit": "100.00", "drawn": "30.00", "held": "0.00", "left": "70.00"}
    await hold(program, 20_00)
    assert await credit_of(program) == {"limit": "100.00", "drawn": "30.00", "held": "20.00", "left": "50.00"}
    await credit(reference, 45_00)

    found = await credit_of(program)
    assert found == {"limit": "100.00", "drawn": "0.00", "held": "5.00", "left": "95.00"}
    with pytest.raises(ProgramUnfunded):
        await hold(program, 95_01)


async def test_nobody_holds_beyond_the_limit_however_many_come_at_once() -> None:
    program = await builders.a_program()
    await grant(program, "100.00")

    tried = await asyncio.gather(*(hold(program, 10_00) for _ in range(14)), return_exceptions=True)

    assert [type(one) for one in tried if one is not None] == [ProgramUnfunded] * 4
    assert (await available(program), (await credit_of(program))["held"]) == ("0.00", "100.00")


async def test_a_line_is_not_lowered_below_what_is_in_use() -> None:
    program, partner = await builders.a_program(), await builders.a_partner()
    await grant(program, "100.00")
    await sell(program, partner, 60_00, days_ago=0)
    lower = (await propose(program, "59.99"))["id"]

    refused = await approve(lower)

    assert refused == IsPartialDict(
        __typename="CreditLineInUse", limit={"amount": "100.00"}, inUse={"amount": "60.00"}
    )
    assert (await CreditLine.get()).limit_minor == 100_00
    await grant(program, "60.00")
    assert await credit_of(program) == {"limit": "60.00", "drawn": "60.00", "held": "0.00", "left": "0.00"}
    await credit(await standing_reference(program), 60_00)
    await grant(program, "0.00")
    assert (await credit_of(program), await available(program)) == (None, "0.00")
    assert await violations() == []


async def test_it_takes_two_people_once() -> None:
    program = await builders.a_program()
    change = (await propose(program, "100.00"))["id"]

    assert (await approve(change, FINANCE))["__typename"] == "SamePerson"
    assert await available(program) == "0.00"
    both = await asyncio.gather(approve(change), approve(change, as_operator(new_id(), "finance")))
    assert sorted(each["__typename"] for each in both) == ["CreditChangeDecided", "CreditLineChange"]
    assert await available(program) == "100.00"
    other = (await propose(program, "500.00"))["id"]
    declined = await COLLEAGUE.do(
        "declineCreditLine", "... on CreditLineChange { state decidedBy }", changeId=other
    )
    assert declined["state"] == "DECLINED"
    assert (await approve(other))["__typename"] == "CreditChangeDecided"
    listed = await FINANCE.get("{ creditLineChanges(state: APPROVED) { totalCount nodes { program { code } } } }")
    assert listed["creditLineChanges"] == {"totalCount": 1, "nodes": [{"program": {"code": program.code}}]}
    assert await violations() == []


async def test_a_limit_must_be_sound() -> None:
    program = await builders.a_program()

    answer = await propose(program, "-1.00", paymentDays=366)
    assert [each["path"] for each in answer["problems"]] == ["limit.amount", "paymentDays"]
    money = {"amount": "1.00", "currency": "SEK"}
    wish = {"programId": ids.public("program", program.id), "reason": "x", "limit": money}
    assert (await FINANCE.do("proposeCreditLine", "", **wish))["__typename"] == "WrongCurrency"
    nobody = wish | {"programId": ids.public("program", new_id())}
    assert (await FINANCE.do("proposeCreditLine", "", **nobody))["__typename"] == "NotFound"
    assert (await approve(ids.public("creditLineChange", new_id())))["__typename"] == "NotFound"


async def test_only_finance_proposes_decides_and_lists() -> None:
    program = await builders.a_program()
    change = (await propose(program, "100.00"))["id"]
    member = await builders.a_member(program)
    asked = [
        f"""mutation {{ approveCreditLine(input: {{ idempotencyKey: "k", changeId: "{change}" }}) {{
            __typename }} }}""",
        "{ creditLineChanges { totalCount } }",
    ]
    everybody = (as_program(program.id), as_partner(new_id()), as_member(member.id, program.id))
    for caller in (*everybody, as_operator(new_id(), "support")):
        for text in asked:
            answer = await caller.ask(text)
            assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        seen = await caller.get("query($id: ID!) { node(id: $id) { __typename } }", id=change)
        assert seen == {"node": None}
    assert await available(program) == "0.00"


@pytest.mark.parametrize(
    ("free", "held", "expected"),
    [
        (0, 0, (100, 0, 0)),
        (30, 20, (50, 20, 30)),
        (120, 50, (0, 0, 100)),
        (0, 150, (0, 100, 0)),
        (80, 40, (0, 20, 80)),
    ],
)
async def test_a_line_is_drawn_held_and_left(free: int, held: int, expected: tuple[int, int, int]) -> None:
    found = credit_standing(100, free, held)
    assert (found.drawn_minor, found.held_minor, found.left_minor) == expected
