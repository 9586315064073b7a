"""A program tells what members do, and its rules give what they say."""

import asyncio
from datetime import timedelta

import pytest
from dirty_equals import IsPartialDict

from marketplace.earning.jobs import credit_due
from marketplace.earning.models import EarningEvent, Grant
from marketplace.kit import clock
from marketplace.points.models import Lot
from tests.books import violations
from tests.client import as_program
from tests.earning.world import PER_EURO, REVIEW, a_world, another, eur

pytestmark = pytest.mark.usefixtures("db")


async def test_a_purchase_earns_by_its_amount_and_says_by_which_rule() -> None:
    world = await a_world()
    await world.rule("per-euro", **PER_EURO)

    answer = await world.tell(amount="12.90")

    assert answer["outcomes"] == [
        {"ruleCode": "per-euro", "ruleVersion": 1, "reason": "EARNED", "points": 12, "whyNot": None}
    ]
    assert answer["grants"] == [
        IsPartialDict(points=12, state="CREDITED", side="MEMBER", ruleCode="per-euro", pendingUntil=None)
    ]
    assert await world.wallet() == {"available": 12, "pending": 0, "owed": 0, "held": 0}
    assert await violations() == []


async def test_the_same_reference_and_facts_count_once_under_any_key() -> None:
    world = await a_world()
    await world.rule(**PER_EURO)
    event = world.event(amount="10")

    answers = await asyncio.gather(
        *(world.server.do("recordEvent", "... on Node { id }", event=event) for _ in "abcd")
    )

    assert len({answer["id"] for answer in answers}) == 1
    assert (await EarningEvent.all().count(), await Lot.all().count()) == (1, 1)
    other = await world.server.do("recordEvent", "... on Node { id }", event=event | {"amount": eur("11")})
    assert other == IsPartialDict(__typename="EarningReferenceReused", code="EARNING_REFERENCE_REUSED")
    assert (await world.wallet())["available"] == 10


async def test_another_programs_member_is_not_found_and_nothing_is_written() -> None:
    world = await a_world()
    stranger = as_program((await a_world()).program.id)
    answer = await stranger.do("recordEvent", "", event=world.event(amount="10"))
    assert answer == IsPartialDict(__typename="NotFound")
    assert await EarningEvent.all().count() == 0


async def test_all_problems_of_an_event_are_listed() -> None:
    world = await a_world()
    wrong = world.event("CUSTOM", "-1", reference="", effectiveAt="2999-01-01T00:00:00Z", attributes=[
        {"name": "a", "value": "1"}, {"name": "a", "value": "2"}], items=[{"sku": "x", "quantity": 0}],
        referralCode="ABC")  # fmt: skip
    answer = await world.server.do("recordEvent", "", event=wrong)
    assert sorted(problem["path"] for problem in answer["problems"]) == [
        "amount", "attributes", "customName", "effectiveAt", "items.0.quantity", "reference", "referralCode",
    ]  # fmt: skip


async def test_opting_in_needs_a_consent_which_is_kept() -> None:
    world = await a_world()
    await world.rule(kind="FIXED", events=["OPT_IN"], points=100)
    answer = await world.tell("OPT_IN")
    assert [problem["path"] for problem in answer["problems"]] == ["consent"]
    consent = {"purpose": "Newsletter", "version": "2026-01", "givenAt": "2026-01-31T12:00:00Z"}
    assert await world.earns("OPT_IN", consent=consent) == 100
    assert (await EarningEvent.get()).consent_purpose == "Newsletter"


async def test_each_event_of_a_batch_has_an_outcome_of_its_own() -> None:
    world = await a_world()
    await world.rule(**PER_EURO)
    events = [
        world.event(amount="5", reference="one"),
        world.event(amount="5.001", reference="two"),
        world.event(reference="three"),
        world.event(amount="7", reference="four"),
    ]
    text = """... on RecordedEvents { recorded refused results {
        reference event { id } refusal { code problems { path } } } }"""
    answer = await world.server.do("recordEvents", text, events=events)
    assert (answer["recorded"], answer["refused"]) == (2, 2)
    assert [each["refusal"] and each["refusal"]["problems"][0]["path"] for each in answer["results"]] == [
        None, "events.1.amount.amount", "amount", None,
    ]  # fmt: skip
    assert (await world.wallet())["available"] == 12
    again = await world.server.do("recordEvents", text, events=events[:1])
    assert again["results"][0]["event"] == answer["results"][0]["event"]
    too_many = await world.server.do("recordEvents", text, events=[])
    assert too_many == IsPartialDict(__typename="InvalidInput")
    assert (await world.wallet())["available"] == 12


async def test_pending_points_are_shown_not_spendable_and_come_on_their_day() -> None:
    world = await a_world()
    await world.rule(**PER_EURO, pendingDays=14)
    assert await world.earns(amount="30") == 30
    assert await world.wallet() == {"available": 0, "pending": 30, "owed": 0, "held": 0}
    pending = (await world.phone.get("{ me { pendingGrants { points pendingUntil event { reference } } } }"))["me"]
    assert pending["pendingGrants"][0]["points"] == 30
    with clock.travel(timedelta(days=13)):
        await credit_due()
        assert (await world.wallet())["available"] == 0
    with clock.travel(timedelta(days=14, minutes=1)):
        await credit_due()
        await credit_due()
        assert await world.wallet() == {"available": 30, "pending": 0, "owed": 0, "held": 0}
    assert await Lot.all().count() == 1
    assert await violations() == []


async def test_points_that_wait_for_confirmation_come_with_it_once() -> None:
    world = await a_world()
    await world.rule(**PER_EURO, needsConfirmation=True)
    event = world.event(amount="30")
    await world.server.do("recordEvent", "", event=event)
    assert (await world.wallet())["pending"] == 30
    twins = await asyncio.gather(
        *(world.server.do("confirmEvent", "... on Node { id }", reference=event["reference"]) for _ in "ab")
    )
    assert sorted(each["__typename"] for each in twins) == ["EarningEvent", "NothingPending"]
    assert (await world.wallet())["available"] == 30
    assert await world.server.do("confirmEvent", "", reference="none") == IsPartialDict(__typename="NotFound")


async def test_rules_add_up_but_of_a_group_only_the_best_gives() -> None:
    world = await a_world()
    await world.rule("a-euro", **PER_EURO)
    await world.rule("b-small", **(PER_EURO | {"points": 2}), group="spring")
    await world.rule("c-big", **(PER_EURO | {"points": 3}), group="spring")
    answer = await world.tell(amount="10")
    assert [(each["ruleCode"], each["reason"], each["points"]) for each in answer["outcomes"]] == [
        ("a-euro", "EARNED", 10), ("b-small", "OUTRANKED", 0), ("c-big", "EARNED", 30),
    ]  # fmt: skip
    assert answer["outcomes"][1]["whyNot"] == "Another rule gave more."
    assert (await world.wallet())["available"] == 40


async def test_conditions_say_why_nothing_was_earned() -> None:
    world = await a_world(tier="blue")
    await world.rule("a", **PER_EURO, minimum=[eur("20")])
    await world.rule("b", **PER_EURO, tiers=["gold"])
    await world.rule("c", **PER_EURO, channels=["app"])
    await world.rule("d", **PER_EURO, attributes=[{"name": "lane", "value": "fast"}])
    await world.rule("e", **(PER_EURO | {"per": [{"amount": "1", "currency": "SEK"}]}))
    await world.rule("f", **PER_EURO, lastDay="2020-01-01")
    await world.rule("g", **PER_EURO, segments=["vip"])
    await world.rule("h", kind="REFERRAL", events=["PURCHASE"], points=5)
    await world.rule("i", **REVIEW)
    answer = await world.tell(amount="10", channel="web")
    assert [each["reason"] for each in answer["outcomes"]] == [
        "TOO_LITTLE", "OTHER_TIER", "OTHER_CHANNEL", "OTHER_ATTRIBUTE", "OTHER_CURRENCY", "OTHER_DAY",
        "OTHER_SEGMENT", "NOT_REFERRED",
    ]  # fmt: skip
    assert all(each["whyNot"] for each in answer["outcomes"])
    assert await Grant.all().count() == 0


async def test_tiers_and_days_multiply_and_a_rise_climbs_to_its_top() -> None:
    world = await a_world(tier="gold")
    double = [{"factorBp": 20000, "tiers": ["gold"]}, {"factorBp": 15000, "weekdays": [1, 2, 3, 4, 5, 6, 7]}]
    await world.rule("a", **PER_EURO, multipliers=double)
    assert await world.earns(amount="10") == 30
    blue = await another(world, tier="blue")
    assert await blue.earns(amount="10") == 15
    rising = await a_world()
    await rising.rule(**PER_EURO, rise={"stepBp": 5000, "mostBp": 20000, "period": "YEAR"})
    assert [await rising.earns(amount="10") for _ in range(4)] == [10, 15, 20, 20]


async def test_a_cap_is_exact_under_concurrency() -> None:
    world = await a_world()
    await world.rule(**PER_EURO, capPoints=25, capPeriod="MONTH")
    answers = await asyncio.gather(*(world.earns(amount="10") for _ in range(6)))
    assert sorted(answers) == [0, 0, 0, 5, 10, 10]
    assert (await world.wallet())["available"] == 25
    assert await violations() == []


async def test_a_budget_is_exact_under_concurrency_of_many_members() -> None:
    world = await a_world()
    await world.server.do("addToBudget", "", code="spring", points=35, reference="first")
    await world.rule("hot", **PER_EURO, budget="spring")
    members = [await another(world) for _ in range(6)]
    answers = await asyncio.gather(*(each.earns(amount="10") for each in members))
    assert sorted(answers) == [0, 0, 0, 10, 10, 10]
    budget = (await world.server.get("{ earningBudgets { nodes { budgetCode leftPoints usedPoints } } }"))[
        "earningBudgets"
    ]
    assert budget["nodes"] == [{"budgetCode": "spring", "leftPoints": 5, "usedPoints": 30}]
    assert await violations() == []


async def test_a_goal_is_an_incentive_for_times_and_for_amounts() -> None:
    world = await a_world()
    await world.rule(
        "amount", kind="GOAL_AMOUNT", events=["PURCHASE"], points=500, per=[eur("100")], goalPeriod="MONTH"
    )
    await world.rule("times", kind="GOAL_TIMES", events=["PURCHASE"], points=30, goalTimes=2, goalRepeats=True)
    now = clock.now().isoformat()
    gave = [await world.earns(amount="40", effectiveAt=now) for _ in range(4)]
    assert gave == [0, 30, 500, 30]
    text = "{ me { earningWays { ruleCode open progress { done goal doneAmount { amount } } } } }"
    amount, times = (await world.phone.get(text))["me"]["earningWays"]
    assert (amount["open"], times["open"]) == (False, True)
    assert amount["progress"] == {"done": 10000, "goal": 10000, "doneAmount": {"amount": "100.00"}}
    assert times["progress"] == {"done": 0, "goal": 2, "doneAmount": None}


async def test_an_event_is_judged_by_the_version_of_its_day() -> None:
    world = await a_world()
    with clock.travel(timedelta(days=-10)):
        rule = await world.rule("r", **PER_EURO)
    revised = await world.server.do("reviseRule", "... on EarningRule { versions { number } }", ruleId=rule,
                                    terms=PER_EURO | {"points": 5})  # fmt: skip
    assert [each["number"] for each in revised["versions"]] == [2, 1]
    then = (clock.now() - timedelta(days=5)).isoformat()
    late = await world.tell(amount="10", effectiveAt=then)
    assert (late["outcomes"][0]["points"], late["outcomes"][0]["ruleVersion"]) == (10, 1)
    assert await world.earns(amount="10") == 50
    before = (clock.now() - timedelta(days=20)).isoformat()
    assert (await world.tell(amount="10", effectiveAt=before))["outcomes"] == []


async def test_what_is_done_while_a_rule_is_paused_or_ended_earns_nothing_by_it() -> None:
    world = await a_world()
    rule = await world.rule("r", **PER_EURO)
    paused = await world.server.do("pauseRule", "... on EarningRule { state }", ruleId=rule)
    assert paused["state"] == "PAUSED"
    assert await world.earns(amount="10") == 0
    await world.server.do("startRule", "", ruleId=rule)
    assert await world.earns(amount="10") == 10
    moment = clock.now().isoformat()
    await world.server.do("endRule", "", ruleId=rule)
    assert await world.earns(amount="10") == 0
    assert await world.earns(amount="10", effectiveAt=moment) == 10
    again = await world.server.do("startRule", "", ruleId=rule)
    assert again == IsPartialDict(__typename="RuleNotReady", code="RULE_STATE")
