"""A purchase goes back, and with it what it had given; never more than was there."""

import asyncio

import pytest
from dirty_equals import IsPartialDict

from marketplace.earning.models import Reversal
from tests.books import violations
from tests.client import as_program
from tests.earning.world import EVENT, PER_EURO, World, a_world, eur

pytestmark = pytest.mark.usefixtures("db")


async def bought(world: World, amount: str) -> str:
    """The reference of a purchase."""
    event = world.event(amount=amount)
    answer = await world.server.do("recordEvent", EVENT, event=event)
    assert answer["state"] == "JUDGED"
    return event["reference"]


async def spend(world: World, points: int) -> None:
    """Points leave the wallet, as a gift that nobody has claimed."""
    given = await world.phone.do("givePoints", "... on Gift { id }", points=points)
    assert given["__typename"] == "Gift"


async def test_a_part_goes_back_by_the_rule_and_then_the_rest() -> None:
    world = await a_world()
    await world.rule(**PER_EURO)
    purchase = await bought(world, "12.90")
    part = await world.back(purchase, "3.00")
    assert part == IsPartialDict(points=3, takenPoints=3, owedPoints=0, event={"state": "PARTLY_REVERSED"})
    rest = await world.back(purchase)
    assert rest == IsPartialDict(points=9, takenPoints=9, event={"state": "REVERSED"})
    assert (await world.wallet())["available"] == 0
    over = await world.back(purchase)
    assert over == IsPartialDict(__typename="EventNotOpen", code="EVENT_NOT_OPEN")
    assert await violations() == []


async def test_the_same_return_counts_once_and_twins_take_back_once() -> None:
    world = await a_world()
    await world.rule(**PER_EURO)
    purchase = await bought(world, "20")
    twins = await asyncio.gather(*(world.back(purchase, "5", reversalReference="r") for _ in "abc"))
    assert twins[0] == twins[1] == twins[2]
    assert (await world.wallet())["available"] == 15
    other = await world.back(purchase, "6", reversalReference="r")
    assert other == IsPartialDict(__typename="EarningReferenceReused")
    assert await Reversal.all().count() == 1


async def test_more_than_is_left_or_a_foreign_event_cannot_go_back() -> None:
    world = await a_world()
    await world.rule(**PER_EURO)
    purchase = await bought(world, "20")
    assert (await world.back(purchase, "20.01"))["problems"][0]["path"] == "amount"
    assert (await world.back(purchase, amount={"amount": "1", "currency": "SEK"}))["problems"][0][
        "path"
    ] == "amount.currency"
    stranger = as_program((await a_world()).program.id)
    answer = await stranger.do("reverseEvent", "", reference=purchase, reversalReference="x", reason="y")
    assert answer == IsPartialDict(__typename="NotFound")
    assert (await world.wallet())["available"] == 20


async def test_pending_points_are_cancelled_and_only_the_rest_comes() -> None:
    world = await a_world()
    await world.rule(**PER_EURO, needsConfirmation=True)
    purchase = await bought(world, "20")
    assert await world.back(purchase, "5") == IsPartialDict(points=5, cancelledPoints=5, takenPoints=0)
    assert (await world.wallet())["pending"] == 15
    await world.server.do("confirmEvent", "", reference=purchase)
    assert await world.wallet() == {"available": 15, "pending": 0, "owed": 0, "held": 0}
    assert await violations() == []


async def test_spent_points_become_a_debt_that_the_next_earnings_pay() -> None:
    world = await a_world()
    await world.rule(**PER_EURO)
    purchase = await bought(world, "100")
    await spend(world, 70)
    assert await world.back(purchase) == IsPartialDict(points=100, takenPoints=30, owedPoints=70)
    assert await world.wallet() == {"available": 0, "pending": 0, "owed": 70, "held": 70}
    text = "... on EarningEvent { grants { points nettedPoints } }"
    first = await world.server.do("recordEvent", text, event=world.event(amount="50"))
    assert first["grants"] == [{"points": 50, "nettedPoints": 50}]
    second = await world.server.do("recordEvent", text, event=world.event(amount="50"))
    assert second["grants"] == [{"points": 50, "nettedPoints": 20}]
    assert await world.wallet() == {"available": 30, "pending": 0, "owed": 0, "held": 70}
    assert await violations() == []


@pytest.mark.parametrize(("clawback", "taken", "forgiven", "left"), [("FORGIVE", 30, 70, 0), ("KEEP", 0, 0, 30)])
async def test_a_program_may_forgive_what_was_spent_or_keep_what_came(
    clawback: str, taken: int, forgiven: int, left: int
) -> None:
    world = await a_world()
    policy = await world.server.do("setEarningPolicy", "... on EarningPolicy { clawback }", clawback=clawback)
    assert policy["clawback"] == clawback
    await world.server.do("addToBudget", "", code="b", points=100, reference="1")
    await world.rule(**PER_EURO, budget="b")
    purchase = await bought(world, "100")
    await spend(world, 70)
    assert await world.back(purchase) == IsPartialDict(takenPoints=taken, forgivenPoints=forgiven, owedPoints=0)
    assert (await world.wallet())["available"] == left
    assert await violations() == []


async def test_a_goal_that_is_not_reached_any_more_gives_its_points_back() -> None:
    world = await a_world()
    await world.rule(
        "goal", kind="GOAL_AMOUNT", events=["PURCHASE"], points=500, per=[eur("100")], goalRepeats=True
    )
    first = await bought(world, "60")
    await bought(world, "60")
    assert (await world.wallet())["available"] == 500
    assert await world.back(first, "10") == IsPartialDict(points=0)
    assert await world.back(first, "20") == IsPartialDict(points=500, takenPoints=500)
    assert (await world.wallet())["available"] == 0
    assert await world.earns(amount="20") == 500
    assert await violations() == []


async def test_a_budget_gets_back_what_was_taken() -> None:
    world = await a_world()
    await world.server.do("addToBudget", "", code="b", points=100, reference="1")
    await world.rule(**PER_EURO, budget="b")
    purchase = await bought(world, "80")
    assert await world.earns(amount="80") == 0
    await world.back(purchase, "50")
    assert await world.earns(amount="70") == 70
    assert await violations() == []


async def test_a_return_and_a_purchase_at_once_leave_the_books_whole() -> None:
    world = await a_world()
    await world.rule(**PER_EURO)
    purchases = [await bought(world, "10") for _ in range(3)]
    await asyncio.gather(
        *(world.back(each) for each in purchases), *(world.earns(amount="10") for _ in range(3)), spend(world, 5)
    )
    wallet = await world.wallet()
    assert wallet["available"] + wallet["held"] - wallet["owed"] == 30
    assert await violations() == []
