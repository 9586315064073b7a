"""Opening programs and saying what their points are worth."""

from datetime import UTC, datetime, timedelta

import pytest
from dirty_equals import IsPartialDict

from marketplace.kit import clock, ids
from marketplace.kit.ids import new_id
from marketplace.members.models import PointValue, Program
from tests import builders
from tests.client import as_member, as_operator, as_program

pytestmark = pytest.mark.usefixtures("db")
NORTH = {
    "code": "NORTH",
    "name": "Northern Lights",
    "pointName": "lights",
    "homeCurrency": "SEK",
    "pointValue": "0.10",
    "timezone": "Europe/Stockholm",
    "countries": ["SE", "NO"],
    "issuer": "https://id.north.test",
    "audience": "marketplace",
    "tiers": [
        {"code": "blue", "name": "Blue", "discountBp": 0},
        {"code": "gold", "name": "Gold", "discountBp": 900},
    ],
    "cash": {"rateBp": 8000, "minPoints": 500, "maxPoints": 50000, "countries": ["SE"]},
}
SELECTION = "... on Program { id code pointValue homeCurrency tiers { code } cash { rateBp minPoints } }"


async def test_an_operator_opens_a_program() -> None:
    admin = as_operator(new_id())
    answer = await admin.do("createProgram", SELECTION, **NORTH)
    assert answer == IsPartialDict(
        code="NORTH",
        pointValue="0.1",
        homeCurrency="SEK",
        tiers=[{"code": "blue"}, {"code": "gold"}],
        cash={"rateBp": 8000, "minPoints": 500},
    )


async def test_a_point_has_its_worth_by_the_programs_own_day() -> None:
    """At 22:30 UTC it is tomorrow in Stockholm, at 01:00 UTC still yesterday in California."""
    admin = as_operator(new_id())
    with clock.at(datetime(2026, 7, 1, 22, 30, tzinfo=UTC)):
        assert (await admin.do("createProgram", SELECTION, **NORTH))["pointValue"] == "0.1"

    west = await builders.a_program(timezone="America/Los_Angeles")
    member = await builders.a_member(west)
    item = await builders.a_voucher()
    price = "query($id: ID!) { node(id: $id) { ... on Offer { pointsPrice { listPoints } } } }"
    id = ids.public("offer", item.offer_id)
    phone = as_member(member.id, west.id)
    with clock.at(datetime(2026, 7, 2, 1, 0, tzinfo=UTC)):
        answer = await admin.do(
            "setPointValue", "", programId=ids.public("program", west.id), value="0.02", validFrom="2026-07-02"
        )
        assert answer["__typename"] == "PointValue"
        assert (await phone.get(price, id=id))["node"]["pointsPrice"] == {"listPoints": 1000}
    with clock.at(datetime(2026, 7, 2, 7, 0, tzinfo=UTC)):
        assert (await phone.get(price, id=id))["node"]["pointsPrice"] == {"listPoints": 500}


async def test_a_code_is_taken_once() -> None:
    admin = as_operator(new_id())
    await admin.do("createProgram", SELECTION, **NORTH)
    answer = await admin.do("createProgram", SELECTION, **(NORTH | {"issuer": "https://else.test"}))
    assert answer == IsPartialDict(__typename="ProgramCodeTaken", code="PROGRAM_CODE_TAKEN")
    assert await Program.all().count() == 1


async def test_a_program_with_mistakes_is_refused_with_all_of_them() -> None:
    admin = as_operator(new_id())
    wrong = NORTH | {
        "code": "n",
        "homeCurrency": "XXY",
        "pointValue": "0",
        "timezone": "Mars",
        "countries": ["XX"],
    }
    answer = await admin.do("createProgram", SELECTION, **wrong)
    assert [p["path"] for p in answer["problems"]] == [
        "code",
        "homeCurrency",
        "timezone",
        "pointValue",
        "countries",
    ]
    assert await Program.all().count() == 0


async def test_a_point_value_holds_from_a_day_on_and_the_past_keeps_its_own() -> None:
    program = await builders.a_program()
    finance, server = as_operator(new_id(), "finance"), as_program(program.id)
    day = (clock.today() + timedelta(days=2)).isoformat()
    change = {"programId": f"program_{program.id.hex}", "value": "0.02", "validFrom": day}
    answer = await finance.do("setPointValue", "... on PointValue { value validFrom }", **change)
    assert answer == IsPartialDict(value="0.02", validFrom=day)
    assert (await server.get("{ program { pointValue } }"))["program"] == {"pointValue": "0.01"}
    with clock.travel(timedelta(days=3)):
        assert (await server.get("{ program { pointValue } }"))["program"] == {"pointValue": "0.02"}
    past = change | {"validFrom": "2021-01-01"}
    answer = await finance.do("setPointValue", "... on PointValue { value }", **past)
    assert answer["problems"][0]["path"] == "validFrom"
    assert await PointValue.all().count() == 2


async def test_an_unknown_program_is_not_found() -> None:
    finance = as_operator(new_id(), "finance")
    change = {"programId": "program_" + "0" * 32, "value": "0.02", "validFrom": "2099-01-01"}
    answer = await finance.do("setPointValue", "... on PointValue { value }", **change)
    assert answer == IsPartialDict(__typename="NotFound", code="NOT_FOUND")
    assert await PointValue.all().count() == 0


async def test_a_member_moves_to_another_country_and_tier() -> None:
    program = await builders.a_program()
    member = await builders.a_member(program)
    id = f"member_{member.id.hex}"
    selection = "... on Member { country tier { code } languages }"
    answer = await as_program(program.id).do("changeMember", selection, memberId=id, country="DE", tier="gold")
    assert answer == IsPartialDict(country="DE", tier={"code": "gold"}, languages=["en"])
    other = as_program((await builders.a_program()).id)
    answer = await other.do("changeMember", selection, memberId=id, country="NL")
    assert answer == IsPartialDict(__typename="NotFound")
    await member.refresh_from_db()
    assert member.country == "DE"
    assert await as_member(member.id, program.id).get("{ me { country } }") == {"me": {"country": "DE"}}
