"""Rules are drafted, looked at, tried on the past, and only then live."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.earning.jobs import celebrate
from marketplace.earning.models import EarningRule, Grant, Outcome
from marketplace.earning.rules import is_held_out
from marketplace.earning.terms import Terms
from marketplace.earning.words import EventType, Kind
from marketplace.kit import clock, ids
from tests import builders
from tests.books import violations
from tests.client import as_program
from tests.earning.world import PER_EURO, REVIEW, RULE, a_world, another, eur

pytestmark = pytest.mark.usefixtures("db")
TRIED = Terms(kind=Kind.PER_AMOUNT, events=(EventType.PURCHASE,), held_out_bp=5000)
DRAFT = {"objective": "More visits", "measure": "EVENTS"}


async def test_a_draft_gives_nothing_and_its_code_is_taken() -> None:
    world = await a_world()
    await world.rule("euro", live=False, **PER_EURO)
    assert await world.earns(amount="10") == 0
    again = await world.server.do("draftRule", RULE, code="euro", **DRAFT, terms=PER_EURO)
    assert again == IsPartialDict(__typename="RuleCodeTaken", code="RULE_CODE_TAKEN")
    assert await EarningRule.all().count() == 1


async def test_all_problems_of_a_rule_are_listed() -> None:
    world = await a_world()
    wrong: dict[str, Any] = {
        "kind": "GOAL_TIMES", "events": ["PURCHASE", "PURCHASE"], "points": 0, "referrerPoints": 5, "capTimes": 0,
        "per": [eur("1")], "tiers": ["iron"], "pendingDays": 400, "multipliers": [{"factorBp": 0}],
        "rise": {"stepBp": 0, "mostBp": 5}, "firstDay": "2026-02-01", "lastDay": "2026-01-01",
        "onDay": "2026-01-01",
    }  # fmt: skip
    facts: dict[str, Any] = DRAFT | {"target": 0, "budgetCode": "none"}
    answer = await world.server.do("draftRule", RULE, code="", **facts, terms=wrong)
    assert {problem["path"] for problem in answer["problems"]} == {
        "code", "target", "budget", "terms.events", "terms.points", "terms.referrerPoints", "terms.capTimes",
        "terms.per", "terms.goalTimes", "terms.tiers", "terms.pendingDays", "terms.multipliers.0",
        "terms.multipliers.0.factorBp", "terms.rise", "terms.lastDay", "terms.onDay",
    }  # fmt: skip
    assert await EarningRule.all().count() == 0


async def test_another_programs_rule_is_not_there() -> None:
    world, stranger = await a_world(), as_program((await a_world()).program.id)
    rule = await world.rule("euro", **PER_EURO)
    for name in ("startRule", "pauseRule", "endRule"):
        assert await stranger.do(name, "", ruleId=rule) == IsPartialDict(__typename="NotFound")
    text = '{ earningRule(code: "euro") { id } }'
    assert (await stranger.get(text))["earningRule"] is None
    assert (await world.phone.get(text))["earningRule"] is None


async def test_a_rule_is_tried_on_the_past_and_nothing_is_written() -> None:
    world = await a_world()
    await world.server.do("addToBudget", "", code="b", points=35, reference="1")
    friend = await another(world)
    for each, amount in ((world, "10"), (world, "20"), (friend, "10"), (friend, "3")):
        await each.earns(amount=amount)
    await world.earns("REVIEW")
    since = (clock.now() - timedelta(days=1)).isoformat()
    text = """query($rule: SimulatedRuleInput!, $since: DateTime!, $budget: BigInt) {
        simulateRule(rule: $rule, since: $since, budgetPoints: $budget) { events matched members points
            cost { amount currency } days { points } notConcerned missed { reason times } complete sentence } }"""
    terms = PER_EURO | {"minimum": [eur("5")], "capPoints": 25}
    found = (await world.server.get(text, rule={"terms": terms}, since=since, budget=33))["simulateRule"]
    assert found == IsPartialDict(
        events=5, matched=2, members=1, points=25, notConcerned=1, complete=True, days=[{"points": 25}],
        cost={"amount": "0.25", "currency": "EUR"},
        missed=[{"reason": "BUDGET_SPENT", "times": 1}, {"reason": "TOO_LITTLE", "times": 1}],
    )  # fmt: skip
    assert await Grant.all().count() == await Outcome.all().count() == 0
    rule = await world.rule("euro", live=False, **PER_EURO)
    whole = (await world.server.get(text, rule={"ruleId": rule}, since=since, budget=None))["simulateRule"]
    assert (whole["points"], whole["members"]) == (43, 2)
    stranger = as_program((await a_world()).program.id)
    answer = await stranger.ask(text, rule={"ruleId": rule}, since=since)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_what_was_simulated_is_what_the_live_rule_gives() -> None:
    world = await a_world(tier="gold")
    terms = PER_EURO | {
        "points": 3, "rounding": "NEAREST", "multipliers": [{"factorBp": 12500, "tiers": ["gold"]}],
        "rise": {"stepBp": 1000, "mostBp": 15000}, "capPoints": 400, "capPeriod": "DAY",
    }  # fmt: skip
    await world.rule("live", **terms)
    gave = sum([await world.earns(amount=amount) for amount in ("9.99", "20.49", "0.11", "33.33", "80", "50")])
    text = """query($rule: SimulatedRuleInput!, $since: DateTime!) {
        simulateRule(rule: $rule, since: $since) { points } }"""
    since = (clock.now() - timedelta(days=1)).isoformat()
    assert (
        (await world.server.get(text, rule={"terms": terms}, since=since))["simulateRule"]["points"] == gave == 400
    )


async def test_warnings_say_what_may_make_a_rule_fail() -> None:
    world = await a_world()
    await builders.a_voucher()
    await world.server.do("setEarningPolicy", "", clawback="DEBT", patienceDays=10)
    await world.rule("euro", **PER_EURO)
    await world.earns(amount="10")
    hard = PER_EURO | {
        "tiers": ["gold"], "channels": ["app"], "minimum": [eur("5")], "lastDay": "2030-01-01", "group": "x",
    }  # fmt: skip
    draft = await world.server.do("draftRule", RULE, code="hard", **DRAFT, terms=hard)
    assert {each["code"] for each in draft["warnings"]} == {
        "TOO_MANY_CONDITIONS", "NO_LIMIT", "OVERLAPS", "SLOW_FIRST_REWARD",
    }  # fmt: skip
    report = await world.server.get("{ newcomerReport { cheapestRewardPoints expectedDays medianDays } }")
    assert report["newcomerReport"] == {"cheapestRewardPoints": 1000, "expectedDays": 100, "medianDays": None}


async def test_a_report_counts_participation_points_and_cost() -> None:
    world = await a_world()
    await another(world)
    await world.server.do(
        "addToBudget", "", code="b", points=1000, reference="1", sponsor="Fjord & Fika", paid=eur("9")
    )
    rule = await world.rule("euro", **PER_EURO, budget="b", minimum=[eur("5")])
    await world.earns(amount="30")
    await world.earns(amount="1")
    text = """query($id: ID!) { node(id: $id) { ... on EarningRule { report { participants participationBp events
        points cost { amount } measured missed { reason times } medianResponseHours }
        budget { leftPoints sponsor } } } }"""
    node = (await world.server.get(text, id=rule))["node"]
    assert node["report"] == IsPartialDict(
        participants=1, participationBp=5000, events=1, points=30, cost={"amount": "0.30"}, measured=1,
        missed=[{"reason": "TOO_LITTLE", "times": 1}],
    )  # fmt: skip
    assert node["budget"] == {"leftPoints": 970, "sponsor": "Fjord & Fika"}


async def test_a_budget_is_added_to_once_for_each_reference() -> None:
    world = await a_world()
    for _ in "ab":
        answer = await world.server.do(
            "addToBudget", "... on EarningBudget { totalPoints }", code="b", points=5, reference="1"
        )
        assert answer["totalPoints"] == 5
    other = await world.server.do("addToBudget", "", code="b", points=6, reference="1")
    assert other == IsPartialDict(__typename="EarningReferenceReused")


async def test_the_calendar_gives_on_its_days_once() -> None:
    with clock.at(datetime(2026, 3, 10, 22, tzinfo=UTC)):
        world = await a_world()
        await world.rule("day", kind="FIXED", events=["ON_DATE"], points=7, onDay="2026-03-11")
        await world.rule("month", kind="FIXED", events=["EVERY_MONTH"], points=30, dayOfMonth=11)
        await world.rule("year", kind="FIXED", events=["ANNIVERSARY"], points=100)
        await celebrate()
        assert (await world.wallet())["available"] == 0
    for moment, had in (
        (datetime(2026, 3, 10, 23, 30, tzinfo=UTC), 37),  # it is the 11th where the program is
        (datetime(2026, 3, 11, 12, tzinfo=UTC), 37),
        (datetime(2026, 4, 11, 12, tzinfo=UTC), 67),
        (datetime(2027, 3, 10, 12, tzinfo=UTC), 167),
    ):
        with clock.at(moment):
            await celebrate()
            assert (await world.wallet())["available"] == had
    assert await violations() == []


async def test_ways_say_what_to_do_next_and_the_shortest_way() -> None:
    world = await a_world()
    await world.rule("euro", **PER_EURO)
    await world.rule("review", **REVIEW, capTimes=1)
    text = """query($n: BigInt!) { me { shortestWay(points: $n) { sentence ruleCode times amount { amount } }
        earningWays { ruleCode sentence nextStep { sentence } } } }"""
    me = (await world.phone.get(text, n=40))["me"]
    assert me["shortestWay"] == {
        "sentence": "Write a review and get 50 points.", "ruleCode": "review", "times": 1, "amount": None
    }  # fmt: skip
    assert me["earningWays"] == [
        {
            "ruleCode": "euro",
            "sentence": "1 point for every €1.00 of a purchase or a repeat purchase.",
            "nextStep": {"sentence": "Spend €1.00 and get 1 point."},
        },
        {
            "ruleCode": "review",
            "sentence": "50 points for a review, at most 1 time in all.",
            "nextStep": {"sentence": "Write a review and get 50 points."},
        },
    ]
    far = (await world.phone.get(text, n=340))["me"]["shortestWay"]
    assert far == {"sentence": "Spend €340.00 and get 340 points.", "ruleCode": "euro", "times": 1,
                   "amount": {"amount": "340.00"}}  # fmt: skip
    await world.earns("REVIEW")
    assert (await world.phone.get(text, n=40))["me"]["shortestWay"]["ruleCode"] == "euro"
    [error] = (await world.phone.ask(text, n=2**53 - 1))["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT", "more than any number of points that could be answered"


async def test_what_a_rule_does_shows_beside_those_who_are_held_out_of_it() -> None:
    world = await a_world()
    crowd = [world, *[await another(world) for _ in range(11)]]
    rule = await world.rule("tried", heldOutBp=5000, **PER_EURO)
    out = [each for each in crowd if is_held_out(TRIED, ids.parse("earningRule", rule), each.member.id)]
    assert 0 < len(out) < len(crowd)
    for each in crowd:
        events = 1 if each in out else 2
        for _ in range(events):
            told = await each.tell(amount="10")
            (outcome,) = told["outcomes"]
            assert (outcome["reason"], outcome["points"]) == (("HELD_OUT", 0) if each in out else ("EARNED", 10))
        ways = (await each.phone.get("{ me { earningWays { ruleCode } } }"))["me"]["earningWays"]
        assert ways == ([] if each in out else [{"ruleCode": "tried"}])
    await out[0].tell(type="REVIEW")
    why = "{ me { earningEvents(first: 9) { nodes { outcomes { whyNot } } } } }"
    nodes = (await out[0].phone.get(why))["me"]["earningEvents"]["nodes"]
    assert {each["whyNot"] for node in nodes for each in node["outcomes"]} == {
        "This rule is being tried out, and not with this member."
    }
    asked = "{ heldOut members participants participationBp events amount { amount } }"
    arms = (await world.server.get(f'{{ earningRule(code: "tried") {{ arms {asked} }} }}'))["earningRule"]["arms"]
    under = len(crowd) - len(out)
    assert arms == [
        IsPartialDict(heldOut=False, members=6, participants=under, events=2 * under),
        IsPartialDict(heldOut=True, members=6, participants=len(out), events=len(out)),
    ]
    assert arms[1]["amount"] == {"amount": f"{10 * len(out)}.00"}
    much = await world.server.do("draftRule", RULE, code="half", **DRAFT, terms=PER_EURO | {"heldOutBp": 5001})
    assert [each["path"] for each in much["problems"]] == ["terms.heldOutBp"]
    plain = await world.rule("plain", **REVIEW)
    assert plain
    none = (await world.server.get(f'{{ earningRule(code: "plain") {{ arms {asked} }} }}'))["earningRule"]
    assert none == {"arms": []}
    assert await violations() == []
