"""A partner disputes a line; finance declines it with a reason, or two people put it right."""

import asyncio
from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.kit import ids
from marketplace.kit.ids import new_id
from marketplace.partners.models import Accrual, AccrualKind, Partner
from marketplace.settlement.models import LineDispute, StatementLine
from tests import builders
from tests.client import as_operator, as_partner
from tests.settlement.books import COLLEAGUE, FINANCE, a_funded_program, euros, sell, settle, shown, violations

pytestmark = pytest.mark.usefixtures("db")

SHOWN = "... on Dispute { id note evidence state answer line { position } } ... on NotFound { what }"
RAISED = f"{SHOWN} ... on LineInDispute {{ raisedAt }} ... on InvalidInput {{ problems {{ path }} }}"
DECIDED = f"{SHOWN} ... on DisputeNotOpen {{ state }}"
ACCEPTED = f"{DECIDED} ... on WrongCurrency {{ expected }} ... on InvalidInput {{ problems {{ path }} }}"


async def a_line() -> tuple[Partner, str]:
    """A partner and a line of its statement."""
    program, partner = await a_funded_program(), await builders.a_partner()
    await sell(program, partner, 100_00)
    await settle()
    line = await StatementLine.get()
    return partner, ids.public("statementLine", line.id)


async def dispute(partner: Partner, line: str, **more: Any) -> dict[str, Any]:
    fields = {"note": "Two of these were refunded in the shop.", "evidence": "till roll 17"} | more
    return await as_partner(partner.id).do("disputeLine", RAISED, lineId=line, **fields)


async def accept(raised: dict[str, Any], amount: str = "5.00", currency: str = "EUR") -> dict[str, Any]:
    money = {"amount": amount, "currency": currency}
    return await FINANCE.do("acceptDispute", ACCEPTED, disputeId=raised["id"], amount=money, reason="As you said")


async def adjustment_of(raised: dict[str, Any]) -> str:
    text = "query($id: ID!) { node(id: $id) { ... on Dispute { adjustment { id } } } }"
    return (await FINANCE.get(text, id=raised["id"]))["node"]["adjustment"]["id"]


async def decide(raised: dict[str, Any], operation: str) -> dict[str, Any]:
    return await COLLEAGUE.do(
        operation, "... on Adjustment { id state }", adjustmentId=await adjustment_of(raised)
    )


async def test_an_accepted_dispute_is_put_right_by_two_people_on_the_next_statement() -> None:
    partner, line = await a_line()

    raised = await dispute(partner, line)
    assert raised == IsPartialDict(state="OPEN", evidence="till roll 17", line={"position": 1})
    assert (await accept(raised))["state"] == "PROPOSED"
    assert not await Accrual.exists(kind=AccrualKind.ADJUSTMENT.value)
    alone = await FINANCE.do(
        "approveAdjustment", "... on SamePerson { code }", adjustmentId=await adjustment_of(raised)
    )
    assert alone["__typename"] == "SamePerson"
    assert (await decide(raised, "approveAdjustment"))["state"] == "APPROVED"

    text = "{ disputes { nodes { state adjustment { id } line { disputes { state } } } } }"
    seen = (await as_partner(partner.id).get(text))["disputes"]["nodes"]
    assert seen == [{"state": "ACCEPTED", "adjustment": None, "line": {"disputes": [{"state": "ACCEPTED"}]}}]
    assert (await Accrual.get(kind=AccrualKind.ADJUSTMENT.value)).net_minor == 5_00
    assert await violations() == []


async def test_a_correction_that_is_turned_down_leaves_the_dispute_open() -> None:
    partner, line = await a_line()
    raised = await dispute(partner, line)
    await accept(raised)

    await decide(raised, "declineAdjustment")

    assert (await LineDispute.get()).state == "OPEN"
    declined = await FINANCE.do(
        "declineDispute", DECIDED, disputeId=raised["id"], answer="The till roll is of May"
    )
    assert declined == IsPartialDict(state="DECLINED", answer="The till roll is of May")
    assert (await accept(raised))["__typename"] == "DisputeNotOpen"
    assert (await dispute(partner, line))["state"] == "OPEN"


async def test_a_line_is_disputed_once_at_a_time_also_by_two_at_once() -> None:
    partner, line = await a_line()

    answers = await asyncio.gather(*(dispute(partner, line) for _ in range(2)))

    assert sorted(answer["__typename"] for answer in answers) == ["Dispute", "LineInDispute"]
    raised = next(answer for answer in answers if answer["__typename"] == "Dispute")
    withdrawn = await as_partner(partner.id).do("withdrawDispute", DECIDED, disputeId=raised["id"])
    assert withdrawn["state"] == "WITHDRAWN"
    assert (await dispute(partner, line))["__typename"] == "Dispute"


async def test_what_makes_no_sense_and_foreigners_are_refused() -> None:
    partner, line = await a_line()
    other = await builders.a_partner()

    assert (await dispute(other, line)) == IsPartialDict(__typename="NotFound", what="statement line")
    assert (await dispute(partner, line, note=" "))["problems"] == [IsPartialDict(path="note")]
    raised = await dispute(partner, line)
    foreign = await as_partner(other.id).do("withdrawDispute", DECIDED, disputeId=raised["id"])
    assert foreign["__typename"] == "NotFound"
    operator = await as_operator(new_id(), "admin").do("withdrawDispute", DECIDED, disputeId=raised["id"])
    assert operator["__typename"] == "NotFound"
    assert (await accept(raised, currency="SEK")) == IsPartialDict(__typename="WrongCurrency", expected="EUR")
    assert (await accept(raised, amount="0"))["problems"] == [IsPartialDict(path="amount.amount")]
    text = "query($id: ID!) { node(id: $id) { id } disputes { totalCount } }"
    assert await as_partner(other.id).get(text, id=raised["id"]) == {"node": None, "disputes": {"totalCount": 0}}
    assert await LineDispute.all().count() == 1


async def test_the_statement_itself_never_changes() -> None:
    program, partner = await a_funded_program(), await builders.a_partner()
    await sell(program, partner, 100_00)
    [statement] = await settle()
    before = await shown(statement)
    raised = await dispute(partner, ids.public("statementLine", (await StatementLine.get()).id))
    await accept(raised)
    await decide(raised, "approveAdjustment")

    assert await shown(statement) == before
    assert before["closing"] == euros("90.32")
