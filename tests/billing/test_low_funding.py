"""A program is told that its money runs low: once for each time that it does, with the days that are left."""

from datetime import timedelta
from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.billing import jobs
from marketplace.billing.alerts import runway
from marketplace.billing.models import FundingAlert, FundingNotice
from marketplace.kit import clock, database, ids
from marketplace.members.models import Program
from tests import builders
from tests.billing.test_bank_credits import credit, standing_reference
from tests.client import as_partner, as_program
from tests.settlement.books import a_funded_program, sell

pytestmark = pytest.mark.usefixtures("db")
RUNWAY = """{ program { funding { runway { perDay { amount } daysLeft alert { below { amount } days lowSince }
    notices { daysLeft } } } } }"""


async def ask_for(program: Program, **terms: object) -> Any:
    return await as_program(program.id).do("setFundingAlert", "... on Program { code }", **terms)


async def runway_of(program: Program) -> Any:
    return (await as_program(program.id).get(RUNWAY))["program"]["funding"]["runway"]


@pytest.mark.parametrize(
    ("available", "spent", "days", "expected"),
    [
        (1000, 280, 28, (10, 100)),
        (1000, 281, 28, (11, 90)),
        (1000, 0, 28, (0, None)),
        (0, 5, 1, (5, 0)),
        (9, -3, 7, (0, None)),
    ],
)
async def test_days_left_at_the_present_rate(
    available: int, spent: int, days: int, expected: tuple[int, int | None]
) -> None:
    found = runway(available, spent, days)
    assert (found.per_day_minor, found.days_left) == expected


async def test_it_is_told_once_for_each_crossing() -> None:
    with clock.travel(-timedelta(days=40)):
        program = await a_funded_program(1000_00)
    partner = await builders.a_partner()
    await ask_for(program, below={"amount": "300.00", "currency": "EUR"}, days=10)
    await sell(program, partner, 280_00, days_ago=3)
    await jobs.look()
    assert await FundingNotice.all().count() == 0
    assert await runway_of(program) == {
        "perDay": {"amount": "10.00"},
        "daysLeft": 72,
        "alert": {"below": {"amount": "300.00"}, "days": 10, "lowSince": None},
        "notices": [],
    }

    await sell(program, partner, 500_00, days_ago=2)
    await jobs.look()
    await jobs.look()

    [notice] = await FundingNotice.all()
    assert (notice.available_minor, notice.per_day_minor, notice.days_left) == (220_00, 27_86, 7)
    assert (await runway_of(program))["alert"]["lowSince"] is not None
    [change] = await database.rows("SELECT topic, audience, state FROM change WHERE topic = 'fundingNotice'")
    assert (change["topic"], change["state"]) == ("fundingNotice", None)
    assert str(program.id) in change["audience"]
    node = "query($id: ID!) { node(id: $id) { ... on FundingNotice { daysLeft program { code } } } }"
    about = ids.public("fundingNotice", notice.id)
    assert (await as_program(program.id).get(node, id=about))["node"] == {
        "daysLeft": 7,
        "program": {"code": program.code},
    }
    assert (await as_program((await builders.a_program()).id).get(node, id=about))["node"] is None

    await credit(await standing_reference(program), 500_00)
    await jobs.look()
    assert (await FundingAlert.get()).low_since is None
    await sell(program, partner, 500_00, days_ago=0)
    await jobs.look()
    assert [each["daysLeft"] for each in (await runway_of(program))["notices"]] == [4, 7]


async def test_an_alert_must_be_sound_and_ones_own() -> None:
    program = await builders.a_program()

    answer = await ask_for(program, below={"amount": "-1.00", "currency": "EUR"}, days=0)

    assert [each["path"] for each in answer["problems"]] == ["below.amount", "days"]
    wrong = await ask_for(program, below={"amount": "1.00", "currency": "SEK"})
    assert wrong == IsPartialDict(__typename="WrongCurrency", code="WRONG_CURRENCY")
    assert await FundingAlert.all().count() == 0
    refused = await as_partner(program.id).ask(
        'mutation { setFundingAlert(input: { idempotencyKey: "k" }) { __typename } }'
    )
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    await ask_for(program)
    assert (await runway_of(program))["alert"] == {"below": None, "days": None, "lowSince": None}
