"""Who is not enrolled yet finds waiting what they did before."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from marketplace.earning.jobs import sweep_waiting
from marketplace.earning.models import EarningEvent
from marketplace.kit import clock, jobs
from tests.books import violations
from tests.client import as_member
from tests.earning.world import PER_EURO, World, a_world

pytestmark = pytest.mark.usefixtures("db")


async def enrol(world: World, reference: str) -> Any:
    return await world.server.do(
        "enrolMember",
        "... on Member { id wallet { available } }",
        reference=reference,
        country="NL",
        languages=["nl"],
    )


async def available(world: World, reference: str) -> int:
    text = "query($r: String!) { member(reference: $r) { wallet { available } } }"
    return (await world.server.get(text, r=reference))["member"]["wallet"]["available"]


async def test_events_of_a_stranger_wait_and_are_claimed_on_enrolment_with_their_own_dates() -> None:
    world = await a_world()
    with clock.travel(timedelta(days=-30)):
        await world.rule(**PER_EURO)
    then = clock.now() - timedelta(days=10)
    waiting = await world.tell(amount="25", member={"reference": "new-1"}, effectiveAt=then.isoformat())
    assert (waiting["state"], waiting["outcomes"]) == ("WAITING", [])
    await world.tell(amount="5", member={"reference": "new-2"})
    await enrol(world, "new-1")
    await jobs.drain()
    assert await available(world, "new-1") == 25
    event = await EarningEvent.get(member_reference="new-1")
    assert (event.state, event.effective_at) == ("JUDGED", then)
    assert (await EarningEvent.get(member_reference="new-2")).state == "WAITING"
    assert await violations() == []


async def test_an_event_that_is_told_while_its_person_enrols_is_not_lost() -> None:
    world = await a_world()
    await world.rule(**PER_EURO)
    for n in range(4):
        who = f"new-{n}"
        await asyncio.gather(enrol(world, who), world.tell(amount="5", member={"reference": who}))
    await jobs.drain()
    assert [await available(world, f"new-{n}") for n in range(4)] == [5, 5, 5, 5]


async def test_an_event_waits_as_long_as_the_program_says_and_no_longer() -> None:
    world = await a_world()
    await world.rule(**PER_EURO)
    await world.server.do("setEarningPolicy", "", clawback="DEBT", waitingDays=10)
    await world.tell(amount="5", member={"reference": "late"})
    with clock.travel(timedelta(days=9)):
        await sweep_waiting()
        assert (await EarningEvent.get()).state == "WAITING"
    with clock.travel(timedelta(days=11)):
        await sweep_waiting()
        assert (await EarningEvent.get()).state == "EXPIRED"
        await enrol(world, "late")
        await jobs.drain()
        assert await available(world, "late") == 0


async def test_what_went_back_before_they_enrolled_earns_nothing() -> None:
    world = await a_world()
    await world.rule(**PER_EURO)
    for reference in ("whole", "part"):
        await world.tell(amount="20", reference=reference, member={"reference": "new"})
    await world.back("whole")
    await world.back("part", "5")
    await enrol(world, "new")
    await jobs.drain()
    assert await available(world, "new") == 15
    assert await violations() == []


async def test_a_member_sees_their_own_events_and_nobody_elses() -> None:
    world = await a_world()
    await world.tell(amount="5", reference="mine")
    text = '{ earningEvent(reference: "mine") { reference } }'
    assert (await world.phone.get(text))["earningEvent"] == {"reference": "mine"}
    stranger = await a_world()
    phone = as_member(stranger.member.id, stranger.program.id)
    assert (await phone.get(text))["earningEvent"] is None
    assert (await stranger.server.get(text))["earningEvent"] is None
