"""Enrolling people in a program."""

import asyncio

import pytest
from dirty_equals import IsPartialDict, IsStr

from marketplace.members.models import Member
from tests import builders
from tests.client import ANYBODY, as_member, as_program

pytestmark = pytest.mark.usefixtures("db")
SELECTION = "... on Member { id reference country languages name email tier { code discountBp } }"
ADA = {"reference": "42", "country": "NL", "languages": ["nl-NL", "en"], "name": "Ada", "email": "ada@example.org"}


async def test_a_program_enrols_a_person() -> None:
    program = as_program((await builders.a_program()).id)
    answer = await program.do("enrolMember", SELECTION, **ADA, tier="gold")
    assert answer == {
        "__typename": "Member",
        "id": IsStr(regex="member_[0-9a-f]{32}"),
        "reference": "42",
        "country": "NL",
        "languages": ["nl-NL", "en"],
        "name": "Ada",
        "email": "ada@example.org",
        "tier": {"code": "gold", "discountBp": 900},
    }


async def test_the_same_reference_and_facts_answer_the_same_member_under_any_key() -> None:
    program = as_program((await builders.a_program()).id)
    calls = [program.do("enrolMember", SELECTION, **ADA) for _ in range(5)]
    assert len({answer["id"] for answer in await asyncio.gather(*calls)}) == 1
    assert await Member.all().count() == 1


async def test_the_same_reference_with_other_facts_is_refused_by_name() -> None:
    program = as_program((await builders.a_program()).id)
    await program.do("enrolMember", SELECTION, **ADA)
    answer = await program.do("enrolMember", SELECTION, **(ADA | {"country": "DE"}))
    assert answer == IsPartialDict(__typename="MemberReferenceReused", code="MEMBER_REFERENCE_REUSED")
    assert (await Member.get()).country == "NL"


async def test_all_problems_are_listed_at_once() -> None:
    program = as_program((await builders.a_program()).id)
    answer = await program.do("enrolMember", SELECTION, **(ADA | {"country": "XX", "languages": ["qqq"]}))
    assert [problem["path"] for problem in answer["problems"]] == ["country", "languages"]
    answer = await program.do("enrolMember", SELECTION, **ADA, tier="platinum")
    assert answer["problems"][0]["message"] == "The program has no tier platinum. It has: blue, gold."
    assert await Member.all().count() == 0


async def test_a_reference_of_spaces_and_a_subject_of_none_are_no_names() -> None:
    program = as_program((await builders.a_program()).id)

    answer = await program.do("enrolMember", SELECTION, **(ADA | {"reference": "  ", "subject": ""}))

    assert [problem["path"] for problem in answer["problems"]] == ["reference", "subject"]
    assert await Member.all().count() == 0


async def test_a_member_cannot_enrol_and_a_stranger_sees_nobody() -> None:
    member = await builders.a_member()
    other = as_program((await builders.a_program()).id)
    phone = as_member(member.id, member.program_id)
    fields = 'reference: "1", country: "NL", languages: [], idempotencyKey: "k"'
    text = f"mutation {{ enrolMember(input: {{ {fields} }}) {{ __typename }} }}"
    assert (await phone.ask(text))["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await ANYBODY.ask("{ me { id } }"))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    id = f"member_{member.id.hex}"
    assert await other.get("query($id: ID!) { node(id: $id) { id } }", id=id) == {"node": None}
    assert (await other.get("{ members { totalCount nodes { id } } }"))["members"] == {
        "totalCount": 0,
        "nodes": [],
    }
    assert (await phone.get("query($id: ID!) { node(id: $id) { id } }", id=id))["node"] == {"id": id}


async def test_a_supergraph_resolves_members_in_one_go() -> None:
    member = await builders.a_member()
    phone = as_member(member.id, member.program_id)
    ids = [f"member_{member.id.hex}", "member_" + "0" * 32, "nonsense"]
    representations = [{"__typename": "Member", "id": id} for id in ids]
    text = (
        "query($r: [_Any!]!) { _entities(representations: $r) { ... on Member { reference program { code } } } }"
    )
    answer = await phone.get(text, r=representations)
    program = await member.program
    expected = {"reference": member.reference, "program": {"code": program.code}}
    assert answer["_entities"] == [expected, None, None]
