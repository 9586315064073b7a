"""Levels: earned apart from what is spent, up at once, down at the period's end with grace, and why."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.earning.jobs import count_spending
from marketplace.earning.models import UncountedSpend
from marketplace.earning.operations import CountSpend, count_spend
from marketplace.kit import clock, database, ids, jobs
from marketplace.kit.actor import SYSTEM
from marketplace.ledger.queries import NoRate
from marketplace.members.jobs import judge_tiers
from marketplace.members.models import Program, TierChange, TierScheme
from tests import builders
from tests.books import violations
from tests.client import as_program, new_key
from tests.earning.world import EVENT, PER_EURO, another
from tests.earning.world import a_world as earning_world
from tests.redemptions.world import Shopper, a_shopper, forbidden, pay_in
from tests.statements import recorded

pytestmark = pytest.mark.usefixtures("db")
START = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SCHEME = """... on TierScheme { basis window months graceMonths landing floorMarginBp validFrom
    levels { threshold tier { code discountBp } } }"""
LEVELS = [
    {"code": "blue", "name": "Blue", "threshold": 0},
    {"code": "gold", "name": "Gold", "threshold": 1000, "discountBp": 900},
    {"code": "onyx", "name": "Onyx", "threshold": 5000, "discountBp": 1500},
]
TIERS = """{ me { tier { code discountBp }
    tierProgress { basis qualified toGo next { code } keepUntil toKeep inGrace since until text shortestWay }
    tierHistory { nodes { reason qualified until fromTier { code } toTier { code } } } } }"""


async def state(program: Program, **scheme: Any) -> Any:
    fields = {"programId": ids.public("program", program.id), "levels": LEVELS} | scheme
    return await as_program(program.id).do("setTierScheme", SCHEME, **fields)


async def award(shopper: Shopper, points: int, **facts: Any) -> Any:
    event = {"memberId": ids.public("member", shopper.member.id), "reference": new_key(), "reason": "bought"}
    return await as_program(shopper.program.id).do(
        "awardPoints", "... on Award { points }", points=points, **event, **facts
    )


async def seen(shopper: Shopper) -> Any:
    return (await shopper.phone.get(TIERS))["me"]


async def reasons() -> list[str]:
    return [row.reason for row in await TierChange.all().order_by("id")]


async def test_a_level_is_earned_at_once_and_spending_does_not_lower_it() -> None:
    with clock.at(START):
        shopper = await a_shopper(points=0)
        stated = await state(shopper.program)
        assert stated == IsPartialDict(basis="POINTS", window="CALENDAR", months=12, landing="ONE_LEVEL")
        assert [each["tier"]["code"] for each in stated["levels"]] == ["blue", "gold", "onyx"]
        await award(shopper, 900)
        me = await seen(shopper)
        assert me["tier"] == {"code": "blue", "discountBp": 0}
        assert me["tierProgress"] == IsPartialDict(qualified=900, toGo=100, next={"code": "gold"}, keepUntil=None)
        assert me["tierProgress"]["text"] == "100 points to go to Gold."
        await award(shopper, 100)
        await shopper.phone.do("givePoints", "... on Gift { id }", points=1000)
        me = await seen(shopper)
    assert me["tier"]["code"] == "gold"
    assert me["tierProgress"] == IsPartialDict(
        qualified=1000, toGo=4000, toKeep=0, keepUntil="2026-12-31T23:00:00+00:00", inGrace=False, shortestWay=None
    )
    assert [node["reason"] for node in me["tierHistory"]["nodes"]] == ["EARNED", "EARNED"]
    assert await violations() == []


async def test_a_level_holds_through_the_next_period_then_grace_then_one_level_down() -> None:
    with clock.at(START):
        shopper = await a_shopper(points=0)
        await state(shopper.program, graceMonths=3)
        await award(shopper, 5200)
        assert (await seen(shopper))["tier"]["code"] == "onyx"
    for moment, code, in_grace in (
        (datetime(2026, 12, 31, 22, 59, tzinfo=UTC), "onyx", False),
        (datetime(2027, 1, 1, tzinfo=UTC), "onyx", False),
        (datetime(2028, 1, 1, tzinfo=UTC), "onyx", True),
        (datetime(2028, 3, 30, tzinfo=UTC), "onyx", True),
        (datetime(2028, 4, 1, tzinfo=UTC), "gold", False),
    ):
        with clock.at(moment):
            await judge_tiers()
            await judge_tiers()
            me = await seen(shopper)
            assert (me["tier"]["code"], me["tierProgress"]["inGrace"]) == (code, in_grace), moment
    assert await reasons() == ["EARNED", "GRACE", "PERIOD_ENDED"]


async def test_who_earns_a_level_again_in_grace_keeps_it() -> None:
    with clock.at(START):
        shopper = await a_shopper(points=0)
        await state(shopper.program, graceMonths=3)
        await award(shopper, 1000)
    with clock.at(datetime(2028, 1, 1, tzinfo=UTC)):
        await judge_tiers()
        await judge_tiers()
        assert (await seen(shopper))["tierProgress"] == IsPartialDict(inGrace=True, toKeep=1000)
        await award(shopper, 1000)
    with clock.at(datetime(2028, 4, 1, tzinfo=UTC)):
        await judge_tiers()
        me = await seen(shopper)
    assert me["tier"]["code"] == "gold"
    assert me["tierProgress"] == IsPartialDict(inGrace=False, keepUntil="2028-12-31T23:00:00+00:00")


async def test_after_a_pause_of_years_each_period_is_judged_in_its_turn() -> None:
    with clock.at(START):
        shopper = await a_shopper(points=0)
        await state(shopper.program)
        await award(shopper, 5200)
    with clock.at(datetime(2031, 6, 1, tzinfo=UTC)):
        await judge_tiers()
        assert (await seen(shopper))["tier"]["code"] == "gold"


async def test_rolling_levels_are_judged_by_the_months_before() -> None:
    with clock.at(START):
        shopper = await a_shopper(points=0)
        await state(shopper.program, window="ROLLING", months=6, landing="EARNED")
        await award(shopper, 1200)
        assert (await seen(shopper))["tierProgress"]["keepUntil"] == "2026-09-10T22:00:00+00:00"
    with clock.at(START + 100 * DAY):
        await award(shopper, 900)
    with clock.at(datetime(2026, 9, 10, 22, tzinfo=UTC)):
        await judge_tiers()
        me = await seen(shopper)
    assert me["tier"]["code"] == "blue"
    assert me["tierProgress"] == IsPartialDict(qualified=900, toGo=100)
    assert await reasons() == ["EARNED", "PERIOD_ENDED"]


async def test_a_level_that_the_program_gives_lasts_through_the_next_period_and_stands_in_the_history() -> None:
    with clock.at(datetime(2026, 11, 20, tzinfo=UTC)):
        shopper = await a_shopper(points=0)
        await state(shopper.program)
        member = ids.public("member", shopper.member.id)
        server = as_program(shopper.program.id)
        await server.do("changeMember", "... on Member { id }", memberId=member, tier="gold")
        await server.do("changeMember", "... on Member { id }", memberId=member, tier="gold")
        me = await seen(shopper)
        [change] = me["tierHistory"]["nodes"]
        assert change == IsPartialDict(reason="GIVEN", fromTier=None, until="2027-12-31T23:00:00+00:00")
    with clock.at(datetime(2027, 12, 31, 23, tzinfo=UTC)):
        await judge_tiers()
        assert (await seen(shopper))["tier"]["code"] == "blue"


async def test_what_counts_is_apart_from_points_and_is_judged_by_the_scheme_of_the_day() -> None:
    with clock.at(START):
        shopper = await a_shopper(points=0)
        await state(shopper.program, basis="COUNT", levels=[
            {"code": "blue", "name": "Blue", "threshold": 0}, {"code": "gold", "name": "Gold", "threshold": 3},
        ])  # fmt: skip
        later = await state(shopper.program, validFrom="2026-04-01")
        assert later["validFrom"] == "2026-03-31T22:00:00+00:00"
        for _ in range(2):
            await award(shopper, 5000)
        assert (await seen(shopper))["tierProgress"] == IsPartialDict(basis="COUNT", qualified=2, toGo=1)
        await award(shopper, 1, effectiveAt="2025-12-01T00:00:00Z")
        assert (await seen(shopper))["tier"]["code"] == "blue"
    with clock.at(START + 30 * DAY):
        await award(shopper, 1)
        assert (await seen(shopper))["tier"]["code"] == "onyx"


async def test_a_discount_stops_at_what_the_partner_is_owed_with_the_margin_and_at_the_cap() -> None:
    shopper = await a_shopper(points=5000)
    partner = await builders.a_partner(commission_bp=1000, vat_bp=0)
    item = await builders.a_voucher(brand=await builders.a_brand(partner), price_minor=1000)
    price = """query($id: ID!) { node(id: $id) { ... on Item { pointsPrice {
        points listPoints floorApplied floorPoints capApplied tier } } } }"""
    id = ids.public("item", item.id)
    for scheme, points, floor, capped in (
        ({}, 850, None, False),
        ({"floorMarginBp": 0}, 900, 900, False),
        ({"floorMarginBp": 200}, 918, 918, False),
        ({"maxDiscountPoints": 40}, 960, None, True),
        ({"maxDiscountPoints": 40, "floorMarginBp": 200}, 960, 918, True),
        ({"floorMarginBp": 100_000}, 1000, 1000, False),
    ):
        await state(shopper.program, **scheme)
        if await TierScheme.all().count() == 1:
            await award(shopper, 5000)
        found = (await shopper.phone.get(price, id=id))["node"]["pointsPrice"]
        assert (found["points"], found["floorPoints"], found["capApplied"]) == (points, floor, capped), scheme
        assert found["floorApplied"] == (points == floor), scheme
    answer = await shopper.redeem(item, expectedPoints=1000)
    assert answer == IsPartialDict(__typename="Redemption", points=1000)
    assert await violations() == []


async def test_only_the_program_sets_its_scheme_and_all_problems_are_listed() -> None:
    program, other = await builders.a_program(), await builders.a_program()
    await pay_in(program, 1)
    id = ids.public("program", program.id)
    answer = await as_program(other.id).do("setTierScheme", SCHEME, programId=id, levels=LEVELS)
    assert answer == IsPartialDict(__typename="NotFound")
    wrong = await state(
        program, months=5, graceMonths=99, floorMarginBp=-1, validFrom="2020-01-01",
        levels=[{"code": "gold", "name": "", "threshold": 5, "discountBp": 20_000},
                {"code": "blue", "name": "Blue", "threshold": 5}],
    )  # fmt: skip
    assert [problem["path"] for problem in wrong["problems"]] == [
        "months", "graceMonths", "levels.0.name", "levels.0.discountBp", "levels.1.threshold", "floorMarginBp",
        "validFrom", "levels",
    ]  # fmt: skip
    shopper = await a_shopper(program, points=0)
    await forbidden(shopper.phone, "setTierScheme", programId=id, levels=LEVELS)
    assert (await seen(shopper))["tierProgress"] is None
    assert await TierScheme.all().count() == 0


async def test_a_level_that_its_history_does_not_know_is_found() -> None:
    shopper = await a_shopper(points=0)
    await state(shopper.program)
    await award(shopper, 1200)
    await database.execute("UPDATE member SET tier_id = NULL WHERE id = $1", shopper.member.id)
    found = [violation.check for violation in await violations()]
    assert found == ["levels are what their history says"]


UNCOUNTED = "uncountedSpend { amount { amount currency } since text }"
WAITS = "¥9,000 does not count towards levels yet: no exchange rate to EUR is known. It counts once one is."


async def test_what_has_no_rate_says_so_and_counts_once_there_is_one() -> None:
    with clock.at(START):
        world = await earning_world()
        shopper = Shopper(world.member, world.program, world.phone)
        await state(world.program, basis="SPEND", levels=[LEVELS[0], LEVELS[1] | {"threshold": 40_00}])
        yen = [world.event(amount={"amount": amount, "currency": "JPY"}) for amount in ("9000", "5000", "700")]
        answer = f"... on EarningEvent {{ {UNCOUNTED} }}"
        told = [await world.server.do("recordEvent", answer, event=event) for event in yen]
        assert told[0]["uncountedSpend"] == IsPartialDict(amount={"amount": "9000", "currency": "JPY"}, text=WAITS)
        assert (await world.server.do("recordEvent", answer, event=world.event(amount="1.00")))[
            "uncountedSpend"
        ] is None
        await world.back(yen[1]["reference"], {"amount": "4000", "currency": "JPY"})
        await world.back(yen[2]["reference"])
        waiting = [row.event_id for row in await UncountedSpend.all()]
        for id in waiting:  # asked too early, and again below under the same key
            with pytest.raises(NoRate):
                await count_spend(SYSTEM, CountSpend(idempotency_key=f"spend:{id.hex}", event_id=id))
        await count_spending()
        progress = (await world.phone.get(f"{{ me {{ tierProgress {{ qualified {UNCOUNTED} }} }} }}"))["me"]
        waits = [each["amount"]["amount"] for each in progress["tierProgress"]["uncountedSpend"]]
        assert (progress["tierProgress"]["qualified"], waits) == (1_00, ["9000", "1000"])
        assert await violations() == []
    with clock.at(START + timedelta(days=3)):
        await builders.a_rate("EUR", "JPY", "200", as_of=clock.now())
        for _ in range(2):
            await count_spending()
        me = (await world.phone.get(f"{{ me {{ tier {{ code }} tierProgress {{ qualified {UNCOUNTED} }} }} }}"))[
            "me"
        ]
        assert me == {"tier": {"code": "gold"}, "tierProgress": {"qualified": 51_00, "uncountedSpend": []}}
        await seen(shopper)
        late = await world.server.do("recordEvent", answer, event=world.event(amount=yen[2]["amount"]))
        assert late["uncountedSpend"] is None
    assert await violations() == []


async def test_what_has_no_rate_is_asked_for_once_for_a_page_of_members() -> None:
    world = await earning_world()
    crowd = [world, await another(world), await another(world)]
    await state(world.program, basis="SPEND", levels=[LEVELS[0], LEVELS[1] | {"threshold": 40_00}])
    for nr, each in enumerate(crowd):
        for _ in range(nr):
            await each.tell(amount={"amount": f"{nr}000", "currency": "JPY"})
    asked = f"{{ members(first: 9) {{ nodes {{ id tierProgress {{ {UNCOUNTED} }} }} }} }}"
    with recorded() as sent:
        nodes = (await world.server.get(asked))["members"]["nodes"]
    waits = {
        node["id"]: [each["amount"]["amount"] for each in node["tierProgress"]["uncountedSpend"]] for node in nodes
    }
    assert waits == {ids.public("member", each.member.id): [f"{nr}000"] * nr for nr, each in enumerate(crowd)}
    assert sum("earning_uncounted_spend" in each.sql for each in sent) == 2


async def test_nobody_reaches_a_level_by_what_went_back_before_it_counted() -> None:
    with clock.at(START):
        world = await earning_world()
        await state(world.program, basis="SPEND", levels=[LEVELS[0], LEVELS[1] | {"threshold": 40_00}])
        bought = await world.tell(amount={"amount": "9000", "currency": "JPY"})
        await world.back(bought["reference"], {"amount": "8000", "currency": "JPY"})
        await builders.a_rate("EUR", "JPY", "200")
        await asyncio.gather(count_spending(), count_spending())
        me = await seen(Shopper(world.member, world.program, world.phone))
        assert (me["tier"]["code"], me["tierProgress"]["qualified"]) == ("blue", 5_00)
        await UncountedSpend.create(event_id=ids.parse("earningEvent", bought["id"]), since=clock.now())
    assert [each.check for each in await violations()] == ["spending counts once"]


async def test_what_was_spent_earns_a_level_once_in_home_money_and_goes_back_with_returns() -> None:
    with clock.at(START):
        await builders.a_rate("EUR", "USD", "1.25")
        world = await earning_world()
        shopper = Shopper(world.member, world.program, world.phone)
        levels = [LEVELS[0], LEVELS[1] | {"threshold": 100_00}]
        await state(world.program, basis="SPEND", levels=levels)
        await world.rule(**PER_EURO)
        twin = world.event(amount="60.00")
        answers = await asyncio.gather(*(world.server.do("recordEvent", EVENT, event=twin) for _ in range(3)))
        assert len({answer["id"] for answer in answers}) == 1
        await world.tell(type="REVIEW", amount="500.00")
        me = await seen(shopper)
        assert me["tierProgress"] == IsPartialDict(basis="SPEND", qualified=60_00, toGo=40_00)
        assert me["tierProgress"]["text"] == "Spend €40.00 more to reach Gold."
        dollars = await world.tell(amount={"amount": "50.00", "currency": "USD"})
        me = await seen(shopper)
        assert (me["tier"]["code"], me["tierProgress"]["qualified"]) == ("gold", 100_00)
        for amount, left in (("0.01", 99_99), ("19.99", 84_00), (None, 60_00)):
            given = {"amount": amount, "currency": "USD"} if amount else None
            await world.back(dollars["reference"], given)
            assert (await seen(shopper))["tierProgress"]["qualified"] == left
        assert (await seen(shopper))["tier"]["code"] == "gold"
        away = world.event(amount="7.77", member={"reference": "stranger"})
        waiting = await world.server.do("recordEvent", EVENT, event=away)
        assert waiting["state"] == "WAITING"
        await world.back(away["reference"], "2.77")
        await world.server.do(
            "enrolMember", "... on Member { id }", reference="stranger", country="NL", languages=["en"]
        )
        await jobs.drain()
    counted = "SELECT coalesce(sum(spend_minor), 0)::bigint FROM tier_credit WHERE member_id <> $1"
    assert await database.value(counted, world.member.id) == 5_00
    assert await violations() == []
    await database.execute("UPDATE earning_event SET state = 'REVERSED' WHERE amount_minor = 6000")
    assert "spending counts once" in {each.check for each in await violations()}
