"""What points can become is stated by dated rows, for a market or a program, and explains what was redeemed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.kit import clock, ids
from marketplace.kit.ids import new_id
from marketplace.members.models import Program, RedemptionPolicy
from marketplace.members.policies import arm_for
from marketplace.redemptions.models import Redemption
from tests import builders
from tests.client import Caller, as_member, as_operator, as_partner, as_program
from tests.redemptions.world import a_shopper, forbidden, pay_in

pytestmark = pytest.mark.usefixtures("db")
CASH = {"rateBp": 8000, "minPoints": 500, "maxPoints": 2000, "period": "MONTH", "countries": ["NL"]}
POLICY = "... on RedemptionPolicy { id country cashRateBp worth { kind worthBp } arms { name } }"
CHOICES = """query($points: BigInt!) { redemptionChoices(points: $points) { arm leastCardPointsBp
    exchange { base quote rate source asOf ageSeconds }
    kinds { kind worthBp worthPerThousand { amount currency } pointsToGo
        choices { pointsPrice { points worthBp worthPerThousand { amount } } } }
    cash { amount { amount } rateBp pointsLeft period periodEnds
        whyNot { code opensAt } reasons { code message opensAt } } } }"""


async def stated(program: Program, **fields: Any) -> Any:
    return await as_program(program.id).do("setRedemptionPolicy", POLICY, **fields)


async def asked(phone: Caller, points: int = 1000) -> Any:
    return (await phone.get(CHOICES, points=points))["redemptionChoices"]


def kind(found: Any, name: str) -> Any:
    return next(each for each in found["kinds"] if each["kind"] == name)


async def test_points_are_worth_another_share_of_their_value_by_kind() -> None:
    program = await builders.a_program()
    await pay_in(program, 100_00)
    await stated(program, worth=[{"kind": "VOUCHER", "worthBp": 8000}], cash=CASH)
    shopper = await a_shopper(program)
    item = await builders.a_voucher()

    found = await asked(shopper.phone, 2000)

    assert kind(found, "VOUCHER") == IsPartialDict(
        worthBp=8000, worthPerThousand={"amount": "8.00", "currency": "EUR"}
    )
    assert kind(found, "DONATION") == IsPartialDict(worthBp=10_000, worthPerThousand=IsPartialDict(amount="10.00"))
    (choice,) = kind(found, "VOUCHER")["choices"]
    assert choice["pointsPrice"] == {"points": 1250, "worthBp": 8000, "worthPerThousand": {"amount": "8.00"}}
    answer = await shopper.redeem(item, "... on Redemption { points price { worthBp arm } }", expectedPoints=1250)
    assert answer == IsPartialDict(points=1250, price={"worthBp": 8000, "arm": None})
    row = await Redemption.get()
    newest = await RedemptionPolicy.filter(program_id=program.id).order_by("-valid_from").first()
    assert newest is not None
    assert (row.policy_id, row.home_minor) == (newest.id, 10_00)


async def test_a_range_of_points_finds_each_kind_at_its_own_worth() -> None:
    program = await builders.a_program(worth_bp={"VOUCHER": 5000})
    await builders.an_item(await builders.an_offer())
    await builders.an_item(await builders.an_offer(builders.OfferKind.MERCHANDISE))
    phone = as_member((await builders.a_member(program)).id, program.id)
    text = "query($most: BigInt) { offers(filter: {maxPoints: $most}) { nodes { kind } } }"
    for most, kinds in ((999, []), (1000, ["MERCHANDISE"]), (2000, ["MERCHANDISE", "VOUCHER"])):
        nodes = (await phone.get(text, most=most))["offers"]["nodes"]
        assert sorted(node["kind"] for node in nodes) == kinds


async def test_what_is_out_of_reach_says_how_far_it_is() -> None:
    await builders.an_item(await builders.an_offer())
    member = await builders.a_member()
    found = await asked(as_member(member.id, member.program_id), 600)
    assert kind(found, "VOUCHER")["pointsToGo"] == 400
    assert kind(found, "MERCHANDISE")["pointsToGo"] is None


async def test_the_rate_between_market_and_program_is_shown_with_its_age() -> None:
    program = await builders.a_program(countries=["SE"])
    await builders.a_market("SE", "SEK", ("sv",))
    with clock.at(datetime(2026, 6, 1, tzinfo=UTC)):
        await builders.a_rate("SEK", "EUR", "0.1", as_of=clock.now() - timedelta(hours=2))
        member = await builders.a_member(program, country="SE")
        exchange = (await asked(as_member(member.id, program.id)))["exchange"]
    assert exchange == IsPartialDict(base="SEK", quote="EUR", rate="0.1", source="test", ageSeconds=7200)


async def test_a_market_has_a_policy_of_its_own_and_the_next_one_begins_when_it_says() -> None:
    program = await builders.a_program()
    dutch = await builders.a_member(program)
    german = await builders.a_member(program, country="DE")
    later = clock.now() + timedelta(days=3)
    own = await stated(program, country="DE", cash=CASH | {"rateBp": 9000, "countries": ["DE"]})
    await stated(program, validFrom=later.isoformat(), cash=CASH | {"rateBp": 7000})
    assert own == IsPartialDict(country="DE", cashRateBp=9000)

    async def rates() -> list[int]:
        return [(await asked(as_member(each.id, program.id)))["cash"]["rateBp"] for each in (dutch, german)]

    assert await rates() == [8000, 9000]
    with clock.travel(timedelta(days=4)):
        assert await rates() == [7000, 9000]


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        ({"cash": CASH | {"countries": ["NL", "MY"]}}, ["cash.countries.MY"]),
        ({"cash": CASH | {"rateBp": 10_001, "minPoints": 3000}}, ["cash.rateBp", "cash.maxPoints"]),
        ({"cash": CASH | {"enrolledDays": -1, "earnedDays": 9999}}, ["cash.enrolledDays", "cash.earnedDays"]),
        ({"worth": [{"kind": "VOUCHER", "worthBp": 0}]}, ["worth.VOUCHER"]),
        ({"pointsShareBp": -1}, ["pointsShareBp"]),
        ({"country": "SE"}, ["country"]),
        ({"validFrom": "2020-01-01T00:00:00Z"}, ["validFrom"]),
        (
            {"arms": [{"name": "A", "shareBp": 6000}, {"name": "A", "shareBp": 6000, "cashRateBp": -1}]},
            ["arms", "arms", "arms.1.cashRateBp"],
        ),
    ],
)
async def test_a_policy_that_cannot_be_kept_is_refused_with_all_that_is_wrong(
    fields: dict[str, Any], paths: list[str]
) -> None:
    program = await builders.a_program()
    before = await RedemptionPolicy.all().count()
    answer = await as_program(program.id).do("setRedemptionPolicy", "", **fields)
    assert [problem["path"] for problem in answer["problems"]] == paths
    assert await RedemptionPolicy.all().count() == before


async def test_only_the_program_and_finance_state_policies_and_each_sees_its_own() -> None:
    program, other = await builders.a_program(), await builders.a_program()
    member = await builders.a_member(program)
    await forbidden(as_member(member.id, program.id), "setRedemptionPolicy")
    await forbidden(as_partner((await builders.a_partner()).id), "setRedemptionPolicy")
    await forbidden(as_operator(new_id(), "support"), "setRedemptionPolicy")
    foreign = await as_program(other.id).do("setRedemptionPolicy", "", programId=ids.public("program", program.id))
    assert foreign["__typename"] == "NotFound"
    finance, named = as_operator(new_id(), "finance"), ids.public("program", program.id)
    assert (await finance.do("setRedemptionPolicy", POLICY, programId=named))["cashRateBp"] == 0
    text = "query($id: ID) { redemptionPolicies(programId: $id) { cashRateBp validFrom } }"
    assert len((await as_program(program.id).get(text))["redemptionPolicies"]) == 2
    assert len((await finance.get(text, id=named))["redemptionPolicies"]) == 2
    assert (await as_program(other.id).get(text, id=named))["redemptionPolicies"] == []


async def test_a_program_is_not_opened_with_cash_where_no_rail_reaches() -> None:
    answer = await as_operator(new_id()).do(
        "createProgram",
        "",
        code="KOPI",
        name="Kopi",
        pointName="beans",
        homeCurrency="MYR",
        pointValue="0.01",
        timezone="Asia/Kuala_Lumpur",
        countries=["MY"],
        issuer="https://id.kopi.test",
        audience="marketplace",
        cash={"rateBp": 8000, "minPoints": 1, "maxPoints": 2, "countries": ["MY"]},
    )
    assert [problem["path"] for problem in answer["problems"]] == ["cash.countries.MY"]


async def test_an_arm_keeps_its_members_and_is_kept_on_what_they_redeem() -> None:
    program = await builders.a_program(
        arms={"more": {"share_bp": 5000, "cash_rate_bp": 9000, "worth_bp": {"VOUCHER": 12_500}}}
    )
    await pay_in(program, 1000_00)
    item = await builders.a_voucher([f"CODE-{n:04}" for n in range(12)])
    seen: set[str | None] = set()
    for _ in range(12):
        shopper = await a_shopper(program, points=1000)
        expected = arm_for(shopper.member.id, program.id, [("more", 5000)])
        found = await asked(shopper.phone)
        assert (found["arm"], found["cash"]["rateBp"]) == (expected, 9000 if expected else 8000)
        answer = await shopper.redeem(item, "... on Redemption { points price { arm } }")
        assert answer == IsPartialDict(points=800 if expected else 1000, price={"arm": expected})
        seen.add(expected)
    assert seen == {None, "more"}
