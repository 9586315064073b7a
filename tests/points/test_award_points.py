"""Awarding points, and the wallet they go into."""

from datetime import timedelta

import pytest
from dirty_equals import IsPartialDict

from marketplace.kit import clock
from marketplace.points.jobs import expire_lots
from marketplace.points.models import Award, Lot
from tests import builders
from tests.books import violations
from tests.client import as_member, as_program

pytestmark = pytest.mark.usefixtures("db")
SELECTION = "... on Award { id points reason expiresAt }"
WALLET = "{ me { wallet { available held expiringSoon nextExpiry movements { nodes { points reason } } } } }"


async def test_a_program_awards_points_and_the_member_sees_them() -> None:
    member = await builders.a_member()
    program, phone = as_program(member.program_id), as_member(member.id, member.program_id)
    event = {"memberId": f"member_{member.id.hex}", "reference": "order-1", "points": 500, "reason": "Order 1"}
    answer = await program.do("awardPoints", SELECTION, **event)
    assert answer == IsPartialDict(points=500, reason="Order 1")
    wallet = (await phone.get(WALLET))["me"]["wallet"]
    assert wallet == IsPartialDict(available=500, held=0, expiringSoon=0)
    assert wallet["movements"]["nodes"] == [{"points": 500, "reason": "points.earned"}]


async def test_the_same_reference_and_facts_award_once_under_any_key() -> None:
    member = await builders.a_member()
    program = as_program(member.program_id)
    event = {"memberId": f"member_{member.id.hex}", "reference": "order-1", "points": 500, "reason": "Order 1"}
    first = await program.do("awardPoints", SELECTION, **event)
    again = await program.do("awardPoints", SELECTION, **event)
    assert first["id"] == again["id"]
    assert (await Award.all().count(), await Lot.all().count()) == (1, 1)


async def test_the_same_reference_with_other_facts_is_refused_by_name() -> None:
    member = await builders.a_member()
    program = as_program(member.program_id)
    event = {"memberId": f"member_{member.id.hex}", "reference": "order-1", "points": 500, "reason": "Order 1"}
    await program.do("awardPoints", SELECTION, **event)
    answer = await program.do("awardPoints", SELECTION, **(event | {"points": 501}))
    assert answer == IsPartialDict(__typename="AwardReferenceReused", code="AWARD_REFERENCE_REUSED")
    assert (await Lot.get()).remaining == 500


async def test_another_programs_member_is_not_found() -> None:
    member = await builders.a_member()
    stranger = as_program((await builders.a_program()).id)
    event = {"memberId": f"member_{member.id.hex}", "reference": "o", "points": 5, "reason": "x"}
    assert await stranger.do("awardPoints", SELECTION, **event) == IsPartialDict(__typename="NotFound")
    assert await Award.all().count() == 0


async def test_all_problems_of_an_award_are_listed() -> None:
    member = await builders.a_member()
    program = as_program(member.program_id)
    event = {"memberId": f"member_{member.id.hex}", "reference": "", "points": 0, "reason": ""}
    answer = await program.do("awardPoints", SELECTION, **event, effectiveAt="2999-01-01T00:00:00Z")
    assert [problem["path"] for problem in answer["problems"]] == ["points", "reference", "reason", "effectiveAt"]


async def test_expired_points_cannot_be_spent_even_before_the_job_and_become_breakage_by_it() -> None:
    member = await builders.a_member()
    program, phone = as_program(member.program_id), as_member(member.id, member.program_id)
    event = {"memberId": f"member_{member.id.hex}", "points": 100, "reason": "x"}
    soon = (clock.now() + timedelta(days=5)).isoformat()
    await program.do("awardPoints", SELECTION, **event, reference="a", expiresAt=soon)
    await program.do("awardPoints", SELECTION, **event, reference="b")
    assert (await phone.get(WALLET))["me"]["wallet"] == IsPartialDict(available=200, expiringSoon=100)
    with clock.travel(timedelta(days=6)):
        assert (await phone.get(WALLET))["me"]["wallet"] == IsPartialDict(available=100, expiringSoon=0)
        await expire_lots()
        await expire_lots()
        wallet = (await phone.get(WALLET))["me"]["wallet"]
    assert wallet["available"] == 100
    assert wallet["movements"]["nodes"][0] == {"points": -100, "reason": "points.expired"}
    assert await violations() == []


async def test_movements_come_in_pages() -> None:
    member = await builders.a_member()
    program, phone = as_program(member.program_id), as_member(member.id, member.program_id)
    for n in range(5):
        event = {"memberId": f"member_{member.id.hex}", "reference": f"{n}", "points": n + 1, "reason": "x"}
        await program.do("awardPoints", SELECTION, **event)
    text = """query($after: String) { me { wallet { movements(first: 2, after: $after) {
        nodes { points } pageInfo { hasNextPage endCursor } } } } }"""
    seen: list[int] = []
    after, page = None, {}
    for _ in range(3):
        page = (await phone.get(text, after=after))["me"]["wallet"]["movements"]
        seen += [node["points"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert seen == [5, 4, 3, 2, 1]
    assert page["pageInfo"]["hasNextPage"] is False
    answer = await phone.ask(text, after="bogus")
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
